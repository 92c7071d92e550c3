"""Cursors: what is written is read again; what is none is refused."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.articles.cursors import MAX_CURSOR_NUMBER, decode, encode
from storage.articles.filters import Cursor, Sort

IDS = st.integers(0, MAX_CURSOR_NUMBER)
MOMENTS = st.datetimes(timezones=st.just(UTC))
CURSORS = st.one_of(
    st.tuples(st.just(Sort.DATE), st.builds(Cursor, st.none() | st.datetimes(timezones=st.just(UTC)), IDS)),
    st.tuples(st.just(Sort.VIEWS), st.builds(Cursor, st.none() | st.integers(0, MAX_CURSOR_NUMBER), IDS)),
    st.tuples(st.just(Sort.RANK), st.builds(Cursor, st.none() | st.floats(allow_nan=False, allow_infinity=False), IDS)),
    st.tuples(st.just(Sort.GROWTH), st.builds(Cursor, st.none() | st.integers(0, MAX_CURSOR_NUMBER), IDS, MOMENTS)),
    st.tuples(st.just(Sort.STORED), st.builds(Cursor, st.none(), IDS)),
)


@given(CURSORS)
def test_a_cursor_is_read_as_it_was_written(made: tuple[Sort, Cursor]) -> None:
    sort, cursor = made
    text = encode(cursor, sort)
    assert decode(text, sort) == cursor
    assert text.replace("-", "").replace("_", "").isalnum()


@given(CURSORS, st.sampled_from(Sort))
def test_a_cursor_of_another_sort_is_refused_by_name(made: tuple[Sort, Cursor], other: Sort) -> None:
    sort, cursor = made
    if sort is not other:
        with pytest.raises(ValueError, match=f"sorted by {sort}, this one is sorted by {other}"):
            decode(encode(cursor, sort), other)


@given(st.text(max_size=200), st.sampled_from(Sort))
def test_any_text_is_a_cursor_or_a_value_error(text: str, sort: Sort) -> None:
    with suppress(ValueError):
        decode(text, sort)


def test_a_time_without_a_zone_is_no_cursor() -> None:
    naive = Cursor(datetime(2026, 11, 4), 1)  # noqa: DTZ001  (that is the point)
    with pytest.raises(ValueError, match="no cursor"):
        decode(encode(naive, Sort.DATE), Sort.DATE)
