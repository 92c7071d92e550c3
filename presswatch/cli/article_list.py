"""Print a page of a list of articles, or counts of articles, in any output format."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
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
from storage.articles.counts import By, count, counts
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.results import ArticleByGrowth, ArticleSummary, Highlight, ScoredArticle
from storage.model.errors import ConfigError
from storage.store import Store

SNIPPET_FIELD = "snippet"
MARKDOWN_FIELDS = ("title", "url", "published_at", "section", "view_count", "source", "fetched_at", "terms")
"""A page is read by people: what is of no use to them stays out."""


class PageIterator(Iterator[ArticleSummary]):
    """At most so many of a list; afterwards `goes_on` tells whether there are more, and `last` is where they begin."""

    def __init__(self, found: Iterator[ArticleSummary], most: int | None) -> None:
        self._found = found
        self._left = most
        self.last: ArticleSummary | None = None
        self.goes_on = False

    def __next__(self) -> ArticleSummary:
        article = next(self._found)
        if self._left == 0:
            self.goes_on = True
            raise StopIteration
        self._left = None if self._left is None else self._left - 1
        self.last = article
        return article

    def next_page(self, sort: Sort) -> str | None:
        """The cursor of what follows, once all has been read; None if nothing does."""
        return cursors.encode(self.last.cursor(sort), sort) if self.goes_on and self.last is not None else None


def print_page(
    store: Store, wanted: ArticleFilter, page: ListOptions, *, typed: Mapping[str, Any], now: datetime
) -> bool:
    """Write the page, and on stderr the cursor of the next one; return whether there was anything in it.

    `typed` is the question in the words it was typed in. Raises ConfigError for a cursor or a field that is none.
    """
    sort = page.sort or wanted.usual_sort
    if page.highlight and wanted.query is None:
        raise ConfigError("--highlight needs a QUERY to answer")
    names = _field_names(page, sort)
    most = DEFAULT_LIMIT if page.limit is None else page.limit or None
    after = _cursor(page, sort)
    found = store.articles.find(wanted, sort=sort, limit=None if most is None else most + 1, after=after, now=now)
    paged = PageIterator(found, most)
    shown = _excerpts(store, wanted, paged, page.form) if page.highlight else map(Highlight, paged)
    if FORMATS[page.form].articles_only:
        _refuse_fields(page)
        formats.write_stdout(_feed(store, shown, page.form, {**typed, "by": sort}, now, lambda: paged.next_page(sort)))
    else:
        _print_list(shown, names, page)
    if (cursor := paged.next_page(sort)) is not None:
        click.echo(f"presswatch: there are more than these {most}; --cursor {cursor} goes on", err=True)
    return paged.last is not None


def _field_names(page: ListOptions, sort: Sort) -> tuple[str, ...]:
    """The fields that are given."""
    known = field_names({Sort.RANK: ScoredArticle, Sort.GROWTH: ArticleByGrowth}.get(sort, ArticleSummary))
    default = MARKDOWN_FIELDS if page.form == "md" else known
    marked = (SNIPPET_FIELD,) if page.highlight else ()
    return select_fields(page.fields, (*known, *marked), (*default, *marked))


def _excerpts(store: Store, wanted: ArticleFilter, found: Iterator[ArticleSummary], form: str) -> Iterator[Highlight]:
    # A query without --highlight does without the stemmer's and matcher's modules.
    from storage.articles.highlight import bold, brackets, highlights
    from storage.search.matcher import Match

    assert wanted.query is not None
    in_lines = bold if sys.stdout.isatty() else brackets
    return highlights(
        store, wanted.query, found, in_lines if form == "table" else Match.highlighted, as_of=wanted.as_of
    )


def _cursor(page: ListOptions, sort: Sort) -> Cursor | None:
    try:
        return None if page.after is None else cursors.decode(page.after, sort)
    except ValueError as error:
        raise invalid_option("--cursor", error) from error


def _print_list(shown: Iterator[Highlight], names: Sequence[str], page: ListOptions) -> None:
    if page.form == "table":
        found = list(shown)
        make = render_highlights if page.fields is None else partial(field_table, names=names)
        formats.print_lines(make(found, columns_wide=terminal_width()) if found else ())
        return
    carried = with_attribution(names)
    records = ({name: field_value(excerpt, name) for name in carried} for excerpt in shown)
    write_records(records, carried, page.form, raw=page.raw)


def field_value(excerpt: Highlight, name: str) -> Any:
    """What a field of a list has; a sort may lack it for an article that has no key."""
    return excerpt.snippet if name == SNIPPET_FIELD else getattr(excerpt.article, name, None)


def field_table(found: Sequence[Highlight], *, names: Sequence[str], columns_wide: int) -> Iterator[str]:
    """A table of these fields, and under it where each article comes from."""
    records = [{name: field_value(excerpt, name) for name in names} for excerpt in found]
    yield from table_rows(records, names, columns_wide)
    yield ""
    yield from attribution([excerpt.article for excerpt in found])
    yield UTC_NOTE


def _refuse_fields(page: ListOptions) -> None:
    if page.fields is not None:
        raise ConfigError(f"--fields: a feed has the fields that {page.form} gives it; leave it out")


def _feed(
    store: Store,
    shown: Iterator[Highlight],
    form: str,
    typed: Mapping[str, Any],
    now: datetime,
    next_page: Callable[[], str | None],
) -> Iterator[str]:
    from presswatch.output import feeds  # a query that writes no feed does without the email package

    question = ", ".join(_describe_filter(name, value) for name, value in typed.items())
    head = feeds.FeedMetadata(
        title=f"Presswatch: {question}",
        question=question,
        home=store.sources.home(typed.get("source")) or "urn:presswatch",
        made_at=now,
    )
    return FORMATS[form].writer()(shown, head, next_page)


def _describe_filter(name: str, value: Any) -> str:
    if name == "query":
        return str(value)
    plain = name.replace("_", " ")
    return plain if value is True else f"not {plain}" if value is False else f"{plain} {value}"


def print_counts(store: Store, wanted: ArticleFilter, by: str | None, page: ListOptions) -> bool:
    """Write how many articles pass the filter, in all or by something; return whether there are any.

    Raises ConfigError for what has no meaning beside it.
    """
    senseless = {
        "--fields": page.fields is not None,
        "--cursor": page.after is not None,
        "--sort": page.sort is not None,
        "--highlight": page.highlight,
        "--limit": by is None and page.limit is not None,
        f"--format {page.form}": FORMATS[page.form].articles_only,
    }
    for option, given in senseless.items():
        if given:
            raise ConfigError(f"{option} means nothing to counts; leave it out, or leave out --count and --group-by")
    if by is None:
        number = count(store, wanted)
        write_records(
            [{COUNT_FIELD: number}], [COUNT_FIELD], page.form, raw=page.raw, table=lambda _rows, _wide: [str(number)]
        )
        return True
    rows = ({by: key, COUNT_FIELD: number} for key, number in counts(store, wanted, [By(by)]))
    return write_records(_with_first(rows, page.limit), [by, COUNT_FIELD], page.form, raw=page.raw)


COUNT_FIELD = "article_count"


def _with_first(rows: Iterator[dict[str, Any]], limit: int | None) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(rows):
        if limit and place == limit:
            return
        yield row
