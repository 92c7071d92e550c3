"""`presswatch sources`: sites found from their address, declared, checked live and crawled, in an empty folder."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.forked_command import run_command
from tests.support.made_up_sites import (
    BUSY_COUNT,
    COUNT,
    FEED_COUNT,
    HEADLINES,
    HTML,
    PART_COUNT,
    SITES,
    busy_site,
    group_site,
    now,
    site_in_parts,
)
from tests.support.patience import patient
from tests.support.raw_server import RawServer, answer

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
        return run_command(arguments, folder=tmp_path, environment=environment, timeout=patient(60), typed=said)

    return run


@pytest.mark.parametrize(
    ("site", "channel", "article", "options"),
    [
        ("wordpress", {"feed": "/feed/"}, None, ()),
        (
            "static",
            {"list": "/", "card": "div.news-item", "link": "a", "date": "span.date"},
            STATIC_ARTICLE,
            ("--timezone", "Asia/Baku"),
        ),
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
    assert again.returncode == 2
    assert f"tern is a source of {server.url.partition('://')[2]} already" in again.stderr


@pytest.mark.long
def test_the_name_that_the_titles_have_is_learned_and_dropped_from_them(
    server: RawServer, run: Run, tmp_path: Path
) -> None:
    server.answer_with(group_site(server.url, now()))
    added = run("sources", "add", server.url, "--name", "tern", "--yes")
    assert added.returncode == 0, added.stdout + added.stderr
    declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
    assert declared["title"] == "Tern Gazette"
    assert run("crawl", "tern").returncode == 0
    stored = json.loads(run("query", "--fields", "title", "--format", "json").stdout)
    assert {row["title"] for row in stored} == set(HEADLINES[:COUNT])


@pytest.mark.long
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


PAGED_LIST = {
    "list": "/news/",
    "card": "div.card",
    "link": "a",
    "date": "time@datetime",
    "next": {"query": "page"},
}


@pytest.mark.parametrize(
    ("has_list", "channel", "listed", "line"),
    [
        (True, PAGED_LIST, BUSY_COUNT, "channel: list page /news/, 30 articles, the newest of "),
        (False, {"feed": "/feed.xml"}, FEED_COUNT, "channel: feed /feed.xml, 10 articles, the newest of "),
    ],
)
@pytest.mark.long
def test_a_short_feed_of_a_busy_site_is_not_taken_alone_where_a_list_has_more(
    has_list: bool, channel: dict[str, str], listed: int, line: str, server: RawServer, run: Run, tmp_path: Path
) -> None:
    server.answer_with(busy_site(server.url, now(), has_list=has_list))
    added = run("sources", "add", server.url, "--name", "tern", "--timezone", "UTC", "--yes")
    assert added.returncode == 0, added.stderr
    assert declared_in(tmp_path)["channels"] == [channel]
    [shown] = [shown for shown in added.stdout.splitlines() if shown.startswith(line)]
    if has_list:
        assert shown.endswith(
            "in pages (the navigation of the home page): lists 20 recent articles that /feed.xml would miss between "
            "polls, and all of /feed.xml"
        )
        assert "not needed: feed /feed.xml" in added.stdout
    assert f"{listed} listed, {listed} new" in run("crawl", "tern").stdout


def declared_in(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "sources.d" / "tern.toml").read_text(encoding="utf-8"))


@pytest.mark.long
def test_a_site_in_parts_is_read_whole_though_no_class_of_it_tells(server: RawServer, run: Run, tmp_path: Path) -> None:
    server.answer_with(site_in_parts(now()))
    added = run(*("sources", "add", server.url, "--name", "tern", "--timezone", "Asia/Ho_Chi_Minh", "--views", "--yes"))
    assert added.returncode == 0, added.stderr
    declared = declared_in(tmp_path)
    assert re.fullmatch(declared["article"], "/a-part-not-seen-before/bai-viet-48201.html")
    paged = {"card": "ul.danhsach > li", "link": "a", "date": "span.luc", "next": {"path": "trang-{page}.html"}}
    assert declared["channels"] == [{"list": "/tin-moi/", **paged}]
    assert declared["page"] == {"views": "span.luotxem"}
    crawled = run("crawl", "tern")
    assert f"{PART_COUNT} listed, {PART_COUNT} new" in crawled.stdout, crawled.stderr
    [newest] = json.loads(run("query", "--fields", "id", "--limit", "1", "--format", "json").stdout)
    row = json.loads(run("show", str(newest["id"]), "--format", "json").stdout)
    assert row["authors"] == ["Nguyễn Hoàng Anh", "Trần Thị Thu Hà"]
    assert row["sections"] == ["thời sự", "thoi-su"]
    assert (row["view_count"], row["published_precision"]) == (1_200, "minute")


@pytest.mark.long
def test_a_section_is_offered_once_with_its_label_and_kept_by_its_label_or_slug(
    server: RawServer, run: Run, tmp_path: Path
) -> None:
    server.answer_with(busy_site(server.url, now()))
    add = ("sources", "add", server.url, "--name", "tern", "--timezone", "Asia/Tbilisi", "--yes")
    refused = run(*add, "--section", "sporty")
    assert refused.returncode == 2
    assert "no section is called 'sporty'; there are: პოლიტიკა, სპორტი" in refused.stderr
    assert "(did you mean sporti?)" in refused.stderr
    assert not (tmp_path / "sources.d").exists()
    assert "time zone: Asia/Tbilisi (--timezone)\n" in refused.stdout
    added = run(*add, "--section", "SPORTI", "--section", "სპორტი")
    assert added.returncode == 0, added.stderr
    [offered] = [line for line in added.stdout.splitlines() if line.startswith("sections: ")]
    assert offered == "sections: პოლიტიკა (politika), სპორტი (sporti)"
    assert declared_in(tmp_path)["sections"] == {"სპორტი": ["sporti", "სპორტი"]}
    assert run("crawl", "tern").returncode == 0
    stored = json.loads(run("query", "--format", "json", "--limit", "0").stdout)
    assert stored
    assert {article["section"] for article in stored} == {"სპორტი"}


@pytest.mark.parametrize(
    ("site", "options", "said", "missing"),
    [
        ("static", (), "", "no answer to: Time zone of dates without one, such as Asia/Baku; nobody can be asked"),
        ("static", (), "Baku\n", "give it with --timezone"),
        ("static", ("--timezone", "Asia/Baku"), "", "give it with --views or --no-views"),
        ("wordpress", ("--timezone", "UTC"), "", "give it with --section, or keep all with --yes"),
    ],
)
def test_the_end_of_the_input_is_told_with_the_answer_that_is_missing(
    site: str, options: tuple[str, ...], said: str, missing: str, server: RawServer, run: Run, tmp_path: Path
) -> None:
    server.answer_with(SITES[site](server.url, now()))
    done = run("sources", "add", server.url, *options, said=said)
    assert done.returncode == 2
    assert missing in done.stderr.splitlines()[-1]
    assert not (tmp_path / "sources.d").exists()


@pytest.mark.long
def test_a_feed_of_a_service_that_the_site_names_is_found_and_crawled(
    server: RawServer, run: Run, tmp_path: Path
) -> None:
    """Sites whose front page names a feed at a service for feeds, or at a host of their own for all feeds."""
    with RawServer({}) as service:
        site = SITES["wordpress"](server.url, now())
        feed = site.pop("/feed/")
        front = site["/"].partition(b"\r\n\r\n")[2].replace(b"'/feed/'", f"'{service.url}/tern'".encode())
        server.answer_with(site | {"/": answer(front, HTML)})
        service.answer_with({"/tern": feed})
        added = run("sources", "add", server.url, "--name", "tern", "--yes")
        assert added.returncode == 0, added.stderr
        declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
        assert declared["channels"] == [{"feed": f"{service.url}/tern"}]
        assert run("sources", "check", "tern").returncode == 0
        assert f"{COUNT} listed, {COUNT} new" in run("crawl", "tern").stdout
        copy = run("crawl", "tern", "--base-url", "http://127.0.0.1:9")
        assert copy.returncode == 2
        assert f"channel '{service.url}/tern' is not on http://127.0.0.1:9" in copy.stderr


@pytest.mark.long
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


OPML = f"""<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x "y">]><opml version="2.0"><body><outline text="Folder">
<outline type="rss" text="Tern &amp; Sons" xmlUrl="https://www.tern.example/feed?x=1" htmlUrl="https://tern.example/"
 language="uk"/>
