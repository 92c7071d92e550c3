"""What the pages say: the same as the command line, of the same database."""

from __future__ import annotations

import csv
import io
import json
import re
from html import unescape
from pathlib import Path

import feedparser
import pytest
from click.testing import CliRunner

import presswatch
from tests.support.rows import address_of
from tests.support.web_server import WebServer


def ask_cli(folder: Path, *arguments: str) -> str:
    done = CliRunner().invoke(presswatch.main, [*arguments, "--database", address_of(folder)], prog_name="presswatch")
    assert done.exit_code == 0, done.stderr
    return str(done.stdout)


def titles(html: str) -> list[str]:
    return [unescape(title).strip() for title in re.findall(r'<h3><a href="/articles/\d+[^"]*"[^>]*>([^<]*)</a>', html)]


@pytest.mark.parametrize(
    ("address", "options"),
    [
        ("q=senate", ["senate"]),
        ("q=senate&sort=date", ["senate", "--sort", "date"]),
        (
            "q=strait+-fishery&section=politics&language=en",
            ["strait -fishery", "--section", "politics", "--lang", "en"],
        ),
        ("source=strait&since=3d", ["--source", "strait", "--since", "3d"]),
        ("author=Vera&min_views=100", ["--author", "Vera", "--min-views", "100"]),
        ("stealth=1", ["--stealth"]),
        ("gone=1", ["--gone"]),
        ("q=officials&ever=1", ["officials", "--ever"]),
        ("edited_since=7d&edit_kind=numbers", ["--edited-since", "7d", "--edit-kind", "numbers"]),
    ],
)
def test_a_search_finds_what_the_command_line_finds(
    server: WebServer, showcase_folder: Path, address: str, options: list[str]
) -> None:
    rows = json.loads(ask_cli(showcase_folder, "query", *options, "--limit", "30", "--format", "json"))
    assert rows
    assert titles(server.ask(f"/search?{address}").text) == [row["title"] for row in rows]
    got = server.ask(f"/search.json?{address}&limit=30")
    assert got.headers["content-type"] == "application/json"
    assert [row["url"] for row in json.loads(got.text)] == [row["url"] for row in rows]


def test_the_same_address_in_other_formats(server: WebServer) -> None:
    table = list(csv.DictReader(io.StringIO(server.ask("/search.csv?q=senate").text)))
    assert table
    assert "[senate]" in table[0]["snippet"].lower()
    for form in ("atom", "rss"):
        feed = feedparser.parse(server.ask(f"/search.{form}?q=senate").text)
        assert not feed.bozo
        assert len(feed.entries) == len(table)
    assert server.ask("/search.table?q=senate").status == 404


def test_a_list_goes_on_behind_its_last_article(server: WebServer) -> None:
    first = server.ask("/search?source=caliber")
    following = unescape(re.findall(r'class="next" href="([^"]+)"', first.text)[0])
    second = server.ask(following)
    assert titles(first.text)
    assert titles(second.text)
    ids = [re.findall(r'<h3><a href="/articles/(\d+)', page.text) for page in (first, second)]
    assert not set(ids[0]) & set(ids[1])
    link = server.ask("/search.json?source=caliber&limit=10").headers["link"]
    assert server.ask(re.findall("<([^>]+)>", link)[0]).status == 200


def test_an_address_has_no_empty_fields(server: WebServer) -> None:
    got = server.ask("/search?q=senate&since=&section=&days_ago=0")
    assert (got.status, got.headers["location"]) == (303, "/search?q=senate")
    got = server.ask("/search?q=senate&days_ago=2")
    assert re.fullmatch(r"/search\?q=senate&as_of=\d{4}-\d\d-\d\dT\d\d%3A\d\dZ", got.headers["location"])


def test_what_was_known_then(server: WebServer, showcase_folder: Path) -> None:
    rows = json.loads(ask_cli(showcase_folder, "query", "--as-of", "3d", "--limit", "30", "--format", "json"))
    got = server.ask("/search?as_of=3d")
    assert titles(got.text) == [row["title"] for row in rows]
    assert "As it was known at" in got.text
    assert server.ask("/articles/1?as_of=2020").status == 404
    past = server.ask("/search?q=senate&as_of=3d").text
    best = server.ask(unescape(re.findall(r'href="(/search\?q=senate[^"]*sort=rank[^"]*)"', past)[0])).text
    ranked = ask_cli(showcase_folder, "query", "senate", "--as-of", "3d", "--sort", "rank", "--format", "json")
    assert titles(best) == [row["title"] for row in json.loads(ranked)][:30]


