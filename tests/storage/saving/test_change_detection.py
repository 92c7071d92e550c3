"""Test change detection: one test for each rule of "Is it an edit?" (polling-and-changes)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.model.page_end import CUT_KINDS, UNCLOSED, page_end_problem
from storage.model.records import ArticleData, DatePrecision, EditKind, Problem, SaveOutcome
from storage.model.recrawl import GONE_AFTER, is_confirmed_gone
from storage.saving.change_detection import (
    CONFIRM_AFTER,
    CONFIRM_CUT_AFTER,
    MAX_MINOR_EDITS,
    StoredText,
    detect_change,
    is_beginning,
)
from storage.saving.edit_classifier import content_hash
from storage.saving.merge import confirmation_delay

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


CUT = tuple(page_end_problem(kind, "They agreed") for kind in CUT_KINDS)
OPEN = page_end_problem(UNCLOSED, "They agreed")
SHORTER = BODY[: BODY.index("on a new")]
FIELDS = {"view_count": 15, "author": "A. Writer", "sections": ("politics",)}


@pytest.mark.parametrize("early_end", [OPEN, *CUT])
@pytest.mark.parametrize("body", [SHORTER, BODY[:-3], "", f"A correction. {SHORTER}", f"{BODY} More."])
def test_a_page_that_broke_off_is_no_edit_until_it_was_so_for_a_day(early_end: Problem, body: str) -> None:
    data = page(body=body, problems=(early_end,))
    first = detect_change(stored(), data, now=LATER)
    assert (first.change, first.is_incomplete) == (SaveOutcome.UNCONFIRMED, True)
    assert early_end.reason in first.reason
    row = stored(unconfirmed_hash=first.unconfirmed_hash, unconfirmed_since=LATER)
    too_soon = detect_change(row, data, now=LATER + CONFIRM_CUT_AFTER - MINUTE)
    assert (too_soon.change, too_soon.unconfirmed_since) == (SaveOutcome.UNCONFIRMED, LATER)
    assert detect_change(row, data, now=LATER + CONFIRM_CUT_AFTER).change is SaveOutcome.REVISED
    assert detect_change(row, page(), now=LATER + CONFIRM_CUT_AFTER).change is SaveOutcome.UNCHANGED


@pytest.mark.parametrize("fields", [{"published_at": NOON + MINUTE}, {"view_count": 1}, {"sections": ()}])
def test_of_a_page_that_broke_off_behind_the_same_text_no_field_counts(fields: dict[str, Any]) -> None:
    decision = detect_change(stored(), page(problems=(OPEN,), **fields), now=LATER)
    assert (decision.change, decision.kind, decision.is_incomplete) == (SaveOutcome.UNCHANGED, None, True)


@pytest.mark.parametrize("early_end", [OPEN, *CUT])
def test_a_page_that_always_ended_so_is_edited_at_once_but_not_shortened(early_end: Problem) -> None:
    row = stored(problems=(early_end,))
    assert detect_change(row, page(problems=(early_end,)), now=LATER).is_incomplete is False
    edited = page(body=f"{BODY} More.", problems=(early_end,))
    assert detect_change(row, edited, now=LATER).change is SaveOutcome.REVISED
    shorter = detect_change(row, page(body=SHORTER, problems=(early_end,)), now=LATER)
    assert (shorter.change, shorter.is_incomplete) == (SaveOutcome.UNCONFIRMED, True)


@pytest.mark.parametrize("field", FIELDS)
def test_a_shorter_body_without_a_field_that_was_there_must_be_confirmed(field: str) -> None:
    row, whole = stored(**FIELDS), page(body=SHORTER, **FIELDS)
    assert detect_change(row, whole, now=LATER).change is SaveOutcome.REVISED
    lacking = replace(whole, **{field: () if field == "sections" else None})
    first = detect_change(row, lacking, now=LATER)
    assert first.change is SaveOutcome.UNCONFIRMED
    again = replace(row, unconfirmed_hash=first.unconfirmed_hash, unconfirmed_since=LATER)
    assert detect_change(again, lacking, now=LATER + CONFIRM_AFTER).change is SaveOutcome.REVISED
    assert detect_change(row, replace(lacking, body=f"{BODY} More."), now=LATER).change is SaveOutcome.REVISED


@pytest.mark.parametrize(
    ("part", "is_part"),
    [
        (BODY[:-1], True),
        (BODY[:20], True),
        (BODY[:5], True),
        ("", True),
        (f"{SHORTER} \ufffd", True),
        (f"{SHORTER.strip()} o&n", True),
        (BODY, False),
        (BODY.replace("\n\n", " \u00a0"), False),
        (f"{SHORTER} in a new railway.", False),
        ("Ministers", False),
    ],
)
def test_a_beginning_of_a_text(part: str, is_part: bool) -> None:
    assert is_beginning(part, BODY) is is_part


def test_an_unconfirmed_page_is_fetched_again_ever_more_rarely_for_a_day() -> None:
    age, ages = timedelta(0), []
    while age < CONFIRM_CUT_AFTER:
        age += confirmation_delay(age)
        ages.append(age)
    assert (ages[0], ages[1], ages[-1]) == (CONFIRM_AFTER, 2 * CONFIRM_AFTER, CONFIRM_CUT_AFTER)
    assert len(ages) < 12
    assert confirmation_delay(CONFIRM_CUT_AFTER - MINUTE) == CONFIRM_AFTER
