"""A page of a list of articles, or their counts, written in the form that was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import click

from storage import cursors, formats
from storage.answers import ArticleSummary
from storage.console import refuse_value
from storage.counting import By, count, counts
from storage.errors import ConfigError
from storage.filters import ArticleFilter, Cursor, Sort
from storage.giving import attributed, chosen, give, give_records, names_of, plain_table
from storage.lists import UTC_NOTE, article_lines, attribution
from storage.options import DEFAULT_LIMIT, FEEDS, Page
from storage.store import Store

SUMMARY = names_of(ArticleSummary)
IN_MARKDOWN = ("title", "url", "published_at", "section", "view_count", "source", "fetched_at", "terms")
"""A page is read by people: what is of no use to them stays out."""


class Paged(Iterator[ArticleSummary]):
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
        return cursors.written(self.last.cursor(sort), sort) if self.goes_on and self.last is not None else None


def give_page(store: Store, wanted: ArticleFilter, page: Page, *, typed: Mapping[str, Any], now: datetime) -> bool:
    """Write the page, and on stderr the cursor of the next one; return whether there was anything in it.

    `typed` is the question in the words it was typed in. Raises ConfigError for a cursor or a field that is none.
    """
    default = IN_MARKDOWN if page.form == "md" else SUMMARY
    names = chosen(page.fields, SUMMARY, default)
    most = DEFAULT_LIMIT if page.limit is None else page.limit or None
    after = _cursor(page)
    found = store.articles.find(wanted, sort=page.sort, limit=None if most is None else most + 1, after=after)
    paged = Paged(found, most)
    if page.form in FEEDS:
        _give_feed(store, paged, page, typed, now)
    else:
        _give_list(paged, names, page)
    if (cursor := paged.next_page(page.sort)) is not None:
        click.echo(f"presswatch: there are more than these {most}; --after {cursor} goes on", err=True)
    return paged.last is not None


def _cursor(page: Page) -> Cursor | None:
    try:
        return None if page.after is None else cursors.read(page.after, page.sort)
    except ValueError as error:
        raise refuse_value("--after", error) from error


def _give_list(paged: Paged, names: Sequence[str], page: Page) -> None:
    if page.form == "table":
        as_table = article_lines if page.fields is None else partial(field_lines, names=names)
        give(paged, page.form, kind=ArticleSummary, as_table=as_table, raw=page.raw)
        return
    carried = attributed(names)
    records = ({name: getattr(article, name) for name in carried} for article in paged)
    give_records(records, carried, page.form, raw=page.raw)


def field_lines(found: Sequence[ArticleSummary], *, names: Sequence[str], columns_wide: int) -> Iterator[str]:
    """A table of these fields, and under it where each article comes from."""
    yield from plain_table([formats.record(article) for article in found], names, columns_wide)
    yield ""
    yield from attribution(found)
    yield UTC_NOTE


def _give_feed(store: Store, paged: Paged, page: Page, typed: Mapping[str, Any], now: datetime) -> None:
    if page.fields is not None:
        raise ConfigError(f"--fields: a feed has the fields that {page.form} gives it; leave it out")
    from storage import feed_formats

    question = ", ".join([*(_in_words(name, value) for name, value in typed.items()), f"by {page.sort}"])
    head = feed_formats.FeedHead(
        title=f"Presswatch: {question}",
        question=question,
        home=store.sources.home(typed.get("source")) or "urn:presswatch",
        made_at=now,
    )
    write = feed_formats.atom_pieces if page.form == "atom" else feed_formats.rss_pieces
    formats.emit(write(paged, head, lambda: paged.next_page(page.sort)))


def _in_words(name: str, value: Any) -> str:
    plain = name.replace("_", " ")
    return plain if value is True else f"not {plain}" if value is False else f"{plain} {value}"


def give_counts(store: Store, wanted: ArticleFilter, by: str | None, page: Page) -> bool:
    """Write how many articles pass the filter, in all or by something; return whether there are any.

    Raises ConfigError for what has no meaning beside it.
    """
    senseless = {"--fields": page.fields, "--after": page.after, f"--format {page.form}": page.form in FEEDS}
    for option, given in senseless.items():
        if given:
            raise ConfigError(f"{option} means nothing to counts; leave it out, or leave out --count and --by")
    if by is None:
        number = count(store, wanted)
        give_records([{COUNTED: number}], [COUNTED], page.form, raw=page.raw, table=lambda _rows, _wide: [str(number)])
        return True
    rows = ({by: key, COUNTED: number} for key, number in counts(store, wanted, [By(by)]))
    return give_records(_first(rows, page.limit), [by, COUNTED], page.form, raw=page.raw)


COUNTED = "article_count"


def _first(rows: Iterator[dict[str, Any]], limit: int | None) -> Iterator[dict[str, Any]]:
    for place, row in enumerate(rows):
        if limit and place == limit:
            return
        yield row
