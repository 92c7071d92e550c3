"""Read and write subscriptions in OPML 2.0 (http://opml.org/spec2.opml), by which feed readers exchange feeds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.sax.saxutils import quoteattr

from lxml import etree
from lxml.etree import _Element

from scraper.parsing.source_urls import is_full_url
from scraper.source import Feed, Source
from storage.model.errors import ConfigError
from storage.model.urls import MAX_URL_LENGTH, host_of, is_public_name, origin, request_url
from storage.text.sanitize import clean_text

MAX_OUTLINES = 10_000
"""Maximum outlines of a file that are read."""

MIN_TITLE = 4
"""Characters that the titles of several feeds share at least, to be a name and not an article."""
MAX_HOST_LENGTH = 300
"""Characters of scheme and host, which are not longer (RFC 1035 §2.3.4)."""

_SEPARATORS = " -–—|:·»/,"

_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]{2,8})*")


class ImportedSite(NamedTuple):
    """Source of a site whose feeds an OPML file lists, and whether the file states its language."""

    source: Source
    has_language: bool


def read_opml(
    document: bytes, *, language: str, timezone: str, known: Mapping[str, Source], taken: Iterable[str] = ()
) -> tuple[list[ImportedSite], list[str]]:
    """Make a source of each site whose feeds an OPML file lists; return them, and a line for each feed left out.

    `language` is that of sites that state none; `taken` are names that no source may get, besides those that are known.
    Raises ConfigError for another document.
    """
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True)
    try:
        root = etree.fromstring(document, parser) if document.strip() else None
    except etree.XMLSyntaxError:
        root = None
    if root is None or root.tag != "opml":
        raise ConfigError("the file is no OPML: its first element is not <opml>")
    feeds: dict[str, list[_FeedRow]] = {}
    refused: list[str] = []
    homes = {site_of(source.base_url) for source in known.values()}
    for outline in list(root.iter("outline"))[:MAX_OUTLINES]:
        row = _row(outline)
        if row is None:
            continue
        if (reason := _refusal(row, homes)) is not None:
            refused.append(f"{row.url[:200]}: {reason}")
        else:
            feeds.setdefault(_site_of_row(row) or "", []).append(row)
    names = {*known, *taken}
    sites = []
    for rows in feeds.values():
        stated = next((row.language for row in rows if _LANGUAGE.fullmatch(row.language)), None)
        sites.append(ImportedSite(_source(rows, stated or language, timezone, names), stated is not None))
        names.add(sites[-1].source.name)
    return sites, refused


class _FeedRow(NamedTuple):
    url: str
    site: str
    title: str
    language: str


def _row(outline: _Element) -> _FeedRow | None:
    try:
        values = {
            name: (outline.get(name) or "").strip() for name in ("xmlUrl", "htmlUrl", "title", "text", "language")
        }
    except UnicodeDecodeError:  # lxml keeps references to characters that are none
        return None
    if not values["xmlUrl"]:
        return None
    title = clean_text(values["title"] or values["text"])[:100]
    feed, site = (str(request_url(values[name]) or values[name]) for name in ("xmlUrl", "htmlUrl"))
    return _FeedRow(feed, site, title, values["language"].lower())


def _refusal(row: _FeedRow, homes: set[str | None]) -> str | None:
    """Return why a feed cannot be declared; None if it can."""
    if site_of(row.url) is None:
        return "not an http(s) address"
    if len(row.url) > MAX_URL_LENGTH - MAX_HOST_LENGTH:
        return "its address is too long"
    site = _site_of_row(row)
    if site != site_of(row.url) and not is_public_name(host_of(row.url) or ""):
        return f"the feed is in a private network, and its site, {site}, is not"
    return f"a source of {site} is declared already" if site in homes else None


def _site_of_row(row: _FeedRow) -> str | None:
    """Return the site that a feed is of: that of its articles, or its own if the file does not say."""
    return site_of(row.site) or site_of(row.url)


def site_of(url: str) -> str | None:
    """Return the site of a URL: its host without `www.`, and its port if that is no default one.

    None if it is no http(s) URL. http and https are one site.
    """
    found = origin(url)
    return None if found is None else found.host if found.port is None else f"{found.host}:{found.port}"


def _source(rows: list[_FeedRow], language: str, timezone: str, taken: Iterable[str]) -> Source:
    site = _site_of_row(rows[0])
    addresses = (address for row in rows for address in (row.url, row.site) if site_of(address) == site)
    url = next(addresses)
    split = urlsplit(url)
    name = source_name(url, taken)
    channels = [_path(row.url) if site_of(row.url) == site else row.url.partition("#")[0] for row in rows]
    return Source(
        name=name,
        title=_title(row.title for row in rows) or name,
        base_url=f"{split.scheme.lower()}://{split.netloc}",
        default_language=language,
        timezone=timezone,
        channels=tuple(Feed(path=path) for path in dict.fromkeys(channels)),
    )


def _title(titles: Iterable[str]) -> str:
    """Return the words with which the titles of all feeds of a site begin; empty if they share none."""
    distinct = list(dict.fromkeys(filter(None, titles)))
    if len(distinct) < 2:
        return next(iter(distinct), "")
    shared = takewhile(lambda words: len(set(words)) == 1, zip(*map(str.split, distinct), strict=False))
    title = " ".join(words[0] for words in shared).strip(_SEPARATORS)
    return title if len(title) >= MIN_TITLE else ""


def _path(url: str) -> str:
    split = urlsplit(url)
    return (split.path or "/") + (f"?{split.query}" if split.query else "")


def source_name(url: str, taken: Iterable[str]) -> str:
    """Make the name of a source of its host: the label before the public suffix, with a number if it is taken."""
    found = origin(url)
    host = "source" if found is None else found.host
    labels = re.sub(r"[^a-z0-9.-]", "", host).split(".")
    chosen = [label for label in labels[:-1] if label not in {"com", "co", "org", "net", "news", "gov", "edu"}]
    base = "source" if re.fullmatch(r"[\d.]+", host) else (chosen or labels)[-1] or "source"
    names = {*taken}
    return next(name for n in range(1, len(names) + 2) if (name := base if n == 1 else f"{base}{n}") not in names)


def write_opml(sources: Iterable[Source]) -> str:
    """Write the feeds of sources as OPML."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<opml version="2.0">']
    lines += ["  <head><title>Presswatch sources</title></head>", "  <body>"]
    for source in sources:
        for channel in source.channels:
            if isinstance(channel, Feed):
                full = channel.path if is_full_url(channel.path) else f"{source.base_url}/{channel.path.lstrip('/')}"
                lines.append(
                    f'    <outline type="rss" text={quoteattr(source.title)} title={quoteattr(source.title)} '
                    f"xmlUrl={quoteattr(full)} htmlUrl={quoteattr(source.base_url)}/>"
                )
    return "\n".join([*lines, "  </body>", "</opml>", ""])
