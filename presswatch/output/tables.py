"""Render lists of articles and of crawl runs as tables, with attribution below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from presswatch.output.formats import Column, table_lines
from storage.answers import ArticleGain, ArticleSummary, Excerpt
from storage.durations import MISSING, format_time
from storage.printable import pad, safe
from storage.runs import CrawlRun

UTC_NOTE = "Times are UTC."


def article_lines(found: Sequence[ArticleSummary], *, columns_wide: int) -> Iterator[str]:
    """The table, and under it where each article comes from. Addresses stand whole: a cut one leads nowhere."""
    with_source = len({article.source for article in found}) > 1
    with_notes = any(_notes(article) for article in found)
    with_gain = any(isinstance(article, ArticleGain) for article in found)
    columns = [Column("ID", right=True), Column("PUBLISHED"), Column("VIEWS", right=True), Column("SECTION")]
    columns[2:2] = [Column("GAINED", right=True)] * with_gain
    columns += [Column("SOURCE")] * with_source + [Column("NOTE")] * with_notes + [Column("TITLE", stretches=True)]
    rows = [_row(article, with_source=with_source, with_notes=with_notes) for article in found]
    yield from table_lines(columns, rows, columns_wide=columns_wide)
    yield ""
    yield from attribution(found)
    yield UTC_NOTE


def excerpt_lines(found: Sequence[Excerpt], *, columns_wide: int) -> Iterator[str]:
    """The table of articles with its sentence under each that has one."""
    header, *lines = article_lines([excerpt.article for excerpt in found], columns_wide=columns_wide)
    yield header
    for excerpt, line in zip(found, lines, strict=False):
        yield line
        if excerpt.snippet:
            yield f"    {excerpt.snippet}"
    yield from lines[len(found) :]


def _row(article: ArticleSummary, *, with_source: bool, with_notes: bool) -> list[str]:
    return [
        str(article.id),
        format_time(article.published_at, article.published_precision),
        *([gained(article.gained)] if isinstance(article, ArticleGain) else []),
        number(article.view_count),
        article.section or MISSING,
        *([article.source] * with_source),
        *([_notes(article)] * with_notes),
        article.title,
    ]


def number(count: int | None) -> str:
    return MISSING if count is None else str(count)


def gained(count: int | None) -> str:
    return MISSING if count is None else f"+{count}"


def _notes(article: ArticleSummary) -> str:
    same = f"same as {article.same_as_id}" if article.same_as_id else ""
    gone = "gone" if article.gone_at else ""
    edited = "edited" if article.revised_at else ""
    return ", ".join(filter(None, (gone, edited, same)))


def attribution(found: Sequence[ArticleSummary]) -> Iterator[str]:
    """Where each article comes from, on what terms, and when it was fetched."""
    ids = max(len(str(article.id)) for article in found)
    for source in dict.fromkeys(article.source for article in found):
        of_source = [article for article in found if article.source == source]
        yield credit(of_source[0].source_title, source, of_source[0].terms)
        for article in of_source:
            shown = pad(str(article.id), ids, right=True)
            yield f"{shown}  fetched {format_time(article.fetched_at)}  {safe(article.url)}"


def credit(title: str, name: str, terms: str) -> str:
    """Whose articles these are, and on what terms they may be used."""
    return safe(f"{title} ({name}): {terms}")


RUN_COLUMNS = (
    Column("ID", right=True),
    Column("SOURCE"),
    Column("STARTED"),
    Column("TOOK", right=True),
    Column("STATUS"),
    Column("RESULT", stretches=True),
)


def run_lines(runs: Sequence[CrawlRun], *, columns_wide: int) -> Iterator[str]:
    yield from table_lines(RUN_COLUMNS, [_run_row(run) for run in runs], columns_wide=columns_wide)
    yield ""
    yield UTC_NOTE


def _run_row(run: CrawlRun) -> list[str]:
    return [str(run.id), run.source, format_time(run.started_at), _took(run), run.status, _result(run)]


def _result(run: CrawlRun) -> str:
    """What went wrong, then what came of it: the rarest first, for a narrow terminal cuts the end off."""
    counts = {
        "failed": run.failed_count,
        "new": run.new_count,
        "revised": run.revised_count,
        "gone": run.gone_count,
        "pending": run.pending_count,
        "same": run.same_count,
        "recounted": run.recounted_count,
        "filtered": run.filtered_count,
        "listed": run.listed_count,
    }
    counted = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    return "; ".join(filter(None, (run.error, counted))) or "nothing listed"


def _took(run: CrawlRun) -> str:
    if run.finished_at is None:
        return MISSING
    minutes, seconds = divmod(round((run.finished_at - run.started_at).total_seconds()), 60)
    return f"{minutes}:{seconds:02d}"
