"""What a fetched article changes: each rule of "is it an edit?" as a short story."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from storage.changes import GONE_AFTER, MOST_MINOR_EDITS, SECOND_SIGHT, StoredWording, compare, is_confirmed_gone
from storage.records import ArticleData, Change, ChangeKind, Precision, Problem
from storage.wording import content_hash

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
MINUTE = timedelta(minutes=1)
BODY = "The ministers met in Baku and spoke about trade.\n\nThey agreed on a new railway."


def page(**said: Any) -> ArticleData:
    """What one fetch of the article said, an hour after the first."""
    usual: dict[str, Any] = {
        "source": "caliber",
        "url": "https://caliber.az/en/post/talks",
        "language": "en",
        "sections": ("politics",),
        "title": "Talks in Baku",
        "body": BODY,
        "published_at": NOON,
        "published_text": "4 November 2026 16:00",
        "published_precision": Precision.MINUTE,
        "fetched_at": LATER,
        "reader_version": 1,
    }
    return ArticleData(**usual | said)


def stored(**kept: Any) -> StoredWording:
    """The row of the article as first read at noon."""
    row: dict[str, Any] = {
        "title": "Talks in Baku",
        "subtitle": None,
        "body": BODY,
        "author": None,
        "sections": ("politics",),
        "published_at": NOON,
        "published_text": "4 November 2026 16:00",
        "published_precision": Precision.MINUTE,
        "reader_version": 1,
        "last_fetched_at": NOON,
        "suspect_hash": None,
        "suspect_at": None,
    }
    row |= kept
    row.setdefault("content_hash", content_hash(row["title"], row["subtitle"], row["body"]))
    return StoredWording(**row)


def test_an_unknown_article_is_new() -> None:
    decision = compare(None, page(), now=LATER)
    assert decision.change is Change.NEW
    assert decision.content_hash == content_hash("Talks in Baku", None, BODY)


@pytest.mark.parametrize(
    "said",
    [
        {"view_count": 900},
        {"image_url": "https://caliber.az/media/other.webp"},
        {"problems": (Problem("author", "none printed"),)},
        {"author": "A. Writer"},
        {"body": BODY.replace(" ", "\u00a0")},
        {"body": BODY.replace("\n\n", "\r\n")},
    ],
)
def test_the_same_wording_is_the_same_whatever_stands_around_it(said: dict[str, Any]) -> None:
    decision = compare(stored(), page(**said), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (Change.SAME, None, False)
    assert decision.content_hash == stored().content_hash


def test_typography_is_the_same_and_says_so() -> None:
    decision = compare(stored(body="A – B"), page(body="A - B"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (Change.SAME, ChangeKind.FORMAT, False)


def test_another_wording_is_a_revision_with_its_kind() -> None:
    decision = compare(stored(), page(title="No talks in Baku"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (Change.REVISED, ChangeKind.TITLE, True)
    assert decision.content_hash == content_hash("No talks in Baku", None, BODY)


@pytest.mark.parametrize(
    ("before", "after", "undeclared"),
    [
        ("4 November 2026 16:00", "4 November 2026 16:00", True),
        ("4 November 2026 16:00", "4\u00a0November 2026  16:00", True),
        ("4 November 2026 16:00", "4 November 2026 17:10", False),
        ("4 November 2026 16:00", None, False),
        (None, None, False),
    ],
)
def test_an_edit_is_undeclared_when_the_printed_date_stood_still(
    before: str | None, after: str | None, undeclared: bool
) -> None:
    data = page(body=BODY + " Soon.", published_text=after)
    decision = compare(stored(published_text=before), data, now=LATER)
    assert (decision.change, decision.undeclared) == (Change.REVISED, undeclared)


def test_only_the_date_moved() -> None:
    decision = compare(stored(), page(published_at=NOON + MINUTE), now=LATER)
    assert (decision.change, decision.kind) == (Change.REVISED, ChangeKind.DATE_MOVED)
    assert not decision.undeclared


@pytest.mark.parametrize(
    ("at", "precision"), [(None, None), (NOON - timedelta(hours=12), Precision.DAY), (NOON, Precision.MINUTE)]
)
def test_a_date_that_is_missing_or_only_less_exact_has_not_moved(
    at: datetime | None, precision: Precision | None
) -> None:
    decision = compare(stored(), page(published_at=at, published_precision=precision), now=LATER)
    assert decision.change is Change.SAME


@pytest.mark.parametrize(
    "said",
    [
        {"body": ""},
        {"body": BODY[: len(BODY) // 3]},
        {"body": BODY + " More.", "published_at": None},
        {"body": "", "title": "Attention Required!", "problems": (Problem("body", "no element"),)},
        {"body": "", "reader_version": 2},
    ],
)
def test_a_suspect_reading_is_believed_at_the_second_sight(said: dict[str, Any]) -> None:
    first = compare(stored(), page(**said), now=LATER)
    assert (first.change, first.overwrites, first.suspect_at) == (Change.SUSPECT, False, LATER)
    assert first.content_hash == stored().content_hash

    row = stored(suspect_hash=first.suspect_hash, suspect_at=first.suspect_at)
    too_soon = compare(row, page(**said), now=LATER + SECOND_SIGHT - MINUTE)
    assert (too_soon.change, too_soon.suspect_at) == (Change.SUSPECT, LATER)

    again = compare(row, page(**said), now=LATER + SECOND_SIGHT)
    assert again.overwrites
    assert again.suspect_hash is None


def test_another_suspect_reading_starts_the_wait_anew() -> None:
    first = compare(stored(), page(body=""), now=LATER)
    row = stored(suspect_hash=first.suspect_hash, suspect_at=LATER)
    other = compare(row, page(body="Half."), now=LATER + SECOND_SIGHT)
    assert (other.change, other.suspect_at) == (Change.SUSPECT, LATER + SECOND_SIGHT)


def test_a_good_reading_forgets_the_suspicion() -> None:
    row = stored(suspect_hash=content_hash("Talks in Baku", None, ""), suspect_at=LATER)
    decision = compare(row, page(), now=LATER + SECOND_SIGHT)
    assert (decision.change, decision.suspect_hash, decision.suspect_at) == (Change.SAME, None, None)


def test_a_body_that_halves_exactly_is_believed_at_once() -> None:
    decision = compare(stored(body="one two three four, "), page(body="one two thr"), now=LATER)
    assert decision.change is Change.REVISED


@pytest.mark.parametrize(
    ("field", "row", "said"),
    [
        ("subtitle", {"subtitle": "In short"}, {"subtitle": None}),
        ("body", {}, {"body": ""}),
        ("published_at", {}, {"published_at": None}),
        ("author", {"author": "A. Writer"}, {"author": None}),
    ],
)
def test_what_the_reader_failed_at_is_held(field: str, row: dict[str, Any], said: dict[str, Any]) -> None:
    decision = compare(stored(**row), page(**said, problems=(Problem(field, "not found"),)), now=LATER)
    assert (decision.change, decision.held) == (Change.SAME, {field})
    assert decision.content_hash == stored(**row).content_hash


def test_a_subtitle_taken_away_is_an_edit() -> None:
    decision = compare(stored(subtitle="In short"), page(), now=LATER)
    assert (decision.change, decision.held) == (Change.REVISED, frozenset())


def test_another_reader_rereads_and_edits_nothing() -> None:
    decision = compare(stored(), page(reader_version=2, title="Talks in Baku In short"), now=LATER)
    assert (decision.change, decision.kind, decision.overwrites) == (Change.REREAD, None, True)


def test_another_reader_that_dates_the_article_otherwise_rereads_it() -> None:
    decision = compare(stored(), page(reader_version=2, published_at=NOON + MINUTE), now=LATER)
    assert decision.change is Change.REREAD


def test_another_reader_that_reads_the_same_changes_nothing() -> None:
    assert compare(stored(), page(reader_version=2), now=LATER).change is Change.SAME


@pytest.mark.parametrize(
    ("count", "change", "volatile"),
    [(MOST_MINOR_EDITS - 1, Change.REVISED, False), (MOST_MINOR_EDITS, Change.SAME, True)],
)
def test_the_25th_minor_edit_in_two_days_is_counted_and_not_kept(count: int, change: Change, volatile: bool) -> None:
    decision = compare(stored(), page(body=BODY + " Soon."), now=LATER, recent_minor_count=count)
    assert (decision.change, decision.kind, decision.volatile) == (change, ChangeKind.MINOR, volatile)


def test_figures_are_kept_however_often_they_change() -> None:
    decision = compare(stored(body="5 dead"), page(body="6 dead"), now=LATER, recent_minor_count=99)
    assert (decision.change, decision.kind, decision.volatile) == (Change.REVISED, ChangeKind.NUMBERS, False)


def test_a_hash_by_older_rules_is_no_edit_and_is_renewed() -> None:
    decision = compare(stored(content_hash="0:abc"), page(), now=LATER)
    assert (decision.change, decision.content_hash) == (Change.SAME, stored().content_hash)


@pytest.mark.parametrize(
    ("missing_at", "gone"), [(None, False), (LATER - GONE_AFTER + MINUTE, False), (LATER - GONE_AFTER, True)]
)
def test_gone_takes_two_answers_six_hours_apart(missing_at: datetime | None, gone: bool) -> None:
    assert is_confirmed_gone(missing_at, LATER) is gone


def test_every_decision_gives_one_line_of_reason() -> None:
    changed = [page(), page(title="X"), page(body=""), page(published_at=LATER), page(reader_version=2, title="Y")]
    reasons = [compare(stored(), data, now=LATER).reason for data in changed]
    assert all(reasons)
    assert not any("\n" in reason for reason in reasons)


def test_a_stored_reading_compared_with_itself_is_the_same() -> None:
    row = stored(subtitle="In short", author="A. Writer")
    data = page(subtitle=row.subtitle, author=row.author)
    assert compare(row, data, now=LATER).change is Change.SAME
    assert compare(row, replace(data, view_count=1), now=LATER) == compare(row, data, now=LATER)
