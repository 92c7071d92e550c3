"""What a fetch does to the rows: `articles` says what the page says now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.crawling.fetches import FetchAttempt
from storage.model.records import ArticleData, DatePrecision, EditKind, FetchPurpose, Problem, SaveOutcome
from storage.saving.requests import SaveResult
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

URL = "https://caliber.az/en/post/talks"
USUAL: dict[str, Any] = {
    "source": "caliber",
    "url": URL,
    "language": "en",
    "sections": ("politics",),
    "title": "Talks",
    "body": "They met in Baku.",
    "author": "A. Writer",
    "published_at": NOON - HOUR,
    "published_raw": "4 November 2026 15:00",
    "published_precision": DatePrecision.MINUTE,
    "parser_version": 1,
}


def save(rows: Rows, hours: int, *, asked: str = URL, section: str | None = None, **said: Any) -> SaveResult:
    """Save what a page said so many hours after NOON."""
    rows.store.links.ensure("caliber", [asked], now=NOON)
    at = NOON + timedelta(hours=hours)
    tried = FetchAttempt(url=asked, purpose=FetchPurpose.RECRAWL, fetched_at=at, run_id=None)
    return rows.store.saving.save(ArticleData(**USUAL | {"fetched_at": at} | said), tried, section=section)


@pytest.mark.parametrize(
    "said",
    [
        {"author": "B. Editor"},
        {"sections": ("economics", "energy"), "section": "economics"},
        {"published_raw": "Nov 4, 2026, 15:00"},
        {"published_precision": DatePrecision.SECOND, "published_at": NOON - HOUR + timedelta(seconds=7)},
        {"subtitle": None, "author": "C. Corrector", "body": "They met  in Baku."},
    ],
    ids=", ".join,
)
def test_what_stands_around_the_same_wording_follows_the_page(rows: Rows, said: dict[str, Any]) -> None:
    first = save(rows, 0, section="politics")
    assert save(rows, 1, **said).outcome is SaveOutcome.UNCHANGED
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    wanted = {name: value for name, value in said.items() if name != "body"}
    assert {name: getattr(article, name) for name in wanted} == wanted
    assert article.body == USUAL["body"]
    assert rows.store.articles.revisions(first.article_id) == ()


@pytest.mark.parametrize(
    "said",
    [
        {"author": None},
        {"sections": (), "problems": (Problem("sections", "no section found"),)},
        {"published_at": None, "published_precision": None, "published_raw": "an hour ago"},
        {
            "published_at": NOON - 12 * HOUR,
            "published_precision": DatePrecision.DAY,
            "published_raw": "4 November 2026",
        },
    ],
    ids=", ".join,
)
def test_what_could_not_be_read_keeps_what_is_stored(rows: Rows, said: dict[str, Any]) -> None:
    first = save(rows, 0, section="politics")
    assert save(rows, 1, **said).outcome is SaveOutcome.UNCHANGED
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    kept = ("author", "sections", "published_at", "published_raw", "published_precision")
    assert [getattr(article, name) for name in kept] == [USUAL[name] for name in kept]
    assert article.section == "politics"


def test_a_date_that_moved_is_a_revision_as_ever(rows: Rows) -> None:
    first = save(rows, 0)
    saved = save(rows, 1, published_at=NOON, published_raw="4 November 2026 16:00")
    assert (saved.outcome, saved.edit_kind) == (SaveOutcome.REVISED, EditKind.DATE_MOVED)
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    assert (article.published_at, article.published_raw) == (NOON, "4 November 2026 16:00")
    assert rows.store.articles.revisions(first.article_id)[0].published_at == NOON - HOUR
