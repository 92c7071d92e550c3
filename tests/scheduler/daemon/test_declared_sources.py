"""Sources that a person declares in files: crawled, watched and reported like those of the package."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.model.records import RunStatus
from tests.support.daemon_process import DaemonRunner, end
from tests.support.plain_articles import plain_article
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import feed
from tests.support.site import Site

HTML = b"Content-Type: text/html; charset=utf-8"
PAGE = b"<!DOCTYPE html><title>%s</title><meta property='og:title' content='%s'><p>Words of the article.</p>"
ARTICLES = ("/a-vote-in-the-house/", "/news/123456")


@pytest.fixture
def press() -> Iterator[RawServer]:
    pages = {path: answer(PAGE % (path.encode(), path.encode()), HTML) for path in ARTICLES}
    with RawServer({"/feed": answer(feed(ARTICLES), b"Content-Type: application/rss+xml"), **pages}) as server:
        yield server


def declare(folder: Path, name: str, url: str, more: str = "") -> None:
    (folder / "sources.d").mkdir(exist_ok=True)
    (folder / "sources.d" / f"{name}.toml").write_text(
        f'home = "{url}"\nlanguage = "en"\ntimezone = "UTC"\ninterval = "1 s"\n{more}\n[[channels]]\nfeed = "/feed"\n',
        encoding="utf-8",
    )


def test_a_declared_source_is_crawled_and_a_broken_one_stops_no_other(runner: DaemonRunner, press: RawServer) -> None:
    (runner.folder / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\n', encoding="utf-8")
    declare(runner.folder, "press", press.url)
    declare(runner.folder, "broken", press.url, "titel = 'x'")
    done = runner.command("crawl", "press")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("press: succeeded: 2 listed, 2 new")
    assert {row.url for row in runner.rows("articles")} == {press.url + path.rstrip("/") for path in ARTICLES}
    refused = runner.command("crawl", "broken")
    assert refused.returncode == 2
    problem = "sources.d/broken.toml: unknown key titel (did you mean title?)"
    assert refused.stderr.startswith(f"presswatch: {problem}")
    status = runner.command("status")
    assert f"broken: not crawled, its declaration is invalid: {problem}" in status.stdout
    assert status.returncode == 1
    assert problem in json.loads(runner.command("status", "--format", "json").stdout)["broken"]["broken"]
    shown = runner.command("config").stdout
    assert f"# broken is not crawled: {problem}" in shown
    assert "[sources.press]" in shown


@pytest.mark.long
def test_a_hang_up_brings_and_takes_sources(runner: DaemonRunner, site: Site, press: RawServer) -> None:
    site.publish(plain_article("one"))
    runner.settle(watched=["caliber", "press"])
    declare(runner.folder, "press", press.url, "language_ = 1")
    daemon = runner.start()
    runner.wait(lambda: "press is not watched: sources.d/press.toml: unknown key language_" in runner.log)
    runner.wait_for("crawl_runs", 1, source="caliber")
    assert runner.rows("crawl_runs", source="press") == []
    declare(runner.folder, "press", press.url)
    daemon.send_signal(signal.SIGHUP)
    runner.wait_for("articles", 2, source="press")
    assert "watching also press" in runner.log
    runner.settle(watched=["caliber"])
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "no longer watching press" in runner.log)
    crawls = len(runner.rows("crawl_runs", source="press"))
    runner.wait_for("crawl_runs", len(runner.rows("crawl_runs", source="caliber")) + 2, source="caliber")
    assert len(runner.rows("crawl_runs", source="press")) <= crawls + 1  # the one that was under way
    assert end(daemon) == 0
    assert "Traceback" not in runner.log


@pytest.mark.long
def test_files_that_break_while_a_daemon_runs_stop_no_other_source(
    runner: DaemonRunner, site: Site, press: RawServer
) -> None:
    def crawled(source: str) -> None:
        runner.wait_for("crawl_runs", len(runner.rows("crawl_runs", source=source)) + 2, source=source)

    site.publish(plain_article("one"))
    folder = runner.folder / "sources.d"
    declare(runner.folder, "press", press.url)
    declare(runner.folder, "other", press.url)
    runner.settle(watched=[], more="[sources.other]\nlanguages = []\n")
    daemon = runner.start()
    crawled("press")
    crawled("other")
    (folder / "other.toml").unlink()
    (folder / "other.toml").mkdir()
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "other is not watched: sources.d/other.toml cannot be read: it is not a reg" in runner.log)
    crawled("press")
    (folder / "other.toml").rmdir()
    declare(runner.folder, "second", press.url, 'name = "press"')
    declare(runner.folder, "other", press.url)
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "press is not watched: sources.d/press.toml and sources.d/second.toml both" in runner.log)
    crawled("other")
    (folder / "second.toml").unlink()
    folder.rename(runner.folder / "moved")
    folder.touch()
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: "configuration not loaded: sources.d cannot be read: " in runner.log)
    crawled("other")
    folder.unlink()
    (runner.folder / "moved").rename(folder)
    daemon.send_signal(signal.SIGHUP)
    runner.wait(lambda: runner.log.count("watching also press") == 1)
    crawled("press")
    failed = {row.source for row in runner.rows("crawl_runs") if row.status == RunStatus.FAILED}
    assert failed == set()
    assert end(daemon) == 0
    assert "Traceback" not in runner.log


def test_no_daemon_of_a_test_watches_a_live_site(runner: DaemonRunner) -> None:
    runner.settle(watched=["caliber"])  # at the address of the bundled site
    with pytest.raises(AssertionError, match="would crawl news at https:"):
        runner.settle(
            watched=[],
            more='[sources.news]\nhome = "https://news.example"\nlanguage = "en"\ntimezone = "UTC"\n'
            'channels = [{ feed = "/feed" }]\n',
        )
    with pytest.raises(AssertionError, match="would crawl news"):
        runner.start()
    with pytest.raises(AssertionError, match="would crawl news"):
        runner.command("daemon", "--once")
