"""Where words may stand that are asked for: more than there are, but never fewer."""

from __future__ import annotations

import sys
from itertools import product

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage import beginnings as tested
from storage.beginnings import beginnings, flattened, near, shortest
from storage.words import analysed, folded, tokens
from tests.storage.test_matching import TEXTS
from tests.storage.test_words import WRITTEN

ROOTS = (
    "a b i y gas sk sky d l t die lie tie dy ly ty gent ear on ug sing refor possi capabl gener commun arsen nati use"
)
ENDINGS = (
    "s es ies ied y ying ing ed er ers est edly ingly eed ational tional enci anci abli entli izer ization ation ator"
    " alism aliti alli fulness ousli ousness iveness iviti biliti bility bli ogi ogist fulli lessli li alize icate"
    " iciti ical ful ness ative ement ment ent ance ence able ible ant ism ate iti ous ive ize ion sion tion al"
    " e l ll le"
)
MADE = ["".join(parts) for parts in product(ROOTS.split(), ENDINGS.split(), ["", *ENDINGS.split()[:12]])]


def begins(word: str, stem: str) -> bool:
    return any(word.startswith(begun) for begun in beginnings(stem))


def test_every_english_word_begins_as_its_stem_says() -> None:
    assert len(MADE) > 25_000
    assert [written for written in MADE if not begins(*analysed(written))] == []


@given(WRITTEN)
@example("skies")
@example("dying")
@example("tying")
@example("nationally")
def test_every_word_begins_as_its_stem_says(written: str) -> None:
    for word, stem, start, end in tokens(written):
        if "'" in written[start:end]:  # which is strange, and looked at in any case
            continue
        assert begins(word, stem)
        # A prefix that is asked for may be that of the stem alone: happi* finds happy.
        for length in range(1, len(stem) + 1):
            assert begins(word, stem[:length])


@pytest.mark.parametrize(
    ("entry", "begun"),
    [
        ("reform", {"refo"}),
        ("gas", {"ga"}),
        ("die", {"di", "dy"}),
        ("a", {"a"}),
        ("реформ", {"реформ"}),
        ("15", {"15"}),
    ],
)
def test_what_words_begin_with(entry: str, begun: set[str]) -> None:
    assert beginnings(entry) == begun


def test_of_what_begins_alike_the_shortest_is_enough() -> None:
    assert shortest(["gas", "ga", "oil", "gasfield", "oi", "g"]) == ("g", "oi")
    assert shortest([]) == ()


def test_every_character_is_in_its_place_when_flattened() -> None:
    # Beside a letter as well: what a sigma becomes depends on its neighbours.
    assert [code for code in range(sys.maxunicode + 1) if len(flattened(f"a{chr(code)}")) != 2] == []


def test_what_is_not_strange_is_flattened_as_the_analyser_folds_it() -> None:
    known = [chr(code) for code in range(sys.maxunicode + 1) if not tested._STRANGE.match(chr(code))]
    assert len(known) > 200
    for character in known:
        assert folded(character) in ([flattened(character)], [])
        # It joins nothing, either.
        assert folded(f"a{character}b") == (
            folded("a") + folded("b") if not folded(character) else [f"a{flattened(character)}b"]
        )


@given(TEXTS, st.data())
def test_no_word_is_overlooked(text: str, data: st.DataObject) -> None:
    words = list(tokens(text))
    if not words:
        return
    wanted = data.draw(st.sampled_from(words))
    begun = shortest(beginnings(wanted.stem))
    pieces = list(near(text, begun))
    assert all(text[at : at + len(piece)] == piece and " " not in piece for at, piece in pieces)
    assert len({at for at, _ in pieces}) == len(pieces)
    assert any(at <= wanted.start and wanted.end <= at + len(piece) for at, piece in pieces)


def test_words_of_other_beginnings_are_not_looked_at() -> None:
    assert list(near("The gas-field at Orrin, he said", ("ga",))) == [(4, "gas-field")]
    assert sorted(near("Gas l’or gás Şərq", ("ga",))) == [(0, "Gas"), (4, "l’or"), (9, "gás")]
