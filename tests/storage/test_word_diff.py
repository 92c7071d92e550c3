"""Word diffs: what is marked, that nothing is lost, and that no text can hold up who asks."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.word_diff import Mark, apply, diff, new_of, old_of, paragraphs, tokens

WORDS = st.sampled_from(["the", "gas", "1.5", "15", " ", " ", ", ", ".", "\n", "\n\n", "«", "e\u0301", "\u00a0", "\t"])
TEXT = st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=60)


def marked(old: str, new: str) -> str:
    signs = {Mark.SAME: ("", ""), Mark.GONE: ("[-", "-]"), Mark.COME: ("{+", "+}")}
    return "".join(signs[piece.mark][0] + piece.text + signs[piece.mark][1] for piece in diff(old, new))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("pays 1.5 million", "pays 15 million", "pays[- 1.5-]{+ 15+} million"),
        ("Talks end.", "Talks end. More.", "Talks end.{+ More.+}"),
        ("a\n\nb\n\nc", "a\n\nc", "a\n\n[-b\n\n-]c"),
        ("he said yes", "he did not say yes", "he[- said-]{+ did not say+} yes"),
        ("«да»", "«нет»", "«[-да-]{+нет+}»"),
        ("", "new", "{+new+}"),
        ("same", "same", "same"),
        ("it's late", "it’s late", "[-it's-]{+it’s+} late"),
        ("one, two", "three, four", "[-one, two-]{+three, four+}"),
    ],
)
def test_what_is_marked(old: str, new: str, told: str) -> None:
    assert marked(old, new) == told


@given(TEXT, TEXT)
def test_a_diff_applied_to_the_old_text_gives_the_new(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert apply(pieces, old) == new
    assert (old_of(pieces), new_of(pieces)) == (old, new)


@given(TEXT, TEXT)
def test_pieces_are_as_few_as_can_be(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert all(piece.text for piece in pieces)
    assert all(one.mark is not other.mark for one, other in pairwise(pieces))
    assert all((one.mark, other.mark) != (Mark.COME, Mark.GONE) for one, other in pairwise(pieces))


@given(TEXT)
def test_a_text_is_its_paragraphs_and_its_tokens_and_equal_to_itself(text: str) -> None:
    assert "".join(paragraphs(text)) == text
    assert "".join(tokens(text)) == text
    assert all(piece.mark is Mark.SAME for piece in diff(text, text))


@given(TEXT, TEXT, TEXT)
def test_a_diff_of_another_text_is_refused(old: str, new: str, other: str) -> None:
    if other != old:
        with pytest.raises(ValueError, match="of another text"):
            apply(diff(old, new), other)


def _unlike(count: int, step: int) -> str:
    return " ".join(f"w{number * step}" for number in range(count))


HOSTILE = {
    "two words over and over": ("a b " * 100_000, "b a " * 100_001),
    "two words at the edge of what is allowed": ("a b " * 60, "b a " * 61),
    "marks only": ("." * 300_000, "," + "." * 299_000 + ";"),
    "paragraphs of one letter": ("a\n" * 50_000, "b\na\n" * 50_000),
    "no word alike": (_unlike(50_000, 1), _unlike(50_000, 7)),
    "few words alike in a long text": (_unlike(300_000, 1), _unlike(900, 333)),
    "few words alike in a short text": (_unlike(900, 333), _unlike(300_000, 1)),
    "white space": (" \t" * 200_000 + "x", "\t " * 200_000 + "y"),
    "combining marks": ("e" + "\u0301" * 200_000, "e" + "\u0301" * 199_999),
    "digits and dots": ("1." * 200_000, "1." * 199_999 + "2"),
    "apostrophes": ("a'" * 200_000, "a'" * 199_999 + "b"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_takes_long(name: str) -> None:
    old, new = HOSTILE[name]
    begun = time.process_time()
    pieces = diff(old, new)
    assert time.process_time() - begun < 5.0  # seconds of CPU; about one is the worst here
    assert apply(pieces, old) == new


def test_a_long_body_is_told_to_the_word() -> None:
    body = "\n\n".join(f"Paragraph {number} says this and that of gas." for number in range(2_000))
    edited = body.replace("Paragraph 999 says this", "Paragraph 999 denies this")
    begun = time.process_time()
    changed = [piece for piece in diff(body, edited) if piece.mark is not Mark.SAME]
    assert [piece.text.strip() for piece in changed] == ["says", "denies"]
    assert time.process_time() - begun < 1.0
