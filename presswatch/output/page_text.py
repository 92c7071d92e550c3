"""Render a parsed page as text or JSON: fields, their provenance, problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from presswatch.output import formats
from scraper.source import Source
from storage.model.records import ParsedPage
from storage.text.counts import counted
from storage.text.sanitize import sanitize

PAGE_LABEL_WIDTH = 20


Lost = Mapping[str, Sequence[Mapping[str, str]]]
"""Candidates of each field that were not chosen: `value` and `provenance`."""


def as_text(page: ParsedPage, source: Source, lost: Lost | None = None) -> str:
    """Render one field per line, below it the candidates that were not chosen; the body last."""
    fields = _fields(page)
    body = fields.pop("body")
    problems = fields.pop("problems")
    lines: list[str] = []
    for name, value in fields.items():
        lines.append(_line(name, value, page.provenance.get(name)))
        lines += [_line("  not chosen", one["value"], one["provenance"]) for one in (lost or {}).get(name, ())]
    lines += [_line("problem", problem, None) for problem in problems] or [_line("problems", "none", None)]
    lines += [
        _line("terms", source.terms, None),
        _line("body", counted(len(body), "character"), page.provenance.get("body")),
    ]
    return "\n".join([*lines, "", sanitize(body, lines=True)])


def _line(name: str, value: Any, provenance: str | None) -> str:
    text = "-" if value in (None, "", ()) else ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{name:<{PAGE_LABEL_WIDTH}}{sanitize(text)}" + (f"   [{sanitize(provenance)}]" if provenance else "")


def as_json(page: ParsedPage, source: Source, lost: Lost | None = None) -> str:
    """Return one JSON object: the fields, `provenance`, `not_chosen`, `problems` and the terms of the source."""
    record = _fields(page) | {
        "problems": [asdict(problem) for problem in page.article.problems],
        "provenance": dict(page.provenance),
        "not_chosen": lost or {},
        "source_title": source.title,
        "terms": source.terms,
    }
    return formats.as_json(record, indent=2)


def _fields(page: ParsedPage) -> dict[str, Any]:
    return formats.as_dict(page.article)
