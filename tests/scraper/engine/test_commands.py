"""Test the commands crawl, parse and sources, and Scrapy's own commands."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scraper.sources import load_sources
from storage.model.records import Trigger
from tests.support.crawl_env import CrawlEnv
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad


def test_crawl_ends_with_one_line_a_source(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    done = env.crawl_command()
    assert done.returncode == 0
    assert done.stdout.startswith("caliber: succeeded: 1 listed, 1 new; ")
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1


def test_verbose_says_what_happens_to_each_address_and_no_more(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    done = env.crawl_command("--verbose")
    assert done.stderr.splitlines() == [f"INFO {site.url_of('one')}: new (first fetch)"]


def test_what_is_left_pending_is_said_and_no_failure(env: CrawlEnv, site: Site) -> None:
    site.publish_many([plain_article("one"), plain_article("two")])
    done = env.crawl_command("--limit", "1")
    assert done.returncode == 0
    assert "1 pending" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nosuch"], "nosuch"),
        (["caliber", "--limit", "0"], "--limit"),
        (["caliber", "--limit", "many"], "--limit"),
        (["caliber", "--since", "yesterday-ish"], "--since"),
        (["caliber", "--recrawl", "some"], "--recrawl"),
        (["caliber", "--base-url", "caliber"], "base_url"),
        (["caliber", "--base-url", "ftp://127.0.0.1"], "base_url"),
        (["caliber", "--base-url", ""], "base_url"),
        (["caliber", "--url", "https://example.org/en/post/one"], "not an article URL"),
        (["caliber", "--database", "nonsense"], "nonsense"),
        (["caliber", "--database", ""], "database address '' cannot be used"),
        (["caliber", "--database", "sqlite://"], "a database in memory keeps nothing"),
        (["caliber", "--database", "sqlite:///:memory:"], "a database in memory keeps nothing"),
        (["caliber", "--database", "nosuch://me:secret@127.0.0.1/x"], "'nosuch://***@127.0.0.1/x'"),
        (["caliber", "--config", "missing.toml"], "missing.toml"),
        (["caliber", "--nosuch"], "--nosuch"),
    ],
    ids=" ".join,
)
def test_wrong_arguments_end_in_one_line_and_2(arguments: list[str], said: str, env: CrawlEnv) -> None:
    done = env.command("crawl", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("[sources.calibre]\nsections = []\n", "unknown setting sources.calibre (did you mean caliber?); known here: "),
        ('[sources.caliber]\nchannels = [{ feed = "ftp://example.org/rss" }]\n', "channel 'ftp://example.org/rss'"),
        ('[sources.caliber]\nbase_url = ""\n', "base_url ''"),
        ('[scraper]\nmax_response_size = "0.1 B"\n', "scraper.max_response_size = '0.1 B': must be a size"),
    ],
    ids=["no source", "no address", "no base", "no byte"],
)
def test_invalid_settings_are_refused_before_opening_anything(settings: str, said: str, env: CrawlEnv) -> None:
    (env.folder / "presswatch.toml").write_text(settings, encoding="utf-8")
    for arguments in (["crawl", "caliber"], ["crawl"]):
        done = env.command(*arguments)
        assert done.returncode == 2
        assert said in done.stderr
    assert not (env.folder / "env.db").exists()


def test_read_prints_every_field_and_stores_nothing(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one", subtitle="Below it"))
    done = env.command("parse", site.url_of("one"), "--base-url", site.url)
    assert done.returncode == 0, done.stderr
    for said in ("Title of one", "Below it", "h1.post_title", "view_count", "100", "15 million", "terms"):
        assert said in done.stdout
    assert not (env.folder / "env.db").exists()


def test_read_as_json_is_one_object(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    done = env.command("parse", site.url_of("one"), "--base-url", site.url, "--format", "json")
    record = json.loads(done.stdout)
    assert record["title"] == "Title of one"
    assert record["provenance"]["title"]
    assert record["problems"] == []


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.long_after(1)
def test_read_writes_whatever_the_output_can_hold(
    form: str, env: CrawlEnv, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every terminal or pipe is UTF-8: JSON is, whatever the locale, and a person sees question marks."""
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    site.publish(plain_article("one", title="Переговоры", body=("Да.",)))
    command = [sys.executable, "-m", "presswatch", "parse", site.url_of("one"), "--base-url", site.url]
    done = subprocess.run(
        [*command, "--format", form],
        capture_output=True,
        encoding="utf-8",
        cwd=env.folder,
        env=env.environment(),
        timeout=patient(60),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert ("Переговоры" if form == "json" else "title               ??????????") in done.stdout


@pytest.mark.parametrize(
    ("url", "code", "said"),
    [("/en/post/missing", 1, "answered 404"), ("/en/category/politics", 2, "not an article URL")],
)
def test_read_says_in_one_line_what_is_wrong(url: str, code: int, said: str, env: CrawlEnv, site: Site) -> None:
    done = env.command("parse", site.url + url, "--base-url", site.url)
    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_sources_lists_what_can_be_crawled(env: CrawlEnv) -> None:
    done = env.command("sources", "list")
    assert done.returncode == 0
    assert "caliber" in done.stdout
    assert "/rss.xml" in done.stdout


def scrapy(env: CrawlEnv, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Scrapy's own command in a folder with our scrapy.cfg."""
    (env.folder / "scrapy.cfg").write_text((ROOT / "scrapy.cfg").read_text(encoding="utf-8"), encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        capture_output=True,
        text=True,
        cwd=env.folder,
        env=env.environment(),
        timeout=patient(60),
        check=False,
    )


@pytest.mark.long
def test_scrapy_list_names_the_sources(env: CrawlEnv) -> None:
    done = scrapy(env, "list")
    assert sorted(done.stdout.split()) == sorted(load_sources()), done.stderr


@pytest.mark.long
def test_scrapy_crawl_stores_the_same_rows(env: CrawlEnv, site: Site, tmp_path: Path) -> None:
    site.publish_many([plain_article("one"), plain_article("two", sections=("sport",))])
    done = scrapy(env, "crawl", "caliber", "-a", f"base_url={site.url}")
    assert "Traceback" not in done.stderr
    by_scrapy = env.row("articles")
    (tmp_path / "other").mkdir()
    other = CrawlEnv(tmp_path / "other", site)
    other.crawl()
    by_us = other.row("articles")
    changing = {"first_seen_at", "last_seen_at", "stored_at", "fetched_at"}
    assert {k: v for k, v in by_scrapy._mapping.items() if k not in changing} == {
        k: v for k, v in by_us._mapping.items() if k not in changing
    }
    runs = env.command("runs", "--format", "json")
    assert json.loads(runs.stdout)[0]["trigger"] == "scrapy"


def test_scrapy_crawl_with_a_wrong_argument_says_so(env: CrawlEnv) -> None:
    done = scrapy(env, "crawl", "caliber", "-a", "limt=3")
    assert "limt" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments", [["shell", "-c", "response.status", "--nolog"], ["fetch", "--nolog"]], ids=" ".join
)
@pytest.mark.long
def test_scrapy_shell_and_fetch_work_as_without_us(arguments: list[str], env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    done = scrapy(env, *arguments, "--nolog", site.url_of("one"))
    assert done.returncode == 0, done.stderr
    assert ("200" if arguments[0] == "shell" else "Title of one") in done.stdout
    assert done.stderr == ""


@pytest.mark.long
def test_scrapy_crawl_says_why_it_failed(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    site.misbehave("/en/category/politics", bad.answer(404))
    done = scrapy(env, "crawl", "caliber", "-a", f"base_url={site.url}")
    assert "presswatch: caliber: " in done.stderr
    assert "set channels in [sources.caliber]" in done.stderr


@pytest.mark.long
def test_scrapy_crawl_says_that_the_source_is_being_crawled(env: CrawlEnv, site: Site) -> None:
    with env.store() as store:
        store.sources.declare(name="caliber", title="", home="", terms="", timezone="UTC")
        store.runs.open("caliber", Trigger.MANUAL, now=datetime.now(UTC))
        done = scrapy(env, "crawl", "caliber", "-a", f"base_url={site.url}")
    assert "being crawled already" in done.stderr
    assert "Unclosed" not in done.stderr
    assert site.requests == ()


def test_a_crawl_counts_what_is_not_zero_and_says_that_the_list_is_unchanged(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    counts = [env.crawl_command().stdout.partition(" requests")[0] for _ in range(2)]
    assert counts == ["caliber: succeeded: 1 listed, 1 new; 4", "caliber: succeeded: list unchanged; 3"]
