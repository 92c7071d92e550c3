"""Crawl pages that state no time, or a day alone, from a feed that does."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from scraper.crawl.selection import RecrawlMode
from scraper.source import PageSelectors, Source
from storage.model.listed_time import LISTED_TIME
from storage.model.records import DatePrecision, Problem
from storage.scheduling.health_queries import extraction_samples
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer, answer
from tests.support.raw_site import FEED, declaration, page, press_source, raw_env

HTML = b"Content-Type: text/html; charset=utf-8"
AT = datetime(2026, 3, 5, 21, 30, 11, tzinfo=UTC)  # 6 March in Baku
PUB_DATE = "Fri, 06 Mar 2026 01:30:11 +0400"
NO_DATE = Problem("published_at", "no date found")


def source_of(server: RawServer) -> Source:
    return press_source(
        server.url,
        article_path=r"/news/[\w-]+",
        page=PageSelectors(title=("h1",), body=(".post_body",), published=("time",)),
    )


def feed(**dates: str) -> bytes:
    items = (
        f"<item><title>{name}</title><link>/news/{name}</link><pubDate>{date}</pubDate></item>"
        for name, date in dates.items()
    )
    return answer(f'<rss version="2.0"><channel>{"".join(items)}</channel></rss>'.encode())


def pages(**dates: str) -> dict[str, bytes]:
    """Pages by name, each with the text of its date; without one it has none."""
    shown = {
        name: page(f"Story {name}").replace(b"</h1>", f"</h1><time>{date}</time>".encode() if date else b"</h1>")
        for name, date in dates.items()
    }
    return {f"/news/{name}": answer(body, HTML) for name, body in shown.items()}


def dates_of(env: CrawlEnv) -> dict[str, tuple[datetime | None, DatePrecision | None, str | None]]:
    return {
        row.url.rpartition("/")[2]: (row.published_at, row.published_precision, row.published_raw)
        for row in env.rows("articles")
    }


PAGES = {"none": "", "day": "6 March 2026", "other": "4 March 2026", "own": "6 March 2026 02:15"}
EXPECTED = {
    "none": (AT, DatePrecision.SECOND, None),
    "day": (AT, DatePrecision.SECOND, "6 March 2026"),
    "other": (datetime(2026, 3, 4, tzinfo=UTC), DatePrecision.DAY, "4 March 2026"),
    "own": (datetime(2026, 3, 5, 22, 15, tzinfo=UTC), DatePrecision.MINUTE, "6 March 2026 02:15"),
}


def test_the_time_of_a_feed_stays_after_the_feed_has_forgotten_the_article(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with({FEED: feed(**dict.fromkeys(PAGES, PUB_DATE)), **pages(**PAGES)})
        assert env.crawl_source(source).new == len(PAGES)
        assert dates_of(env) == EXPECTED
        listed = {row.url.rpartition("/")[2] for row in env.rows("articles") if LISTED_TIME in row.problems}
        assert listed == {"none", "day"}
        # Forgotten, listed again with another time, and by the name of its page.
        for again in ({"new": PUB_DATE}, dict.fromkeys(PAGES, "Sat, 07 Mar 2026 10:00:00 +0400")):
            server.answer_with({FEED: feed(**again), **pages(**PAGES, new="")})
            assert env.crawl_source(source, recrawl=RecrawlMode.ALL).error is None
        assert env.crawl_source(source, urls=(f"{server.url}/news/none", f"{server.url}/news/day")).error is None
        assert {name: date for name, date in dates_of(env).items() if name != "new"} == EXPECTED
        assert env.rows("revisions") == []
        assert [event for event in env.rows("events") if event.kind == "edited"] == []


def test_a_link_that_waits_for_a_retry_keeps_its_time(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with({FEED: feed(none=PUB_DATE), "/news/none": answer(status=b"500 Error")})
        env.crawl_source(source)
        server.answer_with({FEED: feed(other=PUB_DATE), **pages(none="", other="")})
        env.crawl_source(source)
        assert dates_of(env)["none"] == EXPECTED["none"]


def test_a_page_that_states_its_own_time_later_is_not_edited(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with({FEED: feed(same=PUB_DATE, another=PUB_DATE), **pages(same="", another="")})
        env.crawl_source(source)
        own = {"same": "2026-03-06T01:30:11+04:00", "another": "2026-03-06T01:10:00+04:00"}
        server.answer_with({FEED: feed(same=PUB_DATE), **pages(**own)})
        env.crawl_source(source, recrawl=RecrawlMode.ALL)
        assert dates_of(env) == {
            "same": (AT, DatePrecision.SECOND, own["same"]),
            "another": (datetime(2026, 3, 5, 21, 10, tzinfo=UTC), DatePrecision.SECOND, own["another"]),
        }
        assert env.rows("revisions") == []
        assert all(LISTED_TIME not in row.problems for row in env.rows("articles"))


def test_pages_that_say_that_nothing_was_found_are_still_known_by_having_no_date(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        missing = answer(page("Choose another story"), HTML)
        names = ("a", "b", "c")
        server.answer_with(
            {FEED: feed(**dict.fromkeys(names, PUB_DATE)), **{f"/news/{name}": missing for name in names}}
        )
        assert env.crawl_source(source).new == 1
        reasons = [row.outcome_reason or "" for row in env.rows("links")]
        assert sum("without a date, as if it was not found" in reason for reason in reasons) == 2


def test_a_date_that_is_no_longer_read_is_still_missed(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        server.answer_with({FEED: feed(none=PUB_DATE), **pages(none="")})
        env.crawl_source(source)
        assert {NO_DATE, LISTED_TIME} <= set(env.row("articles").problems)
        with closing(env.store()) as store:
            [sample] = extraction_samples(store, "press", limit=1)
        assert sample.filled["published_at"] is False


def test_a_link_that_redirects_gives_its_target_no_time(tmp_path: Path) -> None:
    """A recrawl asks for the target, whose link no channel dates."""
    with RawServer({}) as server:
        env, source = raw_env(tmp_path, server), source_of(server)
        moved = answer(b"", b"Location: /news/target", status=b"301 Moved")
        server.answer_with({FEED: feed(none=PUB_DATE), "/news/none": moved, **pages(target="")})
        env.crawl_source(source)
        assert dates_of(env) == {"target": (None, None, None)}


def test_every_command_says_where_the_time_comes_from(tmp_path: Path) -> None:
    with RawServer({}) as server:
        env = raw_env(tmp_path, server)
        declared = declaration(server.url, article=r"/news/[\w-]+", page='published = "time"')
        (tmp_path / "presswatch.toml").write_text(declared, encoding="utf-8")
        yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(hour=10, minute=30, second=11)
        day = f"{yesterday:%d.%m.%Y}"
        server.answer_with({FEED: feed(day=f"{yesterday:%a, %d %b %Y %H:%M:%S} +0000"), **pages(day=day)})
        checked = env.command("sources", "check", "press")
        assert "published_at  1 of 1  [time, link]" in checked.stdout, checked.stdout + checked.stderr
        parsed = json.loads(env.command("parse", f"{server.url}/news/day", "--format", "json").stdout)
        assert parsed["published_at"] == f"{yesterday:%Y-%m-%d}"  # no link is known of it
        assert env.command("crawl", "press").returncode == 0
        shown = env.command("show", "1").stdout
        assert f'{yesterday:%Y-%m-%d %H:%M} (time of its link), printed as "{day}"' in shown, shown
        assert "the time is that of its link; the page states none" in shown
        assert "(time of its link)" in env.command("history", "1").stdout
