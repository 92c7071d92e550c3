"""The analyser: which written words are one word, and where they stand."""

from __future__ import annotations

import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.words import LONGEST, Remembered, analysed, forms, spans, stems, stems_and_unstemmed, tokens

TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("İIıiёЁйЙ\u0301\u0306\u00ad\u200b'’-0123456789 ½²Åß")))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("переговоры", "переговоров"),
        ("Переговорами", "переговорах"),
        ("reforms", "reform"),
        ("Reforming", "REFORMED"),
        ("ёлка", "елка"),
        ("Королёв", "королев"),
        ("новый", "новой"),
        ("замо\u0301к", "замок"),
        ("Bakı", "Baki"),
        ("BAKI", "Bakı"),
        ("İlham", "Ilham"),
        ("ILHAM", "ilham"),
        ("café", "CAFE\u0301"),
        ("Łódź", "Lodz"),
        ("Straße", "STRASSE"),
        ("Britain’s", "Britain's"),
        ("Britain's", "Britain"),
        ("O'Brien", "O’Brien"),
        ("gas-field", "gas field"),
        ("gas\u2011field", "gas–field"),
        ("«gas»", '"gas"'),
        ("refor\u00adms", "reform"),
        ("1,000,000", "1 000 000"),
        ("1.5", "1,5"),
        ("\uff27\uff32\uff25", "gre"),
        ("км²", "км2"),
    ],
)
def test_written_otherwise_and_yet_the_same(one: str, other: str) -> None:
    assert stems(one) == stems(other) != []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5", "15"),
        ("15", "150"),
        ("C-130", "C-13"),
        ("мой", "мои нет"),
        ("край", "кра и"),
        ("gasfield", "gas field"),
        ("not", "note"),
        ("½", "12"),
    ],
)
def test_not_the_same(one: str, other: str) -> None:
    assert stems(one) != stems(other)


def test_each_word_knows_its_place() -> None:
    text = "«Газ» — gas-field, Britain’s 1.5 m³!"
    assert [text[token.start : token.end] for token in tokens(text)] == [
        *("Газ", "gas", "field", "Britain’s", "1", "5", "m³"),
    ]
    assert [token.word for token in tokens("Britain’s Reforms")] == ["britains", "reforms"]


def test_short_i_is_a_letter_and_not_an_accented_one() -> None:
    assert analysed("Новый") == ("новый", "нов")
    assert analysed(unicodedata.normalize("NFD", "новый")) == ("новый", "нов")


def test_a_word_of_any_length_is_cut() -> None:
    (token,) = tokens("a" * 100_000)
    assert (len(token.word), token.start, token.end) == (LONGEST, 0, 100_000)


def test_what_has_no_word_gives_none() -> None:
    assert stems(" — … !? __ \u0301 \ud800 ") == []


@given(TEXTS)
def test_any_text_is_taken_apart_in_order(text: str) -> None:
    at = 0
    for token in tokens(text):
        assert at <= token.start < token.end <= len(text)
        assert token.word.isalnum()
        assert token.stem.isalnum()
        at = token.end


@given(TEXTS)
def test_the_same_text_gives_the_same_words_whatever_was_asked_before(text: str) -> None:
    before = list(tokens(text))
    analysed.cache_clear()
    assert list(tokens(text)) == before


def test_every_character_there_is_folds_to_letters_and_digits_that_fold_to_themselves() -> None:
    found = (token for code in range(sys.maxunicode + 1) for token in tokens(chr(code)))
    assert [token for token in found if [again.word for again in tokens(token.word)] != [token.word]] == []


@given(TEXTS)
def test_a_folded_word_is_one_word_and_folds_to_itself(text: str) -> None:
    for token in tokens(text):
        (again,) = tokens(token.word)
        assert again.word == token.word


@given(st.text(st.sampled_from("абвгдежзиклмнопрстуфхцчшщъыьэюяabcdefghijklmnopqrstuvwxyzéüşğ"), min_size=1))
def test_case_and_form_of_encoding_make_no_difference(word: str) -> None:
    same = {word, word.upper().lower(), word.title(), unicodedata.normalize("NFD", word)}
    assert len({tuple(stems(written)) for written in same}) == 1


@given(st.lists(st.sampled_from(["reforms", "gas", "Новый", "15", "Bakı"]), max_size=8), st.data())
def test_what_parts_words_makes_no_difference(words: list[str], data: st.DataObject) -> None:
    signs = st.text(st.sampled_from(' \n-–—.,;:!?()«»"“”/_…%\t\u00a0'), min_size=1, max_size=3)
    written = "".join(word + data.draw(signs) for word in words)
    assert stems(written) == stems(" ".join(words))


def test_many_threads_at_once_get_the_right_stems() -> None:
    words = [
        f"{stem}{ending}" for stem in ("реформ", "переговор", "договор") for ending in ("ы", "ов", "ами", "ах")
    ] * 50
    analysed.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda word: stems(word)[0], words))
    assert set(found) == {"реформ", "переговор", "договор"}
