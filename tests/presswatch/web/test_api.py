"""What the API says: the same as the command line, of the same database."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import presswatch
from presswatch.web.api.openapi import document
from presswatch.web.api.parameters import FILTERS, TIMEZONE
from presswatch.web.api.routes import OPERATIONS
from storage.articles.filters import ArticleFilter
from tests.presswatch.web.conftest import UNLIMITED
from tests.support.paths import ROOT
from tests.support.postgres.server import Server
from tests.support.rows import address_of
from tests.support.showcase import fill_showcase, recent
from tests.support.web_server import Answer, WebServer


@dataclass(frozen=True, slots=True)
class Served:
    """The showcase, as the API and the command line answer of it."""

    server: WebServer
    database: str

    def ask(self, path: str) -> Any:
        """Return what the API answers."""
        return ask(self.server, path)

    def ask_cli(self, *arguments: str, exit_codes: Container[int] = (0,)) -> Any:
        """Return what a command prints as JSON."""
        done = CliRunner().invoke(
            presswatch.main, [*arguments, "--format", "json", "--database", self.database], prog_name="presswatch"
        )
        assert done.exit_code in exit_codes, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def postgres_showcase(postgres: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The showcase on PostgreSQL."""
    with postgres.database() as made:
        fill_showcase(made.address, recent()).close()
        with WebServer(tmp_path_factory.mktemp("api"), made.address, settings=UNLIMITED) as started:
            yield Served(started, made.address)


@pytest.fixture
def sqlite_showcase(server: WebServer, showcase_folder: Path) -> Served:
    """The showcase on SQLite."""
    return Served(server, address_of(showcase_folder))


@pytest.fixture(params=["sqlite", "postgres"])
def served(request: pytest.FixtureRequest) -> Served:
    """The showcase on either kind of database."""
    found: Served = request.getfixturevalue(f"{request.param}_showcase")
    return found


def ask(server: WebServer, path: str) -> Any:
    got = server.ask(f"/api{path}")
    assert got.status == 200, got.text
    assert got.headers["content-type"] == "application/json"
    return json.loads(got.text)


def detail(got: Answer) -> str:
    assert got.headers["content-type"] == "application/problem+json"
    found = json.loads(got.text)
    assert found["status"] == got.status
    return str(found["detail"])


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("", []),
        ("q=senate", ["senate"]),
        (
            "q=strait+-fishery&section=politics&language=en",
            ["strait -fishery", "--section", "politics", "--lang", "en"],
        ),
        ("source=strait&since=3d&sort=views", ["--source", "strait", "--since", "3d", "--sort", "views"]),
        ("author=Vera&min_views=100", ["--author", "Vera", "--min-views", "100"]),
        ("stealth=true", ["--stealth"]),
        ("gone=true", ["--gone"]),
        ("q=officials&ever=true", ["officials", "--ever"]),
        ("edited_since=7d&edit_kind=numbers,minor", ["--edited-since", "7d", "--edit-kind", "numbers,minor"]),
        ("as_of=2d", ["--as-of", "2d"]),
        ("since=yesterday&timezone=Asia/Tokyo", ["--since", "yesterday", "--timezone", "Asia/Tokyo"]),
    ],
)
@pytest.mark.long_after(5)
def test_a_list_is_that_of_the_command_line(served: Served, address: str, options: list[str]) -> None:
    rows = served.ask_cli("query", *options)
    assert rows
    assert [row["url"] for row in served.ask(f"/articles?{address}")["articles"]] == [row["url"] for row in rows]


@pytest.mark.parametrize("moment", ["", "&as_of=1d"])
def test_days_are_those_of_the_zone(served: Served, moment: str) -> None:
    found = {}
    for zone in ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"):
        options = ["--by", "day", "--timezone", zone, *(["--as-of", "1d"] if moment else [])]
        rows = served.ask_cli("query", *options)
        counts = served.ask(f"/counts?by=day&timezone={zone}{moment}")["counts"]
        assert [(row["day"], row["article_count"]) for row in counts] == [
            (row["day"], row["article_count"]) for row in rows
        ]
        found[zone] = counts
    assert found["UTC"] != found["Pacific/Kiritimati"] != found["Pacific/Pago_Pago"]
    assert "did you mean Asia/Baku" in detail(served.server.ask("/api/counts?timezone=Asia/Bakku"))


def test_a_list_goes_on_at_its_next_link(served: Served) -> None:
    read: list[str] = []
    path: str | None = "/articles?since=30d&limit=7"
    while path is not None:
        got = served.server.ask(f"/api{path}")
        page = json.loads(got.text)
        read += [row["url"] for row in page["articles"]]
        assert (f'<{page["next"]}>; rel="next"' if page["next"] else None) == got.headers.get("link")
        path = page["next"] and page["next"].removeprefix("/api")
    rows = served.ask_cli("query", "--since", "30d", "--limit", "0")
    assert len(rows) > 7
    assert read == [row["url"] for row in rows]


