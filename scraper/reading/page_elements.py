"""Find the elements of a page that may hold a date, an author or a section: by markup, and by telling class names.

Elements are ordered by their distance from the heading, those behind it first; elements of other articles, of comments
and of the furniture of the page are left out. A search by class names costs twenty times that of markup, and is made
only for a page whose metadata and markup have no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from itertools import islice, pairwise
from typing import NamedTuple

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.reading.labels import AUTHOR_CLASSES
from scraper.reading.titles import agree
from scraper.reading.tree_walk import TEXT, single_line
from storage.text.sanitize import clean_text

MAX_ELEMENTS = 1_000
"""Maximum elements of one kind that are examined."""
MAX_ANCESTORS = 40
"""Maximum ancestors that are examined per element."""
MAX_TEXTS = 500
"""Maximum text nodes that are searched for a date."""
MAX_TRAILS = 20
"""Maximum breadcrumbs, and maximum links within them."""
MAX_LINE_LENGTH = 500
MAX_CLASS_LENGTH = 500
MAX_LINE_BESIDE = 100
"""Characters of a text beside a date; a longer one is prose."""
MAX_LIFTS = 2
MAX_SIBLINGS = 10
"""Maximum elements above one, and beside each, that are searched for a text."""
MAX_CANDIDATES = 30
"""Maximum elements near the heading that are read for one field."""

_HEADINGS = "h1, h2"
_MARKUP = "time, [itemprop], [rel~='author' i]"
_AUTHOR_PATHS = ("/author", "/autor", "/auteur", "/journalist", "/avtor")
_DATE_WORDS = ("date", "time", "publi", "datum", "posted", "created", "fecha", "data", "tarix")
_BREADCRUMBS = "[class*='breadcrumb' i], [id*='breadcrumb' i], [itemtype*='BreadcrumbList' i]"

# A short word is a part of others: "firma" of "confirmation".
_AUTHOR_CLASS = re.compile(
    "|".join(word if len(word) > 5 else rf"(?<![a-z]){word}" for word in AUTHOR_CLASSES), re.IGNORECASE
)
_OTHER_AUTHOR = re.compile(
    r"avatar|bio\b|image|photo|foto|comment|follow|social|related|more|socmed|contact|brand|cover|link-?list",
    re.IGNORECASE,
)
_AUTHOR_PAGE = re.compile(r"/(?:authors?|autore?n?|autores|auteurs?|journalists?|avtor[yi]?)/[^/]+", re.IGNORECASE)
_DATE_CLASS = re.compile(
    r"(?:^|[^a-z])(?:dates?|datum|data|fecha|time|timestamp|publish(?:ed)?|posted|created|dateline|datetime|tarix)"
    r"(?:$|[^a-z])|pub-?date|publish-?date|date-?publ|posted-?on|entry-?date|post-?date|article-?date|news-?date"
    r"|date-?time|publication",
    re.IGNORECASE,
)
_OTHER_DATE = re.compile(
    r"updat|modif|changed|event|countdown|read(?:ing)?-?_?time|duration|picker|comment|weather|video|length",
    re.IGNORECASE,
)
_PUBLISHED_CLASS = re.compile(r"(?:^|\s)(?:date-?)?published(?:$|\s)", re.IGNORECASE)
"""Class beside `updated` of a date that is both: that of an article which was never edited."""
_FOREIGN_TAGS = frozenset({"aside", "footer", "nav"})
_FOREIGN_CLASS = re.compile(
    r"(?:^|[\s_-])(?:comments?|commentlist|related|recommend\w*|sidebar|teasers?|footer|widget|popular|latest|trending"
    r"|most-?read|more-?news|read-?more|read-?also|carousel|slider|swiper|navbar|menu|promo|newsletter)(?:$|[\s_-])",
    re.IGNORECASE,
)
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_STEP = re.compile(r"[»›>→/⟩❯]+")
"""Text between two links of a trail of breadcrumbs; a bar stands in menus."""
MAX_STEPS = 6
_NO_TEXT_TAGS = frozenset({"script", "style", "noscript", "template", "option", "textarea"})
_NO_ELEMENT_TAGS = frozenset({"html", "body", "meta", "time"})
_NO_LIFT_TAGS = frozenset({"html", "body", "main", "article"})
"""Elements beside which nothing is of the same article."""
_WORD = re.compile(r"\w")


class Property(NamedTuple):
    """Element of an `itemprop` of the article, and the name as written."""

    node: LexborNode
    name: str


def class_of(node: LexborNode) -> str:
    """Return the class attribute of an element, the words of camel case apart."""
    return _CAMEL_CASE.sub("-", clean_text((node.attributes.get("class") or "")[:MAX_CLASS_LENGTH]))


def line_of(node: LexborNode, max_length: int = MAX_LINE_LENGTH) -> str | None:
    """Return the text of an element as one line; None if it is empty or exceeds `max_length` characters."""
    return single_line(node, max_length) or None


class TextBeside(NamedTuple):
    """Text next to an element, and the node that it stands in."""

    text: str
    node: LexborNode


def texts_beside(node: LexborNode, *, forward: bool) -> Iterator[TextBeside]:
    """Yield the texts behind an element, or before it, from the nearest: those of its siblings that have words.

    An element that has no such sibling is read as its parent, for at most MAX_LIFTS steps. Prose ends the search.
    """
    start = node
    for _ in range(1 + MAX_LIFTS):
        is_alone = True
        for one in islice(_siblings(start, forward=forward), MAX_SIBLINGS):
            text = _line_beside(one)
            if text is None:
                return
            if _WORD.search(text):
                is_alone = False
                yield TextBeside(text, one)
        if not is_alone or start.parent is None or start.parent.tag in _NO_LIFT_TAGS:
            return
        start = start.parent


def _siblings(node: LexborNode, *, forward: bool) -> Iterator[LexborNode]:
    one = node.next if forward else node.prev
    while one is not None:
        yield one
        one = one.next if forward else one.prev


def _line_beside(node: LexborNode) -> str | None:
    """Return the text of a node beside another one; None if it is prose."""
    if node.tag == TEXT:
        text = clean_text((node.text_content or "")[: 2 * MAX_LINE_BESIDE])
        return text if len(text) <= MAX_LINE_BESIDE else None
    if (node.tag or "-").startswith("-") or node.tag in _NO_TEXT_TAGS:
        return ""
    return single_line(node, MAX_LINE_BESIDE)


def texts_within(node: LexborNode) -> list[str]:
    """Return the first texts in an element, one per text node."""
    return [text for piece in node.text(separator="\n")[:MAX_LINE_LENGTH].split("\n") if (text := clean_text(piece))]


def is_of_other_date(node: LexborNode) -> bool:
    """Return whether the class of an element, or of one directly in it, names an update, a duration or an event."""
    if node.tag == TEXT:
        return False
    return any(_names_other_date(class_of(one)) for one in (node, *node.iter()))


def _names_other_date(name: str) -> bool:
    return _OTHER_DATE.search(name) is not None and _PUBLISHED_CLASS.search(name) is None


class PageElements:
    """Elements of telling markup; `title` is that of the article, by which its heading is found."""

    def __init__(self, tree: HtmlTree, title: str) -> None:
        self._tree = tree
        self._title = title

    @cached_property
    def heading(self) -> LexborNode | None:
        """Return the first heading that says the title, else the first h1; None if there is neither."""
        headings = self._tree.select(_HEADINGS)[:MAX_TRAILS]
        named = (node for node in headings if agree(line_of(node) or "", self._title))
        return next(named, next((node for node in headings if node.tag == "h1"), None))

    @cached_property
    def _above_heading(self) -> frozenset[int]:
        return frozenset() if self.heading is None else frozenset(one.mem_id for one in _ancestors(self.heading))

    def _near_heading(self, selectors: str) -> list[LexborNode]:
        """Return the elements of a selector in the article, by their distance from its heading, those behind first."""
        if not self._tree.select(selectors):  # most pages, and the heading need not be found
            return []
        found = self._tree.select(f"{_HEADINGS}, {selectors}")[:MAX_ELEMENTS]
        place = next((at for at, node in enumerate(found) if self.heading and node.mem_id == self.heading.mem_id), 0)
        nodes = [*found[place:], *reversed(found[:place])]
        return [node for node in nodes if node.tag not in {"h1", "h2"}]

    def _own(self, nodes: Iterable[LexborNode]) -> list[LexborNode]:
        """Return the first nodes that are in the article."""
        return list(islice((node for node in nodes if not self._is_foreign(node)), MAX_CANDIDATES))

    def _is_foreign(self, node: LexborNode) -> bool:
        """Return whether an element is in a part of the page that is of other articles, comments or the site."""
        for one in (node, *_ancestors(node)):
            if one.mem_id in self._above_heading or one.tag in {"body", "html", "main"}:
                return False
            if one.tag in _FOREIGN_TAGS or _FOREIGN_CLASS.search(class_of(one)):
                return True
        return False

    @cached_property
    def _markup(self) -> list[LexborNode]:
        return self._near_heading(_MARKUP)

    @property
    def times(self) -> list[LexborNode]:
        """Return the time elements, but for those of an update."""
        return self._own(node for node in self._markup if node.tag == "time" and not _names_other_date(class_of(node)))

    @property
    def author_links(self) -> list[LexborNode]:
        """Return the links of rel=author."""
        return self._own(
            node
            for node in self._markup
            if node.tag == "a" and "author" in (node.attributes.get("rel") or "").lower().split()
        )

    def properties(self, *names: str) -> Iterator[Property]:
        """Return the elements of properties of the article (`itemprop`), named in lower case."""
        for node in self._own(one for one in self._markup if _has_property(one, names) and _is_of_article(one)):
            yield Property(node, next(name for name in _properties(node) if name.lower() in names))

    @cached_property
    def bylines(self) -> list[LexborNode]:
        """Return the elements whose class names an author."""
        found = self._near_heading(", ".join(f"[class*='{word}' i]" for word in AUTHOR_CLASSES))
        return self._own(
            node for node in found if _is_named(node, _AUTHOR_CLASS) and not _OTHER_AUTHOR.search(class_of(node))
        )

    @cached_property
    def author_pages(self) -> list[LexborNode]:
        """Return the links to pages of authors."""
        found = self._near_heading(", ".join(f"a[href*='{path}' i]" for path in _AUTHOR_PATHS))
        return self._own(
            node for node in found if node.tag == "a" and _AUTHOR_PAGE.search(node.attributes.get("href") or "")
        )

    @cached_property
    def date_lines(self) -> list[LexborNode]:
        """Return the elements whose class names a date."""
        found = self._near_heading(", ".join(f"[class*='{word}' i]" for word in _DATE_WORDS))
        return self._own(
            node for node in found if _is_named(node, _DATE_CLASS) and not _names_other_date(class_of(node))
        )

    @cached_property
    def breadcrumbs(self) -> list[LexborNode]:
        """Return the links of the first trail of breadcrumbs that has any."""
        trails = self._tree.select(_BREADCRUMBS)[:MAX_TRAILS]
        return next((links for trail in trails if (links := trail.css("a")[:MAX_TRAILS])), [])

    def printed_trail(self, home: str) -> list[LexborNode]:
        """Return the links of a trail that no class names: from the home page, with marks between them, to the heading.

        `home` is the address of the site, without a path.
        """
        roots = f"a[href='/'], a[href='{home}'], a[href='{home}/']"
        for node in self._tree.select(f"h1, h2, {roots}")[:MAX_TRAILS]:
            if self.heading is not None and node.mem_id == self.heading.mem_id:
                return []
            if node.tag == "a" and (links := _trail_from(node)):
                return links
        return []

    @property
    def scripts(self) -> Iterator[str]:
        """Yield the texts of inline scripts."""
        return (node.text() for node in self._tree.select("script:not([src]):not([type*='json' i])"))

    def texts_behind_heading(self) -> Iterator[TextBeside]:
        """Yield the first text nodes behind the heading, or of the page if it has none, with their elements."""
        return self._behind_heading()

    def texts_like(self, is_wanted: Callable[[str, str], bool]) -> Iterator[tuple[str, str]]:
        """Yield those of the article that are wanted by themselves and the text behind them, with that."""
        found = [*self._behind_heading(), TextBeside("", self._tree.root)]
        for one, after in pairwise(found):
            if is_wanted(one.text, after.text) and not self._is_foreign(one.node):
                yield one.text, after.text

    def _behind_heading(self) -> Iterator[TextBeside]:
        body, is_behind, left = self._tree.parser.body, self.heading is None, MAX_TEXTS
        for node in body.traverse(include_text=True) if body else ():
            if self.heading is not None and not is_behind:
                is_behind = node.mem_id == self.heading.mem_id
            elif node.tag == TEXT and node.parent is not None and node.parent.tag not in _NO_TEXT_TAGS:
                text = clean_text(node.text())
                left -= bool(text)
                if left < 0:
                    return
                if text:
                    yield TextBeside(text, node.parent)


def _trail_from(home: LexborNode) -> list[LexborNode]:
    """Return the links beside a link, if it is the first of a few with marks between them, as of a trail."""
    around = [one for one in islice(_ancestors(home), 1 + MAX_LIFTS) if one.tag not in _NO_LIFT_TAGS]
    links = next((found for one in around if len(found := one.css("a[href]")[:MAX_TRAILS]) > 1), [])
    if not 2 <= len(links) <= MAX_STEPS or links[0].mem_id != home.mem_id:
        return []
    steps = pairwise(links)
    return links if all(any(_STEP.fullmatch(text) for text in _texts_between(*step)) for step in steps) else []


def _texts_between(first: LexborNode, second: LexborNode) -> Iterator[str]:
    """Yield the texts from one link to the next, those of elements around them without the links."""
    for start in (first, *islice(_ancestors(first), MAX_LIFTS)):
        for one in islice(_siblings(start, forward=True), MAX_SIBLINGS):
            if any(link.mem_id == second.mem_id for link in (one, *one.css("a[href]"))):
                return
            yield clean_text(one.text())


def _properties(node: LexborNode) -> list[str]:
    return (node.attributes.get("itemprop") or "")[:MAX_CLASS_LENGTH].split()


def _has_property(node: LexborNode, names: Collection[str]) -> bool:
    return any(name.lower() in names for name in _properties(node))


def _is_named(node: LexborNode, names: re.Pattern[str]) -> bool:
    return node.tag not in _NO_ELEMENT_TAGS and names.search(class_of(node)) is not None


def _ancestors(node: LexborNode) -> Iterator[LexborNode]:
    parent = node.parent
    for _ in range(MAX_ANCESTORS):
        if parent is None:
            return
        yield parent
        parent = parent.parent


def _is_of_article(node: LexborNode) -> bool:
    """Return whether the item that a property belongs to is an article, or is not named."""
    for one in _ancestors(node):
        attributes = one.attributes
        if "itemscope" in attributes or "itemtype" in attributes:
            kind = (attributes.get("itemtype") or "").lower()
            return not kind or "article" in kind or "posting" in kind
    return True
