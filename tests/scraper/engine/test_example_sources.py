"""Crawl sources of examples/sources from a server that answers as their sites do: 400, 403 and 418 to some requests."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, cast

import pytest

from scraper.source import first_path
from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.example_sources import EXAMPLES, NAMES, example_sources
from tests.support.paths import PAGES
from tests.support.raw_server import RawServer, answer

HTML = b"Content-Type: text/html; charset=utf-8"
XML = b"Content-Type: application/rss+xml; charset=utf-8"


def feed_of(case: str, server: RawServer, home: str) -> bytes:
    """Return the answer of a feed whose links lead to the server."""
    body = (PAGES / case / "feed.xml").read_bytes()
    return answer(body.replace(home.encode(), server.url.encode()), XML)


def test_azertag_is_asked_with_the_user_agent_that_it_wants(tmp_path: Path) -> None:
    source = example_sources()["azertag"]
    with RawServer({}) as server:
        feeds = {"/rss": "azertag/feed", "/ru/rss": "azertag/feed-ru"}
        server.answer_with({path: feed_of(case, server, source.base_url) for path, case in feeds.items()})
        env = CrawlEnv(tmp_path, cast("Any", None))
        env.crawl_source(source, base_url=server.url)
        heads = server.heads
    assert all(b"User-Agent: Mozilla/5.0 (compatible; Presswatch)\r\n" in head for head in heads)
    stored = {row.url.removeprefix(server.url): row for row in env.rows("links")}
    assert set(stored) == {
        "/xeber/gemi_limana_geldi_yenilenib-3501001",
        "/xeber/qar_yagdi-3501002",
        "/ru/xeber/sudno_pribylo-3501003",
    }


@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        ("report", "/rss/", b"403 Forbidden"),
        ("minval", "/rss", b"403 Forbidden"),
        ("haqqin", "/rss.xml", b"418 Teapot"),
    ],
)
def test_a_site_that_refuses_fails_the_crawl_by_its_status(tmp_path: Path, name: str, path: str, status: bytes) -> None:
    refused = answer(b"<html><body>no</body></html>", b"Content-Type: text/html", status=status)
    with RawServer({path: refused, "/en/rss/": refused, "/ru/rss/": refused}) as server:
        env = CrawlEnv(tmp_path, cast("Any", None))
        summary = env.crawl_source(example_sources()[name], base_url=server.url)
    assert summary.status is RunStatus.FAILED
    assert any(status.split()[0].decode() in str(row) for row in env.rows("channels"))


def links_of(case: Path) -> Any:
    return json.loads((case / "links.json").read_text(encoding="utf-8"))


def site_of(name: str, server: RawServer) -> dict[str, bytes]:
    """Return the answers of an example's site: its channels, and one page for each link that they list."""
    home = example_sources()[name].base_url
    cases = sorted(path.parent for path in (PAGES / name).glob("*/links.json"))
    page = answer(min((PAGES / name).glob("*/page.html")).read_bytes(), HTML)
    answers = {}
    for path in map(first_path, example_sources()[name].channels):
        case = next((case for case in cases if links_of(case)["channel"] == path), cases[0])
        [file] = [*case.glob("feed.xml"), *case.glob("list.html")]
        body = file.read_bytes().replace(home.encode(), server.url.encode())
        answers[path] = answer(body, XML if file.suffix == ".xml" else HTML)
    for link in (link for case in cases for link in links_of(case)["links"]):
        answers[(link.get("request_url") or link["url"]).removeprefix(home)] = page
    return answers


@pytest.mark.parametrize(
    "name", ["haqqin", *(pytest.param(name, marks=pytest.mark.long) for name in NAMES if name != "haqqin")]
)
def test_a_copied_example_passes_its_check_and_is_crawled(tmp_path: Path, name: str) -> None:
    with RawServer({}) as server:
        answers = site_of(name, server)
        server.answer_with(answers)
        env = CrawlEnv(tmp_path, cast("Any", None))
        (tmp_path / "sources.d").mkdir()
        shutil.copy(EXAMPLES / f"{name}.toml", tmp_path / "sources.d")
        checked = env.command("sources", "check", name, "--base-url", server.url)
        crawled = env.command("crawl", name, "--base-url", server.url)
    assert (checked.returncode, crawled.returncode) == (0, 0), checked.stdout + checked.stderr + crawled.stderr
    stored = env.rows("articles")
    assert len(stored) == len(answers) - len(example_sources()[name].channels)
    assert all(row.published_at and row.body for row in stored)