@pytest.mark.parametrize("name", ["runs", "events"])
def test_runs_and_events_go_on_at_their_next_link(served: Served, name: str) -> None:
    for narrowed, options in (("", []), ("source=strait&", ["--source", "strait"])):
        rows = served.ask_cli(name, *options, "--limit", "0")
        read: list[int] = []
        path: str | None = f"/{name}?{narrowed}limit={max(1, len(rows) // 3)}"
        while path is not None:
            page = served.ask(path)
            read += [row["id"] for row in page[name]]
            path = page["next"] and page["next"].removeprefix("/api")
        assert rows
        assert read == [row["id"] for row in rows]


def test_an_article_its_texts_views_and_provenance(served: Served) -> None:
    row = served.ask("/articles?stealth=true")["articles"][0]
    path = f"/articles/{row['id']}"
    assert served.ask(path) == served.ask_cli("show", str(row["id"]))
    assert served.ask(f"{path}/versions") == served.ask_cli("history", str(row["id"]))
    assert served.ask(f"{path}/versions?diff=true")["text_versions"][-1]["diff"]["body"]
    assert served.ask(f"{path}/views") == served.ask_cli("views", str(row["id"]))
    known = served.ask(f"{path}/provenance")
    assert known["fields"]["title"] == {"has_value": True, "problem": None}
    assert known["fetches"]
    story = served.ask(f"/inspect?url={row['url']}")
    assert story["fetches"] == served.ask_cli("inspect", row["url"])["fetches"]
    past = served.ask(f"{path}/versions?as_of={row['stored_at'].replace('+', '%2B')}")
    assert len(past["text_versions"]) == 1


def test_counts_claims_and_rankings(served: Served) -> None:
    assert served.ask("/counts?q=senate")["counts"] == served.ask_cli("query", "senate", "--count")
    past = served.ask("/counts?as_of=2d")["counts"]
    assert past == served.ask_cli("query", "--as-of", "2d", "--count")
    assert past[0]["article_count"] < served.ask("/counts")["counts"][0]["article_count"]
    assert served.ask("/articles?sort=growth&as_of=2d&limit=3")["articles"][0]["view_gain"]
    best = served.ask("/articles?q=senate&sort=rank&as_of=2d&limit=3")["articles"]
    assert best == served.ask_cli("query", "senate", "--sort", "rank", "--as-of", "2d", "--limit", "3")
    assert [row["score"] > 0 for row in best] == [True] * 3
    at = f"{recent() - timedelta(days=2):%Y-%m-%dT%H:%MZ}"
    for window, options in (("", []), ("at_age=6h&", ["--at-age", "6h"])):
        past_top = served.ask(f"/top?{window}as_of={at}&limit=5")["articles"]
        assert past_top == served.ask_cli("views", "--top", "5", *options, "--as-of", at)
        assert past_top != served.ask(f"/top?{window}limit=5")["articles"]
    by = served.ask("/counts?by=source,language&since=30d&coverage=true")
    assert by["counts"] == served.ask_cli("query", "--by", "source,language", "--since", "30d")
    assert {one["source"] for one in by["coverage"]["sources"]}
    top = served.ask("/top?window=7d&limit=5")["articles"]
    assert [row["id"] for row in top] == [row["id"] for row in served.ask_cli("views", "--top", "5", "--window", "7d")]
    assert served.ask("/coverage?since=3d")["sources"]
    assert served.ask("/absent?q=senate&since=7d")["verdict"] == "present"
    assert served.ask("/first?q=senate&since=7d")["sources"]


def test_the_report_of_a_period(served: Served) -> None:
    options = ["--since", "7d", "--source", "strait"]
    found = served.ask("/report?since=7d&source=strait")
    told = served.ask_cli("report", *options)
    parts = ("article_count", "days", "most_read", "most_edited", "trouble", "gaps", "missing")
    assert found["article_count"]
    assert {name: found[name] for name in parts} == {name: told[name] for name in parts}
    assert [one["source"] for one in found["coverage"]] == ["strait"]
    assert served.ask("/notifications") == {"notifications": [], "is_cut": False}


def test_claims_are_of_one_source_of_some_or_of_all(served: Served) -> None:
    for names in ([], ["strait"], ["orrin", "strait"]):
        asked = f"&source={','.join(names)}" if names else ""
        options = [word for name in names for word in ("--source", name)]
        kept = sorted(names) or ["caliber", "orrin", "strait"]
        claim = served.ask(f"/absent?q=senate&since=7d{asked}")
        told = served.ask_cli("absent", "senate", "--since", "7d", *options, exit_codes=(0, 4, 5))
        assert [one["source"] for one in claim["coverage"]] == kept
        assert (claim["verdict"], _ids(claim["found"])) == (told["verdict"], _ids(told["found"]))
        first = served.ask(f"/first?q=senate&since=7d{asked}")["sources"]
        assert first == served.ask_cli("first", "senate", "--since", "7d", *options)
        assert sorted(one["source"] for one in first) == kept
        seen = served.ask(f"/coverage?since=3d{asked}")["sources"]
        assert [one["source"] for one in seen] == kept


