"""Render lists of articles and of crawl runs as tables, with attribution below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from presswatch.output.formats import TableColumn, render_table
from storage.articles.results import ArticleByGrowth, ArticleSummary, Highlight
from storage.crawling.runs import CrawlRun
from storage.text.durations import NO_DURATION, format_time
from storage.text.sanitize import pad, sanitize

UTC_NOTE = "Times are UTC."


def render_articles(articles: Sequence[ArticleSummary], *, columns_wide: int) -> Iterator[str]:
    """Render articles as a table, with the attribution and the full URL of each below."""
    with_source = len({article.source for article in articles}) > 1
    with_notes = any(_notes(article) for article in articles)
    with_gain = any(isinstance(article, ArticleByGrowth) for article in articles)
    columns = [
        TableColumn("ID", align_right=True),
        TableColumn("PUBLISHED"),
        TableColumn("VIEWS", align_right=True),
        TableColumn("SECTION"),
    ]
    columns[2:2] = [TableColumn("GAINED", align_right=True)] * with_gain
    columns += (
        [TableColumn("SOURCE")] * with_source
        + [TableColumn("NOTE")] * with_notes
        + [TableColumn("TITLE", is_flexible=True)]
    )
    rows = [_row(article, with_source=with_source, with_notes=with_notes) for article in articles]
    yield from render_table(columns, rows, columns_wide=columns_wide)
    yield ""
    yield from attribution(articles)
    yield UTC_NOTE


def render_highlights(rows: Sequence[Highlight], *, columns_wide: int) -> Iterator[str]:
    """Render articles as a table, with the snippet below each row."""
    header, *lines = render_articles([row.article for row in rows], columns_wide=columns_wide)
    yield header
    for row, line in zip(rows, lines, strict=False):
        yield line
        if row.snippet:
            yield f"    {row.snippet}"
    yield from lines[len(rows) :]


def _row(article: ArticleSummary, *, with_source: bool, with_notes: bool) -> list[str]:
    return [
        str(article.id),
        format_time(article.published_at, article.published_precision),
        *([format_gain(article.view_gain)] if isinstance(article, ArticleByGrowth) else []),
        format_count(article.view_count),
        article.section or NO_DURATION,
        *([article.source] * with_source),
        *([_notes(article)] * with_notes),
        article.title,
    ]


def format_count(count: int | None) -> str:
    """Format a count; `-` for None."""
    return NO_DURATION if count is None else str(count)


def format_gain(count: int | None) -> str:
    """Format a view gain with its sign; `-` for None."""
    return NO_DURATION if count is None else f"+{count}"


def _notes(article: ArticleSummary) -> str:
    duplicate = f"same as {article.duplicate_of_id}" if article.duplicate_of_id else ""
    gone = "gone" if article.gone_at else ""
    edited = "edited" if article.revised_at else ""
    return ", ".join(filter(None, (gone, edited, duplicate)))


def attribution(articles: Sequence[ArticleSummary]) -> Iterator[str]:
    """Render the source, terms of use, fetch time and URL of each article."""
    ids = max(len(str(article.id)) for article in articles)
    for source in dict.fromkeys(article.source for article in articles):
        of_source = [article for article in articles if article.source == source]
        yield credit(of_source[0].source_title, source, of_source[0].terms)
        for article in of_source:
            id_text = pad(str(article.id), ids, right=True)
            yield f"{id_text}  fetched {format_time(article.fetched_at)}  {sanitize(article.url)}"


def credit(title: str, name: str, terms: str) -> str:
    """Render the source of articles and their terms of use."""
    return sanitize(f"{title} ({name}): {terms}")


RUN_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("SOURCE"),
    TableColumn("STARTED"),
    TableColumn("DURATION", align_right=True),
    TableColumn("STATUS"),
    TableColumn("RESULT", is_flexible=True),
)


def render_runs(runs: Sequence[CrawlRun], *, columns_wide: int) -> Iterator[str]:
    """Render crawl runs as a table."""
    yield from render_table(RUN_COLUMNS, [_run_row(run) for run in runs], columns_wide=columns_wide)
    yield ""
    yield UTC_NOTE


def _run_row(run: CrawlRun) -> list[str]:
    return [
        str(run.id),
        run.source,
        format_time(run.started_at),
        _format_run_duration(run),
        run.status,
        _run_result(run),
    ]


def _run_result(run: CrawlRun) -> str:
    """Render the error, then the counts, the rarest first: a narrow terminal truncates the end."""
    counts = {
        "failed": run.failed_count,
        "new": run.new_count,
        "edited": run.revised_count,
        "gone": run.gone_count,
        "pending": run.pending_count,
        "unchanged": run.unchanged_count,
        "views updated": run.view_update_count,
        "filtered": run.filtered_count,
        "listed": run.listed_count,
    }
    counted = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return "; ".join(filter(None, (run.error, counted))) or "nothing listed"


def _format_run_duration(run: CrawlRun) -> str:
    if run.finished_at is None:
        return NO_DURATION
    minutes, seconds = divmod(round((run.finished_at - run.started_at).total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"
