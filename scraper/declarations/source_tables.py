"""Make a Source of its declaration in TOML.

Everything is validated; only home, language, time zone and one channel are required.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from scraper.declarations.channel_tables import parse_channels
from scraper.declarations.declared_table import (
    DeclaredTable,
    language_code,
    nonempty_text,
    pattern,
    positive,
    texts,
)
from scraper.declarations.new_source import new_name, user_agent
from scraper.declarations.page_tables import parse_page, parse_views
from scraper.parsing.source_urls import SourceUrls
from scraper.source import DEFAULT_PER_DAY, Identity, Source, addresses
from storage.config.parsers import boolean, choice, timezone_name
from storage.config.source_files import SourceTable
from storage.config.toml_text import short_value
from storage.model.errors import ConfigError
from storage.model.urls import origin
from storage.text.section_names import normalize_section

T = TypeVar("T")

KEYS = (
    *("home", "title", "language", "timezone", "channels", "terms", "article", "exclude", "identity", "languages"),
    *("sections", "per_day", "user_agent", "render", "page"),
)
"""Keys of a declaration, besides the settings that may stand in the same table."""

SETTINGS_KEYS = ("base_url", "interval", "cron", "min_interval", "max_interval")


def parse_source(declared: SourceTable) -> Source:
    """Make the source of a declaration. Raises ConfigError that names the file and the key."""
    if declared.problem is not None:
        raise ConfigError(declared.problem)
    try:
        new_name(declared.name)
    except ValueError as error:
        raise ConfigError(f"{declared.file}: {declared.name!r} {error}") from error
    table = DeclaredTable(declared.values, declared.file, declared.prefix)
    known = {*KEYS, *SETTINGS_KEYS}
    if not known >= set(table.values):
        table.refuse_unknown(*KEYS, *SETTINGS_KEYS)
    names = _section_names(table)
    article = table.parsed("article", pattern("language", "id"), None)
    identity = Identity(table.parsed("identity", choice(*Identity), "path"))
    if identity is Identity.ID and "(?P<id>" not in (article or ""):
        raise table.error("identity", '"id" needs article with a group (?P<id>…) around the number of the article')
    source = Source(
        name=declared.name,
        base_url=table.required("home", _home, '"https://news.example.net"'),
        title=table.parsed("title", nonempty_text, declared.name),
        default_language=table.required("language", language_code, '"en"'),
        timezone=table.required("timezone", _timezone, '"Asia/Baku"'),
        channels=parse_channels(table),
        terms=table.parsed("terms", nonempty_text, ""),
        article_path=article,
        excluded_paths=table.parsed("exclude", _patterns, ()),
        identity=identity,
        language_codes=_language_codes(table),
        section_names=names,
        sections=tuple(names),
        per_day=table.parsed("per_day", positive, DEFAULT_PER_DAY),
        user_agent=table.parsed("user_agent", user_agent, None),
        render=table.parsed("render", boolean, False),
        page=parse_page(table.table("page")),
        views=parse_views(table.table("page")),
    )
    _check_channels(source, table)
    _check_views(source, table)
    return source


def _check_channels(source: Source, table: DeclaredTable) -> None:
    urls = SourceUrls(source)
    for number, channel in enumerate(source.channels, 1):
        try:
            for address in addresses(channel):
                urls.channel_url(address)
        except ConfigError as error:
            raise table.error(f"channels[{number}]", str(error)) from error


def _check_views(source: Source, table: DeclaredTable) -> None:
    """Refuse an address of view counts that needs an id no article has, or that cannot be requested."""
    if source.views is None:
        return
    if "{id}" in source.views.address and "(?P<id>" not in (source.article_path or ""):
        problem = "{id} needs article with a group (?P<id>…) around the number of the article"
        raise table.error("page.views.json", problem)
    try:
        SourceUrls(source).channel_url(source.views.address)
    except ConfigError as error:
        problem = f"must be a path or an http(s) address; it is {short_value(source.views.address)}"
        raise table.error("page.views.json", problem) from error


def _home(value: Any) -> str:
    text = nonempty_text(value).removesuffix("/")
    if origin(text) is None or re.fullmatch(r"https?://[^/?#\\]+", text, re.IGNORECASE) is None:
        raise ValueError("must be scheme and host only, such as https://news.example.net")
    return text


def _timezone(value: Any) -> str:
    name = timezone_name(nonempty_text(value))
    assert name is not None
    return name


def _patterns(value: Any) -> tuple[str, ...]:
    return tuple(map(pattern(), texts(value)))


def _section_names(table: DeclaredTable) -> dict[str, frozenset[str]]:
    """Parse `sections.NAME = [labels and slugs]`; its own name is one of them."""
    sections = table.table("sections")
    if sections is None:
        return {}
    named = {name: sections.required(name, texts, '["politics"]') for name in sections.values}
    return {
        normalize_section(name): frozenset(map(normalize_section, (name, *labels))) for name, labels in named.items()
    }


def _language_codes(table: DeclaredTable) -> dict[str, str]:
    """Parse `languages = { rus = "ru" }`: the code of each text that the group `language` of `article` matches."""
    codes = table.table("languages")
    if codes is None:
        return {}
    if "(?P<language>" not in table.values.get("article", ""):
        raise table.error("languages", "needs article with a group (?P<language>…)")
    return {text: codes.required(text, language_code, '"en"') for text in codes.values}