<outline type="rss" text="More" xmlUrl="https://tern.example/more.xml"/></outline>
<outline type="rss" text="Orrin News: World" xmlUrl="\u200bhttps://Feeds.example/orrin#x" htmlUrl="\u200bhttps://orrin.example/"/>
<outline type="rss" xmlUrl="https://новости.рф/rss" htmlUrl="https://orrin.example/en"/>
<outline type="rss" text="Orrin News: Trade" xmlUrl="https://www.orrin.example/b" htmlUrl="https://orrin.example/"/>
<outline type="rss" text="Router" xmlUrl="http://10.0.0.1/rss" htmlUrl="https://tern.example/"/>
<outline type="rss" text="Long" xmlUrl="https://tern.example/{"x" * 2000}"/>
<outline type="rss" text="Known" xmlUrl="https://caliber.az/rss.xml"/>
<outline type="rss" text="Odd" xmlUrl="mailto:me@tern.example"/></body></opml>"""


def test_feeds_of_a_feed_reader_are_imported_and_exported(run: Run, tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").write_text(OPML, encoding="utf-8")
    done = run("sources", "import", "feeds.opml", "--timezone", "Europe/Kyiv")
    assert done.returncode == 1
    assert "sources.d/tern.toml: https://www.tern.example, 2 feeds\n" in done.stdout
    assert [line.split(": ")[2] for line in done.stderr.splitlines()] == [
        "the feed is in a private network, and its site, tern.example, is not",
        "its address is too long",
        "a source of caliber.az is declared already",
        "not an http(s) address",
    ]
    declared = tomllib.loads((tmp_path / "sources.d" / "tern.toml").read_text(encoding="utf-8"))
    assert declared["channels"] == [{"feed": "/feed?x=1"}, {"feed": "/more.xml"}]
    assert (declared["language"], declared["timezone"]) == ("uk", "Europe/Kyiv")
    other = tomllib.loads((tmp_path / "sources.d" / "orrin.toml").read_text(encoding="utf-8"))
    assert (other["home"], other["title"]) == ("https://orrin.example", "Orrin News")
    assert other["channels"] == [
        {"feed": "https://feeds.example/orrin"},
        {"feed": "https://xn--b1amnebsh.xn--p1ai/rss"},
        {"feed": "/b"},
    ]
    assert run("sources", "show", "orrin").returncode == 0
    exported = run("sources", "export").stdout
    assert 'xmlUrl="https://feeds.example/orrin" htmlUrl="https://orrin.example"' in exported
    assert 'xmlUrl="https://www.tern.example/feed?x=1"' in exported
    assert 'xmlUrl="https://caliber.az/rss.xml"' in exported
    assert "left out" not in run("sources", "export").stderr
    (tmp_path / "notes.txt").write_text("none", encoding="utf-8")
    assert "is no OPML" in run("sources", "import", "notes.txt").stderr


def test_what_is_assumed_of_an_imported_site_is_said_and_written(run: Run, tmp_path: Path) -> None:
    outlines = (
        '<outline xmlUrl="https://tern.example/feed" language="uk"/><outline xmlUrl="https://orrin.example/feed"/>'
        '<outline xmlUrl="http://wire.example:8001/a"/><outline xmlUrl="http://wire.example:8002/b"/>'
    )
    (tmp_path / "feeds.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>', encoding="utf-8")
    folder = tmp_path / "sources.d"
    folder.mkdir()
    (folder / "orrin.toml").write_text("home = 1\n", encoding="utf-8")
    lines = dict(line.split(": ", 1) for line in run("sources", "import", "feeds.opml").stdout.splitlines())
    both = "1 feed; assumed: language en, timezone UTC: correct it there"
    assert lines == {
        "sources.d/tern.toml": "https://tern.example, 1 feed; assumed: timezone UTC: correct it there",
        "sources.d/orrin2.toml": f"https://orrin.example, {both}",
        "sources.d/wire.toml": f"http://wire.example:8001, {both}",
        "sources.d/wire2.toml": f"http://wire.example:8002, {both}",
    }
    written = (folder / "tern.toml").read_text(encoding="utf-8")
    assert written.startswith("# assumed, for the file that was imported does not state it: timezone\nhome = ")
    lists = 'home = "https://lists.example"\nlanguage = "en"\ntimezone = "UTC"\nchannels = [{ list = "/" }]\n'
    (folder / "lists.toml").write_text(lists, encoding="utf-8")
    exported = run("sources", "export")
    assert exported.returncode == 2
    assert "presswatch: left out, for they have no feed: lists\n" in exported.stderr
    assert "orrin: sources.d/orrin.toml: " in exported.stderr
    assert exported.stdout.count("<outline") == 5


def test_a_broken_declaration_is_listed_with_its_problem(run: Run, tmp_path: Path) -> None:
    (tmp_path / "sources.d").mkdir()
    (tmp_path / "sources.d" / "odd.toml").write_text('home = "https://odd.example"\n', encoding="utf-8")
    done = run("sources", "list")
    assert done.returncode == 2
    assert "caliber" in done.stdout
    assert "odd: sources.d/odd.toml: language is missing" in done.stderr


@pytest.mark.long
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


def test_the_candidates_that_lost_are_shown_as_what_they_say(run: Run, tmp_path: Path) -> None:
    described = '<meta name="description" content="In brief"><meta property="og:description" content="At length">'
    pictured = '<meta property="og:image" content="/one.jpg"><meta name="twitter:image" content="/two.jpg">'
    heading = "<h1>Bridge vote put off</h1><time datetime='2026-11-04T09:30:00Z'>4 November 2026</time>"
    text = f"<p>{'The committee met again and put off its decision. ' * 5}</p>"
    (tmp_path / "page.html").write_text(f"<head>{described}{pictured}</head><body>{heading}{text}</body>")
    done = run("parse", "page.html", "--url", "https://tern.example/bridge-vote-put-off")
    assert done.returncode == 0, done.stderr
    lost = re.findall(r"not chosen +(.*?)   \[(.*)\]", done.stdout)
    assert ("At length", "meta og:description") in lost
    assert ("/two.jpg", "meta twitter:image") in lost
    assert ("2026-11-04", "time") in lost  # a day without a time
    assert re.search(r"^authors +-$", done.stdout, re.MULTILINE)


def test_a_narrow_terminal_lists_whole_addresses(tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "40"}
    done = run_command(["sources", "list"], folder=tmp_path, environment=environment, timeout=patient(60))
    assert [line.split() for line in done.stdout.splitlines()] == [
        ["NAME", "TITLE", "HOME"],
        ["caliber", "Caliber.Az", "https://caliber.az"],
    ]
