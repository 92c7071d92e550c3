"""Read JSON-LD: the items of a page, however damaged its scripts are, and the article among them that is its own.

Of 1,171 real pages with JSON-LD 29 fail a strict parser: 13 for control characters within a text, 15 for a trailing
comma, text after the end, a stray backslash, or a comment or CDATA section around the script.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import Any

from scraper.reading.page_address import is_same_article, is_site_root, resolve
from scraper.reading.titles import agree
from storage.text.sanitize import clean_text

MAX_SCRIPTS = 50
MAX_SCRIPT_LENGTH = 2_000_000
"""Characters of a longer script are not read."""
MAX_ITEMS = 5_000
"""Maximum objects walked on one page."""
MAX_DEPTH = 12
"""Maximum levels of objects and lists walked within each other."""
MAX_TRAILS = 10
"""Maximum trails of breadcrumbs of one page."""
MAX_ADDRESSES = 10
"""Maximum addresses of one item that are compared."""
MAX_ARTICLES = 100
"""Maximum articles of one page that are compared with it."""
MAX_VALUES = 50
"""Maximum values of one property."""

Item = Mapping[str, Any]

_DECODER = json.JSONDecoder(strict=False)
# Comments and CDATA sections around a script, each perhaps behind the comment sign of JavaScript.
_WRAP_START = re.compile(r"(?://|/\*)?\s*(?:<!\[CDATA\[|<!--)\s*(?:\*/|//)?", re.IGNORECASE)
_BEFORE = "\ufeff;\xa0 \t\r\n"
_STRING_OR_FAULT = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|,(?=\s*[,}\]])|/\*.{0,1000}?\*/', re.DOTALL)
_STRAY_BACKSLASH = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')

_ARTICLE_TYPE_NAMES = (
    "article newsarticle reportagenewsarticle analysisnewsarticle askpublicnewsarticle backgroundnewsarticle"
    " opinionnewsarticle reviewnewsarticle satiricalarticle advertisercontentarticle blogposting liveblogposting"
    " techarticle scholarlyarticle medicalscholarlyarticle report socialmediaposting discussionforumposting"
    " liveblog blogpost news"
)
_ARTICLE_TYPES = frozenset(_ARTICLE_TYPE_NAMES.split())
"""Types of schema.org whose title, date and authors may be those of the page, in lower case."""

_SITE_TYPES = frozenset({"organization", "newsmediaorganization", "website", "corporation"})

_ADDRESS = re.compile(r"https?://|/", re.IGNORECASE)  # a mere fragment or "true" is none

_OWN_PROPERTIES = ("@graph", "mainEntity", "mainEntityOfPage", "@reverse", "itemReviewed")
"""Properties that lead from a page to its article; articles of all others are related ones."""


def read_items(scripts: Iterable[str]) -> Iterator[Any]:
    """Yield the values of JSON-LD scripts; what cannot be repaired is skipped. Never raises."""
    for _, script in zip(range(MAX_SCRIPTS), scripts, strict=False):
        if len(script) <= MAX_SCRIPT_LENGTH:
            yield from _values(script)


def _values(script: str) -> Iterator[Any]:
    """Yield the values of a script, which may have several, one after another, and text after the last."""
    script = script.lstrip(_BEFORE)
    start = _WRAP_START.match(script)
    text = script[start.end() if start else 0 :].lstrip(_BEFORE)
    for _ in range(MAX_SCRIPTS):
        if not text.startswith(("{", "[")):
            return
        found = next((decoded for one in _repaired(text) if (decoded := _decode(one)) is not None), None)
        if found is None:
            return
        yield found[0]
        text = found[1].lstrip(";, \t\r\n")


def _repaired(text: str) -> Iterator[str]:
    """Yield a script as it is, then with more and more repairs."""
    yield text
    repaired = _STRING_OR_FAULT.sub(lambda found: _mended(found[0]), text)
    yield repaired
    if "&quot;" in text:
        yield html.unescape(text)


def _mended(token: str) -> str:
    if not token.startswith('"'):
        return ""
    return _STRAY_BACKSLASH.sub(lambda found: found[0] if found[1] else r"\\", token) if "\\" in token else token


def _decode(text: str) -> tuple[Any, str] | None:
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):  # malformed or malicious
        return None
    return value, text[end:]


def text_of(value: Any) -> str:
    """Return the text of a value: a string, the name of an item, or the first of a list."""
    return next(texts_of(value), "")


def texts_of(value: Any) -> Iterator[str]:
    """Yield the texts of a value: strings, or the names of items, one or a list of them."""
    for one in _listed(value):
        name = (one.get("name") or one.get("@value")) if isinstance(one, dict) else one
        for text in _listed(name):
            if isinstance(text, str) and (cleaned := clean_text(html.unescape(text))):
                yield cleaned


def addresses_of(value: Any) -> Iterator[str]:
    """Yield the addresses of a value: strings, or the `url` or `@id` of items, one or a list of them."""
    for one in _listed(value):
        for key in ("url", "contentUrl", "@id") if isinstance(one, dict) else ("",):
            address = one.get(key) if key else one
            for text in _listed(address):
                if isinstance(text, str) and text.strip():
                    yield text.strip()


def types_of(item: Item) -> tuple[str, ...]:
    """Return the types of an item in lower case, without the address of the vocabulary."""
    return tuple(
        re.split(r"[/#:]", one.strip())[-1].lower() for one in _listed(item.get("@type")) if isinstance(one, str)
    )


def is_article(item: Item) -> bool:
    """Return whether an item is of an article-like type, and of no type of something within an article."""
    return not _ARTICLE_TYPES.isdisjoint(types_of(item))


def _listed(value: Any) -> Sequence[Any]:
    """Return a value as a list, as JSON-LD allows either."""
    return value[:MAX_VALUES] if isinstance(value, list) else () if value is None else (value,)


class LinkedData:
    """Items of a page in JSON-LD, with references by `@id` resolved."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._by_id: dict[str, Item] = {}
        self.items: list[tuple[Item, bool]] = []  # with whether it stands for the page, and is no related item
        self._parts: set[int] = set()  # ids of items within an article: its comments, videos, live updates
        self._walk(list(values))

    def _walk(self, values: list[Any]) -> None:
        stack = [(value, 0, True, False) for value in reversed(values)]
        while stack and len(self.items) < MAX_ITEMS:
            value, depth, is_own, is_part = stack.pop()
            if depth > MAX_DEPTH:
                continue
            if isinstance(value, list):
                stack.extend((one, depth + 1, is_own, is_part) for one in reversed(value))
            elif isinstance(value, dict):
                self._add(value, is_own=is_own, is_part=is_part)
                is_part = is_part or is_article(value)
                for key, one in reversed(value.items()):
                    if isinstance(one, dict | list):
                        stack.append((one, depth + 1, is_own and key in _OWN_PROPERTIES, is_part))

    def _add(self, item: Item, *, is_own: bool, is_part: bool) -> None:
        self.items.append((item, is_own))
        if is_part:
            self._parts.add(id(item))
        name = item.get("@id")
        if isinstance(name, str) and len(item) > len(self._by_id.get(name, ())):
            self._by_id[name] = item

    def resolve(self, value: Any) -> list[Any]:
        """Return the values of a property as a list, each mere reference replaced by the item that it names."""
        return [self._resolved(one) for one in _listed(value)]

    def _resolved(self, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(name := value.get("@id"), str) and "name" not in value:
            return self._by_id.get(name, value)
        return value

    def of_types(self, *names: str) -> Iterator[Item]:
        """Yield the items of any of the types, named in lower case."""
        return (item for item, _ in self.items if not set(names).isdisjoint(types_of(item)))

    @cached_property
    def site_names(self) -> tuple[str, ...]:
        """Return the names of publishers, organizations and web sites."""
        publishers = (one for item, _ in self.items for one in self.resolve(item.get("publisher")))
        organizations = (
            item for item, is_own in self.items if is_own and _SITE_TYPES.issuperset(types_of(item) or "-")
        )
        found = (name for item in (*publishers, *organizations) for name in texts_of(item))
        return tuple(dict.fromkeys(name for name in islice(found, MAX_VALUES) if "://" not in name))

    @cached_property
    def breadcrumbs(self) -> tuple[tuple[str, str], ...]:
        """Return name and address of each step of the longest trail of breadcrumbs, from the home page down."""
        trails = [self._trail(item) for item in islice(self.of_types("breadcrumblist"), MAX_TRAILS)]
        return max(trails, key=len, default=())

    def _trail(self, item: Item) -> tuple[tuple[str, str], ...]:
        steps = [one for one in _listed(item.get("itemListElement")) if isinstance(one, dict)]
        crumbs = []
        for step in sorted(steps, key=_position):
            target = self.resolve(step.get("item"))
            name = text_of(step) or text_of([one for one in target if isinstance(one, dict)])
            crumbs.append((name, next(addresses_of(target), "")))
        return tuple(crumb for crumb in crumbs if crumb[0])

    def articles(self, urls: Collection[str], headings: Collection[str]) -> tuple[Item, ...]:
        """Return the items that describe the article of the page: by its `urls`, then by its `headings`."""
        found = ((item, is_own) for item, is_own in self.items if is_article(item) and id(item) not in self._parts)
        articles = list(islice(found, MAX_ARTICLES))
        own = [item for item, _ in articles if self._names(item, urls)]
        others = [item for item, is_own in articles if is_own and item not in own]
        confirmed = [item for item in others if any(agree(text_of(item.get("headline")), one) for one in headings)]
        return (*own, *confirmed)

    def only_article(self, urls: Collection[str]) -> Item | None:
        """Return the only article, if it has no address that could tell whether it is that of the page."""
        articles = [item for item, is_own in self.items if is_own and is_article(item)]
        return articles[0] if len(articles) == 1 and not self._addresses(articles[0], urls) else None

    def _names(self, item: Item, urls: Collection[str]) -> bool:
        addresses = self._addresses(item, urls)
        return any(is_same_article(address, url, any_host=True) for address in addresses for url in urls)

    @staticmethod
    def _addresses(item: Item, urls: Collection[str]) -> list[str]:
        """Return the addresses of an item; that of a home page says nothing."""
        values = (item.get(name) for name in ("url", "mainEntityOfPage", "@id"))
        base = next(iter(urls), "")
        stated = (address for value in values for address in addresses_of(value) if _ADDRESS.match(address))
        found = (resolve(address, base) for address in stated)
        return [
            address for address in islice(found, MAX_ADDRESSES) if address is not None and not is_site_root(address)
        ]


def _position(step: Item) -> float:
    try:
        return float(step.get("position", 0))
    except (TypeError, ValueError):
        return 0.0
