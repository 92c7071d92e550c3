"""Reduce a feed, RSS or Atom of any version, to what is read of it, well-formed and bounded, before feedparser sees it.

feedparser takes 10 to 35 s for 40 to 200 KB of authors, nested bases, line ends or attributes, and its lenient parser
reads `&lang=` in a link as an entity. So entries keep their links, title, dates and categories, and no other element;
every field, list and depth has a maximum. Elements are recognized by their namespace, or by the usual prefix where it
is not declared.
"""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import NamedTuple
from urllib.parse import urljoin
from xml.sax.saxutils import escape, quoteattr

from scraper.parsing.feed_tokens import MAX_TOKENS, EndTag, FeedTokens, StartTag, Text, decode_references
from storage.model.urls import MAX_URL_LENGTH

MAX_ENTRIES = 5_000
"""Maximum entries of a feed, in document order. The largest feeds of news sites have some hundreds."""

MAX_DEPTH = 100
"""Maximum nesting of elements; deeper ones are not read. A feed needs four, XHTML in it some twenty."""

MAX_FIELD_LENGTH = 10_000
"""Maximum characters of one field that is read; the rest is dropped."""

MAX_DATE_LENGTH = 100
"""Maximum characters of a date. feedparser tries a dozen patterns on it."""

MAX_FIELD_VALUES = 20
"""Maximum links and categories, each, of one entry."""

_PREFIXES = 'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"'
_RSS = (f'<rss version="2.0" {_PREFIXES}><channel>', "</channel></rss>")
_ATOM = (f'<feed xmlns="http://www.w3.org/2005/Atom" {_PREFIXES}>', "</feed>")


class CleanFeed(NamedTuple):
    """Feed of the entries of a document, well-formed, and as long as it is in proportion to their number.

    `is_feed`: the document has the root element of a feed or an entry. `notices` name what was left out, one a line.
    """

    text: str
    is_feed: bool
    notices: tuple[str, ...]


class _Kind(StrEnum):
    """Meaning of an element."""

    FEED = "feed"
    ENTRY = "entry"
    TITLE = "title"
    LINK = "link"
    ORIGINAL_LINK = "original link"
    ID = "id"
    PUBLISHED = "published"
    DATE = "date"
    CATEGORY = "category"
    OTHER = "other"


_CORE = {
    **dict.fromkeys(("rss", "feed", "rdf"), _Kind.FEED),
    **dict.fromkeys(("item", "entry"), _Kind.ENTRY),
    **dict.fromkeys(("guid", "id"), _Kind.ID),
    **dict.fromkeys(("pubdate", "published", "issued"), _Kind.PUBLISHED),
    **dict.fromkeys(("created", "date"), _Kind.DATE),
    "title": _Kind.TITLE,
    "link": _Kind.LINK,
    "category": _Kind.CATEGORY,
}
_DUBLIN_CORE = {
    **dict.fromkeys(("date", "issued", "created"), _Kind.DATE),
    "subject": _Kind.CATEGORY,
    "title": _Kind.TITLE,
}
_KINDS: Mapping[str, Mapping[str, _Kind]] = {
    "": _CORE,
    "dc": _DUBLIN_CORE,
    "feedburner": {"origlink": _Kind.ORIGINAL_LINK},
    "prism": {"publicationdate": _Kind.DATE},
    "rdf": {"rdf": _Kind.FEED},
}
_NAMESPACES = {
    **dict.fromkeys(
        (
            "http://www.w3.org/2005/atom",
            "http://purl.org/atom/ns#",
            "http://purl.org/rss/1.0/",
            "http://my.netscape.com/rdf/simple/0.9/",
            "http://channel.netscape.com/rdf/simple/0.9/",
            "http://blogs.law.harvard.edu/tech/rss",
            "http://cyber.law.harvard.edu/rss/rss.html",
            "http://backend.userland.com/rss",
            "http://backend.userland.com/rss2",
        ),
        "",
    ),
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/dc/terms/": "dc",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.pheedo.com/namespace/pheedo": "feedburner",
    "http://prismstandard.org/namespaces/basic/2.0/": "prism",
    "http://prismstandard.org/namespaces/1.2/basic/": "prism",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
}
_USUAL_PREFIXES = {"atom": "", "rss": "", "a10": "", "dc": "dc", "dcterms": "dc", "rdf": "rdf"} | dict.fromkeys(
    ("feedburner", "pheedo"), "feedburner"
)
_FOREIGN = "?"
_MAX_PREFIXES = 100

