"""Write the declaration of a source as TOML."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from scraper.declarations.channel_tables import channel_as_table
from scraper.declarations.page_tables import page_as_table
from scraper.source import DEFAULT_PER_DAY, Identity, Source
from storage.config.toml_text import as_toml, toml_key


def source_as_toml(source: Source) -> str:
    """Return the declaration of a source as a file of `sources.d`; keys that have their defaults are left out."""
    return "\n".join(_lines(source)) + "\n"


def _lines(source: Source) -> Iterator[str]:
    table: dict[str, Any] = {
        "home": source.base_url,
        "title": source.title if source.title != source.name else None,
        "language": source.default_language,
        "timezone": source.timezone,
        "terms": source.terms or None,
        "article": source.article_path,
        "exclude": list(source.excluded_paths) or None,
        "identity": source.identity.value if source.identity is not Identity.PATH else None,
        "languages": dict(source.language_codes) or list(source.languages) or None,
        "per_day": _number(source.per_day) if source.per_day != DEFAULT_PER_DAY else None,
        "user_agent": source.user_agent,
        "render": source.render or None,
    }
    yield from _assignments(table)
    for name, labels in source.section_names.items():
        yield f"sections.{toml_key(name)} = {as_toml(sorted(labels))}"
    if source.sections and not source.section_names:
        yield f"sections = {as_toml(list(source.sections))}"
    if source.page_class is not None:
        yield f"# its pages are parsed by {source.page_class.__name__}, which a declaration cannot name"
    for channel in source.channels:
        yield ""
        yield "[[channels]]"
        yield from _assignments(channel_as_table(channel, source.teasers))
    page = page_as_table(source.page, source.views)
    if page:
        yield ""
        yield "[page]"
        yield from _assignments(page)


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _assignments(table: Mapping[str, Any]) -> Iterator[str]:
    for name, value in table.items():
        if value is not None:
            yield f"{toml_key(name)} = {_value(name, value)}"


def _value(name: str, value: Any) -> str:
    """Format a value; a regular expression as a literal string, which needs no escapes."""
    if name == "article" and "'" not in value and value.isprintable():
        return f"'{value}'"
    return as_toml(value)
