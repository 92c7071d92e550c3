"""Fill the database of the examples in docs/cookbook.md and the README, the same every time.

Two sources in three languages, crawled from noon of 4 November 2026 until noon of the next day. Pages are rendered by
the bundled site, parsed by the real parser and stored by the real code; only the times are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import page_class
from scraper.source import Source
from scraper.sources import get_source
from storage.crawling import channels
from storage.crawling.channels import PollResult
from storage.crawling.crawls import ChannelPoll
from storage.crawling.fetches import FetchAttempt
from storage.crawling.runs import CrawlCounts
from storage.model.records import FailureStage, FetchFailure, FetchPurpose, KnownLink, Link, RunStatus, Trigger
from storage.store import Store, open_store
from tests.example_articles import sundar_articles
from tests.support.site import Article, demo_articles, demo_edits, later_articles
from tests.support.site.markup import article_page
from tests.support.site.styles import PageStyle

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

CALIBER = get_source("caliber")
SUNDAR = replace(
    CALIBER,
    name="sundar",
    title="Sundar News Agency",
    base_url="https://sundar.example",
    terms="Quote as much as you need, with the name of the agency and a link",
)

GARRISON = "defence-committee-visits-northern-garrison"
SITTING = "speaker-suspends-sitting-after-dispute-over-minutes"
COURT = "constitutional-court-takes-up-the-question-of-early-elections"
RAILWAY = "morland-union-to-fund-orrin-rail-link"
MINISTRIES = "coalition-partners-settle-the-order-of-ministries"
PREMIER = "premier-marling-survives-confidence-vote-by-18-5-per-cent"
QUIST = "foreign-minister-sets-three-conditions-for-talks-with-quist"
BUDGET = "finance-minister-defends-budget-before-the-senate"


@dataclass(slots=True)
class SiteCrawl:
    """Crawl the articles of one source into a store, at given times."""

    store: Store
    source: Source
    articles: dict[str, Article]
    missing: set[str] = field(default_factory=set)  # slugs that the site answers with 404

    def __post_init__(self) -> None:
        declared = {name: getattr(self.source, name) for name in ("name", "title", "terms", "timezone")}
        self.store.sources.declare(**declared, home=self.source.base_url)

    @property
    def channel(self) -> str:
        return f"{self.source.base_url}/rss.xml"

    def edit(self, slug: str, old: str = "", new: str = "", **fields: Any) -> None:
        """Replace words of a body, or whole fields, on the site."""
        article = self.articles[slug]
        if old:
            fields["body"] = tuple(_replaced(block, old, new) for block in article.body)
            assert fields["body"] != article.body, f"{slug} does not contain {old!r}"
        self.articles[slug] = replace(article, **fields)

    def crawl(self, at: datetime) -> None:
        """Crawl the whole site from `at`, one article a second."""
        run = self.store.runs.open(self.source.name, Trigger.SCHEDULED, now=at)
        urls = {slug: self.source.base_url + article.path for slug, article in self.articles.items()}
        links = [Link(url=url, channel=self.channel, title=self.articles[slug].title) for slug, url in urls.items()]
        known = self._poll(links, at)
        for number, (slug, url) in enumerate(urls.items()):
            purpose = FetchPurpose.RECRAWL if url in known else FetchPurpose.NEW
            self._fetch(
                slug,
                FetchAttempt(url=url, purpose=purpose, fetched_at=at + number * SECOND, run_id=run, http_status=200),
            )
        counts = CrawlCounts(listed=len(urls), requests=len(urls) + 2, changed=True, channels_read=True)
        self.store.runs.close(run, RunStatus.SUCCEEDED, now=at + len(urls) * SECOND, counts=counts)

    def _poll(self, links: list[Link], at: datetime) -> Mapping[str, KnownLink]:
        """Record that the channel lists these links, and return what was known before."""
        with self.store.write() as connection:
            state = channels.get_or_create(connection, self.source.name, [self.channel])[self.channel]
        result = PollResult(
            etag=None,
            last_modified=None,
            body_hash=None,
            fingerprint="",
            validators_trusted=True,
            conditional=False,
            changed=True,
        )
        polls = [ChannelPoll(state=state, links=links, result=result)]
        listed = {link.url: link for link in links}
        return self.store.crawls.record_polls(
            self.source.name, polls, listed, now=at, run_id=None, all_articles=True
        ).known

    def fail(self, at: datetime, error: str) -> None:
        """Record a failed crawl."""
        run = self.store.runs.open(self.source.name, Trigger.SCHEDULED, now=at)
        self.store.runs.close(run, RunStatus.FAILED, now=at + 31 * SECOND, error=error)

    def _fetch(self, slug: str, attempt: FetchAttempt) -> None:
        if slug in self.missing:
            missing = FetchFailure(
                url=attempt.url, failure_stage=FailureStage.HTTP_4XX, reason="answered 404", http_status=404
            )
            self.store.links.record_failure(replace(attempt, http_status=404), missing)
            return
        shown = replace(self.articles[slug], views=self._views(slug, attempt.fetched_at))
        page = page_class(self.source)(
            article_page(shown, self.source.base_url, [], PageStyle()).encode(),
            url=attempt.url,
            source=self.source,
            urls=SourceUrls(self.source),
            fetched_at=attempt.fetched_at,
        )
        data = page.parse().article
        is_political = self.source.section_names["politics"] & set(data.sections)
        self.store.saving.save(data, attempt, section="politics" if is_political else None)

    def _views(self, slug: str, at: datetime) -> int:
        """Return the views at a time: half of all gains come within six hours."""
        article, hours = self.articles[slug], (at - NOON) // HOUR
        if slug == MINISTRIES and hours >= 9:  # the site reset the counter
            return 4 + hours
        return article.views + article.views * hours // (hours + 6)


def _replaced(block: Any, old: str, new: str) -> Any:
    if isinstance(block, str):
        return block.replace(old, new)
    return replace(block, texts=tuple(text.replace(old, new) for text in block.texts))


def store_news(database: str) -> None:
    """Fill the empty database at an SQLAlchemy URL."""
    with closing(open_store(database)) as store:
        caliber = SiteCrawl(store, CALIBER, _by_slug(demo_articles(NOON)))
        sundar = SiteCrawl(store, SUNDAR, _by_slug(sundar_articles(NOON)))
        caliber.crawl(NOON)
        sundar.crawl(NOON + HOUR / 2)
        _afternoon(caliber)
        _evening(caliber, sundar)
        _day_after(caliber, sundar)


def _by_slug(articles: Sequence[Article]) -> dict[str, Article]:
    return {article.slug: article for article in articles}


def _afternoon(caliber: SiteCrawl) -> None:
    """Edit a figure, a title and a typing error; only the edit of the title has a new date."""
    edits = dict(demo_edits(NOON))
    caliber.missing.add(GARRISON)
    caliber.edit(RAILWAY, **edits[RAILWAY])
    caliber.crawl(NOON + HOUR)
    caliber.missing.add(SITTING)
    caliber.edit(COURT, **edits[COURT], published_at=NOON + timedelta(hours=2, minutes=40))
    caliber.edit(MINISTRIES, **edits[MINISTRIES])
    caliber.crawl(NOON + 3 * HOUR)


def _evening(caliber: SiteCrawl, sundar: SiteCrawl) -> None:
    """Fail a crawl; then edit a quote, and a word that changes the meaning of its sentence."""
    error = f"{caliber.channel}: timeout: no full answer in time"
    caliber.fail(NOON + 6 * HOUR, error)
    caliber.edit(QUIST, "none of them is difficult", "two of them are difficult")
    caliber.edit(PREMIER, "it would not table", "it would table")
    caliber.crawl(NOON + 9 * HOUR)
    sundar.crawl(NOON + 9.5 * HOUR)


def _day_after(caliber: SiteCrawl, sundar: SiteCrawl) -> None:
    """Restore one article, move the date of one, edit one again; the second source publishes nothing."""
    next_noon = NOON + 24 * HOUR
    caliber.missing.remove(GARRISON)
    caliber.edit(BUDGET, published_at=NOON + 20 * HOUR)
    caliber.edit(COURT, "in three weeks", "by the end of the month")
    caliber.articles = _by_slug(later_articles(next_noon - HOUR / 6)) | caliber.articles
    caliber.crawl(next_noon)
    sundar.crawl(next_noon + HOUR / 2)
    politics = f"{caliber.source.base_url}/en/category/politics"
    caliber.store.events.add(source="caliber", kind="gap", subject=politics, details=MISSED, now=next_noon)
    caliber.store.events.open(source="sundar", kind="silent", subject="", details=SILENCE, now=next_noon + HOUR)


MISSED = {
    "sentence": "none of its 3 links was known: articles that came since 2026-11-04 21:00 UTC may have been missed",
    "listed": 3,
    "last_success_at": "2026-11-04 21:00:00+00:00",
}
"""Details of a gap, as scraper.crawl.discovery writes them."""

SILENCE = {
    "sentence": "nothing new for 1 d 35 min, since 2026-11-04T11:25:00+00:00; 8.4 articles were expected by its own "
    "rate (5 articles in 13 h), and the limit is 7.0; open its pages and see whether it still publishes",
    "last_arrival_at": "2026-11-04T11:25:00+00:00",
    "last_good_look_at": "2026-11-05T12:30:00+00:00",
    "found_at": "2026-11-05T13:00:00+00:00",
    "silent_hours": 24.58,
    "expected": 8.4,
    "patience": 7.0,
    "arrivals_known": 5,
}
"""Details of a silence, as scheduler.health.silence writes them."""