_VOID = frozenset({"area", "br", "col", "embed", "hr", "img", "input", "meta", "wbr"})
_BREAKING = frozenset({"br", "p", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "td", "tr"})
_ALTERNATE = ("", "alternate", "http://www.iana.org/assignments/relation/alternate")
_HTML_TYPES = ("", "text/html", "application/xhtml+xml", "html")
_TITLE_TYPES = {
    **dict.fromkeys(("html", "text/html"), "html"),
    # The markup of XHTML is no part of the text that is kept.
    **dict.fromkeys(("text", "text/plain", "xhtml", "application/xhtml+xml"), "text"),
}


class _Rank(IntEnum):
    """Precedence of the links of an entry, highest first."""

    ORIGINAL = 0  # of an entry whose link leads over a counter of clicks
    PAGE = 1
    OTHER_TYPE = 2
    ID = 3


class _Element(NamedTuple):
    name: str
    base: str


@dataclass(slots=True)
class _OpenField:
    """Field of an entry whose text is being read."""

    kind: _Kind
    attributes: Mapping[str, str]
    base: str
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def add(self, text: str) -> None:
        """Append text up to MAX_FIELD_LENGTH."""
        if self.length < MAX_FIELD_LENGTH:
            self.pieces.append(text[: MAX_FIELD_LENGTH - self.length])
            self.length += len(self.pieces[-1])

    @property
    def text(self) -> str:
        """Return the text, decoded if it is base64 (Atom 0.3)."""
        text = "".join(self.pieces).strip()
        if self.attributes.get("mode") != "base64":
            return text
        try:
            return base64.b64decode(text).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return text


@dataclass(slots=True)
class _OpenEntry:
    """Entry whose end tag was not read yet; `depth` is that of its children."""

    depth: int
    is_atom: bool
    title: str = ""
    title_type: str = ""
    links: list[tuple[_Rank, str]] = field(default_factory=list)
    dates: dict[_Kind, str] = field(default_factory=dict)
    categories: list[str] = field(default_factory=list)

    def add_link(self, rank: _Rank, value: str, base: str) -> None:
        """Add a link unless the entry has many or no article has so long a URL."""
        if value and len(value) <= MAX_URL_LENGTH and len(self.links) < MAX_FIELD_VALUES:
            self.links.append((rank, _absolute(value, base) if base else value))

    def written(self) -> Iterator[str]:
        """Write the entry with its links by precedence, in document order where that is equal.

        A link is an attribute even in RSS: of a link that is text, feedparser undoes references once more.
        """
        entry, date, identifier = ("entry", "published", "id") if self.is_atom else ("item", "pubDate", "guid")
        yield f"<{entry}>"
        if self.title:
            yield _element("title", self.title, f' type="{self.title_type}"' if self.title_type else "")
        for rank, href in sorted(self.links, key=lambda link: link[0]):
            if rank is _Rank.ORIGINAL:
                yield _element("feedburner:origLink", href)
            elif rank is _Rank.ID:
                yield _element(identifier, href)
                break  # it is the last rank, and feedparser keeps one
            else:
                yield f"<link href={quoteattr(href)}/>"
        yield from (_element(date if kind is _Kind.PUBLISHED else "dc:date", text) for kind, text in self.dates.items())
        yield from (_element("category", name) for name in self.categories)
        yield f"</{entry}>"


def clean_feed(text: str, url: str) -> CleanFeed:
    """Reduce a feed at `url` to its entries, as far as it is understood.

    Raises UnboundedEntitiesError for a document type whose entities could expand without end.
    """
    return _Cleaner(FeedTokens(text), url).clean()


