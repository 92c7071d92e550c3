"""Make channels of their tables: feeds, sitemaps, listing pages and JSON lists."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from scraper.declarations.declared_table import DeclaredTable, language_code, nonempty_text
from scraper.declarations.page_tables import json_path, selector
from scraper.source import Channel, Feed, JsonItems, JsonList, ListingPage, Paging, Sitemap, TeaserSelectors
from storage.config.parsers import CHANNEL_KINDS, int_between
from storage.model.errors import ConfigError

MAX_PAGES = 1_000
"""Maximum pages of a list that a declaration may ask for."""

_PAGES = int_between(1, MAX_PAGES)
_NUMBER = int_between(0, 1_000_000)
_CARD_KEYS = ("card", "link", "title", "date", "section", "section_link", "views")
_ITEM_KEYS = ("items", "url", "title", "date", "section", "views")


def parse_channels(table: DeclaredTable, key: str = "channels") -> tuple[Channel, ...]:
    """Parse a list of channels. Raises ConfigError that names the file and the key."""
    if key not in table.values:
        raise ConfigError(
            f'{table.file}: {table.prefix}{key} is missing; write [[{table.prefix}{key}]] and feed = "/rss.xml" below'
        )
    return tuple(map(_parse_channel, table.tables(key)))


def channels_of_settings(rows: Sequence[Mapping[str, Any]], *, file: str, source: str) -> tuple[Channel, ...]:
    """Parse the channels of the settings of a source. Raises ConfigError that names the file and the key."""
    return parse_channels(DeclaredTable({"channels": list(rows)}, file, f"sources.{source}."))


def channel_path(row: Mapping[str, Any]) -> str:
    """Return the path or URL of a channel as it is written."""
    return next(str(row[kind]) for kind in CHANNEL_KINDS if kind in row)


def _parse_channel(table: DeclaredTable) -> Channel:
    kinds = [kind for kind in CHANNEL_KINDS if kind in table.values]
    if len(kinds) != 1:
        found = f"has {' and '.join(kinds)}" if kinds else "has none of them"
        where = f"{table.file}: {table.prefix.removesuffix('.')}"
        raise ConfigError(f"{where}: must have one of {', '.join(CHANNEL_KINDS)}; it {found}")
    path = table.required(kinds[0], nonempty_text, '"/rss.xml"')
    language = table.parsed("language", language_code, None)
    match kinds[0]:
        case "feed":
            table.refuse_unknown("feed", "language")
            return Feed(path=path, language=language)
        case "sitemap":
            table.refuse_unknown("sitemap", "language")
            return Sitemap(path=path, language=language)
        case "json":
            table.refuse_unknown("json", "language", *_ITEM_KEYS, "from", "most")
            first, most = table.parsed("from", _NUMBER, 1), table.parsed("most", _PAGES, None)
            return JsonList(path=path, language=language, items=_items(table), first=first, most=most)
        case _:
            table.refuse_unknown("list", "language", *_CARD_KEYS, "next", "paging")
            return ListingPage(path=path, language=language, teasers=_teasers(table), paging=_paging(table, path))


def _teasers(table: DeclaredTable) -> TeaserSelectors | None:
    """Return the selectors of the cards; None if no card is selected."""
    if "card" not in table.values:
        for key in _CARD_KEYS[1:]:
            if key in table.values:
                raise table.error(key, "needs card, the selector of one article in the list")
        return None
    return TeaserSelectors(
        card=table.required("card", selector, '"article"'),
        link=table.parsed("link", selector, "a"),
        title=table.parsed("title", selector, None),
        section_label=table.parsed("section", selector, None),
        section_link=table.parsed("section_link", selector, None),
        views=table.parsed("views", selector, None),
        published=table.parsed("date", selector, None),
    )


def _paging(table: DeclaredTable, path: str) -> Paging | None:
    """Parse `next`, or the older `paging = "?page={page}"`."""
    suffix = table.parsed("paging", _paged_text, None)
    further = table.table("next")
    if further is None:
        return None if suffix is None else Paging(suffix=suffix)
    if suffix is not None:
        raise table.error("paging", "cannot stand beside next")
    ways = [way for way in ("query", "path", "link", "json") if way in further.values]
    if len(ways) != 1:
        raise table.error("next", 'must have one of query, path, link, json, such as { query = "page", most = 5 }')
    most = further.parsed("most", _PAGES, None)
    match ways[0]:
        case "query":
            further.refuse_unknown("query", "from", "most")
            name = further.required("query", nonempty_text, '"page"')
            suffix = f"{'&' if '?' in path else '?'}{name}={{page}}"
            return Paging(suffix=suffix, first=further.parsed("from", _NUMBER, 2), most=most)
        case "path":
            further.refuse_unknown("path", "from", "most")
            suffix = further.required("path", _paged_text, '"page/{page}/"')
            return Paging(suffix=suffix, first=further.parsed("from", _NUMBER, 2), most=most)
        case "link":
            further.refuse_unknown("link", "most")
            return Paging(link=further.required("link", selector, '"a.next"'), most=most)
        case _:
            further.refuse_unknown("json", *_ITEM_KEYS, "from", "most")
            path = further.required("json", _paged_text, '"/more?page={page}"')
            first = further.parsed("from", _NUMBER, 2)
            return Paging(json=path, items=_items(further), first=first, most=most)


def _items(table: DeclaredTable) -> JsonItems:
    return JsonItems(
        items=table.required("items", json_path, '"items[*]"'),
        url=table.required("url", json_path, '"url"'),
        title=table.parsed("title", json_path, None),
        published=table.parsed("date", json_path, None),
        section=table.parsed("section", json_path, None),
        views=table.parsed("views", json_path, None),
    )


def _paged_text(value: Any) -> str:
    text = nonempty_text(value)
    if "{page}" not in text:
        raise ValueError("must have {page} where the number of the page stands")
    return text


def channel_as_table(channel: Channel, teasers: TeaserSelectors | None = None) -> dict[str, Any]:
    """Return the table of a channel, as it is written in a declaration; `teasers` are those of its source."""
    table: dict[str, Any]
    match channel:
        case Feed():
            table = {"feed": channel.path, "language": channel.language}
        case Sitemap():
            table = {"sitemap": channel.path, "language": channel.language}
        case JsonList():
            table = {"json": channel.path, "language": channel.language, **_item_table(channel.items)}
            table |= {"from": channel.first if channel.first != 1 else None, "most": channel.most}
        case ListingPage():
            table = {"list": channel.path, "language": channel.language}
            table |= _card_table(channel.teasers or teasers) | _next_table(channel.paging, channel.path)
    return {name: value for name, value in table.items() if value is not None}


def _item_table(items: JsonItems) -> dict[str, Any]:
    return {
        "items": items.items,
        "url": items.url,
        "title": items.title,
        "date": items.published,
        "section": items.section,
        "views": items.views,
    }


def _card_table(teasers: TeaserSelectors | None) -> dict[str, Any]:
    if teasers is None:
        return {}
    return {
        "card": teasers.card,
        "link": teasers.link,
        "title": teasers.title,
        "date": teasers.published,
        "section": teasers.section_label,
        "section_link": teasers.section_link,
        "views": teasers.views,
    }


def _next_table(paging: Paging | None, path: str) -> dict[str, Any]:
    if paging is None:
        return {}
    first = paging.first if paging.first != Paging().first else None
    query = re.fullmatch(rf"{'&' if '?' in path else '[?]'}([^&=]+)={{page}}", paging.suffix or "")
    ways = {"query": query[1]} if query else {"path": paging.suffix}
    table = ways | {"link": paging.link, "json": paging.json, "from": first, "most": paging.most}
    if paging.items is not None:
        table |= _item_table(paging.items)
    return {"next": {name: value for name, value in table.items() if value is not None}}