def _ids(statements: Iterable[Mapping[str, Any]]) -> list[int]:
    return [one["article"]["id"] for one in statements]


def test_sources_as_of_a_moment_have_what_is_kept_over_time(served: Served) -> None:
    now, past = served.ask("/sources")["sources"], served.ask("/sources?as_of=2d")["sources"]
    assert [one["source"] for one in now] == [one["source"] for one in past]
    assert all(one["state"] is None for one in past)
    assert past[0]["last_run"]["id"] < now[0]["last_run"]["id"]
    assert served.ask(f"/sources/{now[0]['source']}")["last_run"] == now[0]["last_run"]


def test_an_answer_that_has_not_changed_is_not_sent_again(server: WebServer) -> None:
    for path in ("/api/articles?q=senate", "/api/openapi.json"):
        first = server.ask(path)
        again = server.ask(path, if_none_match=f'"other", W/{first.headers["etag"]}')
        assert (again.status, again.text) == (304, "")
        assert again.headers["etag"] == first.headers["etag"]
        assert server.ask(path, if_none_match='"other"').status == 200


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/articles?min_views=many", 400, "min_views: 'many' is not a whole number from 0 to 2147483647"),
        ("/articles?since=soon", 400, "since: 'soon' is not a date"),
        ("/articles?sourc=strait", 400, "no parameter is called 'sourc' (did you mean source?)"),
        ("/articles?source=strat", 400, "strat"),
        ("/articles?q=a&q=b", 400, "q is given twice"),
        ("/articles?cursor=x", 400, "cursor: this is no cursor"),
        ("/articles?sort=best", 400, "sort: 'best' is none of"),
        ("/articles?q=%22", 400, "q: "),
        ("/articles?q=", 400, "q: give 1 to"),
        ("/articles?gone=1", 400, "gone: '1' is neither true nor false"),
        ("/articles?highlight=true", 400, "highlight needs q"),
        ("/absent?q=senate", 400, "since is needed"),
        ("/report?as_of=2d", 400, "no parameter is called 'as_of'"),
        ("/report?since=2100-01-01", 400, "since: 2100-01-01 00:00 is in the future"),
        ("/absent?q=senate&since=7d&source=strait,strat", 400, "strat"),
        ("/first?q=senate&since=7d&source=strait,strait", 400, "source: a name stands there twice"),
        ("/coverage?source=strait,", 400, "source: give 1 to 100 names"),
        ("/coverage?until=0001-01-03", 400, "before the year 1"),
        ("/articles/0", 404, "no article 0 is stored"),
        ("/articles/1?as_of=2001-01-01", 404, "article 1 was"),
        ("/runs/999999", 404, "no crawl run has the id"),
        ("/inspect?url=https://nowhere.example/x", 404, "this address is not known"),
        ("/nothing", 404, "openapi.json"),
    ],
)
def test_an_error_is_a_problem_that_says_what_to_do(server: WebServer, path: str, status: int, said: str) -> None:
    got = server.ask(f"/api{path}")
    assert got.status == status
    assert said in detail(got)


def test_nothing_is_changed_without_a_token(server: WebServer) -> None:
    got = server.ask("/api/sources/strait/pause", method="POST", origin=server.address)
    assert got.status == 403
    assert "--new-token" in detail(got)
    wrong = server.ask("/api/articles", method="DELETE", origin=server.address)
    assert detail(wrong)


def test_the_addresses_of_the_documentation_answer(server: WebServer) -> None:
    text = (ROOT / "docs/how-to/api.md").read_text(encoding="utf-8")
    found = re.findall(r"^curl 'http://127\.0\.0\.1:8765/api(/\S+)'$", text, re.MULTILINE)
    assert len(found) == 3
    for path in found:
        assert ask(server, path)
    for path in re.findall(r"`/api(/(?!openapi)[a-z/]+)", text):
        assert any(one.path.startswith(path.rstrip("/")) for one in OPERATIONS), path


def test_every_criterion_of_a_filter_is_a_parameter() -> None:
    assert {*(one.option for one in FILTERS), TIMEZONE.name} == {field.name for field in fields(ArticleFilter)}


def test_the_document_describes_every_operation(server: WebServer) -> None:
    found = ask(server, "/openapi.json")
    assert found == json.loads(json.dumps(document()))
    assert found["openapi"].startswith("3.1.")
    declared = {(f"/api{one.path}", one.method.lower()) for one in OPERATIONS}
    assert {(path, method) for path, methods in found["paths"].items() for method in methods} == declared
    refs = {part.partition('"')[0] for part in json.dumps(found).split('"#/components/schemas/')[1:]}
    assert "field" in found["components"]["schemas"]["Problem"]["properties"]  # of an article, and of no error
    assert refs <= set(found["components"]["schemas"])
