"""Test that reservations of rights are stored with articles and exported, and that reserved pages can be skipped."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage.config.settings import SourceSettings
from storage.model.records import Outcome, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import FEED, page, raw_env, site

TARGETS = ("/en/post/free", "/en/post/header", "/en/post/meta", "/en/post/file")
META = b'<head><meta name="robots" content="noai"></head><body>'
TDMREP = json.dumps([{"location": "/en/post/file", "tdm-reservation": 1}]).encode()


@pytest.fixture
def env(tmp_path: Path, server: RawServer) -> CrawlEnv:
    env = raw_env(tmp_path, server)
    special = {
        "/en/post/header": answer(page("header"), b"TDM-Reservation: 1", b"TDM-Policy: https://news.test/p"),
        "/en/post/meta": answer(page("meta").replace(b"<body>", META)),
        "/robots.txt": answer(b"User-agent: *\nContent-Signal: search=yes\n", b"Content-Type: text/plain"),
        "/.well-known/tdmrep.json": answer(TDMREP, b"Content-Type: application/json"),
    }
    server.answer_with(site(TARGETS, TARGETS) | special)
    return env


def stored(env: CrawlEnv) -> dict[str, list[str]]:
    rows = {row.url.rpartition("/")[2]: json.loads(row.reservations or "[]") for row in env.rows("articles")}
    assert all(one["since"] for signals in rows.values() for one in signals)
    return {
        name: [f"{one['signal']}={one['value']} {one['origin']}" for one in signals] for name, signals in rows.items()
    }


OF_SITE = "content-signal=search=yes robots.txt"
RECEIVED = {
    "free": [OF_SITE],
    "header": ["tdm-reservation=1 header", "tdm-policy=https://news.test/p header", OF_SITE],
    "meta": ["robots=noai meta robots", OF_SITE],
    "file": [OF_SITE],
}


def test_what_comes_with_a_page_is_stored_and_exported(env: CrawlEnv, server: RawServer) -> None:
    assert env.crawl().new == len(TARGETS)
    assert stored(env) == RECEIVED
    assert "/.well-known/tdmrep.json" not in server.targets
    assert env.command("export", "out.jsonl").returncode == 0
    exported = [json.loads(line) for line in (env.folder / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    signals = {row["url"].rpartition("/")[2]: row["reservations"] for row in exported}
    assert json.loads(signals["meta"])[0]["value"] == "noai"
    assert "robots=noai (meta robots) since 20" in env.command("show", f"{env.site.url}/en/post/meta").stdout


def test_tdmrep_is_requested_once_and_recorded(env: CrawlEnv, server: RawServer) -> None:
    env.slow_down(respect_tdm="record")
    assert env.crawl().new == len(TARGETS)
    assert stored(env) == RECEIVED | {"file": [OF_SITE, "tdm-reservation=1 tdmrep.json"]}
    assert server.targets.count("/.well-known/tdmrep.json") == 1


def test_reserved_pages_are_skipped_and_not_fetched_again(env: CrawlEnv, server: RawServer) -> None:
    env.slow_down(respect_tdm="skip")
    run = env.crawl()
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, 1)
    reasons = {row.url.rpartition("/")[2]: row.outcome_reason for row in env.rows("links")}
    assert {name: reason for name, reason in reasons.items() if name != "free"} == {
        "header": "reserved: tdm-reservation=1 (header)",
        "meta": "reserved: robots=noai (meta robots)",
        "file": "reserved: tdm-reservation=1 (tdmrep.json)",
    }
    fetched = len(env.rows("fetches"))
    env.of_source = SourceSettings(channels=({"feed": FEED},), sections=())  # so that the feed is read again
    env.crawl()
    assert len(env.rows("fetches")) == fetched
    assert [row.outcome for row in env.rows("links")].count(Outcome.FILTERED) == 3
    env.slow_down(respect_tdm="record")
    env.of_source = SourceSettings(channels=({"feed": FEED},))
    assert env.crawl().new == 3
