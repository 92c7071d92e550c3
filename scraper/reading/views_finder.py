"""Propose the place of an article's printed view count; nothing is read by a proposal until a person declares it.

Over 3,498 pages of news no JSON-LD stated views; classes, labels and icons of an eye did. Lists of other articles print
counts too, and a class "views" may be a rank. So there is a proposal only if the smallest block that holds the heading
and the date, and no link to another article, has exactly one count, and an exact class, a label or an eye names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.text import parse_count
from scraper.reading.page_address import is_same_article, is_same_host, resolve
from scraper.reading.page_elements import PageElements, line_of

MIN_COUNT = 10
"""Least count that is proposed: smaller ones are as often a rank, or a number of comments."""
MIN_TITLE_LENGTH = 25
"""Characters of a link from which it is the title of an article, not the name of a section or an author."""
MAX_LENGTH = 60
"""Characters of a count with its label."""
MAX_ANCESTORS = 40
MAX_CANDIDATES = 200
MAX_DATES = 5
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
_LABEL = (
    r"(?:views?|page\s?views|hits|reads?|просмотр\w*|просм\.?|прочитан\w*|прочитал\w*|перегляд\w*|baxış\w*|baxıldı|baxılıb"
    r"|oxunma\w*|oxunub|oxundu|görüntülen\w*|okunma\w*|okundu|ko.rish\w*|ko.rildi|o.qildi|қаралды|қаралым\w*|оқылды"
    r"|դիտում\w*|դիտված|ნახვ\w*|vistas?|visitas|lecturas|visualiza\w+|aufrufe|gelesen|vues|lectures|visite|letture"
    r"|odsłon\w*|wyświetle\w*|bezoeken|مشاهد\w*|بازدید|閲覧数?|浏览\w*|瀏覽\w*|阅读\w*|閱讀\w*|조회수?|lượt xem)"
)
_COUNT = r"\d[\d \u00a0.,'’]*(?:[kкmм]|\s?(?:тыс|млн|mln)\.?)?"
_ONLY_COUNT = re.compile(rf"\W*{_COUNT}\W*", re.IGNORECASE)
_LABELLED = re.compile(rf"\W*(?:{_LABEL}\s*:?\s*{_COUNT}|{_COUNT}\s*{_LABEL})\W*", re.IGNORECASE)
_NO_COUNT = re.compile(r"[#№%/+:]\s*\d|\d\s*[%/+]|\d:\d")
_LABEL_COLON = re.compile(rf"{_LABEL}\s*:", re.IGNORECASE)
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


def find_views(tree: HtmlTree, title: str, url: str) -> ViewsProposal | None:
    """Propose the place of the view count of the article `title` at `url`; None if there is no or more than one."""
    elements = PageElements(tree, title)
    block = _block_of_heading_and_date(elements)
    if block is None or _has_other_article(block, url):
        return None
    counts = _counts_in(block)
    if len(counts) != 1 or str(counts[0].count) in re.findall(r"\d+", url):
        return None
    return _proposal(tree, block, counts[0])


def find_views_of_card(card: LexborNode, url: str) -> int | None:
    """Return the count in the card of a list; None if there is no or more than one, or the card has two articles."""
    counts = [] if _has_other_article(card, url) else _counts_in(card)
    return counts[0].count if len(counts) == 1 else None


def _block_of_heading_and_date(elements: PageElements) -> LexborNode | None:
    """Return the smallest element that holds the heading and the date nearest to it."""
    if elements.heading is None:
        return None
    above = list(_with_ancestors(elements.heading))[1:]
    dates = [*elements.times, *elements.date_lines][:MAX_DATES]
    depths = [
        next((at for at, one in enumerate(above) if one.mem_id in around), None)
        for around in ({one.mem_id for one in _with_ancestors(date)} for date in dates)
    ]
    found = [depth for depth in depths if depth is not None]
    block = above[min(found)] if found else None
    return None if block is None or block.tag in {"body", "html"} else block


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


def _counts_in(block: LexborNode) -> list[_Count]:
    """Return the counts in a block, the innermost element of each; one that is printed twice is one count."""
    found: dict[int, _Count] = {}
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
        if text is None or not re.search(_LABEL, text, re.IGNORECASE):
            continue
        for one in list(_with_ancestors(node))[1:3]:
            line = line_of(one, MAX_LENGTH)
            if line is not None and _LABELLED.fullmatch(line) and not _NO_COUNT.search(_LABEL_COLON.sub("", line)):
                count = parse_count(line)
                if count is not None and count >= MIN_COUNT:
                    yield _Count(one, None, count, f"label {line!r}")
                    break


def _count_of(node: LexborNode) -> int | None:
    """Return the count that is all the text of an element, but for a label."""
    line = line_of(node, MAX_LENGTH)
    if line is None or not (_ONLY_COUNT.fullmatch(line) or _LABELLED.fullmatch(line)):
        return None
    if _NO_COUNT.search(_LABEL_COLON.sub("", line)):
        return None
    count = parse_count(line)
    return count if count is not None and count >= MIN_COUNT else None


def _proposal(tree: HtmlTree, block: LexborNode, found: _Count) -> ViewsProposal | None:
    """Return the shortest selector that selects the count alone; None if there is none: other counts are like it."""
    own = _selectors_of(found)
    scopes = [""]
    for one in list(_with_ancestors(found.node))[1 : MAX_SCOPE_STEPS + 1]:
        scopes += [f"{name} " for name in _names_of(one)]
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
