"""Test invariants of change detection with generated articles."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.model.records import ArticleData, DatePrecision, EditKind, SaveOutcome
from storage.saving.change_detection import CONFIRM_AFTER, ChangeDecision, StoredText, detect_change
from storage.saving.edit_classifier import ArticleText, changed_words, classify_edit, content_hash, normalise, numbers

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGNS = ["1.5", "15", "-5", "20 %", "$5", '"', "“", "”", "«", "»", "'", "’", "–", " - ", "…", "...", ".", ","]
INVISIBLE = [" ", "  ", "\n\n", "\u00a0", "\u00ad", "\u200b", "\u0301"]
PIECES = st.sampled_from([*SIGNS, *INVISIBLE, "the", "not", "n't", "e", "İ", "никогда", "\ud800"])
TEXT = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=30).map(" ".join), st.text())


@st.composite
def parsed_articles(draw: st.DrawFn) -> ArticleData:
    at = draw(st.none() | st.integers(0, 3).map(lambda hours: NOON - HOUR * hours))
    return ArticleData(
        source="caliber",
        url="https://caliber.az/en/post/talks",
        language="en",
        sections=("politics",),
        title=draw(st.sampled_from(["Talks", "Talks – now", "Talks - now", "5 talks"])),
        subtitle=draw(st.none() | TEXT),
        body=draw(TEXT),
        published_at=at,
        published_raw=None if at is None else str(at),
        published_precision=None if at is None else DatePrecision.MINUTE,
        fetched_at=NOON + HOUR,
        parser_version=draw(st.integers(1, 2)),
    )


def row_of(data: ArticleData, decision: ChangeDecision) -> StoredText:
    """Build the stored text after `data` was saved as decided."""
    return StoredText(
        title=data.title,
        subtitle=data.subtitle,
        body=data.body,
        author=data.author,
        sections=data.sections,
        published_at=data.published_at,
        published_raw=data.published_raw,
        published_precision=data.published_precision,
        content_hash=decision.content_hash,
        parser_version=data.parser_version,
        fetched_at=data.fetched_at,
        unconfirmed_hash=decision.unconfirmed_hash,
        unconfirmed_since=decision.unconfirmed_since,
    )


def text_of(data: ArticleData) -> ArticleText:
    return ArticleText(title=data.title, subtitle=data.subtitle, body=data.body)


@given(TEXT)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(TEXT)
def test_digits_survive_normalising(text: str) -> None:
    assert [c for c in normalise(text) if c.isascii() and c.isdigit()] == [
        c for c in text if c.isascii() and c.isdigit()
    ]


@given(parsed_articles())
def test_the_same_page_fetched_twice_is_unchanged(data: ArticleData) -> None:
    row = row_of(data, detect_change(None, data, now=NOON))
    assert detect_change(row, data, now=NOON + HOUR).change is SaveOutcome.UNCHANGED


@given(parsed_articles(), parsed_articles())
def test_only_a_revision_or_a_format_edit_has_a_kind(before: ArticleData, after: ArticleData) -> None:
    row = row_of(before, detect_change(None, before, now=NOON))
    decision = detect_change(row, after, now=NOON + HOUR)
    assert (decision.change is SaveOutcome.REVISED) == (decision.kind not in {None, EditKind.FORMAT})
    assert (decision.change is SaveOutcome.UNCONFIRMED) == (decision.unconfirmed_hash is not None)
    assert decision.change is SaveOutcome.REVISED or not decision.is_stealth


@given(parsed_articles(), parsed_articles())
def test_a_changed_page_is_accepted_after_two_fetches(before: ArticleData, after: ArticleData) -> None:
    row = row_of(before, detect_change(None, before, now=NOON))
    first = detect_change(row, after, now=NOON + HOUR)
    if first.change is SaveOutcome.UNCONFIRMED:
        row = StoredText(
            **{name: getattr(row, name) for name in StoredText.__slots__ if not name.startswith("unconfirmed")},
            unconfirmed_hash=first.unconfirmed_hash,
            unconfirmed_since=first.unconfirmed_since,
        )
        assert detect_change(row, after, now=NOON + HOUR + CONFIRM_AFTER).change is not SaveOutcome.UNCONFIRMED


@given(parsed_articles(), parsed_articles())
def test_the_kind_of_an_edit_does_not_depend_on_its_direction(one: ArticleData, other: ArticleData) -> None:
    forth = classify_edit(text_of(one), text_of(other))
    back = classify_edit(text_of(other), text_of(one))
    exact = {EditKind.FORMAT, EditKind.TITLE, EditKind.NUMBERS, EditKind.QUOTE}
    assert forth == back or not {forth, back} & exact


@given(TEXT, TEXT)
def test_equal_hashes_are_never_more_than_typography(one: str, other: str) -> None:
    pair = [ArticleText(title="t", subtitle=None, body=text) for text in (one, other)]
    if content_hash("t", None, one) == content_hash("t", None, other):
        assert classify_edit(*pair) is EditKind.FORMAT


@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=6))
def test_removed_and_added_words_account_for_the_difference_in_length(before: list[str], after: list[str]) -> None:
    old, new = " ".join(before).split(), " ".join(after).split()
    regions = changed_words(before, after)
    removed, added = sum(len(a) for a, _ in regions), sum(len(b) for _, b in regions)
    assert len(old) - removed == len(new) - added


@given(st.integers(0, 10**9), st.sampled_from(["", " men", "%", " million"]))
def test_an_integer_is_one_number(number: int, unit: str) -> None:
    assert sum(numbers(f"about {number}{unit} or so").values()) == 1
