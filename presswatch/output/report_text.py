"""Render a report for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import TextWrapper
from typing import Any

from presswatch.output.records import table_rows
from presswatch.output.tables import UTC_NOTE, attribution, credit
from presswatch.output.tsv_markdown import iter_markdown, plain_text
from storage.articles.report import Day, MissingField, MostEdited, Report, event_summary
from storage.articles.results import ArticleSummary
from storage.crawling.events import Event
from storage.text.durations import format_time
from storage.text.sanitize import sanitize

Rows = list[dict[str, Any]]
REPORT_INDENT = "  "
BELOW_TABLE_FIELDS = ("url", "about")
COVERAGE_NOTE = (
    "Coverage is the share of looks at the sources that succeeded: where it falls, fewer articles are no less news."
)


def render_text(report: Report, columns_wide: int) -> Iterator[str]:
    """For a terminal. Addresses stand below the tables, whole: a cut one leads nowhere."""
    yield _heading(report)
    for title, rows, nothing in _parts(report):
        yield ""
        yield title
        yield from _table(rows, columns_wide) if rows else [f"  {nothing}"]
    yield ""
    yield COVERAGE_NOTE
    if shown := _display_day(report):
        yield from attribution(shown)
    yield UTC_NOTE


def _table(rows: Rows, columns_wide: int) -> Iterator[str]:
    """The rows without addresses; what an event is about stands whole, below its row."""
    head, *lines = table_rows(rows, [name for name in rows[0] if name not in BELOW_TABLE_FIELDS], columns_wide)
    yield head
    for row, line in zip(rows, lines, strict=True):
        yield line
        yield from _indented(row.get("about", ""), columns_wide)


def _indented(text: str, columns_wide: int) -> Iterator[str]:
    yield from TextWrapper(
        width=columns_wide,
        initial_indent=REPORT_INDENT,
        subsequent_indent=REPORT_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(sanitize(text))


def render_markdown(report: Report) -> Iterator[str]:
    """As a page."""
    yield f"# {_heading(report)}"
    for title, rows, nothing in _parts(report):
        yield f"\n## {title}\n"
        yield "".join(iter_markdown(rows, list(rows[0]))).rstrip() if rows else nothing
    yield f"\n{COVERAGE_NOTE}"
    yield from (f"\n{plain_text(line)}" for line in _credit_lines(report))
    yield f"\n{UTC_NOTE}"


def _heading(report: Report) -> str:
    return f"{report.article_count} articles from {format_time(report.since)} to {format_time(report.until)} UTC"


def _parts(report: Report) -> Iterator[tuple[str, Rows, str]]:
    """Title and rows of each part, and what stands there if there are none."""
    yield "By day and section", [_day_row(day) for day in report.days], "no days"
    yield "Most read", [_most_read_table(article) for article in report.most_read], "no views were counted"
    edited = [_most_edited_table(one) for one in report.most_edited]
    yield "Most edited", edited, "nothing was edited"
    yield "Sources silent, failing or misread", _render_event(report.trouble), "none"
    yield "Gaps", _render_event(report.gaps), "none"
    yield "Fields missing", [_missing_fields_table(one) for one in report.missing], "none"


def _day_row(day: Day) -> dict[str, Any]:
    ranked = sorted(day.by_section.items(), key=lambda item: (-item[1], item[0] or ""))
    sections = ", ".join(f"{section or 'no section'} {number}" for section, number in ranked)
    looks = f"{day.succeeded_crawls} of {day.crawls}" if day.crawls else "none"
    coverage = "-" if day.coverage is None else f"{day.coverage:.0%}"
    return {
        "day": day.day,
        "articles": day.article_count,
        "good looks": looks,
        "coverage": coverage,
        "sections": sections or "-",
    }


def _most_read_table(article: ArticleSummary) -> dict[str, Any]:
    facts = {
        "id": article.id,
        "views": article.view_count,
        "published": format_time(article.published_at, article.published_precision),
    }
    return {**facts, "source": article.source, "title": article.title, "url": article.url}


def _most_edited_table(one: MostEdited) -> dict[str, Any]:
    facts = _most_read_table(one.article)
    return {"id": facts.pop("id"), "edits": one.revision_count, **facts}


def _missing_fields_table(one: MissingField) -> dict[str, Any]:
    return {"source": one.source, "field": one.field, "missing": f"{one.article_count} of {one.of}"}


def _render_event(events: Sequence[Event]) -> Rows:
    return [
        {
            "source": event.source,
            "what": event.kind,
            "from": format_time(event.opened_at),
            "to": format_time(event.closed_at) if event.closed_at else "open",
            "about": event_summary(event),
        }
        for event in events
    ]


def _display_day(report: Report) -> list[ArticleSummary]:
    """Each article of the report once."""
    return list({one.id: one for one in (*report.most_read, *(each.article for each in report.most_edited))}.values())


def _credit_lines(report: Report) -> Iterator[str]:
    whose = {
        article.source: credit(article.source_title, article.source, article.terms) for article in _display_day(report)
    }
    return iter(whose.values())
