"""`presswatch sources`: sites found from their address, declared, checked live and crawled, in an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.made_up_sites import COUNT, SITES, now
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.raw_server import RawServer

STATIC_ARTICLE = r"/news/[^/]*\d{3,}[^/]*\.html"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with RawServer({}) as started:
        yield started


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run `presswatch` in an empty folder, with no delay between requests."""
    (tmp_path / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\nconcurrency = 4\n', encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRESSWATCH_")}

    def run(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "presswatch", *arguments],
            cwd=tmp_path,
            env={**environment, "PYTHONPATH": str(ROOT)},
            input=said,
            capture_output=True,
            text=True,
            timeout=patient(60),
            check=False,
        )

    return run


@pytest.mark.parametrize(
    ("site", "channel", "article", "options"),
    [
        ("wordpress", {"feed": "/feed/"}, None, ()),
        ("static", {"list": "/", "card": "div.news-item", "link": "a"}, STATIC_ARTICLE, ("--timezone", "Asia/Baku")),
        ("sitemap", {"sitemap": "/sitemap-news.xml.gz"}, None, ()),
    ],
)
def test_a_site_is_declared_from_its_address(
    site: str,
    channel: dict[str, str],
    article: str | None,
    options: tuple[str, ...],
    server: RawServer,
    run: Run,
    tmp_path: Path,
) -> None:
    server.answer_with(SITES[site](server.url, now()))
    added = run("sources", "add", server.url, "--name", "tern", "--yes", *options)
    assert added.returncode == 0, added.stdout + added.stderr
    assert len(server.targets) <= 12 + 9  # usual addresses; robots.txt twice, the home page, five articles
    declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
    assert declared["channels"] == [channel]
    assert declared.get("article") == article
    assert declared["language"] == ("ru" if site == "static" else "en")
    case = tmp_path / "sources.d" / "cases" / "tern" / "1"
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    assert expected["title"].encode() in (case / "page.html").read_bytes()
    crawled = run("crawl", "tern")
    assert f"{COUNT} listed, {COUNT} new" in crawled.stdout, crawled.stderr
    shown = run("sources", "show", "tern")
    assert tomllib.loads(shown.stdout) == declared
    again = run("sources", "add", server.url, "--yes")
    assert (again.returncode, again.stderr) == (2, "presswatch: tern is a source of 127.0.0.1 already\n")


def test_what_the_site_does_not_say_is_asked_for(server: RawServer, run: Run, tmp_path: Path) -> None:
    server.answer_with(SITES["static"](server.url, now()))
    refused = run("sources", "add", server.url, "--name", "tern", "--yes")
    assert refused.returncode == 2
    assert "name it with --timezone" in refused.stderr
    assert not (tmp_path / "sources.d").exists()
    added = run("sources", "add", server.url, "--name", "tern", said="Asia/Baku\ny\n\n")
    assert added.returncode == 0, added.stderr
    declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
    assert (declared["timezone"], declared["page"]) == ("Asia/Baku", {"views": "span.views"})
    case = json.loads((tmp_path / "sources.d" / "cases" / "tern" / "1" / "expected.json").read_text(encoding="utf-8"))
    assert (case["view_count"], case["origins"]["view_count"]) == (1_200, "span.views")


def test_a_site_without_news_is_told_with_what_was_tried(server: RawServer, run: Run, tmp_path: Path) -> None:
    server.answer_with({})
    gone = run("sources", "add", server.url, "--yes")
    assert gone.returncode == 2
    assert f"{server.url}/: not found: answered 404" in gone.stderr or "answered 404" in gone.stderr
    front = {"/": b"HTTP/1.1 200 OK\r\nContent-Length: 33\r\n\r\n<html><body><p>Hello</p></body>  "}
    server.answer_with(front)
    empty = run("sources", "add", server.url, "--yes")
    assert empty.returncode == 2
    assert "no feed, sitemap or list of articles was found" in empty.stderr
    assert not (tmp_path / "sources.d").exists()


