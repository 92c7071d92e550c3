"""Render a parsed page as text or JSON: fields, their provenance, problems."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from presswatch.output import formats
from scraper.source import Source
from storage.model.records import ParsedPage
from storage.text.sanitize import sanitize

PAGE_LABEL_WIDTH = 20


def as_text(page: ParsedPage, source: Source) -> str:
    """Render one field per line, the body last."""
    fields = _fields(page)
    body = fields.pop("body")
    problems = fields.pop("problems")
    lines = [_line(name, value, page.provenance.get(name)) for name, value in fields.items()]
    lines += [_line("problem", problem, None) for problem in problems] or [_line("problems", "none", None)]
    lines += [
        _line("terms", source.terms, None),
        _line("body", f"{len(body)} characters", page.provenance.get("body")),
    ]
    return "\n".join([*lines, "", sanitize(body, lines=True)])


def _line(name: str, value: Any, provenance: str | None) -> str:
    text = "-" if value is None or value == "" else ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{name:<{PAGE_LABEL_WIDTH}}{sanitize(text)}" + (f"   [{sanitize(provenance)}]" if provenance else "")


def as_json(page: ParsedPage, source: Source) -> str:
    """Return one JSON object: the fields, `provenance`, `problems` and the terms of the source."""
    record = _fields(page) | {
        "problems": [asdict(problem) for problem in page.article.problems],
        "provenance": dict(page.provenance),
        "source_title": source.title,
        "terms": source.terms,
    }
    return formats.as_json(record, indent=2)


def _fields(page: ParsedPage) -> dict[str, Any]:
    return formats.as_dict(page.article)
