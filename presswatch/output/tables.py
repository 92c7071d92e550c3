"""Render lists of articles and of crawl runs as tables, with attribution below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import TableColumn, render_table
from storage.articles.results import ArticleByGrowth, ArticleFull, ArticleSummary, Highlight
from storage.crawling.runs import CrawlRun
from storage.model.listed_time import is_listed
from storage.model.records import RunStatus
from storage.text.counts import listed_counts
from storage.text.durations import NO_DURATION
from storage.text.sanitize import sanitize


def render_articles(
    articles: Sequence[ArticleSummary], *, columns_wide: int, with_addresses: bool = False
) -> Iterator[str]:
    """Render articles as a table, with their sources and terms below; `with_addresses` adds fetch times and URLs."""
    with_source = len({article.source for article in articles}) > 1
    with_notes = any(_notes(article) for article in articles)
    with_gain = any(isinstance(article, ArticleByGrowth) for article in articles)
    columns = [
        TableColumn("ID", align_right=True),
        TableColumn("PUBLISHED", leaves=5),
        *[TableColumn("GAINED", align_right=True)] * with_gain,
        TableColumn("VIEWS", align_right=True, leaves=4),
        TableColumn("SECTION", leaves=1),
        *[TableColumn("SOURCE", leaves=2)] * with_source,
        *[TableColumn("NOTE", leaves=3)] * with_notes,
        TableColumn("TITLE", is_flexible=True),
        *ADDRESS_COLUMNS * with_addresses,
    ]
    rows = [
        [*_row(article, with_source=with_source, with_notes=with_notes), *address_cells(article) * with_addresses]
        for article in articles
    ]
    yield from render_table(columns, rows, columns_wide=columns_wide)
    yield ""
    yield from source_credits(articles)
    yield zone_note()


ADDRESS_COLUMNS = (TableColumn("FETCHED", leaves=1), TableColumn("ADDRESS", is_whole=True))


def address_cells(article: ArticleSummary) -> tuple[str, str]:
    """Return the cells of ADDRESS_COLUMNS."""
    return format_time(article.fetched_at), article.url


def render_highlights(rows: Sequence[Highlight], *, columns_wide: int, with_addresses: bool = False) -> Iterator[str]:
    """Render articles as a table, with the snippet below each row."""
    articles = [row.article for row in rows]
    header, *lines = render_articles(articles, columns_wide=columns_wide, with_addresses=with_addresses)
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


def source_credits(articles: Sequence[ArticleSummary]) -> Iterator[str]:
    """Render each source and its terms of use."""
    for article in {article.source: article for article in articles}.values():
        yield credit(article.source_title, article.source, article.terms)


def credit(title: str, name: str, terms: str) -> str:
    """Render the source of articles and their terms of use, if it has any."""
    return sanitize(f"{title} ({name}): {terms}" if terms else f"{title} ({name})")


def listed_note(article: ArticleFull) -> str:
    """Return what follows a publication time that the page does not state; an empty text behind any other."""
    return " (time of its link)" if is_listed(article.problems) else ""


RUN_COLUMNS = (
    TableColumn("ID", align_right=True),
    TableColumn("SOURCE"),
    TableColumn("STARTED", leaves=3),
    TableColumn("DURATION", align_right=True, leaves=1),
    TableColumn("STATUS", leaves=2),
    TableColumn("RESULT", is_flexible=True),
)


def render_runs(runs: Sequence[CrawlRun], *, columns_wide: int) -> Iterator[str]:
    """Render crawl runs as a table."""
    yield from render_table(RUN_COLUMNS, [_run_row(run) for run in runs], columns_wide=columns_wide)
    yield ""
    yield zone_note()


def _run_row(run: CrawlRun) -> list[str]:
    return [
        str(run.id),
        run.source,
        format_time(run.started_at),
        _format_run_duration(run),
        run.status,
        run_result(run),
    ]


def run_result(run: CrawlRun) -> str:
    """Render the error, then the counts, the rarest first: a narrow terminal truncates the end."""
    counts = {
        "failed": run.failed_count,
        "new": run.new_count,
        "edited": run.revised_count,
        "gone": run.gone_count,
        "pending": run.pending_count,
        "unchanged": run.unchanged_count,
        view_counts_updated(run.view_update_count): run.view_update_count,
        "filtered": run.filtered_count,
        "listed": run.listed_count,
    }
    counted = listed_counts((count, words) for words, count in counts.items())
    unchanged = list_unchanged(run.status, has_changed=run.channels_changed)
    return "; ".join(filter(None, (run.error, ", ".join(filter(None, (counted, unchanged)))))) or "nothing listed"


def view_counts_updated(count: int) -> str:
    """Return the words behind a count of articles whose views were read anew."""
    return "view count updated" if count == 1 else "view counts updated"


def list_unchanged(status: RunStatus, *, has_changed: bool) -> str:
    """Return the words for a crawl whose channels listed what they listed before; an empty text for any other."""
    return "" if has_changed or status is not RunStatus.SUCCEEDED else "list unchanged"


def _format_run_duration(run: CrawlRun) -> str:
    if run.finished_at is None:
        return NO_DURATION
    minutes, seconds = divmod(round((run.finished_at - run.started_at).total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"
