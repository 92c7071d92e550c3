"""Drop the furniture of a page by marks: hidden elements, comments, tags, roles, words in classes and ids.

A mark is a hint and never a proof: themes call the text itself "widget", an unclosed `aside` swallows the page. So a
word is no mark where what it names holds more than a share of the prose, one element or all together; nor is a slug
(the class of an article about promotions), nor a state of the whole page ("has-sidebar").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from scraper.body.blocks import HEADINGS, Block

MOST_OF_ALL = 0.4
"""Maximum share of the prose that the elements of one mark hold."""
MOST_HIDDEN = 0.6
"""Maximum share of the prose that hidden elements hold: a page that shows its text by script hides more."""
MOST_OF_FIGURE = 0.1
LEAST_BESIDE = 250
"""Minimum characters of prose outside comments and questions about cookies."""
MAX_WORDS_OF_MARK = 6
"""Maximum words of a class name; longer ones are slugs."""

MAX_KNOWN_MARKS = 8_192
"""Class attributes whose words are remembered: pages, and the pages of a site, repeat them."""

_TAGS = frozenset({"aside", "nav", "footer", "figcaption", "form", "dialog"})
_ROLE_NAMES = "navigation complementary banner contentinfo search dialog alertdialog menu menubar toolbar tablist"
_ROLES = frozenset(_ROLE_NAMES.split())
_NEVER = frozenset({"article", "main", "body"})
_TEXT_IN_FIGURE = frozenset({"table", "blockquote", "pre", "code"})

_MARK = re.compile(
    # Share and follow
    r"share|sharing|social"
    # Other articles
    r"|related|recommend|recirc|read-?(?:more|next|also)|more-(?:on|from|about|stories|news)|popular|trending|teaser"
    r"|most-?(?:read|viewed)|also-?like"
    # Advertising and subscription
    r"|newsletter|subscri|suscri|abonn|prenumer|sign-?up|promo|advert|\bads?\b|\bad[-_]|[-_]ads?\b|sponsor|banner|outbrain|taboola|mgid"
    r"|publici(?:dad|dade|te|tat)|reklam|werbung|quang-?cao"
    r"|donat|regwall|restricted-content|paywall[-_]*(?:message|prompt|cta|barrier|box|banner|offer)|sign-?in\b|log-?in\b"
    # Parts of the page
    r"|side-?bar|widget[-_]?area|comment|disqus|breadcrumb|footer|masthead|navigation|\bnav\b|navbar|\bmenu\b|toolbar"
    r"|pagination|pager|skip-link"
    # Beside the headline and beside images
    r"|by-?line|author|\bmeta\b|[-_]meta\b|\btags?\b|tag-?list|caption|credit|copyright|timestamp|dateline|pub-?date"
    # Windows over the page
    r"|cookie|consent|popup|modal|overlay|lightbox|tooltip|sourcepoint|onetrust|didomi|\bcli-|\bcky-|cmplz|borlabs"
    r"|usercentrics"
    # Things within the text that are not of it
    r"|poll\b|rating|print-|player|carousel|slider|visually-?hidden|sr-only|screen-reader|twitter-tweet|instagram-media"
    r"|tiktok-embed|feedback|\bfact\b|fact-?box|info-?box|ai-?summary"
)
_STATE = re.compile(r"(?:no|has|have|with|without|tag|category)[-_]|.*[-_](?:content|article)[-_].*sidebar")
_WORD_END = re.compile(r"[-_]+")
_COMMENTS = re.compile(
    r"(?:^|[\s_-])comments?(?:[\s_-]?(?:list\w*|section|area|wrap\w*|container|thread|s|content|block))?(?:$|\s)"
    r"|disqus|^respond$|commentlist|comment-list|commentlisting"
)
_CONSENT = re.compile(
    r"(?:cookie|consent)[-_]?(?:law|notice|banner|bar|modal|popup|policy-?pop|settings|dialog|wrapper|overlay)"
    r"|\bcli-modal|\bcky-|cmplz-cookiebanner|onetrust|didomi|usercentrics|borlabs-?cookie"
)


def drop_furniture(top: Block, heading: Block | None) -> None:
    """Drop the furniture of a page; `heading` is that of its article, which no furniture holds."""
    blocks = list(top.walk())
    above_heading = {id(one) for one in heading.ancestors()} if heading is not None else set()
    _drop_apart(top, [block for block in blocks if _is_apart(block.marks) and id(block) not in above_heading])
    _drop_hidden(top, [block for block in blocks if block.is_hidden])
    _drop_marked(top, above_heading)
    _drop_figures(top, [block for block in blocks if block.tag == "figure"])


def _drop_apart(top: Block, found: Sequence[Block]) -> None:
    """Drop comments and questions about cookies, which may be longer than the article."""
    for block in found:
        if block.tag not in _NEVER and top.prose - block.prose >= LEAST_BESIDE:
            block.drop("comments or cookies")


@lru_cache(maxsize=MAX_KNOWN_MARKS)
def _is_apart(marks: str) -> bool:
    return bool(marks) and (_COMMENTS.search(marks) or _CONSENT.search(marks)) is not None


def _drop_hidden(top: Block, found: Sequence[Block]) -> None:
    hidden = [block for block in found if not any(one.is_hidden or one.dropped for one in block.ancestors())]
    if sum(block.prose for block in hidden) <= MOST_HIDDEN * top.prose:
        for block in hidden:
            block.drop("hidden")
    else:
        for block in hidden:
            _reveal(block)


def _reveal(block: Block) -> None:
    """Take the attributes that hide an element, whose text a script shows, so that the renderer shows it."""
    for name in ("hidden", "style"):
        if name in block.node.attrs:
            del block.node.attrs[name]


def _drop_marked(top: Block, above_heading: Collection[int]) -> None:
    most = MOST_OF_ALL * top.prose
    found: dict[str, list[Block]] = {}
    for block, mark in _marked(top, most, above_heading):
        found.setdefault(mark, []).append(block)
    for mark, blocks in found.items():
        if sum(block.prose for block in blocks) <= most:
            for block in blocks:
                block.drop(mark)


def _marked(top: Block, most: float, above_heading: Collection[int]) -> Iterator[tuple[Block, str]]:
    """Yield the outermost elements of a mark that hold at most so much prose and not the heading, with the mark."""
    stack = [top]
    while stack:
        for child in stack.pop().shown():
            mark = mark_of(child)
            if mark and child.prose <= most and id(child) not in above_heading:
                yield child, mark
            else:
                stack.append(child)


def mark_of(block: Block) -> str:
    """Return the tag, role or word that marks an element as furniture; empty if there is none."""
    if block.tag in _TAGS:
        return "" if block.tag == "figcaption" and _names_speaker(block) else block.tag
    if block.role in _ROLES:
        return block.role
    return "" if block.tag in _NEVER or block.tag in HEADINGS or not block.marks else _word_of(block.marks)


def _names_speaker(caption: Block) -> bool:
    """Return whether a caption belongs to a quote."""
    return caption.parent is not None and caption.parent.quotes > 0


@lru_cache(maxsize=MAX_KNOWN_MARKS)
def _word_of(marks: str) -> str:
    if not _MARK.search(marks):
        return ""
    names = (name for name in marks.split() if not _STATE.match(name))
    found = (_MARK.search(name) for name in names if len(_WORD_END.split(name)) <= MAX_WORDS_OF_MARK)
    return next((match[0] for match in found if match), "")


def _drop_figures(top: Block, found: Sequence[Block]) -> None:
    most = MOST_OF_FIGURE * top.prose
    for block in found:
        if block.prose <= most and not any(one.tag in _TEXT_IN_FIGURE for one in block.walk()):
            block.drop("figure")
