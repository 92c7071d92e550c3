"""Make the rows of a page of articles what a format writes: records with attribution, or the entries of a feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from presswatch.output import formats
from presswatch.output.formats import FORMATS
from presswatch.output.records import field_names, select_fields
from storage.articles import cursors
from storage.articles.articles import LIST_BATCH_SIZE
from storage.articles.filters import Sort
from storage.articles.results import ArticleByGrowth, ArticleSummary, Highlight, ScoredArticle
from storage.store import Store

SNIPPET_FIELD = "snippet"
ADDRESS_FIELDS = ("fetched_at", "url")
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


def list_fields(form: str, sort: Sort, *, names: str | None = None, with_snippet: bool = False) -> tuple[str, ...]:
    """Return the names of the fields to write: those of `names`, or all. Raises ConfigError for an unknown one."""
    known = field_names({Sort.RANK: ScoredArticle, Sort.GROWTH: ArticleByGrowth}.get(sort, ArticleSummary))
    default = MARKDOWN_FIELDS if form == "md" else known
    snippet = (SNIPPET_FIELD,) if with_snippet else ()
    return select_fields(names, (*known, *snippet), (*default, *snippet))


def field_value(row: Highlight, name: str) -> Any:
    """Return a field of an article or the snippet; None if the article has no score or no view gain."""
    return row.snippet if name == SNIPPET_FIELD else formats.field_value(row.article, name)


def article_records(rows: Iterator[Highlight], columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield the rows as records with these keys."""
    return ({name: field_value(row, name) for name in columns} for row in rows)


def with_descriptions(store: Store, rows: Iterator[Highlight], *, as_of: datetime | None) -> Iterator[Highlight]:
    """Add the stored descriptions, a batch of articles at a time."""
    while batch := list(islice(rows, LIST_BATCH_SIZE)):
        descriptions = store.articles.descriptions([row.article.id for row in batch], as_of=as_of)
        yield from (row._replace(description=descriptions.get(row.article.id, "")) for row in batch)


def article_feed(
    store: Store,
    rows: Iterator[Highlight],
    form: str,
    typed: Mapping[str, Any],
    *,
    now: datetime,
    next_page: Callable[[], str | None],
    as_of: datetime | None = None,
    home: str | None = None,
) -> Iterator[str]:
    """Write a page of articles as a feed; `typed` has the filter and the order as typed: its title.

    `home` is the web page of the same list; without one it is the home page of the source.
    """
    from presswatch.output import feeds  # noqa: PLC0415  (start-up time: the email package, 8 ms)

    query = ", ".join(_describe_filter(name, value) for name, value in typed.items())
    head = feeds.FeedMetadata(
        title=f"Presswatch: {query}",
        query=query,
        home=home or store.sources.home(typed.get("source")) or "urn:presswatch",
        generated_at=now,
    )
    return FORMATS[form].writer()(with_descriptions(store, rows, as_of=as_of), head, next_page)


def _describe_filter(name: str, value: Any) -> str:
    if name == "query":
        return str(value)
    plain = name.replace("_", " ")
    return plain if value is True else f"not {plain}" if value is False else f"{plain} {value}"
