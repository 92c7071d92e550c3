"""Render a report for a terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import TextWrapper
from typing import Any

from presswatch.output.coverage_text import coverage_record, coverage_sentences, visible_percent
from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import as_dict
from presswatch.output.records import table_rows
from presswatch.output.tables import credit
from presswatch.output.tsv_markdown import iter_markdown, plain_text
from storage.articles.report import Day, MissingField, MostEdited, Report, event_summary
from storage.articles.results import ArticleSummary
from storage.coverage.coverage import SourceCoverage
from storage.crawling.events import Event
from storage.text.counts import counted
from storage.text.sanitize import pad, sanitize

Rows = list[dict[str, Any]]
REPORT_INDENT = "  "
BELOW_TABLE_FIELDS = ("url", "description")
COVERAGE_NOTE = "Coverage of a day: the share of its crawls that succeeded. What was not visible may be missing."


def render_text(report: Report, columns_wide: int, coverage: Sequence[SourceCoverage]) -> Iterator[str]:
    """Render a report for a terminal. URLs come below the tables, so that they are not truncated."""
    yield _heading(report)
    for title, rows, empty in _parts(report, coverage):
        yield ""
        yield title
        yield from _table(rows, columns_wide) if rows else [f"  {empty}"]
    yield ""
    yield COVERAGE_NOTE
    if articles := _listed_articles(report):
        yield from _attribution(articles)
    yield zone_note()


def _table(rows: Rows, columns_wide: int) -> Iterator[str]:
    """Render the rows without their URLs; the text of an event stands below its row."""
    head, *lines = table_rows(rows, [name for name in rows[0] if name not in BELOW_TABLE_FIELDS], columns_wide)
    yield head
    for row, line in zip(rows, lines, strict=True):
        yield line
        yield from _indented(row.get("description", ""), columns_wide)


def _indented(text: str, columns_wide: int) -> Iterator[str]:
    yield from TextWrapper(
        width=columns_wide,
        initial_indent=REPORT_INDENT,
        subsequent_indent=REPORT_INDENT,
        break_long_words=False,
        break_on_hyphens=False,
    ).wrap(sanitize(text))


def render_markdown(report: Report, coverage: Sequence[SourceCoverage]) -> Iterator[str]:
    """Render a report as Markdown."""
    yield f"# {_heading(report)}"
    for title, rows, empty in _parts(report, coverage):
        yield f"\n## {title}\n"
        yield "".join(iter_markdown(rows, list(rows[0]))).rstrip() if rows else empty
    yield f"\n{COVERAGE_NOTE}"
    yield from (f"\n{plain_text(line)}" for line in _credit_lines(report))
    yield f"\n{zone_note()}"


def _heading(report: Report) -> str:
    articles = counted(report.article_count, "article")
    return f"{articles} from {format_time(report.since)} to {format_time(report.until)}"


def _parts(report: Report, coverage: Sequence[SourceCoverage]) -> Iterator[tuple[str, Rows, str]]:
    """Yield title and rows of each part, and the text that replaces an empty one."""
    yield "By day and section", [_day_row(day) for day in report.days], "no days"
    yield "Most read", [_most_read_row(article) for article in report.most_read], "no views were read"
    edited = [_most_edited_row(one) for one in report.most_edited]
    yield "Most edited", edited, "no article was edited"
    yield "Not visible", [_coverage_row(one) for one in coverage if not one.is_complete], "all was visible"
    yield "Sources silent, failing or drifting", _event_rows(report.trouble), "none"
    yield "Gaps", _event_rows(report.gaps), "none"
    yield "Fields missing", [_missing_field_row(one) for one in report.missing], "none"


def _day_row(day: Day) -> dict[str, Any]:
    ranked = sorted(day.by_section.items(), key=lambda item: (-item[1], item[0] or ""))
    sections = ", ".join(f"{section or 'no section'} {number}" for section, number in ranked)
    successful = f"{day.succeeded_crawls} of {day.crawls}" if day.crawls else "none"
    coverage = "-" if day.coverage is None else f"{day.coverage:.0%}"
    return {
        "day": day.day,
        "articles": day.article_count,
        "succeeded": successful,
        "coverage": coverage,
        "sections": sections or "-",
    }


def _most_read_row(article: ArticleSummary) -> dict[str, Any]:
    fields = {
        "id": article.id,
        "views": article.view_count,
        "published": format_time(article.published_at, article.published_precision),
    }
    return {**fields, "source": article.source, "title": article.title, "url": article.url}


def _most_edited_row(one: MostEdited) -> dict[str, Any]:
    fields = _most_read_row(one.article)
    return {"id": fields.pop("id"), "edits": one.revision_count, **fields}


def _missing_field_row(one: MissingField) -> dict[str, Any]:
    return {"source": one.source, "field": one.field, "missing": f"{one.article_count} of {one.of}"}


def _coverage_row(one: SourceCoverage) -> dict[str, Any]:
    visible = f"{visible_percent(one)} %"
    return {"source": one.source, "visible": visible, "description": "; ".join(coverage_sentences([one]))}


def report_record(report: Report, coverage: Sequence[SourceCoverage]) -> dict[str, Any]:
    """Return a report as a JSON object."""
    return as_dict(report) | {"coverage": [coverage_record(one) for one in coverage]}


def _event_rows(events: Sequence[Event]) -> Rows:
    return [
        {
            "source": event.source,
            "kind": event.kind,
            "from": format_time(event.opened_at),
            "to": format_time(event.closed_at) if event.closed_at else "open",
            "description": event_summary(event),
        }
        for event in events
    ]


def _listed_articles(report: Report) -> list[ArticleSummary]:
    """Return the articles of the report, each once."""
    return list({one.id: one for one in (*report.most_read, *(each.article for each in report.most_edited))}.values())


def _attribution(articles: Sequence[ArticleSummary]) -> Iterator[str]:
    """Render the source, terms of use, fetch time and URL of each article."""
    ids = max(len(str(article.id)) for article in articles)
    for source in dict.fromkeys(article.source for article in articles):
        of_source = [article for article in articles if article.source == source]
        yield credit(of_source[0].source_title, source, of_source[0].terms)
        for article in of_source:
            id_text = pad(str(article.id), ids, right=True)
            yield f"{id_text}  fetched {format_time(article.fetched_at)}  {sanitize(article.url)}"


def _credit_lines(report: Report) -> Iterator[str]:
    credits_by_source = {
        article.source: credit(article.source_title, article.source, article.terms)
        for article in _listed_articles(report)
    }
    return iter(credits_by_source.values())
