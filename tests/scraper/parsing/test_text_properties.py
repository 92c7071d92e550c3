"""Test invariants of text cleaning, counts, decoding and rendering with random input."""

from __future__ import annotations

import unicodedata

from hypothesis import example, given
from hypothesis import strategies as st
from selectolax.lexbor import LexborNode

from scraper.parsing.decoding import as_utf8, decode
from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.text import MAX_COUNT, parse_count
from scraper.reading.body_text import body_text
from scraper.reading.tree_walk import first_block_line, headline_parts, single_line
from storage.text.sanitize import clean_text
from storage.text.section_names import normalize_section

SURROGATES = st.characters(categories=["Cs"])
UNSEEN = st.characters(categories=["Cc", "Cf", "Zl", "Zs"])
ANY_TEXT = st.text(st.characters() | SURROGATES | UNSEEN)
COUNTS = st.integers(0, MAX_COUNT)
_BLOCKS = "p div h2 br ol ul li blockquote table tr td th caption section pre figure figcaption"
_OTHERS = "b a span small font conversation-turn script ins form iframe noscript svg textarea"
TAGS = [*_BLOCKS.split(), *_OTHERS.split()]
WORDS = st.text("ab \n\u00a0é.1", max_size=6)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["hidden", "style", "start", "value", "reversed", "class"]),
    st.sampled_from(["", "display:none", "3", "-1", "x", "9" * 5000, "post_subtitle"]),
    max_size=2,
).map(lambda attributes: "".join(f" {name}='{value}'" for name, value in attributes.items()))


def _markup(tag: str, attributes: str, text: str, children: list[str], end: str) -> str:
    return f"<{tag}{attributes}>{text}{''.join(children)}{end.format(tag)}"


def _root(markup: str) -> LexborNode:
    return HtmlTree(f"<div id=root>{markup}</div>".encode()).select("#root")[0]


ENDS = st.sampled_from(["</{}>", ""])
LEAVES = st.builds(_markup, st.sampled_from(TAGS), ATTRIBUTES, WORDS, st.just([]), ENDS) | st.text(
    "ab ", max_size=4
).map("<!--{}-->".format)
ELEMENTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        _markup,
        st.sampled_from(TAGS),
        ATTRIBUTES,
        WORDS,
        st.lists(st.tuples(inner, WORDS).map("".join), max_size=4),
        ENDS,
    ),
    max_leaves=25,
).map(_root)


@given(ANY_TEXT)
@example("a\u200b \u200bb")
def test_tidy_is_one_visible_line(text: str) -> None:
    line = clean_text(text)
    assert clean_text(line) == line
    assert line == line.strip()
    assert "  " not in line
    line.encode()
    seen = {unicodedata.category(character) for character in line}
    assert seen.isdisjoint({"Cc", "Cs", "Zl", "Zp"})
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(ANY_TEXT)
def test_tidy_drops_no_letter_and_no_figure(text: str) -> None:
    def words(of: str) -> list[str]:
        return [character for character in of if unicodedata.category(character)[0] in "LNMPS"]

    assert words(clean_text(text)) == words(text)


@given(ANY_TEXT)
@example("İ\u0307")
@example("ﷺ")
def test_a_normal_section_is_stable_and_blind_to_case_and_space(text: str) -> None:
    folded = normalize_section(text)
    assert normalize_section(folded) == folded
    assert normalize_section(f" \n{text}\t") == folded


@given(st.text(st.characters(categories=["Ll"], max_codepoint=0x4FF)))
def test_a_normal_section_is_blind_to_capitals(text: str) -> None:
    assert normalize_section(text.upper()) == normalize_section(text.upper().lower())


@given(
    COUNTS, st.sampled_from([" ", "\u00a0", "\u2009", "\u202f", ",", ".", ""]), st.sampled_from(["Views: ", "", "«"])
)
def test_a_count_with_any_separator_is_itself(count: int, separator: str, label: str) -> None:
    assert parse_count(f"{label}{count:,}".replace(",", separator)) == count


@given(
    st.integers(0, 999),
    st.integers(1, 9),
    st.sampled_from([("K", 1000), (" тыс.", 1000), ("M", 10**6), (" млн", 10**6)]),
)
def test_a_tenth_of_a_magnitude(whole: int, tenth: int, magnitude: tuple[str, int]) -> None:
    name, size = magnitude
    assert (
        parse_count(f"{whole}.{tenth}{name}")
        == parse_count(f"{whole},{tenth}{name}")
        == whole * size + tenth * size // 10
    )


@given(ANY_TEXT | st.text("0123456789 .,KМтыс-"))
def test_a_count_is_a_count_or_nothing(text: str) -> None:
    count = parse_count(text)
    assert count is None or 0 <= count <= MAX_COUNT


@given(st.binary() | st.binary().map(lambda data: b"<meta charset=utf-7><p>" + data), st.none() | st.text())
def test_any_bytes_are_text_and_perhaps_a_tree(body: bytes, content_type: str | None) -> None:
    markup = as_utf8(body, content_type)
    assert markup == decode(body, content_type).encode("utf-8", "replace")
    assert isinstance(body_text(HtmlTree(markup).root), str)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf_8_comes_through(text: str) -> None:
    assert decode(text.encode("utf-8-sig")) == text


@given(ELEMENTS)
def test_any_tree_is_blocks_of_its_own_words(element: LexborNode) -> None:
    text = body_text(element)
    assert text == text.strip()
    assert "\n\n\n" not in text
    assert all(line == line.rstrip() for line in text.split("\n"))
    assert clean_text(text.replace("\n", " ")) == clean_text(text)
    visible = element.text()
    assert {*text} <= {*visible, *"0123456789-.|> \n"}


@given(ELEMENTS)
def test_any_tree_is_a_line(element: LexborNode) -> None:
    line, parts = single_line(element), headline_parts(element)
    assert "".join("".join(parts).split()) == "".join(line.split())
    assert first_block_line(element) == (parts[0] if parts else "")