def test_facets_narrow_and_widen(server: WebServer) -> None:
    page = server.ask("/search?q=senate").text
    narrower = unescape(re.findall(r'href="(/search\?q=senate&amp;source=caliber)"', page)[0])
    chosen = server.ask(narrower).text
    assert 0 < len(titles(chosen)) < len(titles(page))
    assert re.search(r'href="/search\?q=senate" aria-current="true"><span dir="auto">caliber', chosen)


def test_an_article_with_its_attribution_views_and_versions(server: WebServer, showcase_folder: Path) -> None:
    (row,) = json.loads(ask_cli(showcase_folder, "query", "--stealth", "--format", "json", "--limit", "1"))
    page = server.ask(f"/articles/{row['id']}").text
    assert row["url"] in page
    assert row["terms"] in page
    assert "<svg" in page
    assert "stealth edit" in page
    assert "<del>" in page
    assert "printed as" in page
    assert re.search(r'href="/runs/\d+"', page)
    whole = server.ask(f"/articles/{row['id']}?from=1&to=3").text
    assert "Version 1 to 3" in whole
    assert "Version 3 to 1" in server.ask(f"/articles/{row['id']}?from=3&to=1").text
    assert "Version 2 to 3" in server.ask(f"/articles/{row['id']}?from=x&to=99").text


def test_today_shows_what_is_new_edited_gone_and_silent(server: WebServer) -> None:
    page = server.ask("/").text
    for words in ("Newest", "Gaining views now", "stealth edit", "restored", "no article for 9 h 10 min"):
        assert words in page
    assert page.index("stealth edit") < page.rindex("numbers")


def test_how_the_watching_goes(server: WebServer) -> None:
    assert "no article for 9 h 10 min" in server.ask("/sources/orrin").text
    assert "HTTP 503 from" in server.ask("/runs").text
    run = re.findall(
        r'href="(/runs/\d+)">\d+</a></th>\s*<td><a href="/sources/\w+">\w+</a></td>', server.ask("/runs").text
    )
    assert "requests" in server.ask(run[0]).text
    assert "up to 6 articles" in server.ask("/events?kind=gap").text
    assert "up to 6 articles" not in server.ask("/events?open=1").text
    address = re.findall(r'href="(/inspect\?url=[^"]+)"', server.ask("/events?kind=edited").text)[0]
    assert "Stored as" in server.ask(unescape(address)).text
    assert "not known" in server.ask("/inspect?url=https://caliber.example/none").text
    assert "no address" in server.ask("/inspect?url=x").text


def test_what_could_not_be_seen_is_what_the_command_line_says(server: WebServer, showcase_folder: Path) -> None:
    page = unescape(server.ask("/coverage?since=3d&source=strait").text)
    rows = json.loads(ask_cli(showcase_folder, "coverage", "strait", "--since", "3d", "--format", "json"))
    hidden = [row for row in rows if not row["is_visible"]]
    assert hidden
    assert all(row["cause"] in page and row["detail"] in page for row in hidden)
    assert page.count('class="hidden"') >= 1
    assert 'role="alert"' in server.ask("/coverage?since=never").text


def test_charts_and_searches_say_what_could_not_be_seen(server: WebServer) -> None:
    for path in ("/", "/compare?q=senate&since=3d"):
        page = server.ask(path).text
        assert 'class="hidden"' in page
        assert "Could not be seen: caliber" in page
    assert "Could not be seen: orrin" in server.ask("/search?source=orrin&since=2d").text
    assert "Could not be seen" not in server.ask("/search?source=orrin").text


def test_a_negative_is_claimed_as_far_as_was_seen(server: WebServer) -> None:
    assert "No article that was seen said so" in server.ask("/absent?q=nonsense&since=1d").text
    found = server.ask("/absent?q=senate&since=2d").text
    assert "said so, or may have" in found
    assert "between 20" in found
    visible = server.ask("/absent?q=nonsense&since=30h&until=28h&source=orrin").text
    assert "No article that appeared said so" in visible
    assert "All of the period was visible." in visible
    assert 'role="alert"' in server.ask("/absent?q=gas+AND").text
    assert 'role="alert"' in server.ask("/absent?q=gas&since=1d&until=2d").text
