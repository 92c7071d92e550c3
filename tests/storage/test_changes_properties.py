"""What holds for every wording, whatever a site prints."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storage.changes import SECOND_SIGHT, Decision, StoredWording, compare
from storage.records import ArticleData, Change, ChangeKind, Precision
from storage.wording import Wording, changed_words, content_hash, kind_of_edit, normalise, numbers

NOON = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGNS = ["1.5", "15", "-5", "20 %", "$5", '"', "“", "”", "«", "»", "'", "’", "–", " - ", "…", "...", ".", ","]
UNSEEN = [" ", "  ", "\n\n", "\u00a0", "\u00ad", "\u200b", "\u0301"]
PIECES = st.sampled_from([*SIGNS, *UNSEEN, "the", "not", "n't", "e", "İ", "никогда", "\ud800"])
TEXT = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.lists(PIECES, max_size=30).map(" ".join), st.text())


@st.composite
def readings(draw: st.DrawFn) -> ArticleData:
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
        published_text=None if at is None else str(at),
        published_precision=None if at is None else Precision.MINUTE,
        fetched_at=NOON + HOUR,
        reader_version=draw(st.integers(1, 2)),
    )


def row_of(data: ArticleData, decision: Decision) -> StoredWording:
    """The row once everything the reading said was taken."""
    return StoredWording(
        title=data.title,
        subtitle=data.subtitle,
        body=data.body,
        author=data.author,
        sections=data.sections,
        published_at=data.published_at,
        published_text=data.published_text,
        published_precision=data.published_precision,
        content_hash=decision.content_hash,
        reader_version=data.reader_version,
        last_fetched_at=data.fetched_at,
        suspect_hash=decision.suspect_hash,
        suspect_at=decision.suspect_at,
    )


def wording_of(data: ArticleData) -> Wording:
    return Wording(title=data.title, subtitle=data.subtitle, body=data.body)


@given(TEXT)
def test_normalising_twice_is_normalising_once(text: str) -> None:
    assert normalise(normalise(text)) == normalise(text)


@given(TEXT)
def test_digits_survive_normalising(text: str) -> None:
    assert [c for c in normalise(text) if c.isascii() and c.isdigit()] == [
        c for c in text if c.isascii() and c.isdigit()
    ]


@given(readings())
def test_the_same_page_twice_is_the_same(data: ArticleData) -> None:
    row = row_of(data, compare(None, data, now=NOON))
    assert compare(row, data, now=NOON + HOUR).change is Change.SAME


@given(readings(), readings())
def test_a_revision_has_a_kind_and_only_a_revision_or_format_has_one(before: ArticleData, after: ArticleData) -> None:
    row = row_of(before, compare(None, before, now=NOON))
    decision = compare(row, after, now=NOON + HOUR)
    assert (decision.change is Change.REVISED) == (decision.kind not in {None, ChangeKind.FORMAT})
    assert (decision.change is Change.SUSPECT) == (decision.suspect_hash is not None)
    assert decision.change is Change.REVISED or not decision.undeclared


@given(readings(), readings())
def test_a_changed_page_is_settled_after_two_looks(before: ArticleData, after: ArticleData) -> None:
    row = row_of(before, compare(None, before, now=NOON))
    first = compare(row, after, now=NOON + HOUR)
    if first.change is Change.SUSPECT:
        row = StoredWording(
            **{name: getattr(row, name) for name in StoredWording.__slots__ if not name.startswith("suspect")},
            suspect_hash=first.suspect_hash,
            suspect_at=first.suspect_at,
        )
        assert compare(row, after, now=NOON + HOUR + SECOND_SIGHT).change is not Change.SUSPECT


@given(readings(), readings())
def test_the_kind_of_an_edit_does_not_depend_on_its_direction(one: ArticleData, other: ArticleData) -> None:
    forth = kind_of_edit(wording_of(one), wording_of(other))
    back = kind_of_edit(wording_of(other), wording_of(one))
    exact = {ChangeKind.FORMAT, ChangeKind.TITLE, ChangeKind.NUMBERS, ChangeKind.QUOTE}
    assert forth == back or not {forth, back} & exact


@given(TEXT, TEXT)
def test_equal_hashes_are_never_more_than_typography(one: str, other: str) -> None:
    pair = [Wording(title="t", subtitle=None, body=text) for text in (one, other)]
    if content_hash("t", None, one) == content_hash("t", None, other):
        assert kind_of_edit(*pair) is ChangeKind.FORMAT


@given(st.lists(TEXT, max_size=6), st.lists(TEXT, max_size=6))
def test_what_went_and_came_accounts_for_every_word(before: list[str], after: list[str]) -> None:
    old, new = " ".join(before).split(), " ".join(after).split()
    regions = changed_words(before, after)
    gone, come = sum(len(a) for a, _ in regions), sum(len(b) for _, b in regions)
    assert len(old) - gone == len(new) - come


@given(st.integers(0, 10**9), st.sampled_from(["", " men", "%", " million"]))
def test_a_whole_number_is_one_figure(number: int, unit: str) -> None:
    assert sum(numbers(f"about {number}{unit} or so").values()) == 1
