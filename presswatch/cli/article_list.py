"""Print a page of a list of articles, or counts of articles, in any output format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

import click

from presswatch.cli.group import invalid_option
from presswatch.cli.options import DEFAULT_LIMIT, ListOptions
from presswatch.output import formats
from presswatch.output.formats import FORMATS
from presswatch.output.records import (
    field_names,
    select_fields,
    table_rows,
    terminal_width,
    with_attribution,
    write_records,
)
from presswatch.output.tables import UTC_NOTE, attribution, render_highlights
from storage.articles import cursors
from storage.articles.articles import LIST_BATCH_SIZE
from storage.articles.counts import By, count, counts
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.highlight import bold, brackets, highlights
from storage.articles.results import ArticleByGrowth, ArticleSummary, Highlight, ScoredArticle
from storage.model.errors import ConfigError
from storage.search.matcher import Match
from storage.store import Store

SNIPPET_FIELD = "snippet"
MARKDOWN_FIELDS = ("title", "url", "published_at", "section", "view_count", "source", "fetched_at", "terms")
"""Default fields of a Markdown list."""


class PageIterator(Iterator[ArticleSummary]):
    """Iterate over at most `limit` articles of a list (None: all).

    When it is exhausted, `has_more` is true if articles were left, and `last` is the last article returned.
    """

    def __init__(self, articles: Iterator[ArticleSummary], limit: int | None) -> None:
        self._articles = articles
        self._left = limit
        self.last: ArticleSummary | None = None
        self.has_more = False

    def __next__(self) -> ArticleSummary:
        article = next(self._articles)
        if self._left == 0:
            self.has_more = True
            raise StopIteration
        self._left = None if self._left is None else self._left - 1
        self.last = article
        return article

    def next_page(self, sort: Sort) -> str | None:
        """Return the cursor of the next page, None if there is none; valid after the last article was read."""
        return cursors.encode(self.last.cursor(sort), sort) if self.has_more and self.last is not None else None


def print_page(
    store: Store, article_filter: ArticleFilter, page: ListOptions, *, typed: Mapping[str, Any], now: datetime
) -> bool:
    """Print one page of articles to stdout and the cursor of the next page to stderr; return False if it is empty.

    `typed` has the filter options as the user typed them: the title of a feed. Raises ConfigError for an invalid cursor
    or an unknown field.
    """
    sort = page.sort or article_filter.usual_sort
    if page.highlight and article_filter.query is None:
        raise ConfigError("--highlight needs a QUERY")
    names = _field_names(page, sort)
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
            _feed(
                store,
                _with_descriptions(store, rows, as_of=article_filter.as_of),
                page.form,
                {**typed, "by": sort},
                now,
                lambda: articles.next_page(sort),
            )
        )
    else:
        _print_list(rows, names, page)
    if (cursor := articles.next_page(sort)) is not None:
        click.echo(f"presswatch: more than {limit} articles match; continue with --cursor {cursor}", err=True)
    return articles.last is not None


def _field_names(page: ListOptions, sort: Sort) -> tuple[str, ...]:
    """Return the names of the fields to write."""
    known = field_names({Sort.RANK: ScoredArticle, Sort.GROWTH: ArticleByGrowth}.get(sort, ArticleSummary))
    default = MARKDOWN_FIELDS if page.form == "md" else known
    snippet = (SNIPPET_FIELD,) if page.highlight else ()
    return select_fields(page.fields, (*known, *snippet), (*default, *snippet))


def _highlights(
    store: Store, article_filter: ArticleFilter, articles: Iterator[ArticleSummary], form: str
) -> Iterator[Highlight]:
    assert article_filter.query is not None
    in_table = bold if sys.stdout.isatty() else brackets
    mark = in_table if form == "table" else Match.highlighted
    return highlights(store, article_filter.query, articles, mark, as_of=article_filter.as_of)


def _with_descriptions(store: Store, rows: Iterator[Highlight], *, as_of: datetime | None) -> Iterator[Highlight]:
    """Add the stored descriptions, a batch of articles at a time."""
    while batch := list(islice(rows, LIST_BATCH_SIZE)):
        descriptions = store.articles.descriptions([row.article.id for row in batch], as_of=as_of)
        yield from (row._replace(description=descriptions.get(row.article.id, "")) for row in batch)


def _cursor(page: ListOptions, sort: Sort) -> Cursor | None:
    try:
        return None if page.after is None else cursors.decode(page.after, sort)
    except ValueError as error:
        raise invalid_option("--cursor", error) from error


def _print_list(rows: Iterator[Highlight], names: Sequence[str], page: ListOptions) -> None:
    if page.form == "table":
        listed = list(rows)
        render = render_highlights if page.fields is None else partial(field_table, names=names)
        formats.print_lines(render(listed, columns_wide=terminal_width()) if listed else ())
        return
    columns = with_attribution(names)
    records = ({name: field_value(row, name) for name in columns} for row in rows)
    write_records(records, columns, page.form, raw=page.raw)


def field_value(row: Highlight, name: str) -> Any:
    """Return a field of an article or the snippet; None if the article has no score or no view gain."""
    return row.snippet if name == SNIPPET_FIELD else formats.field_value(row.article, name)


def field_table(rows: Sequence[Highlight], *, names: Sequence[str], columns_wide: int) -> Iterator[str]:
    """Render a table of the fields `names`, with the attribution of each article below."""
    records = [{name: field_value(row, name) for name in names} for row in rows]
    yield from table_rows(records, names, columns_wide)
    yield ""
    yield from attribution([row.article for row in rows])
    yield UTC_NOTE


def _refuse_fields(page: ListOptions) -> None:
    if page.fields is not None:
        raise ConfigError(f"--fields cannot be used with --format {page.form}")


def _feed(
    store: Store,
    rows: Iterator[Highlight],
    form: str,
    typed: Mapping[str, Any],
    now: datetime,
    next_page: Callable[[], str | None],
) -> Iterator[str]:
    from presswatch.output import feeds  # noqa: PLC0415  (start-up time: the email package, 8 ms)

    query = ", ".join(_describe_filter(name, value) for name, value in typed.items())
    head = feeds.FeedMetadata(
        title=f"Presswatch: {query}",
        query=query,
        home=store.sources.home(typed.get("source")) or "urn:presswatch",
        generated_at=now,
    )
    return FORMATS[form].writer()(rows, head, next_page)


def _describe_filter(name: str, value: Any) -> str:
    if name == "query":
        return str(value)
    plain = name.replace("_", " ")
    return plain if value is True else f"not {plain}" if value is False else f"{plain} {value}"


def print_counts(store: Store, article_filter: ArticleFilter, by: str | None, page: ListOptions) -> bool:
    """Print the number of articles that match, in all or grouped by `by`; return False if there are no groups.

    Raises ConfigError for an option that cannot be used with counts.
    """
    unusable = {
        "--fields": page.fields is not None,
        "--cursor": page.after is not None,
        "--sort": page.sort is not None,
        "--highlight": page.highlight,
        "--limit": by is None and page.limit is not None,
        f"--format {page.form}": FORMATS[page.form].articles_only,
    }
    for option, is_set in unusable.items():
        if is_set:
            raise ConfigError(f"{option} cannot be used with --count or --group-by")
    if by is None:
        number = count(store, article_filter)
        write_records(
            [{COUNT_FIELD: number}], [COUNT_FIELD], page.form, raw=page.raw, table=lambda _rows, _wide: [str(number)]
        )
        return True
    rows = ({by: key, COUNT_FIELD: number} for key, number in counts(store, article_filter, [By(by)]))
    return write_records(_first_rows(rows, page.limit), [by, COUNT_FIELD], page.form, raw=page.raw)


COUNT_FIELD = "article_count"


def _first_rows(rows: Iterator[dict[str, Any]], limit: int | None) -> Iterator[dict[str, Any]]:
    for index, row in enumerate(rows):
        if limit and index == limit:
            return
        yield row
