"""Test the rows that a save writes: `articles` follows the page."""

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


def save(rows: Rows, hours: int, *, requested_url: str = URL, section: str | None = None, **fields: Any) -> SaveResult:
    """Save the article as fetched `hours` after NOON; `fields` replaces the usual values."""
    rows.store.links.ensure("caliber", [requested_url], now=NOON)
    at = NOON + timedelta(hours=hours)
    attempt = FetchAttempt(url=requested_url, purpose=FetchPurpose.RECRAWL, fetched_at=at, run_id=None)
    return rows.store.saving.save(ArticleData(**USUAL | {"fetched_at": at} | fields), attempt, section=section)


@pytest.mark.parametrize(
    "fields",
    [
        {"author": "B. Editor"},
        {"sections": ("economics", "energy"), "section": "economics"},
        {"published_raw": "Nov 4, 2026, 15:00"},
        {"published_precision": DatePrecision.SECOND, "published_at": NOON - HOUR + timedelta(seconds=7)},
        {"subtitle": None, "author": "C. Corrector", "body": "They met  in Baku."},
    ],
    ids=", ".join,
)
def test_fields_other_than_the_text_follow_the_page(rows: Rows, fields: dict[str, Any]) -> None:
    first = save(rows, 0, section="politics")
    assert save(rows, 1, **fields).outcome is SaveOutcome.UNCHANGED
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    expected = {name: value for name, value in fields.items() if name != "body"}
    assert {name: getattr(article, name) for name in expected} == expected
    assert article.body == USUAL["body"]
    assert rows.store.articles.revisions(first.article_id) == ()


@pytest.mark.parametrize(
    "fields",
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
def test_fields_that_could_not_be_parsed_keep_their_stored_values(rows: Rows, fields: dict[str, Any]) -> None:
    first = save(rows, 0, section="politics")
    assert save(rows, 1, **fields).outcome is SaveOutcome.UNCHANGED
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    names = ("author", "sections", "published_at", "published_raw", "published_precision")
    assert [getattr(article, name) for name in names] == [USUAL[name] for name in names]
    assert article.section == "politics"


def test_a_moved_date_is_a_revision(rows: Rows) -> None:
    first = save(rows, 0)
    saved = save(rows, 1, published_at=NOON, published_raw="4 November 2026 16:00")
    assert (saved.outcome, saved.edit_kind) == (SaveOutcome.REVISED, EditKind.DATE_MOVED)
    [event] = rows.store.events.find()
    assert str(event.details["sentence"]).endswith(" (edit: date moved)")
    article = rows.store.articles.get(first.article_id)
    assert article is not None
    assert (article.published_at, article.published_raw) == (NOON, "4 November 2026 16:00")
    assert rows.store.articles.revisions(first.article_id)[0].published_at == NOON - HOUR
