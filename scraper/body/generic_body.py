"""Find the body of an article page without selectors: its elements, those in them to leave out, and the subtitle.

The order: measure the page, drop its furniture, descend to the element that holds the text, drop what is no text in
it, then take the paragraphs between heading and text: the first of them may be the subtitle. Nothing is rendered here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.body.blocks import HEADINGS, MIN_PROSE_LINE, Block, measure
from scraper.body.container import find_container
from scraper.body.furniture import drop_furniture
from scraper.body.streamed import place_streamed_parts
from scraper.body.tidying import tidy

LEAST_PROSE = 120
"""Minimum characters of prose of a body; a page of less has none, but notes about cookies and copyright."""
MIN_SUBTITLE_LENGTH = 30
MAX_SUBTITLE_LENGTH = 1_000
MAX_BLOCKS_TO_SUBTITLE = 150
"""Maximum elements from the heading to the subtitle."""
MAX_MARKS_ABOVE = 3
"""Maximum elements whose class may mark the subtitle, from its own upwards."""
MOST_BEFORE_CONTAINER = 0.5
"""Maximum length of the paragraphs between heading and container, as a share of the prose of the container."""
MAX_LINK_SHARE_BEFORE = 0.3
SHARE_SAID = 0.6
SHARE_SAYING = 0.8
"""Minimum share of the words of a description that a subtitle has, and of the subtitle that the description has."""
SIZE_OF_SHINGLE = 5

_LEAD = re.compile(
    r"\blead\b|[-_]lead\b|\blead[-_]|lede|standfirst|sub-?title|sub-?head|\bdek\b|[-_]dek\b|\bdeck\b|sapo|vorspann"
    r"|chapeau|\bintro\b|[-_]intro\b|\bintro[-_]|excerpt|summary|abstract|anons|catcher|strapline|bajada|entradilla"
    r"|sommario|occhiello|ingress|perex|description|teaser-?text|preamble|snippet"
)
_WORD = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


@dataclass(frozen=True, slots=True)
class GenericBody:
    """Body of a page: elements in page order, those in them to leave out by `mem_id`, the element of the subtitle."""

    elements: tuple[LexborNode, ...]
    left_out: Collection[int]
    subtitle: LexborNode | None = None


def find_body(root: LexborNode, *, heading: LexborNode | None = None, descriptions: Sequence[str] = ()) -> GenericBody:
    """Find the body in `root`, the body element of a page; `descriptions` are those of its metadata."""
    place_streamed_parts(root)
    top = measure(root)
    title = _block_of(top, heading)
    drop_furniture(top, title)
    container = find_container(top, title)
    if container.prose < LEAST_PROSE:
        return GenericBody((), frozenset())
    tidy(container)
    words = _Words(container)
    subtitle = _find_subtitle(top, container, title, descriptions, words) if title is not None else None
    before = _paragraphs_before(top, container, title) if title is not None else []
    elements = [block for block in before if block is not subtitle] + [container]
    left_out = frozenset(block.node.mem_id for block in _left_out(elements))
    return GenericBody(
        tuple(block.node for block in elements), left_out, subtitle.node if subtitle is not None else None
    )


def _block_of(top: Block, node: LexborNode | None) -> Block | None:
    if node is None:
        return None
    return next((block for block in top.walk() if block.tag == node.tag and block.node.mem_id == node.mem_id), None)


def _left_out(elements: Sequence[Block]) -> Iterator[Block]:
    """Yield the outermost elements that were dropped."""
    stack = list(elements)
    while stack:
        for child in stack.pop().children:
            if child.dropped:
                yield child
            else:
                stack.append(child)


class _Words:
    """Shingles (runs of five words) of the text of a body."""

    def __init__(self, container: Block) -> None:
        self._container = container

    @cached_property
    def _shingles(self) -> set[tuple[str, ...]]:
        lines = [block.line_text() for block in self._container.walk() if block.line_length]
        return {shingle for line in lines for shingle in _shingles(line)}

    def has(self, text: str) -> bool:
        """Return whether most of a text is in the body."""
        shingles = _shingles(text)
        return bool(shingles) and 2 * sum(one in self._shingles for one in shingles) >= len(shingles)


def _shingles(text: str) -> list[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    size = min(SIZE_OF_SHINGLE, max(len(words), 1))
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]


def _find_subtitle(
    top: Block, container: Block, heading: Block, descriptions: Sequence[str], body: _Words
) -> Block | None:
    """Return the first line behind the heading that is marked as the lead, says the description, or leads the text.

    It may be dropped as a teaser or lie within the container; a text that the body has already is none. What stands
    behind the container must say the description: there a mark is that of an author or of another article.
    """
    within = {id(block) for block in container.walk(all_of_them=True)}
    described = [set(_WORD.findall(text.casefold())) for text in descriptions]
    is_before = True
    for block in islice(_behind(top, heading), MAX_BLOCKS_TO_SUBTITLE):
        is_before = is_before and block is not container
        if not _may_be_subtitle(block):
            continue
        text = block.line_text()
        is_marked = (is_before or id(block) in within) and _is_lead(block)
        leads = is_before and block.prose >= MIN_PROSE_LINE and not block.is_within_dropped()
        if (leads or is_marked or _says(text, described)) and not body.has(text):
            return block
    return None


def _behind(top: Block, heading: Block) -> Iterator[Block]:
    is_behind = False
    for block in top.walk(all_of_them=True):
        if is_behind:
            yield block
        is_behind = is_behind or block is heading


def _may_be_subtitle(block: Block) -> bool:
    return (
        block.is_line_block
        and not block.is_hidden
        and block.tag != "h1"
        and MIN_SUBTITLE_LENGTH <= block.text <= MAX_SUBTITLE_LENGTH
        and 2 * block.links <= block.text
        and block.is_leaf()
    )


def _is_lead(block: Block) -> bool:
    marks = [block.marks, *(one.marks for one in islice(block.ancestors(), MAX_MARKS_ABOVE - 1))]
    return any(_LEAD.search(one) for one in marks)


def _says(text: str, described: Sequence[set[str]]) -> bool:
    """Return whether a text says one of the descriptions, of which some are cut short."""
    words = set(_WORD.findall(text.casefold()))
    for other in described:
        common = len(words & other)
        if len(other) < SIZE_OF_SHINGLE or common < SHARE_SAID * len(other):
            continue
        if common >= SHARE_SAYING * len(words):
            return True
    return False


def _paragraphs_before(top: Block, container: Block, heading: Block) -> list[Block]:
    """Return the paragraphs between the heading and the container; none if they are as long as a text."""
    found: list[Block] = []
    is_behind = False
    for block in top.walk():
        if block is container:
            break
        if is_behind and _is_paragraph(block):
            found.append(block)
        is_behind = is_behind or block is heading
    length = sum(block.line_length for block in found)
    return found if length < MOST_BEFORE_CONTAINER * container.prose else []


def _is_paragraph(block: Block) -> bool:
    return (
        block.is_line_block
        and block.tag not in HEADINGS
        and block.free_length >= MIN_PROSE_LINE
        and block.line_links <= MAX_LINK_SHARE_BEFORE * block.line_length
        and block.is_leaf()
    )
