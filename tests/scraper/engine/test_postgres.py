"""Test the main path on PostgreSQL, in this process and through the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from scraper.crawl.selection import RecrawlMode
from storage.articles.filters import ArticleFilter
from storage.model.records import Outcome, RunStatus
from storage.search.query import parse
from storage.store import open_store
from tests.support.crawl_env import CrawlEnv
from tests.support.plain_articles import plain_article
from tests.support.site import Site, bad, blocks


@pytest.fixture
def env(tmp_path: Path, site: Site, postgres_database: str) -> CrawlEnv:
    """A env whose database is a server's."""
    return CrawlEnv(tmp_path, site, postgres_database)


def test_what_is_published_edited_counted_and_gone_is_followed(env: CrawlEnv, site: Site) -> None:
    site.publish_many(
        [plain_article("one"), plain_article("two", days=4), plain_article("sport-story", sections=("sport",))]
    )
    site.misbehave("/en/post/two", bad.server_error())
    run = env.crawl()
    assert (run.status, run.new, run.failed, run.filtered, run.pending) == (RunStatus.SUCCEEDED, 1, 1, 1, 1)
    site.behave()
    site.edit("one", body=(blocks.paragraph("First paragraph of it."), blocks.paragraph("Now with 1.5 million.")))
    site.count("one", 3_000_000_000)
    run = env.crawl(recrawl=RecrawlMode.ALL)
    assert (run.revised, run.views_updated, run.failed) == (1, 1, 0)
    article = env.row("articles", url=f"{site.url}/en/post/one")
    assert (article.view_count, "1.5 million" in article.body) == (3_000_000_000, True)
    assert "15 million" in env.row("revisions").body
    with env.store() as store:
        assert [reading.view_count for reading in store.articles.readings(article.id)] == [100, 3_000_000_000]
    assert {row.outcome for row in env.rows("links")} >= {Outcome.STORED, Outcome.FILTERED}


@pytest.mark.long
def test_the_commands_ask_and_tell_the_same(env: CrawlEnv, site: Site) -> None:
    site.publish(plain_article("one"))
    assert env.crawl_command().returncode == 0
    for command, says in (
        (("query", "--section", "politics"), "Title of one"),
        (("show", "1"), "First paragraph of it."),
        (("runs",), "succeeded"),
        (("inspect", f"{site.url}/en/post/one"), "stored"),
        (("db", "info"), "articles 1"),
        (("db", "upgrade"), "nothing to do"),
    ):
        done = env.command(*command)
        assert (done.returncode, says in " ".join(done.stdout.split()), done.stderr) == (0, True, ""), done


BEYOND = 2**31 + 7


def count_on_from(env: CrawlEnv, number: int) -> None:
    """Let the next row of every table get this id; the table of indexes has two rows for ever."""
    sequences = text("SELECT sequencename FROM pg_sequences WHERE sequencename <> 'search_index_id_seq'")
    with env.store() as store, store.write() as connection:
        for name in connection.scalars(sequences).all():
            connection.execute(text("SELECT setval(:name, :number, false)"), {"name": name, "number": number})


def test_ids_pass_two_thousand_million(env: CrawlEnv, site: Site) -> None:
    """Those of fetches do in months where many sources are watched, and no row can be written then."""
    count_on_from(env, BEYOND)
    site.publish_many([plain_article("one"), plain_article("two", days=4)])
    assert env.crawl().new == 2
    site.edit("one", body=(blocks.paragraph("First paragraph of it."), blocks.paragraph("Now with a bridge.")))
    assert env.crawl(recrawl=RecrawlMode.ALL).revised == 1
    ids = {table: {row.id for row in env.rows(table)} for table in ("articles", "links", "fetches", "revisions")}
    assert {min(numbers) for numbers in ids.values()} == {BEYOND}
    one = env.row("articles", url=f"{site.url}/en/post/one").id
    for command, says in (
        (("query",), "Title of one"),
        (("query", "bridge", "--highlight"), "bridge"),
        (("query", "bridge", "--as-of", "1d"), ""),
        (("query", "--count", "--by", "section"), "2"),
        (("show", str(one)), "Now with a bridge."),
        (("history", str(one)), "edited"),
        (("views", str(one)), "100"),
        (("runs",), str(BEYOND)),
        (("inspect", f"{site.url}/en/post/one"), "stored"),
        (("coverage", "--since", "1d"), "caliber"),
        (("db", "check"), ""),
        (("db", "copy", env.database, f"sqlite:///{env.folder}/copy.db"), ""),
    ):
        done = env.command(*command)
        assert (done.returncode, says in done.stdout) == (0, True), (command, done.stdout, done.stderr)
    with open_store(f"sqlite:///{env.folder}/copy.db") as copy:
        assert [found.id for found in copy.articles.find(ArticleFilter(query=parse("bridge")))] == [one]
