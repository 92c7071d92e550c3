"""Word diffs: what is marked, that nothing is lost, and that no text can hold up who asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.text.word_diff import DiffOp, DiffSegment, diff, paragraphs, tokens
from tests.support.growth import assert_linear

WORDS = st.sampled_from(["the", "gas", "1.5", "15", " ", " ", ", ", ".", "\n", "\n\n", "«", "e\u0301", "\u00a0", "\t"])
TEXT = st.lists(WORDS, max_size=40).map("".join) | st.text(max_size=60)


def without(mark: DiffOp, pieces: Iterable[DiffSegment]) -> str:
    return "".join(piece.text for piece in pieces if piece.op is not mark)


def marked(old: str, new: str) -> str:
    signs = {DiffOp.EQUAL: ("", ""), DiffOp.DELETE: ("[-", "-]"), DiffOp.INSERT: ("{+", "+}")}
    return "".join(signs[piece.op][0] + piece.text + signs[piece.op][1] for piece in diff(old, new))


@pytest.mark.parametrize(
    ("old", "new", "diff"),
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
def test_what_is_marked(old: str, new: str, diff: str) -> None:
    assert marked(old, new) == diff


@given(TEXT, TEXT)
def test_a_diff_applied_to_the_old_text_gives_the_new(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert without(DiffOp.INSERT, pieces) == old
    assert without(DiffOp.DELETE, pieces) == new


@given(TEXT, TEXT)
def test_pieces_are_as_few_as_can_be(old: str, new: str) -> None:
    pieces = diff(old, new)
    assert all(piece.text for piece in pieces)
    assert all(one.op is not other.op for one, other in pairwise(pieces))
    assert all((one.op, other.op) != (DiffOp.INSERT, DiffOp.DELETE) for one, other in pairwise(pieces))


@given(TEXT)
def test_a_text_is_its_paragraphs_and_its_tokens_and_equal_to_itself(text: str) -> None:
    assert "".join(paragraphs(text)) == text
    assert "".join(tokens(text)) == text
    assert all(piece.op is DiffOp.EQUAL for piece in diff(text, text))


def _unlike(count: int, step: int) -> str:
    return " ".join(f"w{number * step}" for number in range(count))


HOSTILE: dict[str, Callable[[int], tuple[str, str]]] = {
    "two words over and over": lambda n: ("a b " * (25_000 * n), "b a " * (25_000 * n + 1)),
    "two words at the edge of what is allowed": lambda n: ("a b " * 60, "b a " * 61),
    "marks only": lambda n: ("." * (50_000 * n), "," + "." * (49_500 * n) + ";"),
    "paragraphs of one letter": lambda n: ("a\n" * (25_000 * n), "b\na\n" * (25_000 * n)),
    "no word alike": lambda n: (_unlike(25_000 * n, 1), _unlike(25_000 * n, 7)),
    "few words alike in a long text": lambda n: (_unlike(50_000 * n, 1), _unlike(250 * n, 333)),
    "few words alike in a short text": lambda n: (_unlike(250 * n, 333), _unlike(50_000 * n, 1)),
    "white space": lambda n: (" \t" * (100_000 * n) + "x", "\t " * (100_000 * n) + "y"),
    "combining marks": lambda n: ("e" + "\u0301" * (100_000 * n), "e" + "\u0301" * (100_000 * n - 1)),
    "digits and dots": lambda n: ("1." * (100_000 * n), "1." * (100_000 * n - 1) + "2"),
    "apostrophes": lambda n: ("a'" * (100_000 * n), "a'" * (100_000 * n - 1) + "b"),
}
"""Pairs of texts of half their size (1) or of their whole size (2)."""


@pytest.mark.long
@pytest.mark.parametrize("name", HOSTILE)
def test_no_text_costs_the_square_of_its_size(name: str) -> None:
    pairs = {size: HOSTILE[name](size) for size in (1, 2)}
    old, new = pairs[2]
    pieces = diff(old, new)
    assert (without(DiffOp.INSERT, pieces), without(DiffOp.DELETE, pieces)) == (old, new)
    assert_linear(lambda size: diff(*pairs[size]), 1)


def test_a_long_body_is_compared_word_by_word() -> None:
    body = "\n\n".join(f"Paragraph {number} says this and that of gas." for number in range(2_000))
    edited = body.replace("Paragraph 999 says this", "Paragraph 999 denies this")
    changed = [piece for piece in diff(body, edited) if piece.op is not DiffOp.EQUAL]
    assert [piece.text.strip() for piece in changed] == ["says", "denies"]
    assert_linear(lambda size: diff(body[: len(body) // 2 * size], edited[: len(body) // 2 * size]), 1)
