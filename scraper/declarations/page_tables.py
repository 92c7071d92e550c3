"""Make the selectors of article pages of the table `page`, and the address of view counts that are kept in JSON."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any

from scraper.declarations.declared_table import DeclaredTable, nonempty_text, pattern
from scraper.parsing.json_paths import parse_json_path
from scraper.selectors import parse_selector
from scraper.source import JsonViews, PageSelectors, Selectors

PATTERN_KEYS = ("drop_lines", "no_image")
"""Keys whose values are regular expressions; all others are selectors."""

PAGE_KEYS = tuple(row.name for row in fields(PageSelectors))

PLACEHOLDERS = ("id", "path", "url")
"""Names in braces that stand for a part of the article's address."""


def parse_page(table: DeclaredTable | None) -> PageSelectors:
    """Parse the table `page` of a declaration; None: no selectors. Raises ConfigError that names file and key."""
    if table is None:
        return PageSelectors()
    table.refuse_unknown(*PAGE_KEYS)
    values: dict[str, Any] = {
        name: table.parsed(name, pattern() if name in PATTERN_KEYS else selectors, None)
        for name in PAGE_KEYS
        if name in table.values and not (name == "views" and _is_json(table))
    }
    return PageSelectors(**values)


def parse_views(table: DeclaredTable | None) -> JsonViews | None:
    """Parse `views = { json = "/api/{id}", path = "views" }`; None for a selector, or no views.

    Raises ConfigError that names file and key.
    """
    views = table.table("views") if table is not None and _is_json(table) else None
    if views is None:
        return None
    views.refuse_unknown("json", "path")
    return JsonViews(address=views.required("json", _address, '"/api/{id}"'), path=views.parsed("path", json_path, ""))


def _is_json(table: DeclaredTable) -> bool:
    views = table.values.get("views")
    return isinstance(views, dict) and "select" not in views


def _address(value: Any) -> str:
    text = nonempty_text(value)
    names = re.findall(r"\{(\w*)\}", text)
    known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
    if not names:
        raise ValueError(f"must have one of {known}: each article has a count of its own")
    for name in names:
        if name not in PLACEHOLDERS:
            raise ValueError(f"has {{{name}}}; known here: {known}")
    return text


def json_path(value: Any) -> str:
    """Parse the path of a value in a JSON document. Raises ValueError."""
    text = nonempty_text(value)
    parse_json_path(text)
    return text


def selectors(value: Any) -> Selectors:
    """Parse a selector, or a list of them: the first that yields a valid value counts; an inner list is joined.

    A table `{ select = "…" }` is the selector in it. Raises ValueError.
    """
    if isinstance(value, dict):
        if value.keys() != {"select"}:
            raise ValueError('must be a selector, or { select = "span.views" }')
        value = value["select"]
    if isinstance(value, str):
        return (selector(value),)
    if not isinstance(value, list) or not value:
        raise ValueError("must be a selector in quotation marks, or a list of them")
    return tuple(tuple(map(selector, one)) if isinstance(one, list) and one else selector(one) for one in value)


def selector(value: Any) -> str:
    """Parse one selector: CSS, with a trailing `@attribute` for an attribute's value. Raises ValueError."""
    text = nonempty_text(value)
    parse_selector(text)
    return text


def page_as_table(page: PageSelectors, views: JsonViews | None = None) -> dict[str, Any]:
    """Return the table `page` of a declaration; empty without selectors and views."""
    table: dict[str, Any] = {}
    for name in PAGE_KEYS:
        value = getattr(page, name)
        if name in PATTERN_KEYS and value is not None:
            table[name] = value
        elif name not in PATTERN_KEYS and value:
            table[name] = value[0] if len(value) == 1 and isinstance(value[0], str) else _as_list(value)
    if views is not None:
        table["views"] = {"json": views.address} | ({"path": views.path} if views.path else {})
    return table


def _as_list(value: Selectors) -> list[Any]:
    return [list(one) if isinstance(one, tuple) else one for one in value]