class _Cleaner:
    """State of cleaning one feed."""

    def __init__(self, tokens: FeedTokens, url: str) -> None:
        self.tokens = tokens
        self.url = url
        self.pieces: list[str] = []
        self.count = 0  # of entries
        self.is_atom: bool | None = None  # unknown before the first entry
        self.notices: dict[str, None] = {}
        self.is_feed = False
        self.is_full = False  # an entry begins beyond MAX_ENTRIES
        self.prefixes: dict[str, str] = {}
        self.stack: list[_Element] = []
        self.open_names: Counter[str] = Counter()
        self.entry: _OpenEntry | None = None
        self.field: _OpenField | None = None
        self.field_depth = 0  # of the stack, without the element of the field

    def clean(self) -> CleanFeed:
        """Read all tokens, or those of MAX_ENTRIES entries, and write the entries."""
        for token in self.tokens:
            if isinstance(token, Text):
                if self.field is not None:
                    self.add_text(self.field, token)
            elif isinstance(token, StartTag):
                self.start(token)
            elif isinstance(token, EndTag):
                self.end(token.name)
            if self.is_full:
                self.notices[f"only the first {MAX_ENTRIES:,} entries are read"] = None
                break
        self.close_to(0)
        if self.tokens.is_cut:
            self.notices[f"only the first {MAX_TOKENS:,} tags and texts are read"] = None
        begin, end = _ATOM if self.is_atom else _RSS
        return CleanFeed("".join([begin, *self.pieces, end]), self.is_feed or self.count > 0, tuple(self.notices))

    def add_text(self, one: _OpenField, token: Text) -> None:
        """Add character data to a field, cut before entities are expanded."""
        text = token.text[:MAX_FIELD_LENGTH]
        one.add(text if token.is_literal else decode_references(text, self.tokens.entities))

    def start(self, tag: StartTag) -> None:
        """Open an element: an entry, a field of one, or another."""
        self.declare_prefixes(tag.attributes)
        kind = self.kind_of(tag.name)
        if kind is _Kind.ENTRY and self.entry is not None:
            self.close_to(self.entry.depth - 1)  # the end tag of the entry before is missing
        elif self.field is not None and kind not in {_Kind.OTHER, _Kind.FEED}:
            self.close_to(self.field_depth)  # no field has a field in it
        base = self.base_of(tag)
        link_base = self.base_for_links(base)
        if kind is _Kind.FEED:
            self.is_feed = True
        elif kind is _Kind.ENTRY and len(self.stack) < MAX_DEPTH:
            self.is_full = self.count >= MAX_ENTRIES
            if not self.is_full:
                self.open_entry(tag, base)
        elif self.entry is not None and len(self.stack) == self.entry.depth and kind is not _Kind.OTHER:
            self.field, self.field_depth = _OpenField(kind, tag.attributes, link_base), len(self.stack)
        elif self.field is not None and tag.name in _BREAKING:
            self.field.add(" ")
        self.push(tag, base)

    def push(self, tag: StartTag, base: str) -> None:
        """Push an element that has content onto the stack; close one that has none."""
        if len(self.stack) >= MAX_DEPTH:
            self.notices[f"elements nested deeper than {MAX_DEPTH} are not read"] = None
            return
        self.stack.append(_Element(tag.name, base))
        self.open_names[tag.name] += 1
        if tag.is_empty or tag.name in _VOID:
            self.close_to(len(self.stack) - 1)

    def end(self, name: str) -> None:
        """Close the innermost element of a name and those in it; ignore an end tag without a start tag."""
        if not self.open_names[name]:
            return
        depth = len(self.stack) - 1
        while self.stack[depth].name != name:
            depth -= 1
        self.close_to(depth)

    def close_to(self, depth: int) -> None:
        """Close the elements of the stack beyond a depth."""
        while len(self.stack) > depth:
            element = self.stack.pop()
            self.open_names[element.name] -= 1
            if self.field is not None and len(self.stack) == self.field_depth:
                self.close_field(self.field)
                self.field = None
            if self.entry is not None and len(self.stack) < self.entry.depth:
                self.pieces += self.entry.written()
                self.count += 1
                self.entry = None

    def open_entry(self, tag: StartTag, base: str) -> None:
        """Open an entry; rdf:about is its URL where RSS 1.0 has no link."""
        if self.is_atom is None:
            self.is_atom = tag.name.rpartition(":")[2] == "entry"
        self.entry = _OpenEntry(depth=len(self.stack) + 1, is_atom=self.is_atom)
        about = next((tag.attributes[name] for name in ("rdf:about", "about") if name in tag.attributes), "")
        self.entry.add_link(_Rank.ID, about.strip(), self.base_for_links(base))

    def base_for_links(self, base: str) -> str:
        """Return the base if it is another than the URL of the feed, to which links are relative in any case."""
        return "" if base == self.url else base

    def close_field(self, one: _OpenField) -> None:
        """Add a field to its entry."""
        if self.entry is not None:
            _ADD_FIELD[one.kind](self.entry, one, one.text)

    def declare_prefixes(self, attributes: Mapping[str, str]) -> None:
        """Note the namespaces that a tag declares: of the feed as a whole, since feeds declare each prefix once."""
        for name, uri in attributes.items():
            if name.startswith("xmlns:") and len(self.prefixes) < _MAX_PREFIXES:
                self.prefixes[name[6:]] = _NAMESPACES.get(uri.strip().lower(), _FOREIGN)

    def kind_of(self, name: str) -> _Kind:
        """Return the kind of an element."""
        prefix, _, local = name.rpartition(":")
        if prefix:
            prefix = self.prefixes.get(prefix, _USUAL_PREFIXES.get(prefix, _FOREIGN))
        return _KINDS.get(prefix, {}).get(local, _Kind.OTHER)

    def base_of(self, tag: StartTag) -> str:
        """Return the base URL of an element: that of the element around it, changed by its own xml:base."""
        outer = self.stack[-1].base if self.stack else self.url
        own = tag.attributes.get("xml:base") or tag.attributes.get("base") or self.tokens.default_bases.get(tag.name)
        if own is None or len(own) > MAX_URL_LENGTH or len(self.stack) >= MAX_DEPTH:
            return outer
        try:
            base = urljoin(outer, own.strip())
        except ValueError:
            return outer
        return base if base.startswith(("http://", "https://")) and len(base) <= MAX_URL_LENGTH else outer


