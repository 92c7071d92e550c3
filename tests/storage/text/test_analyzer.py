"""Analyse text: inflected forms of one word, and the positions of words."""

from __future__ import annotations

import re
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from storage.text.analyzer import Memo, analyzer_of
from storage.text.bigrams import has_unspaced
from storage.text.folding import APOSTROPHES, JOINED, MAX_WORD_LENGTH, fold_words

ANALYZER = analyzer_of(None)
analyze_word, forms, spans, stems = ANALYZER.analyze_word, ANALYZER.forms, ANALYZER.spans, ANALYZER.stems
stems_and_surface_forms, tokens = ANALYZER.stems_and_surface_forms, ANALYZER.tokens

# As the rule is in words: any letters and digits, joined by what joins or by an apostrophe before a letter.
RULE = re.compile(rf"[^\W_][^\W_{JOINED}]*(?:[{JOINED}]+[^\W_]*|[{APOSTROPHES}](?=[^\W\d_])[^\W_]*)*")
TEXTS = st.text(st.one_of(st.characters(), st.sampled_from("İIıiёЁйЙ\u0301\u0306\u00ad\u200b'’-0123456789 ½²Åß")))


def forget() -> None:
    for remembered in (ANALYZER._forms, ANALYZER._pieces):
        remembered.clear()


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
    assert stems(one) == stems(other) != ""


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
    assert analyze_word("Новый") == ("новый", "нов")
    assert analyze_word(unicodedata.normalize("NFD", "новый")) == ("новый", "нов")


def test_a_word_of_any_length_is_cut() -> None:
    (token,) = tokens("a" * 100_000)
    assert (len(token.word), token.start, token.end) == (MAX_WORD_LENGTH, 0, 100_000)


def test_what_has_no_word_gives_none() -> None:
    assert stems(" — … !? __ \u0301 \ud800 ") == ""


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
    forget()
    assert list(tokens(text)) == before


@pytest.mark.long
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
    assert len({stems(written) for written in same}) == 1


@given(st.lists(st.sampled_from(["reforms", "gas", "Новый", "15", "Bakı"]), max_size=8), st.data())
def test_what_parts_words_makes_no_difference(spoken: list[str], data: st.DataObject) -> None:
    signs = st.text(st.sampled_from(' \n-–—.,;:!?()«»"“”/_…%\t\u00a0'), min_size=1, max_size=3)
    written = "".join(word + data.draw(signs) for word in spoken)
    assert stems(written) == stems(" ".join(spoken))


def test_many_threads_at_once_get_the_right_stems() -> None:
    several = [
        f"{stem}{ending}" for stem in ("реформ", "переговор", "договор") for ending in ("ы", "ов", "ами", "ах")
    ] * 50
    forget()
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(stems, several))
    assert set(found) == {"реформ", "переговор", "договор"}


SPACED = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("aя1'’ʼ \u0301\u00ad\u200b\ud800_-.\n\t\x1c\x85\u00a0\u2028\u3000½ſ"),
        st.just(" "),
    )
)


@given(SPACED)
@example("a'\u00a0b 'c' d'1 \u0301x ʼ e\u200b\u200bf")
@example("ʼ's gas")
@example("reforms, reforms; gas-reforms reformed-reforms")
def test_a_text_taken_apart_by_pieces_is_one_taken_apart_by_the_rule(text: str) -> None:
    assume(not has_unspaced(text))
    found = [(found.span(), analyze_word(found[0])) for found in RULE.finditer(text)]
    found = [(span, form) for span, form in found if form[0]]
    assert spans(text) == [span for span, _ in found]
    assert forms(text) == [form for _, form in found]
    assert fold_words(text) == [word for _, (word, _) in found]
    assert all(word[0] == stem[0] for _, (word, stem) in found)
    assert list(tokens(text)) == [(*form, *span) for span, form in found]
    apart = [word for _, (word, stem) in found if word != stem]
    assert stems_and_surface_forms(text) == (stems(text), list(dict.fromkeys(apart)))
    assert stems(text).split(" ") == ([stem for _, (_, stem) in found] or [""])


@pytest.mark.long
def test_no_character_is_of_two_kinds() -> None:
    kinds = (r"[^\W_]", f"[{JOINED}]", r"\s")
    for character in map(chr, range(sys.maxunicode + 1)):
        assert sum(bool(re.fullmatch(kind, character)) for kind in kinds) < 2
        assert character.isspace() == (not character.split())


def test_what_is_remembered_has_a_bound() -> None:
    asked: list[str] = []
    lengths = Memo(lambda text: asked.append(text) or len(text), most=3)
    for _ in range(2):
        assert [lengths[text] for text in ("a", "bb", "a", "x" * 65)] == [1, 2, 1, 65]
    assert asked == ["a", "bb", "x" * 65, "x" * 65]
    for number in range(100):
        assert lengths[f"{number}"] == len(f"{number}")
        assert len(lengths) <= 3


LETTERS = st.sampled_from(
    ["abcdefghijklmnopqrstuvwxyz'", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "aeiouysied'", "аеиоуыьэюянвш"]
)


WRITTEN = LETTERS.flatmap(lambda letters: st.text(st.sampled_from(letters), min_size=1, max_size=12))


@given(WRITTEN)
@example("skies")
@example("dying")
@example("'ies")
@example("s")
@example("yes")
@example("ʼ's")
def test_a_stem_begins_as_its_word_does(written: str) -> None:
    for word, stem in forms(written):
        assert word[0] == stem[0]
