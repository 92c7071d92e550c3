"""Render a report for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import TextWrapper
from typing import Any

from presswatch.output.records import plain_table
from presswatch.output.tables import UTC_NOTE, attribution, credit
from presswatch.output.tsv_markdown import markdown_pieces, plain
from storage.answers import ArticleSummary
from storage.durations import format_time
from storage.events import Event
from storage.printable import safe
from storage.report import Day, Edited, Missing, Report, about

Rows = list[dict[str, Any]]
INDENT = "  "
BELOW = ("url", "about")
AS_READ = (
    "Coverage is the share of looks at the sources that succeeded: where it falls, fewer articles are no less news."
)


def text_lines(report: Report, columns_wide: int) -> Iterator[str]:
    """For a terminal. Addresses stand below the tables, whole: a cut one leads nowhere."""
    yield _heading(report)
    for title, rows, nothing in _parts(report):
        yield ""
        yield title
        yield from _table(rows, columns_wide) if rows else [f"  {nothing}"]
    yield ""
    yield AS_READ
    if shown := _shown(report):
        yield from attribution(shown)
    yield UTC_NOTE


def _table(rows: Rows, columns_wide: int) -> Iterator[str]:
    """The rows without addresses; what an event is about stands whole, below its row."""
    head, *lines = plain_table(rows, [name for name in rows[0] if name not in BELOW], columns_wide)
    yield head
    for row, line in zip(rows, lines, strict=True):
        yield line
        yield from _indented(row.get("about", ""), columns_wide)


def _indented(text: str, columns_wide: int) -> Iterator[str]:
    yield from TextWrapper(
        width=columns_wide,
        initial_indent=INDENT,
        subsequent_indent=INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(safe(text))


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
    return f"{report.article_count} articles from {format_time(report.since)} to {format_time(report.until)} UTC"


def _parts(report: Report) -> Iterator[tuple[str, Rows, str]]:
    """Title and rows of each part, and what stands there if there are none."""
    yield "By day and section", [_day(day) for day in report.days], "no days"
    yield "Most read", [_read(article) for article in report.most_read], "no views were counted"
    edited = [_edited(one) for one in report.most_edited]
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


def _read(article: ArticleSummary) -> dict[str, Any]:
    facts = {
        "id": article.id,
        "views": article.view_count,
        "published": format_time(article.published_at, article.published_precision),
    }
    return {**facts, "source": article.source, "title": article.title, "url": article.url}


def _edited(one: Edited) -> dict[str, Any]:
    facts = _read(one.article)
    return {"id": facts.pop("id"), "edits": one.revision_count, **facts}


def _missing(one: Missing) -> dict[str, Any]:
    return {"source": one.source, "field": one.field, "missing": f"{one.article_count} of {one.of}"}


def _told(events: Sequence[Event]) -> Rows:
    return [
        {
            "source": event.source,
            "what": event.kind,
            "from": format_time(event.opened_at),
            "to": format_time(event.closed_at) if event.closed_at else "open",
            "about": about(event),
        }
        for event in events
    ]


def _shown(report: Report) -> list[ArticleSummary]:
    """Each article of the report once."""
    return list({one.id: one for one in (*report.most_read, *(each.article for each in report.most_edited))}.values())


def _credits(report: Report) -> Iterator[str]:
    whose = {article.source: credit(article.source_title, article.source, article.terms) for article in _shown(report)}
    return iter(whose.values())
