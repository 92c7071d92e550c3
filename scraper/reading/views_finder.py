"""Propose the place of an article's printed view count; nothing is read by a proposal until a person declares it.

Over 3,498 pages of news no JSON-LD stated views; classes, labels and icons of an eye did. Lists of other articles print
counts too, and a class "views" may be a rank. So there is a proposal only if the smallest block that holds the heading
and the date, and no link to another article, has exactly one count, and an exact class, a label or an eye names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.text import parse_count
from scraper.reading.labels import COLON, times_pattern, views_pattern
from scraper.reading.page_address import is_same_article, is_same_host, resolve
from scraper.reading.page_elements import PageElements, line_of
from scraper.reading.published import dated_texts

MIN_COUNT = 10
"""Least count that is proposed: smaller ones are as often a rank, or a number of comments."""
MIN_TITLE_LENGTH = 25
"""Characters of a link from which it is the title of an article, not the name of a section or an author."""
MAX_LENGTH = 60
"""Characters of a count with its label."""
MAX_WORDS_BEFORE = 5
"""Words before the label in a sentence such as "This article has been read 3304 times"."""
MAX_ANCESTORS = 40
MAX_CANDIDATES = 200
MAX_DATES = 5
MIN_PROSE = 200
"""Characters of an element that is the text of the article, or a part of it."""
MAX_SCOPE_STEPS = 6
"""Maximum elements above a count whose class may make its selector unambiguous."""

_NAMES = (
    "views view viewed views-count view-count viewcount viewscount views-counter view-counter views-number views-num "
    "post-views post-view td-post-views entry-views article-views article-view news-views item-views page-views "
    "pageviews pageview page-view wpp-views itemhits item-hits hits hits-count hitcount hit-count hit-counter "
    "readcount read-count reads-count prosmotr prosmotry prosmotrov baxis oxunma goruntulenme okunma"
)
_CLASSES = frozenset(_NAMES.split())
_ATTRIBUTES = ("data-views", "data-view-count", "data-views-count")
_MARKED = (
    "[class*='view' i], [class*='hit' i], [class*='read' i], [class*='prosm' i], [class*='baxis' i],"
    " [class*='oxunma' i], [class*='okunma' i], [class*='goruntulenme' i], [data-views],"
    " [data-view-count], [data-views-count]"
)
_EYES = "[class*='eye' i], use[href*='eye' i], img[src*='eye' i], [class*='icon-view' i]"
_EYE = re.compile(
    r"(?:^|[\W_])(?:eye|icon-views?)(?:-?(?:fill|open|regular|solid|o|icon|outline|light|alt))?(?:$|[\W_])",
    re.IGNORECASE,
)
_NO_EYE = re.compile(r"slash|off|closed?|eyebrow", re.IGNORECASE)
_COUNT = r"\d[\d \u00a0.,'’]*(?:[kкmм]|\s?(?:тыс|млн|mln)\.?)?"
_ONLY_COUNT = re.compile(rf"\W*{_COUNT}\W*", re.IGNORECASE)
_NO_COUNT = re.compile(r"[#№%/+:]\s*\d|\d\s*[%/+]|\d:\d")
_NOT_WORD = re.compile(r"[_\s]+")
_BLOCK_PREFIX = re.compile(r"^.*?(?:__|--)(?=[a-z])", re.IGNORECASE)
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")


@dataclass(frozen=True, slots=True)
class ViewsProposal:
    """Selector of a printed view count, the count on the page it was found on, and why it was taken for one."""

    selector: str
    count: int
    reason: str


@dataclass(frozen=True, slots=True)
class _Count:
    node: LexborNode
    attribute: str | None
    count: int
    reason: str


@cache
def _label() -> re.Pattern[str]:
    return re.compile(views_pattern(), re.IGNORECASE)


@cache
def _label_and_colon() -> re.Pattern[str]:
    return re.compile(rf"{views_pattern()}\s*{COLON}", re.IGNORECASE)


@cache
def _labelled_count() -> re.Pattern[str]:
    """Return the expression of a count with its label, or of the sentence: "has been read 3304 times"."""
    label, times = views_pattern(), times_pattern()
    forms = (
        rf"{label}\s*{COLON}?\s*{_COUNT}",
        rf"{_COUNT}\s*{label}",
        rf"(?:\w+\s+){{0,{MAX_WORDS_BEFORE}}}{label}\s*{COLON}?\s*{_COUNT}\s*{times}",
        rf"{_COUNT}\s*{times}\s+{label}",
    )
    return re.compile(rf"\W*(?:{'|'.join(forms)})\W*", re.IGNORECASE)


def _has_label(line: str) -> bool:
    return _labelled_count().fullmatch(line) is not None and not _NO_COUNT.search(_label_and_colon().sub("", line))


def find_views(tree: HtmlTree, title: str, url: str) -> ViewsProposal | None:
    """Propose the place of the view count of the article `title` at `url`; None if there is no or more than one."""
    elements = PageElements(tree, title)
    block = _block_of_heading_and_date(elements)
    parts = [] if block is None else _parts_with_counts(block, url)
    counts = _counts_in(parts)
    if block is None or len(counts) != 1 or str(counts[0].count) in re.findall(r"\d+", url):
        return None
    return _proposal(tree, block, counts[0])


def _parts_with_counts(block: LexborNode, url: str) -> list[LexborNode]:
    """Return the block itself; one with links to other articles up to its prose, or nothing if there is one before."""
    if not _has_other_article(block, url):
        return [block]
    is_prose = (len(child.text(strip=True)) >= MIN_PROSE and not child.css_matches("h1") for child in block.iter())
    parts = [child for child, _ in takewhile(lambda pair: not pair[1], zip(block.iter(), is_prose, strict=True))]
    return [] if any(_has_other_article(part, url) for part in parts) else parts


def find_views_of_card(card: LexborNode, url: str) -> int | None:
    """Return the count in the card of a list; None if there is no or more than one, or the card has two articles."""
    counts = _counts_in([] if _has_other_article(card, url) else [card])
    return counts[0].count if len(counts) == 1 else None


def _block_of_heading_and_date(elements: PageElements) -> LexborNode | None:
    """Return the smallest element that holds the heading and the date nearest to it."""
    if elements.heading is None:
        return None
    above = list(_with_ancestors(elements.heading))[1:]
    telling = [*elements.times, *elements.date_lines][:MAX_DATES]
    block = _smallest_with(above, telling) or _smallest_with(above, [one.node for one in dated_texts(elements)])
    return None if block is None or block.tag in {"body", "html"} else block


def _smallest_with(above: list[LexborNode], dates: list[LexborNode]) -> LexborNode | None:
    """Return the first element above the heading that also holds one of the dates."""
    around = [{one.mem_id for one in _with_ancestors(date)} for date in dates]
    return next((one for one in above if any(one.mem_id in ids for ids in around)), None)


def _with_ancestors(node: LexborNode) -> Iterator[LexborNode]:
    one: LexborNode | None = node
    for _ in range(MAX_ANCESTORS):
        if one is None:
            return
        yield one
        one = one.parent


def _has_other_article(block: LexborNode, url: str) -> bool:
    """Return whether a block links to another article: by a text as long as a title, to another page of the site."""
    for link in block.css("a[href]"):
        address = resolve(link.attributes.get("href") or "", url)
        is_title = address is not None and len(link.text(strip=True)) >= MIN_TITLE_LENGTH
        if address is not None and is_title and is_same_host(address, url) and not is_same_article(address, url):
            return True
    return False


def _counts_in(blocks: Iterable[LexborNode]) -> list[_Count]:
    """Return the counts in blocks, the innermost element of each; one that is printed twice is one count."""
    found: dict[int, _Count] = {}
    for block in blocks:
        for one in (*_marked(block), *_beside_eyes(block), *_labelled(block)):
            found.setdefault(one.count, one)
    return list(found.values())


def _marked(block: LexborNode) -> Iterator[_Count]:
    for node in block.css(_MARKED)[:MAX_CANDIDATES]:
        attributes = node.attributes
        for name in _ATTRIBUTES:
            value = attributes.get(name) or ""
            if value.isdecimal() and int(value) >= MIN_COUNT:
                yield _Count(node, name, int(value), f"attribute {name}")
        classes = [name for name in (attributes.get("class") or "").split() if _is_class_of_views(name)]
        count = _count_of(node) if classes else None
        if count is not None:
            yield _Count(node, None, count, f"class {classes[0]}")


def _is_class_of_views(name: str) -> bool:
    words = _NOT_WORD.sub("-", _BLOCK_PREFIX.sub("", name)).lower()
    return words in _CLASSES


def _beside_eyes(block: LexborNode) -> Iterator[_Count]:
    """Yield the counts in an icon of an eye, in its parent and behind it."""
    for icon in block.css(_EYES)[:MAX_CANDIDATES]:
        attributes = icon.attributes
        name = " ".join(filter(None, (attributes.get(key) for key in ("class", "href", "xlink:href", "src"))))
        if not _EYE.search(name) or _NO_EYE.search(name):
            continue
        for node in list(_with_ancestors(icon))[:3]:
            count = _count_of(node)
            if count is not None:
                yield _Count(node, None, count, "icon of an eye")
                break


def _labelled(block: LexborNode) -> Iterator[_Count]:
    """Yield the counts with a label, by the innermost element that has both."""
    for node in block.traverse(include_text=True):
        text = node.text_content if node.is_text_node else None
        if text is None or not _label().search(text):
            continue
        for one in list(_with_ancestors(node))[1:3]:
            line = line_of(one, MAX_LENGTH)
            if line is not None and _has_label(line):
                count = parse_count(line)
                if count is not None and count >= MIN_COUNT:
                    yield _Count(one, None, count, f"label {line!r}")
                    break


def _count_of(node: LexborNode) -> int | None:
    """Return the count that is all the text of an element, but for a label."""
    line = line_of(node, MAX_LENGTH)
    if line is None or not (_has_label(line) or (_ONLY_COUNT.fullmatch(line) and not _NO_COUNT.search(line))):
        return None
    count = parse_count(line)
    return count if count is not None and count >= MIN_COUNT else None


def _proposal(tree: HtmlTree, block: LexborNode, found: _Count) -> ViewsProposal | None:
    """Return the shortest selector that selects the count alone; None if there is none: other counts are like it."""
    own = _selectors_of(found)
    scopes = [""]
    for one in list(_with_ancestors(found.node))[1 : MAX_SCOPE_STEPS + 1]:
        scopes += [f"{name} " for name in _names_of(one)]
        if one.mem_id == (found.node.parent or block).mem_id:
            scopes += [f"{name} > " for name in _names_of(one)]
        if one.mem_id == block.mem_id:
            break
    for scope in scopes:
        for selector in own:
            nodes = tree.select(scope + selector)
            if len(nodes) == 1 and nodes[0].mem_id == found.node.mem_id:
                suffix = f"@{found.attribute}" if found.attribute else ""
                return ViewsProposal(f"{scope}{selector}{suffix}", found.count, found.reason)
    return None


def _selectors_of(found: _Count) -> list[str]:
    node = found.node
    selectors = [f"{node.tag}{name}" for name in _names_of(node)]
    if found.attribute is not None:
        selectors.append(f"[{found.attribute}]")
    for child in node.iter():
        selectors += [f"{node.tag}:has(> {child.tag}{name})" for name in _names_of(child) if _EYE.search(name)]
    return selectors or [node.tag or "*"]


def _names_of(node: LexborNode) -> list[str]:
    """Return the classes of an element as selectors, those that name views first."""
    names = [name for name in (node.attributes.get("class") or "").split() if _PLAIN_NAME.fullmatch(name)]
    names.sort(key=lambda name: not (_is_class_of_views(name) or _EYE.search(name)))
    return [f".{name}" for name in names]
