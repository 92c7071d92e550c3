"""Print a page of a list of articles, or counts of articles, in any output format."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from presswatch.cli.group import invalid_option
from presswatch.cli.options import DEFAULT_LIMIT, ListOptions
from presswatch.cli.paging import command_with
from presswatch.output import formats
from presswatch.output.article_records import (
    ADDRESS_FIELDS,
    PageIterator,
    article_feed,
    article_records,
    field_value,
    list_fields,
)
from presswatch.output.display_zone import zone_note
from presswatch.output.formats import FORMATS
from presswatch.output.records import (
    Record,
    print_notice,
    table_rows,
    terminal_width,
    with_attribution,
    write_records,
)
from presswatch.output.tables import render_highlights, source_credits
from storage.articles import cursors
from storage.articles.counts import count, counts, with_empty_periods
from storage.articles.filters import TIMES, ArticleFilter, By, Cursor, Sort
from storage.articles.highlight import bold, brackets, highlights
from storage.articles.results import ArticleSummary, Highlight
from storage.model.errors import ConfigError
from storage.search.matcher import Match
from storage.store import Store
from storage.text.counts import counted


def print_page(
    store: Store, article_filter: ArticleFilter, page: ListOptions, *, typed: Mapping[str, Any], now: datetime
) -> bool:
    """Print one page of articles to stdout and the cursor of the next page to stderr; return False if it is empty.

    `typed` has the filter options as the user typed them: the title of a feed. Raises ConfigError for an invalid cursor
    or an unknown field.
    """
    sort = page.sort or article_filter.usual_sort
    refuse_bom(page)
    if page.highlight and article_filter.query is None:
        raise ConfigError("--highlight needs a QUERY")
    names = list_fields(page.form, sort, names=page.fields, with_snippet=page.highlight)
    limit = DEFAULT_LIMIT if page.limit is None else page.limit or None
    after = _cursor(page, sort)
    # One row more than the limit tells whether there is a next page.
    row_limit = None if limit is None else limit + 1
    articles = PageIterator(
        store.articles.find(article_filter, sort=sort, limit=row_limit, after=after, now=now), limit
    )
    rows = _highlights(store, article_filter, articles, page.form) if page.highlight else map(Highlight, articles)
    if FORMATS[page.form].articles_only:
        _refuse_fields(page)
        formats.write_stdout(
            article_feed(
                store,
                rows,
                page.form,
                {**typed, "by": sort},
                now=now,
                next_page=lambda: articles.next_page(sort),
                as_of=article_filter.as_of,
            )
        )
    else:
        _print_list(rows, names, page)
    if (cursor := articles.next_page(sort)) is not None:
        more = f"more than {counted(limit or 0, 'article')} match" if limit else "more articles match"
        print_notice(f"{more}; the next page: {command_with('--cursor', cursor)}")
    return articles.last is not None


def _highlights(
    store: Store, article_filter: ArticleFilter, articles: Iterator[ArticleSummary], form: str
) -> Iterator[Highlight]:
    assert article_filter.query is not None
    in_table = bold if sys.stdout.isatty() else brackets
    mark = in_table if form == "table" else Match.highlighted
    return highlights(store, article_filter.query, articles, mark, as_of=article_filter.as_of)


def _cursor(page: ListOptions, sort: Sort) -> Cursor | None:
    try:
        return None if page.after is None else cursors.decode(page.after, sort)
    except ValueError as error:
        raise invalid_option("--cursor", error) from error


def _print_list(rows: Iterator[Highlight], names: Sequence[str], page: ListOptions) -> None:
    if page.form == "table":
        listed = list(rows)
        render = render_highlights if page.fields is None else partial(field_table, names=names)
        lines = render(listed, columns_wide=terminal_width(), with_addresses=page.addresses) if listed else ()
        formats.print_lines(lines)
        return
    columns = with_attribution(names)
    write_records(article_records(rows, columns), columns, page.form, raw=page.raw, bom=page.bom)


def field_table(
    rows: Sequence[Highlight], *, names: Sequence[str], columns_wide: int, with_addresses: bool
) -> Iterator[str]:
    """Render a table of the fields `names`, with the sources and their terms below."""
    shown = tuple(dict.fromkeys((*names, *ADDRESS_FIELDS * with_addresses)))
    records = [{name: field_value(row, name) for name in shown} for row in rows]
    yield from table_rows(records, shown, columns_wide)
    yield ""
    yield from source_credits([row.article for row in rows])
    yield zone_note()


def refuse_bom(page: ListOptions) -> None:
    """Raise ConfigError for a byte order mark in a format that has none."""
    if page.bom and page.form != "csv":
        raise ConfigError("--bom needs --format csv")


def _refuse_fields(page: ListOptions) -> None:
    if page.fields is not None:
        raise ConfigError(f"--fields cannot be used with --format {page.form}")


def print_counts(
    store: Store, article_filter: ArticleFilter, by: Sequence[str], page: ListOptions, *, now: datetime
) -> bool:
    """Print the number of articles that match, in all or grouped by `by`; return False if there are no groups.

    Raises ConfigError for an option that cannot be used with counts.
    """
    unusable = {
        "--fields": page.fields is not None,
        "--cursor": page.after is not None,
        "--sort": page.sort is not None,
        "--highlight": page.highlight,
        "--limit": not by and page.limit is not None,
        f"--format {page.form}": FORMATS[page.form].articles_only,
    }
    refuse_bom(page)
    for option, is_set in unusable.items():
        if is_set:
            raise ConfigError(f"{option} cannot be used with --count or --by")
    if not by:
        number = count(store, article_filter)
        write_records(
            [{COUNT_FIELD: number}], [COUNT_FIELD], page.form, raw=page.raw, table=lambda _rows, _wide: [str(number)]
        )
        return True
    groups = [By(one) for one in dict.fromkeys(by)]
    columns = [*groups, COUNT_FIELD]
    numbers = with_empty_periods(
        counts(store, article_filter, groups), groups, article_filter, now=article_filter.as_of or now
    )
    rows = (dict(zip(columns, row, strict=True)) for row in numbers)
    table = None if TIMES.isdisjoint(groups) else partial(_count_table, columns=columns)
    return write_records(_first_rows(rows, page.limit), columns, page.form, raw=page.raw, bom=page.bom, table=table)


def _count_table(rows: Sequence[Record], wide: int, *, columns: Sequence[str]) -> Iterator[str]:
    """Render counts by time, with the zone of the times below."""
    yield from table_rows(rows, columns, wide)
    yield ""
    yield zone_note()


COUNT_FIELD = "article_count"


def _first_rows(rows: Iterator[dict[str, Any]], limit: int | None) -> Iterator[dict[str, Any]]:
    for index, row in enumerate(rows):
        if limit and index == limit:
            return
        yield row
