"""A report in words: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from storage.events import Event
from storage.giving import plain_table
from storage.lists import UTC_NOTE, credit, stamp
from storage.printable import safe
from storage.report import Day, Missing, Report, titled
from storage.tabular import markdown_pieces, plain

Rows = list[dict[str, Any]]
AS_READ = (
    "Coverage is the share of looks at the sources that succeeded: where it falls, fewer articles are no less news."
)


def text_lines(report: Report, columns_wide: int) -> Iterator[str]:
    """For a terminal."""
    yield _heading(report)
    for title, rows, nothing in _parts(report):
        yield ""
        yield title
        yield from plain_table(rows, list(rows[0]), columns_wide) if rows else [f"  {nothing}"]
    yield ""
    yield AS_READ
    yield from map(safe, _credits(report))
    yield UTC_NOTE


def markdown_lines(report: Report) -> Iterator[str]:
    """As a page."""
    yield f"# {_heading(report)}"
    for title, rows, nothing in _parts(report):
        yield f"\n## {title}\n"
        yield "".join(markdown_pieces(rows, list(rows[0]))).rstrip() if rows else nothing
    yield f"\n{AS_READ}"
    yield from (f"\n{plain(line)}" for line in _credits(report))
    yield f"\n{UTC_NOTE}"


def _heading(report: Report) -> str:
    return f"{report.article_count} articles from {stamp(report.since)} to {stamp(report.until)} UTC"


def _parts(report: Report) -> Iterator[tuple[str, Rows, str]]:
    """Title and rows of each part, and what stands there if there are none."""
    yield "By day and section", [_day(day) for day in report.days], "no days"
    yield "Most read", [_read(article) for article in report.most_read], "no views were counted"
    edited = [{"edits": one.revision_count, **_read(one.article)} for one in report.most_edited]
    yield "Most edited", edited, "nothing was edited"
    yield "Sources silent, failing or misread", _told(report.trouble), "none"
    yield "Gaps", _told(report.gaps), "none"
    yield "Fields missing", [_missing(one) for one in report.missing], "none"


def _day(day: Day) -> dict[str, Any]:
    ranked = sorted(day.by_section.items(), key=lambda item: (-item[1], item[0] or ""))
    sections = ", ".join(f"{section or 'no section'} {number}" for section, number in ranked)
    looks = f"{day.succeeded_looks} of {day.looks}" if day.looks else "none"
    coverage = "-" if day.coverage is None else f"{day.coverage:.0%}"
    return {
        "day": day.day,
        "articles": day.article_count,
        "good looks": looks,
        "coverage": coverage,
        "sections": sections or "-",
    }


def _read(article: Any) -> dict[str, Any]:
    facts = {"views": article.view_count, "published": stamp(article.published_at, article.published_precision)}
    return {**facts, "source": article.source, "title": article.title, "url": article.url}


def _missing(one: Missing) -> dict[str, Any]:
    return {"source": one.source, "field": one.field, "missing": f"{one.article_count} of {one.of}"}


def _told(events: Sequence[Event]) -> Rows:
    return [
        {
            "source": event.source,
            "what": event.kind,
            "from": stamp(event.opened_at),
            "to": stamp(event.closed_at) if event.closed_at else "open",
            "about": "; ".join((event.subject, *titled(event.details))),
        }
        for event in events
    ]


def _credits(report: Report) -> Iterator[str]:
    shown = [*report.most_read, *(one.article for one in report.most_edited)]
    whose = {article.source: credit(article.source_title, article.source, article.terms) for article in shown}
    return iter(whose.values())