def _add_link(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    """Add a link of RSS or an alternate one of Atom; links to the feed, to comments and enclosures are none."""
    named = (one.attributes.get(name, "") for name in ("href", "url", "uri", "rdf:resource"))
    value = next(filter(None, named), text).strip()
    relations = one.attributes.get("rel", "").lower().split() or [""]
    media_type = one.attributes.get("type", "").partition(";")[0].strip().lower()
    if any(relation in _ALTERNATE for relation in relations):
        entry.add_link(_Rank.PAGE if media_type in _HTML_TYPES else _Rank.OTHER_TYPE, value, one.base)


def _set_title(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    """Set the title, the first that has text."""
    if text and not entry.title:
        declared = one.attributes.get("type", "").strip().lower()
        entry.title, entry.title_type = text, _TITLE_TYPES.get(declared, "")


def _add_date(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    if text:
        entry.dates.setdefault(one.kind, text[:MAX_DATE_LENGTH])


def _add_categories(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    for name in dict.fromkeys((one.attributes.get("label", ""), one.attributes.get("term", ""), text)):
        if name and len(entry.categories) < MAX_FIELD_VALUES:
            entry.categories.append(name)


def _add_original_link(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    entry.add_link(_Rank.ORIGINAL, text, one.base)


def _add_id(entry: _OpenEntry, one: _OpenField, text: str) -> None:
    if one.attributes.get("ispermalink", "true").strip().lower() != "false" and "://" in text:
        entry.add_link(_Rank.ID, text, one.base)


def _absolute(href: str, base: str) -> str:
    """Resolve a relative link; an absolute one keeps its spelling."""
    try:
        return href if "://" in href else urljoin(base, href)
    except ValueError:
        return href


def _element(name: str, text: str, attributes: str = "") -> str:
    return f"<{name}{attributes}>{escape(text)}</{name}>"


_ADD_FIELD: Mapping[_Kind, Callable[[_OpenEntry, _OpenField, str], None]] = {
    _Kind.TITLE: _set_title,
    _Kind.LINK: _add_link,
    _Kind.ORIGINAL_LINK: _add_original_link,
    _Kind.ID: _add_id,
    _Kind.PUBLISHED: _add_date,
    _Kind.DATE: _add_date,
    _Kind.CATEGORY: _add_categories,
}