def test_a_check_says_field_by_field_what_is_read_and_fails_if_something_is_not(server: RawServer, run: Run) -> None:
    site = SITES["wordpress"](server.url, now())
    server.answer_with(site)
    assert run("sources", "add", server.url, "--name", "tern", "--yes").returncode == 0
    checked = run("sources", "check", "tern", "--format", "json")
    [check] = json.loads(checked.stdout)
    assert check["channels"][0]["listed"] == COUNT
    fields = {one["field"]: (one["read"], one["of"]) for one in check["fields"]}
    assert (fields["title"], fields["published_at"]) == ((3, 3), (3, 3))
    server.answer_with({path: body for path, body in site.items() if path != "/feed/"})
    failed = run("sources", "check", "tern")
    assert failed.returncode == 1
    assert "/feed/: http 4xx: answered 404" in failed.stdout
    assert run("sources", "check", "nosuch").returncode == 2


OPML = """<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x "y">]><opml version="2.0"><body><outline text="Folder">
<outline type="rss" text="Tern &amp; Sons" xmlUrl="https://www.tern.example/feed?x=1" htmlUrl="https://tern.example/"
 language="uk"/>
<outline type="rss" text="More" xmlUrl="https://tern.example/more.xml"/></outline>
<outline type="rss" text="Else" xmlUrl="https://feeds.example/tern" htmlUrl="https://orrin.example/"/>
<outline type="rss" text="Known" xmlUrl="https://caliber.az/rss.xml"/>
<outline type="rss" text="Odd" xmlUrl="mailto:me@tern.example"/></body></opml>"""


def test_feeds_of_a_feed_reader_are_imported_and_exported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
    done = run("sources", "import", "feeds.opml", "--timezone", "Europe/Kyiv")
    assert done.returncode == 1
    assert "sources.d/tern.toml: https://www.tern.example, 2 feeds" in done.stdout
    assert [line.split(": ")[2] for line in done.stderr.splitlines()] == [
        "the feed is not on the host of its site, orrin.example",
        "a source of caliber.az is declared already",
        "not an http(s) address",
    ]
    declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
    assert declared["channels"] == [{"feed": "/feed?x=1"}, {"feed": "/more.xml"}]
    assert (declared["language"], declared["timezone"]) == ("uk", "Europe/Kyiv")
    exported = run("sources", "export").stdout
    assert 'xmlUrl="https://www.tern.example/feed?x=1"' in exported
    assert 'xmlUrl="https://caliber.az/rss.xml"' in exported
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    assert "is no OPML" in run("sources", "import", "notes.txt").stderr


def test_a_broken_declaration_is_listed_with_its_problem(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sources.d").mkdir()
    (tmp_path / "sources.d" / "odd.toml").write_text('home = "https://odd.example"\n', encoding="utf-8")
    done = run("sources", "list")
    assert done.returncode == 2
    assert "caliber" in done.stdout
    assert "odd: sources.d/odd.toml: language is missing" in done.stderr


def test_a_page_of_any_site_is_parsed_and_saved_as_a_case(server: RawServer, run: Run, tmp_path: Path) -> None:
    server.answer_with(SITES["sitemap"](server.url, now()))
    url = f"{server.url}/story/harbour-committee-puts-off-bridge-vote-88000"
    live = run("parse", url, "--save-case", "case", "--format", "json")
    assert live.returncode == 0, live.stderr
    page = json.loads(live.stdout)
    assert page["title"] == "Harbour committee puts off bridge vote"
    assert page["provenance"]["published_at"]
    assert page["not_chosen"]["title"][0].keys() == {"value", "provenance"}
    expected = json.loads((tmp_path / "case" / "expected.json").read_text(encoding="utf-8"))
    assert (expected["url"], expected["title"]) == (url, page["title"])
    saved = run("parse", "case/page.html", "--url", url, "--format", "json")
    assert json.loads(saved.stdout)["published_at"] == page["published_at"]
    assert run("parse", "case/page.html").stderr == (
        "presswatch: case/page.html names no canonical URL; name its URL with --url\n"
    )
    for odd in ("nosuch.html", "ftp://tern.example/a-vote", f"{server.url}/"):
        refused = run("parse", odd)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr
    missing = run("parse", f"{server.url}/story/nothing-88999")
    assert missing.returncode == 1
    assert "answered 404" in missing.stderr
