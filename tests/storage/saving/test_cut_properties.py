"""Test that no cut of a saved page, at any byte, changes the stored article."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from functools import cache
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from scraper.errors import PageError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import page_class
from storage.model.records import ArticleData, SaveOutcome
from storage.saving.change_detection import StoredText, detect_change
from storage.saving.edit_classifier import content_hash
from tests.scraper.reading.test_pages import ARTICLES, expected, reading
from tests.support.example_sources import source_named

HOUR = timedelta(hours=1)
NO_CHANGE = {SaveOutcome.UNCHANGED, SaveOutcome.UNCONFIRMED}


@cache
def stored(case: Path) -> StoredText:
    data = reading(case).article
    values = {field.name: getattr(data, field.name) for field in fields(StoredText) if hasattr(data, field.name)}
    hashed = content_hash(data.title, data.subtitle, data.body)
    return StoredText(**values, content_hash=hashed, unconfirmed_hash=None, unconfirmed_since=None)


def parse(case: Path, body: bytes) -> ArticleData:
    document, source = expected(case), source_named(case.parent.name)
    fetched_at = reading(case).article.fetched_at
    page = page_class(source)(
        body,
        url=document["url"],
        source=source,
        urls=SourceUrls(source),
        fetched_at=fetched_at,
        content_type=document.get("content_type"),
    )
    return page.parse().article


@given(st.sampled_from(ARTICLES), st.floats(0, 1))
def test_a_cut_page_changes_nothing(case: Path, share: float) -> None:
    page = (case / "page.html").read_bytes()
    try:
        data = parse(case, page[: int(len(page) * share)])
    except PageError:
        return
    before = stored(case)
    decision = detect_change(before, data, now=data.fetched_at + HOUR)
    assert decision.change in NO_CHANGE
    whole = reading(case).article
    after = StoredText(
        **{field.name: getattr(before, field.name) for field in fields(before) if "unconfirmed" not in field.name},
        unconfirmed_hash=decision.unconfirmed_hash,
        unconfirmed_since=decision.unconfirmed_since,
    )
    assert detect_change(after, whole, now=data.fetched_at + 2 * HOUR).change is SaveOutcome.UNCHANGED
