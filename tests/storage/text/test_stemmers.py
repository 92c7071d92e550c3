"""Reduce words by the language of their article, and measure the Azerbaijani stemmer with its word list."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
import Stemmer
from hypothesis import given
from hypothesis import strategies as st

from storage.text import azerbaijani
from storage.text.analyzer import analyzer_of
from storage.text.stemmers import STEMMINGS, stemming_of

ROOT = Path(__file__).parents[3]
WORDS = Path(__file__).with_name("azerbaijani_words.txt")


def small(word: str) -> str:
    return word.replace("I", "ı").replace("İ", "i").lower()


def word_list() -> dict[str, list[list[str]]]:
    """Return the lines of each part of the list: a lemma and its forms, or words to be kept apart."""
    parts: dict[str, list[list[str]]] = {}
    for line in WORDS.read_text("utf-8").splitlines():
        if line.startswith("["):
            lines = parts.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            lines.append([small(word) for word in line.split()])
    return parts


def snowball(language: str, **letters: str) -> Callable[[str], str]:
    stemmer, changed = Stemmer.Stemmer(language), str.maketrans(letters)
    return lambda word: str(stemmer.stemWord(word.translate(changed)))


ALGORITHMS: dict[str, Callable[[str], str]] = {
    "English Snowball": snowball("english"),
    "Turkish Snowball": snowball("turkish"),
    "Turkish Snowball, ə as e": snowball("turkish", ə="e"),
    "ours": azerbaijani.stem,
}


def measured(name: str) -> str:
    """Return the row of a stemmer: forms with the stem of their lemma in each part, and pairs of words made one."""
    stem, parts = ALGORITHMS[name], word_list()
    cells = []
    for part in ("written for", "not looked at"):
        pairs = [(lemma, form) for lemma, *forms in parts[part] for form in forms]
        right = sum(stem(lemma) == stem(form) for lemma, form in pairs)
        cells.append(f"{right} of {len(pairs)}")
    lemmas = [lemma for part in ("written for", "not looked at") for lemma, *_ in parts[part]]
    apart = [*combinations(lemmas, 2), *(pair for line in parts["kept apart"] for pair in combinations(line, 2))]
    cells.append(f"{sum(stem(one) == stem(other) for one, other in apart)} of {len(apart)}")
    return f"| {name} | {' | '.join(cells)} |"


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_table_of_azerbaijani_stemmers_is_what_is_measured(name: str) -> None:
    page = (ROOT / "docs" / "query-language.md").read_text("utf-8")
    assert measured(name) in page.splitlines()


def test_the_word_list_is_no_smaller_than_promised() -> None:
    parts = word_list()
    lines = parts["written for"] + parts["not looked at"]
    assert len({lemma for lemma, *_ in lines}) >= 60
    assert len({form for _, *forms in lines for form in forms}) >= 300


@given(st.text(st.sampled_from("abcçdeəfgğhxıijkqlmnoöprsştuüvyz'0a中 "), max_size=80))
def test_any_word_has_an_azerbaijani_stem_that_is_its_own_stem(word: str) -> None:
    stem = azerbaijani.stem(word)
    assert len(stem) <= len(word)
    assert (stem == "") is (word == "")
    assert stem[:1] == word[:1]


@given(
    st.sampled_from([*STEMMINGS, "en", "ru", "ka", None]), st.text() | st.text(st.sampled_from("İIıaəşب‌ہकि്ἀ中한'ʼ’"))
)
def test_every_language_takes_every_text(language: str | None, text: str) -> None:
    analyzer = analyzer_of(language)
    plain = analyzer_of(None)
    assert [token.word for token in analyzer.tokens(text)] == [token.word for token in plain.tokens(text)]
    assert analyzer.spans(text) == plain.spans(text)
    for token in analyzer.tokens(text):
        assert re.fullmatch(r"(_[a-z]{2,3}_)?[^_\s']+", token.stem)


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("az", "az"),
        ("az-Latn-AZ", "az"),
        ("AZ_az", "az"),
        ("nb", "no"),
        ("hr", "sr"),
        ("en", None),
        ("ru-RU", None),
        ("ka", None),
        ("", None),
        (None, None),
        ("x" * 1000, None),
    ],
)
def test_the_stemmer_of_a_language_tag(tag: str | None, code: str | None) -> None:
    stemming = stemming_of(tag)
    assert (stemming.code if stemming else None) == code
