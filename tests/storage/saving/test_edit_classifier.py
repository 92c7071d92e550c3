"""Test the content hash and the classification of edits."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

import pytest

from storage.model.records import EditKind
from storage.saving import edit_classifier
from storage.saving.edit_classifier import ArticleText, changed_words, classify_edit, content_hash, normalise, numbers
from storage.text import alignment

TEXT = "The ministers met in Baku on Tuesday and spoke about trade, transit and the new railway.\n\n" * 12


def body(text: str) -> ArticleText:
    return ArticleText(title="A title", subtitle=None, body=text)


def kind(before: str, after: str) -> EditKind:
    return classify_edit(body(before), body(after))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cafe\u0301", "café"),
        ("16\u00a0January", "16 January"),
        ("co\u00adoperation", "cooperation"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("a  b\t c", "a b c"),
        ("one\r\n\r\ntwo", "one\n\ntwo"),
        (" edges ", "edges"),
        ("“quote” ‘single’", "\"quote\" 'single'"),
        ("Israel’s", "Israel's"),
    ],
)
def test_invisible_differences_do_not_change_the_hash(one: str, other: str) -> None:
    assert content_hash("t", one, one) == content_hash("t", other, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.5 million", "15 million"),
        ("1.5", "1,5"),
        ("-5", "5"),
        ("20%", "20"),
        ("$20", "€20"),
        ("he said yes", 'he said "yes"'),
        ("did go", "did not go"),
        ("Turkey", "turkey"),
        ("10²", "102"),
        ("«yes»", '"yes"'),
    ],
)
def test_meaningful_differences_change_the_hash(one: str, other: str) -> None:
    assert content_hash("t", None, one) != content_hash("t", None, other)


def test_a_hash_has_its_version_as_prefix_and_separates_fields() -> None:
    assert content_hash("a", "b", "c").startswith("1:")
    assert content_hash("a b", None, "c") != content_hash("a", "b", "c")
    assert content_hash("a", None, "c") == content_hash("a", "", "c")


def test_a_lone_surrogate_can_be_hashed() -> None:
    assert content_hash("\ud800", None, "") != content_hash("", None, "")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Baku – Tbilisi", "Baku - Tbilisi"),
        ("on—and on", "on — and on"),
        ("wait…", "wait..."),
        ("«цитата»", "“цитата”"),
        ("« espace »", "«espace»"),
        ("he said 'yes'", 'he said "yes"'),
        ("20 %, and so on", "20%, and so on"),
    ],
)
def test_typography_alone_is_a_format_edit(before: str, after: str) -> None:
    assert kind(before, after) is EditKind.FORMAT


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("1.5 million people", "15 million people"),
        ("1.5 points", "1,5 points"),
        ("20% of votes", "20 of votes"),
        ("$20 a barrel", "€20 a barrel"),
        ("minus is -5 today", "minus is 5 today"),
        ("5 million manats", "5 billion manats"),
        ("5 млн человек", "5 млрд человек"),
        ("at 17:36 sharp", "at 17:46 sharp"),
        ("5 killed", "5 killed, 3 wounded"),
        ("100 AZN in all", "100 USD in all"),
    ],
)
def test_another_number_is_an_edit_of_numbers(before: str, after: str) -> None:
    assert kind(before, after) is EditKind.NUMBERS


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("20%", "20 per cent"),
        ("$5", "5$"),
        ("1 500 manats", "1500 manats"),
        ("5 mln", "5 million"),
        ("−5", "-5"),
        ("2020–2024", "2020-2024"),
    ],
)
def test_the_same_number_in_other_notation_is_equal(one: str, other: str) -> None:
    def numbers_of(text: str) -> Any:
        return numbers(edit_classifier._normalize_punctuation(text))

    assert numbers_of(one) == numbers_of(other) != numbers_of("")


def test_a_hyphen_is_no_sign_and_two_years_are_no_thousands() -> None:
    assert numbers("COVID-19 in 2020 300 times") == {"19": 1, "2020": 1, "300": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"We agree," he said', '"We disagree," he said'),
        ("“We agree” he said", "We agree he said"),
        ("Он сказал: «да»", "Он сказал: «нет»"),
        ("called a friend of theirs", "called a “friend” of theirs"),
    ],
)
def test_words_inside_quotation_marks_are_an_edit_of_a_quote(before: str, after: str) -> None:
    assert kind(before, after) is EditKind.QUOTE


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("they will leave", "they will not leave"),
        ("they wouldn't leave", "they would leave"),
        ("никогда не видел", "никогда видел"),
        ("Нет мира", "Мира"),
    ],
)
def test_a_negation_more_or_less_is_substantive_however_small(before: str, after: str) -> None:
    assert kind(TEXT + before, TEXT + after) is EditKind.SUBSTANTIVE


def test_a_negation_that_moves_is_substantive_though_no_word_came_or_went() -> None:
    assert kind("he did not pay, she did leave", "he did pay, she did not leave") is EditKind.SUBSTANTIVE


def test_a_negation_contracted_is_minor() -> None:
    assert kind("he is not here", "he isn't here") is EditKind.MINOR


def test_size_separates_substantive_from_minor() -> None:
    paragraph = "Both sides also agreed that further talks shall follow soon. " * 5
    assert kind(TEXT, TEXT + paragraph) is EditKind.SUBSTANTIVE
    assert kind(TEXT, TEXT.replace("railway", "railroad", 1)) is EditKind.MINOR
    assert kind("Twelve words", "Thirteen words") is EditKind.MINOR


def test_letter_case_is_minor() -> None:
    assert kind("Cat sat", "cat sat") is EditKind.MINOR


def test_the_first_kind_that_applies_wins() -> None:
    before = ArticleText(title="Old", subtitle=None, body='5 "yes" and on')
    numbered = ArticleText(title="Old", subtitle=None, body='6 "no" and on')
    titled = ArticleText(title="New", subtitle=None, body='6 "no" and on')
    assert classify_edit(before, numbered) is EditKind.NUMBERS
    assert classify_edit(before, titled) is EditKind.TITLE


def test_typography_in_the_title_does_not_make_it_another_title() -> None:
    before = ArticleText(title="A – B", subtitle=None, body="one two")
    after = ArticleText(title="A - B", subtitle=None, body="one too")
    assert classify_edit(before, after) is EditKind.MINOR


def test_a_subtitle_is_part_of_the_text() -> None:
    before = ArticleText(title="T", subtitle="about 5 men", body="")
    after = ArticleText(title="T", subtitle="about 6 men", body="")
    assert classify_edit(before, after) is EditKind.NUMBERS


def bounded(junk: None, before: Sequence[str], after: Sequence[str], autojunk: bool) -> Any:
    """Replace SequenceMatcher by one that fails if the alignment would exceed the bound."""
    assert edit_classifier.alignment_cost(before, after) <= edit_classifier.MAX_DIFF_STEPS
    return SequenceMatcher(junk, before, after, autojunk)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["x y " * 25_000], ["y x z " * 16_000]),
        (["x y"] * 5_000, ["y x", "z"] * 5_000),
        (["one two three " * 400 + str(n) for n in range(20)], ["two three one " * 400 + str(n) for n in range(20)]),
    ],
)
def test_aligning_long_texts_is_bounded(monkeypatch: pytest.MonkeyPatch, before: list[str], after: list[str]) -> None:
    monkeypatch.setattr(alignment, "SequenceMatcher", bounded)
    assert changed_words(before, after)


def test_two_changed_words_far_apart_in_a_long_text_are_exact() -> None:
    blocks = [f"block {n} " + "the same words again " * 12 for n in range(300)]
    edited = [blocks[0].replace("block", "Block"), *blocks[1:-1], blocks[-1].replace("block", "Block")]
    assert changed_words(blocks, edited) == [(["block"], ["Block"])] * 2


def test_normalising_keeps_right_to_left_marks() -> None:
    assert normalise("a\u200fb") == "a\u200fb"
