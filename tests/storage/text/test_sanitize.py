"""Escape control characters from the web, and measure the width of text as a terminal does."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.text.sanitize import ELLIPSIS, display_width, pad, replace_surrogates, sanitize, truncate

ANY_TEXT = st.text(
    st.characters() | st.sampled_from("\x1b\x07\x9b\r\n\t\u202e\u2066\u200f\ud800\u2028 界é\u0301👩\u200d")
)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "\ufffd[31mred\ufffd[0m"),
        ("\x1b]0;title\x07", "\ufffd]0;title\ufffd"),
        ("\x9b2J", "\ufffd2J"),
        ("NUL\x00", "NUL\ufffd"),
        ("lone \ud800 one", "lone \ufffd one"),
        ("abc\u202ecba", "abc\ufffdcba"),
        ("\u2066isolated\u2069", "\ufffdisolated\ufffd"),
        ("left\u200e to \u200f right", "left to right"),
        ("back\x08space \x7f", "back\ufffdspace \ufffd"),
    ],
)
def test_what_could_steer_a_terminal_is_shown_or_left_out(hostile: str, shown: str) -> None:
    assert sanitize(hostile) == shown
    assert sanitize(hostile, lines=True).split() == shown.split()


def test_one_line_is_made_of_many_unless_lines_are_to_stay() -> None:
    text = "  one\r\ntwo\rthree\u2028four\n\n five\tsix  "
    assert sanitize(text) == "one two three four five six"
    assert sanitize(text, lines=True) == "  one\ntwo\nthree\ufffdfour\n\n five\tsix  "


@pytest.mark.parametrize("honest", ["Əliyev – “Qarabağ” №5", "Просмотров: 179", "日本 🇦🇿 👩‍💻", "e\u0301té", "סעיף 5"])
def test_honest_text_stays(honest: str) -> None:
    assert sanitize(honest) == honest
    assert sanitize(honest, lines=True) == honest


@given(ANY_TEXT, st.booleans())
def test_no_text_gets_through_that_steers(text: str, lines: bool) -> None:
    shown = sanitize(text, lines=lines)
    shown.encode()
    allowed = {"\n", "\t"} if lines else set()
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"} and one not in allowed]
    assert not [one for one in shown if unicodedata.bidirectional(one) in {"LRO", "RLO", "LRE", "RLE", "LRI", "RLI"}]
    assert sanitize(shown, lines=lines) == shown


@given(ANY_TEXT)
def test_only_surrogates_are_lost_to_utf_8(text: str) -> None:
    kept = replace_surrogates(text)
    assert len(kept) == len(text)
    assert all(one == other or "\ud800" <= one <= "\udfff" for one, other in zip(text, kept, strict=True))
    kept.encode()


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("Əli", 3), ("日本", 4), ("e\u0301", 1), ("", 0), ("ｆ", 2)])
def test_width_counts_columns_not_characters(text: str, columns: int) -> None:
    assert display_width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "cut"),
    [
        ("Baku and Ganja", 14, "Baku and Ganja"),
        ("Baku and Ganja", 9, "Baku and…"),
        ("Baku and Ganja", 6, "Baku…"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_line_is_cut_with_an_ellipsis(text: str, columns: int, cut: str) -> None:
    assert truncate(text, columns) == cut


@given(ANY_TEXT.map(sanitize), st.integers(0, 30))
def test_a_cut_line_fits_and_says_that_it_was_cut(text: str, columns: int) -> None:
    cut = truncate(text, columns)
    assert display_width(cut) <= columns
    assert cut in {text, ""} or (cut.endswith(ELLIPSIS) and text.startswith(cut[:-1]))


@pytest.mark.parametrize(("right", "padded"), [(False, "日本  "), (True, "  日本")])
def test_padding_counts_columns(right: bool, padded: str) -> None:
    assert pad("日本", 6, right=right) == padded
