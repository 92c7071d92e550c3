"""Render a parsed page as text or JSON: fields, their provenance, problems."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from presswatch.output import formats
from scraper.source import Source
from storage.model.records import ParsedPage
from storage.text.sanitize import sanitize

PAGE_LABEL_WIDTH = 20


def as_text(reading: ParsedPage, source: Source) -> str:
    """The fields one below another, the body last."""
    fields = _fields(reading)
    body = fields.pop("body")
    problems = fields.pop("problems")
    lines = [_line(name, value, reading.provenance.get(name)) for name, value in fields.items()]
    lines += [_line("problem", problem, None) for problem in problems] or [_line("problems", "none", None)]
    lines += [
        _line("terms", source.terms, None),
        _line("body", f"{len(body)} characters", reading.provenance.get("body")),
    ]
    return "\n".join([*lines, "", sanitize(body, lines=True)])


def _line(name: str, value: Any, origin: str | None) -> str:
    shown = "-" if value is None or value == "" else ", ".join(value) if isinstance(value, tuple) else str(value)
    return f"{name:<{PAGE_LABEL_WIDTH}}{sanitize(shown)}" + (f"   [{sanitize(origin)}]" if origin else "")


def as_json(reading: ParsedPage, source: Source) -> str:
    """One JSON object: the fields, `origins`, `problems` and the source's terms."""
    record = _fields(reading) | {
        "problems": [asdict(problem) for problem in reading.article.problems],
        "provenance": dict(reading.provenance),
        "source_title": source.title,
        "terms": source.terms,
    }
    return formats.as_json(record, indent=2)


def _fields(reading: ParsedPage) -> dict[str, Any]:
    article = reading.article
    return {name: getattr(article, name) for name in article.__dataclass_fields__}
