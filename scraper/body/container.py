"""Find the element that holds the text of the article, by its share of the prose of the page."""

from __future__ import annotations

import re

from scraper.body.blocks import Block

SHARE_OF_MARKED = 0.6
SHARE_OF_OTHER = 0.7
"""Minimum share of an element's prose that a child holds to be taken instead of it, marked as the text or not."""
SHARE_BESIDE_TWINS = 0.9
"""The same, if there are paragraphs behind the child, or elements of its kind: they are parts of one text."""
SHARE_OF_OWN_ARTICLE = 0.15
LEAST_OF_OWN_ARTICLE = 300
"""Minimum share of the page's prose, and characters, of the `article` or `main` around the heading."""
SHARE_OF_ONLY_ARTICLE = 0.3

_ARTICLES = ("main", "article")
_TEXT_NAMES = "p ul ol dl blockquote li pre"
_TEXTS = frozenset(_TEXT_NAMES.split())
_MARKED_AS_TEXT = re.compile(
    r"article[-_]*(?:body|text|content|inner|main)|(?:post|entry|story|news|page|main)[-_]*(?:body|text|content)"
    r"|^content$|body[-_]?text|full[-_]?text"
)
_LAYOUT = re.compile(r"(?:row|grid|col|container|wrapper|section|block|elementor|shopify|e-con|div|flex|w-)(?:[-_].*)?")


def find_container(top: Block, heading: Block | None) -> Block:
    """Return the innermost element that holds the text; furniture was dropped before."""
    block = _own_article(top, heading) or top
    while True:
        child = max(block.shown(), key=lambda one: one.prose, default=None)
        if child is None or not child.prose or child.tag in _TEXTS:
            return block
        share = child.prose / block.prose
        is_one_of_many = _has_parts_beside(block, child)
        least = SHARE_BESIDE_TWINS if is_one_of_many else SHARE_OF_MARKED if _is_marked(child) else SHARE_OF_OTHER
        if share < least:
            return block
        block = child


def _has_parts_beside(block: Block, child: Block) -> bool:
    """Return whether there are paragraphs behind a child, or elements of its kind: they are parts of one text."""
    is_behind = False
    for one in block.shown():
        if one is child:
            is_behind = True
        elif one.prose and ((is_behind and one.tag == "p") or _are_twins(one, child)):
            return True
    return False


def _own_article(top: Block, heading: Block | None) -> Block | None:
    """Return the `article` or `main` around the heading, else the only one of the page."""
    for one in heading.ancestors() if heading is not None else ():
        is_large = one.prose >= max(LEAST_OF_OWN_ARTICLE, SHARE_OF_OWN_ARTICLE * top.prose)
        if one.tag in _ARTICLES and is_large and not one.is_within_dropped():
            return one
    for tag in _ARTICLES:
        found = [one for one in top.walk() if tag in {one.tag, one.role}]
        if len(found) == 1 and found[0].prose >= SHARE_OF_ONLY_ARTICLE * top.prose:
            return found[0]
    return None


def _is_marked(block: Block) -> bool:
    return block.tag in _ARTICLES or block.prop == "articleBody" or _MARKED_AS_TEXT.search(block.marks) is not None


def _are_twins(block: Block, other: Block) -> bool:
    """Return whether two elements are of the same tag and class, or first class if that is none of layout."""
    if block.tag != other.tag:
        return False
    if block.marks == other.marks:
        return True
    first, second = block.marks.split()[:1], other.marks.split()[:1]
    return first == second and bool(first) and not _LAYOUT.fullmatch(first[0])
