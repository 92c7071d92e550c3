"""Take text without blanks apart into bigrams, however its characters are encoded."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.text.analyzer import analyzer_of

ANALYZER = analyzer_of(None)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("中文字", "中文 文字 字"),
        ("中", "中"),
        ("COVID疫情2020", "covid 疫情 情 2020"),
        ("ﾊﾞｽ停", "バス ス停 停"),
        ("가스 수출", "가스 스 수출 출"),
        ("ก๊าซ", "ก๊า าซ ซ"),
        ("น้ำ", "น้ำ ำ"),
        ("々〆ヶ", "々〆 〆ヶ ヶ"),
    ],
)
def test_each_character_begins_a_token(text: str, terms: str) -> None:
    assert ANALYZER.stems(text) == terms


@pytest.mark.parametrize(
    ("text", "terms", "is_prefix"),
    [
        ("中文字", ("中文", "文字"), False),
        ("中", ("中",), True),
        ("gas中", ("gas", "中"), True),
        ("疫情2020", ("疫情", "情", "2020"), False),
        ("中文 字", ("中文", "文", "字"), True),
    ],
)
def test_a_query_reads_a_row_as_a_phrase(text: str, terms: tuple[str, ...], is_prefix: bool) -> None:
    assert ANALYZER.query_terms(text) == (terms, is_prefix)


@given(st.text(st.sampled_from("中文한국ガがｶﾞก๊ำ ab1\u0e48\u3099\U000e0100\u200b")))
def test_the_form_of_encoding_makes_no_difference(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert ANALYZER.stems(composed) == ANALYZER.stems(unicodedata.normalize("NFD", text))
