"""Collect the metadata of a page in one pass: meta tags, links, headings, base address, language, JSON-LD."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import islice
from typing import ClassVar
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.text import compact
from scraper.reading.candidates import choose
from scraper.reading.json_ld import Item, LinkedData, read_items, text_of
from scraper.reading.page_address import canonical_candidates, is_same_article, is_site_root
from storage.text.sanitize import clean_text

MAX_ELEMENTS = 2_000
"""Maximum elements of the head that are read; more are no metadata."""
MAX_CONTENT_LENGTH = 20_000
"""Characters of a meta tag that are read."""
MAX_HEADINGS = 20

_NAME_ATTRIBUTES = ("property", "name", "itemprop", "http-equiv")
_OPEN_GRAPH_SITE = ("og:site_name", "application-name", "apple-mobile-web-app-title", "al:ios:app_name", "publisher")


class PageMetadata:
    """Metadata of a page: what its head and its headings state, collected in one pass over the tree."""

    def __init__(self, tree: HtmlTree, url: str) -> None:
        """Collect the metadata of the page at `url`."""
        self.url = url
        self._tree = tree
        self.base_url = tree.base_url(url)
        self.title = ""
        root = tree.root.attributes
        self.lang = clean_text(root.get("lang") or root.get("xml:lang") or "")
        self._metas: dict[str, list[str]] = {}
        self._links: list[tuple[str, str]] = []
        self._scripts: list[str] = []
        for node in tree.statements[:MAX_ELEMENTS]:
            read = self._READERS.get(node.tag or "")
            if read is not None:
                read(self, node)

    def _read_title(self, node: LexborNode) -> None:
        if not self.title and (node.parent is None or node.parent.tag != "svg"):
            self.title = clean_text(node.text()[:MAX_CONTENT_LENGTH])

    def _read_meta(self, node: LexborNode) -> None:
        attributes = node.attributes
        content = clean_text((attributes.get("content") or "")[:MAX_CONTENT_LENGTH])
        if content:
            for key in _NAME_ATTRIBUTES:
                for name in (attributes.get(key) or "").lower().split():
                    self._metas.setdefault(name, []).append(content)

    def _read_link(self, node: LexborNode) -> None:
        href = clean_text(node.attributes.get("href") or "")
        if href:
            self._links += [(rel, href) for rel in (node.attributes.get("rel") or "").lower().split()]

    def _read_script(self, node: LexborNode) -> None:
        kind = (node.attributes.get("type") or "").lower().partition(";")[0].strip()
        if "ld" in kind.replace("+", " ").replace("/", " ").split():
            self._scripts.append(node.text())

    _READERS: ClassVar[Mapping[str, Callable[[PageMetadata, LexborNode], None]]] = {
        "title": _read_title,
        "meta": _read_meta,
        "link": _read_link,
        "script": _read_script,
    }

    @cached_property
    def headings(self) -> list[LexborNode]:
        """Return the first headings of h1."""
        return self._tree.select("h1")[:MAX_HEADINGS]

    def meta(self, *names: str) -> tuple[str, str] | None:
        """Return the content of the first meta tag of these names, and its provenance; None if there is none."""
        return next(self.metas(*names), None)

    def metas(self, *names: str) -> Iterator[tuple[str, str]]:
        """Yield the content of every meta tag of these names, and its provenance, in order of the names."""
        return ((content, f"meta {name}") for name in names for content in self._metas.get(name, ()))

    @property
    def meta_tags(self) -> Mapping[str, Sequence[str]]:
        """Return the contents of meta tags by name, property, itemprop or http-equiv in lower case."""
        return self._metas

    def links(self, rel: str) -> Iterator[tuple[str, str]]:
        """Yield the address of every link of this relation, and its provenance."""
        return ((href, f"link {rel}") for name, href in self._links if name == rel)

    def canonical(self) -> tuple[str, str] | None:
        """Return the address that the page names as its own, as written, and its provenance; None if there is none."""
        return next(iter([*self.links("canonical"), *self.metas("og:url")]), None)

    @cached_property
    def canonical_url(self) -> str | None:
        """Return the canonical address of the article, None if the page names none of the same article and host."""
        hints = [*self.links("canonical"), *self.metas("og:url")]
        chosen = choose(canonical_candidates(hints, self.url, self.base_url), self._is_this_article).chosen
        return None if chosen is None else chosen.value

    def _is_this_article(self, address: str) -> bool:
        return not is_site_root(address) and is_same_article(address, self.url)

    @cached_property
    def linked_data(self) -> LinkedData:
        """Return the items of JSON-LD."""
        return LinkedData(read_items(self._scripts))

    @cached_property
    def articles(self) -> tuple[Item, ...]:
        """Return the items of JSON-LD that describe the article of this page, the one with its address first."""
        if not self._scripts:
            return ()
        only = self.linked_data.only_article([self.url])
        return self.confirmed_articles or ((only,) if only else ())

    @cached_property
    def confirmed_articles(self) -> tuple[Item, ...]:
        """Return those that name the address or a heading of this page."""
        if not self._scripts:
            return ()
        urls = [self.url, *([self.canonical_url] if self.canonical_url else [])]
        return self.linked_data.articles(urls, self.stated_headings)

    @cached_property
    def stated_headings(self) -> tuple[str, ...]:
        """Return the headings of h1, Open Graph and `<title>`."""
        metas = islice(self.metas("og:title", "twitter:title"), MAX_HEADINGS)
        stated = [*(content for content, _ in metas), self.title]
        return tuple(filter(None, (*(clean_text(node.text()) for node in self.headings), *stated)))

    @cached_property
    def site_names(self) -> frozenset[str]:
        """Return the compact names of the site: as stated, and its host with and without top-level domain."""
        host = (urlsplit(self.url).hostname or "").removeprefix("www.")
        labels = [label for label in host.split(".")[:-1] if len(label) > 3]
        stated = (content for content, _ in self.metas(*_OPEN_GRAPH_SITE))
        handles = (content.lstrip("@") for content, _ in self.metas("twitter:site"))
        names = (host, *labels, *stated, *handles, *self.linked_data.site_names)
        return frozenset(filter(None, map(compact, names)))

    def article_texts(self, name: str) -> Iterator[tuple[str, str]]:
        """Yield the first text of a property of each article in JSON-LD, and its provenance."""
        for item in self.articles:
            text = text_of(item.get(name))
            if text:
                yield text, f"JSON-LD {name}"
