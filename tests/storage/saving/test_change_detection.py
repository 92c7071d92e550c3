"""Test change detection: one test for each rule of "Is it an edit?" (polling-and-changes)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.model.records import ArticleData, DatePrecision, EditKind, Problem, SaveOutcome
from storage.model.recrawl import GONE_AFTER, is_confirmed_gone
from storage.saving.change_detection import (
    CONFIRM_AFTER,
    MAX_MINOR_EDITS,
    StoredText,
    detect_change,
)
from storage.saving.edit_classifier import content_hash

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BODY = "The ministers met in Baku and spoke about trade.\n\nThey agreed on a new railway."


def page(**fields: Any) -> ArticleData:
    """Build the parsed article of a second fetch, an hour after the first; `fields` replaces the usual values."""
    usual: dict[str, Any] = {
        "source": "caliber",
        "url": "https://caliber.az/en/post/talks",
        "language": "en",
        "sections": ("politics",),
        "title": "Talks in Baku",
        "body": BODY,
        "published_at": NOON,
        "published_raw": "4 November 2026 16:00",
        "published_precision": DatePrecision.MINUTE,
        "fetched_at": LATER,
        "parser_version": 1,
    }
    return ArticleData(**usual | fields)


def stored(**columns: Any) -> StoredText:
    """Build the stored text of the article, fetched at noon; `columns` replaces the usual values."""
    row: dict[str, Any] = {
        "title": "Talks in Baku",
        "subtitle": None,
        "body": BODY,
        "author": None,
        "sections": ("politics",),
        "published_at": NOON,
        "published_raw": "4 November 2026 16:00",
        "published_precision": DatePrecision.MINUTE,
        "parser_version": 1,
        "fetched_at": NOON,
        "unconfirmed_hash": None,
        "unconfirmed_since": None,
    }
    row |= columns
    row.setdefault("content_hash", content_hash(row["title"], row["subtitle"], row["body"]))
    return StoredText(**row)


def test_an_unknown_article_is_new() -> None:
    decision = detect_change(None, page(), now=LATER)
    assert decision.change is SaveOutcome.NEW
    assert decision.content_hash == content_hash("Talks in Baku", None, BODY)


@pytest.mark.parametrize(
    "fields",
    [
        {"view_count": 900},
        {"image_url": "https://caliber.az/media/other.webp"},
        {"problems": (Problem("author", "none printed"),)},
        {"author": "A. Writer"},
        {"body": BODY.replace(" ", "\u00a0")},
        {"body": BODY.replace("\n\n", "\r\n")},
    ],
)
def test_the_same_text_is_unchanged_whatever_other_fields_change(fields: dict[str, Any]) -> None:
    decision = detect_change(stored(), page(**fields), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (SaveOutcome.UNCHANGED, None, False)
    assert decision.content_hash == stored().content_hash


def test_an_edit_of_typography_is_unchanged_of_kind_format() -> None:
    decision = detect_change(stored(body="A – B"), page(body="A - B"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (SaveOutcome.UNCHANGED, EditKind.FORMAT, False)


def test_another_text_is_a_revision_with_its_edit_kind() -> None:
    decision = detect_change(stored(), page(title="No talks in Baku"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (SaveOutcome.REVISED, EditKind.TITLE, True)
    assert decision.content_hash == content_hash("No talks in Baku", None, BODY)


@pytest.mark.parametrize(
    ("before", "after", "is_stealth"),
    [
        ("4 November 2026 16:00", "4 November 2026 16:00", True),
        ("4 November 2026 16:00", "4\u00a0November 2026  16:00", True),
        ("4 November 2026 16:00", "4 November 2026 17:10", False),
        ("4 November 2026 16:00", None, False),
        (None, None, False),
    ],
)
def test_an_edit_is_stealth_if_the_printed_date_is_the_same(
    before: str | None, after: str | None, is_stealth: bool
) -> None:
    data = page(body=BODY + " Soon.", published_raw=after)
    decision = detect_change(stored(published_raw=before), data, now=LATER)
    assert (decision.change, decision.is_stealth) == (SaveOutcome.REVISED, is_stealth)


def test_only_the_date_moved() -> None:
    decision = detect_change(stored(), page(published_at=NOON + MINUTE), now=LATER)
    assert (decision.change, decision.kind) == (SaveOutcome.REVISED, EditKind.DATE_MOVED)
    assert not decision.is_stealth


@pytest.mark.parametrize(
    ("at", "precision"), [(None, None), (NOON - timedelta(hours=12), DatePrecision.DAY), (NOON, DatePrecision.MINUTE)]
)
def test_a_date_that_is_missing_or_only_less_exact_has_not_moved(
    at: datetime | None, precision: DatePrecision | None
) -> None:
    decision = detect_change(stored(), page(published_at=at, published_precision=precision), now=LATER)
    assert decision.change is SaveOutcome.UNCHANGED


@pytest.mark.parametrize(
    "fields",
    [
        {"body": ""},
        {"body": BODY[: len(BODY) // 3]},
        {"body": BODY + " More.", "published_at": None},
        {"body": "", "title": "Attention Required!", "problems": (Problem("body", "no element"),)},
        {"body": "", "parser_version": 2},
    ],
)
def test_an_implausible_parse_is_accepted_when_confirmed(fields: dict[str, Any]) -> None:
    first = detect_change(stored(), page(**fields), now=LATER)
    assert (first.change, first.overwrites, first.unconfirmed_since) == (SaveOutcome.UNCONFIRMED, False, LATER)
    assert first.content_hash == stored().content_hash

    row = stored(unconfirmed_hash=first.unconfirmed_hash, unconfirmed_since=first.unconfirmed_since)
    too_soon = detect_change(row, page(**fields), now=LATER + CONFIRM_AFTER - MINUTE)
    assert (too_soon.change, too_soon.unconfirmed_since) == (SaveOutcome.UNCONFIRMED, LATER)

    again = detect_change(row, page(**fields), now=LATER + CONFIRM_AFTER)
    assert again.overwrites
    assert again.unconfirmed_hash is None


def test_another_implausible_parse_restarts_the_wait() -> None:
    first = detect_change(stored(), page(body=""), now=LATER)
    row = stored(unconfirmed_hash=first.unconfirmed_hash, unconfirmed_since=LATER)
    other = detect_change(row, page(body="Half."), now=LATER + CONFIRM_AFTER)
    assert (other.change, other.unconfirmed_since) == (SaveOutcome.UNCONFIRMED, LATER + CONFIRM_AFTER)


def test_a_plausible_parse_clears_the_unconfirmed_hash() -> None:
    row = stored(unconfirmed_hash=content_hash("Talks in Baku", None, ""), unconfirmed_since=LATER)
    decision = detect_change(row, page(), now=LATER + CONFIRM_AFTER)
    assert (decision.change, decision.unconfirmed_hash, decision.unconfirmed_since) == (
        SaveOutcome.UNCHANGED,
        None,
        None,
    )


def test_a_body_of_exactly_half_the_length_is_accepted_at_once() -> None:
    decision = detect_change(stored(body="one two three four, "), page(body="one two thr"), now=LATER)
    assert decision.change is SaveOutcome.REVISED


@pytest.mark.parametrize(
    ("field", "row", "fields"),
    [
        ("subtitle", {"subtitle": "In short"}, {"subtitle": None}),
        ("body", {}, {"body": ""}),
        ("published_at", {}, {"published_at": None}),
        ("author", {"author": "A. Writer"}, {"author": None}),
    ],
)
def test_a_field_that_could_not_be_parsed_keeps_its_stored_value(
    field: str, row: dict[str, Any], fields: dict[str, Any]
) -> None:
    decision = detect_change(stored(**row), page(**fields, problems=(Problem(field, "not found"),)), now=LATER)
    assert (decision.change, decision.kept_fields) == (SaveOutcome.UNCHANGED, frozenset({field}))
    assert decision.content_hash == stored(**row).content_hash


def test_a_removed_subtitle_is_an_edit() -> None:
    decision = detect_change(stored(subtitle="In short"), page(), now=LATER)
    assert (decision.change, decision.kept_fields) == (SaveOutcome.REVISED, frozenset())


def test_another_parser_version_overwrites_without_a_revision() -> None:
    decision = detect_change(stored(), page(parser_version=2, title="Talks in Baku In short"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (SaveOutcome.REPARSED, None, True)


def test_another_parser_version_with_another_date_is_reparsed() -> None:
    decision = detect_change(stored(), page(parser_version=2, published_at=NOON + MINUTE), now=LATER)
    assert decision.change is SaveOutcome.REPARSED


def test_another_parser_version_with_equal_fields_is_unchanged() -> None:
    assert detect_change(stored(), page(parser_version=2), now=LATER).change is SaveOutcome.UNCHANGED


@pytest.mark.parametrize(
    ("count", "change", "is_noisy"),
    [(MAX_MINOR_EDITS - 1, SaveOutcome.REVISED, False), (MAX_MINOR_EDITS, SaveOutcome.UNCHANGED, True)],
)
def test_the_25th_minor_edit_in_two_days_is_noise(count: int, change: SaveOutcome, is_noisy: bool) -> None:
    decision = detect_change(stored(), page(body=BODY + " Soon."), now=LATER, recent_minor_count=count)
    assert (decision.change, decision.kind, decision.is_noisy) == (change, EditKind.MINOR, is_noisy)


def test_edits_of_numbers_are_never_noise() -> None:
    decision = detect_change(stored(body="5 dead"), page(body="6 dead"), now=LATER, recent_minor_count=99)
    assert (decision.change, decision.kind, decision.is_noisy) == (SaveOutcome.REVISED, EditKind.NUMBERS, False)


def test_a_hash_of_an_older_version_is_no_edit_and_is_replaced() -> None:
    decision = detect_change(stored(content_hash="0:abc"), page(), now=LATER)
    assert (decision.change, decision.content_hash) == (SaveOutcome.UNCHANGED, stored().content_hash)


@pytest.mark.parametrize(
    ("first_404_at", "gone"), [(None, False), (LATER - GONE_AFTER + MINUTE, False), (LATER - GONE_AFTER, True)]
)
def test_gone_needs_two_404_responses_six_hours_apart(first_404_at: datetime | None, gone: bool) -> None:
    assert is_confirmed_gone(first_404_at, LATER) is gone


def test_every_decision_has_a_one_line_reason() -> None:
    changed = [page(), page(title="X"), page(body=""), page(published_at=LATER), page(parser_version=2, title="Y")]
    reasons = [detect_change(stored(), data, now=LATER).reason for data in changed]
    assert all(reasons)
    assert not any("\n" in reason for reason in reasons)


def test_stored_text_compared_with_itself_is_unchanged() -> None:
    row = stored(subtitle="In short", author="A. Writer")
    data = page(subtitle=row.subtitle, author=row.author)
    assert detect_change(row, data, now=LATER).change is SaveOutcome.UNCHANGED
    assert detect_change(row, replace(data, view_count=1), now=LATER) == detect_change(row, data, now=LATER)
