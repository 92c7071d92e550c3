"""The page of a search, and the same list in other formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

from presswatch.cli.known_names import check_names
from presswatch.output.article_records import PageIterator, article_feed, article_records, list_fields
from presswatch.output.formats import FORMATS
from presswatch.output.records import with_attribution
from presswatch.web.pages.rendering import marked
from presswatch.web.pages.request import Answer, Document, Page, PageRequest, Redirect
from presswatch.web.pages.search_form import (
    FLAGS,
    LABELS,
    MAX_DAYS_AGO,
    SEARCH,
    SORTS,
    SearchForm,
    typed_options,
)
from presswatch.web.pages.seen import seen_in, sentences
from storage.articles import cursors
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.highlight import highlights
from storage.articles.results import ArticleSummary, Highlight
from storage.model.errors import ConfigError
from storage.search.matcher import Match
from storage.store import Store

MAX_ROWS = 1_000
"""Rows of a list in another format; its Link header names the next ones."""
SAMPLE = 500
"""First matches, in the order of the list, whose facets are counted: of all of a million it would take seconds."""
MAX_VALUES = 8
MEDIA_TYPES: Mapping[str, str] = {
    "json": "application/json",
    "jsonl": "application/x-ndjson",
    "csv": "text/csv; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "md": "text/markdown; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "rss": "application/rss+xml; charset=utf-8",
}
"""Types of the formats that a search is given in; each is one of FORMATS."""
SHOWN_FORMATS = ("json", "csv", "atom", "rss")


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value that narrows a search, how many of the counted matches have it, and the address without or with it."""

    text: str
    count: int
    address: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one criterion, the most frequent first."""

    label: str
    values: tuple[FacetValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A search that was understood."""

    form: SearchForm
    wanted: ArticleFilter
    sort: Sort
    limit: int
    after: Cursor | None


def search(request: PageRequest) -> Answer:
    """Answer with the page of a search; an address with empty fields leads to the one without."""
    form = SearchForm.of(request)
    if request.value("days_ago") or any(not values[-1].strip() for values in request.query.values()):
        return Redirect(form.address(after=form.typed.get("after")))
    try:
        asked = _understood(request, form)
    except ConfigError as error:
        return _page(request, form, {"problem": str(error), **NOTHING_FOUND})
    # One list for both: to look matches up in the index again takes as long as the first time.
    listed = list(_found(request, asked, SAMPLE))
    sample = listed if asked.after is None else list(_found(request, replace(asked, after=None), SAMPLE))
    shown = listed[: asked.limit]
    rows = list(_with_snippets(request.store, asked, iter(shown), marked))
    has_more = len(listed) > asked.limit
    cursor = cursors.encode(shown[-1].cursor(asked.sort), asked.sort) if has_more else None
    found = {
        "problem": None,
        "rows": rows,
        "next": None if cursor is None else form.address(after=cursor),
        "is_first": asked.after is None,
        "total": len(sample) if len(sample) < SAMPLE else None,
        "facets": _facets(request.store, form, sample),
        "credits": {row.article.source: row.article for row in rows}.values(),
        "sort": asked.sort,
        "as_of": asked.wanted.as_of,
        "hidden": _hidden(request, asked.wanted),
    }
    return _page(request, form, found)


NOTHING_FOUND = {
    "rows": (),
    "next": None,
    "is_first": True,
    "total": 0,
    "facets": (),
    "credits": (),
    "sort": None,
    "as_of": None,
    "hidden": (),
}


def _page(request: PageRequest, form: SearchForm, found: Mapping[str, object]) -> Page:
    values = {
        "form": form,
        "labels": LABELS,
        "flags": FLAGS,
        "sorts": [(sort, text, form.address(sort=str(sort))) for sort, text in SORTS.items() if _offers(form, sort)],
        "formats": [(name, form.address(f"{SEARCH}.{name}")) for name in SHOWN_FORMATS],
        "sample": SAMPLE,
        "max_days_ago": MAX_DAYS_AGO,
        "sources": request.store.sources.titles(),
        **found,
    }
    return Page(template="search.html", title=form.words or "Search", values=values)


def _offers(form: SearchForm, sort: Sort) -> bool:
    """Return whether a search can be in this order: only words have a rank, and not those of all versions."""
    return sort is not Sort.RANK or (bool(form.words) and "ever" not in form.typed)


def _understood(request: PageRequest, form: SearchForm) -> _Asked:
    wanted = form.filter(request.now)
    check_names(request.store, request.site.config, form.typed)
    sort = form.sort(wanted)
    try:
        after = cursors.decode(form.typed["after"], sort) if "after" in form.typed else None
    except ValueError as error:
        raise ConfigError(f"after: {error}") from error
    return _Asked(form=form, wanted=wanted, sort=sort, limit=form.limit(), after=after)


def _found(request: PageRequest, asked: _Asked, limit: int) -> Iterator[ArticleSummary]:
    find = request.store.articles.find
    return find(asked.wanted, sort=asked.sort, limit=limit, after=asked.after, now=request.now)


def _with_snippets(
    store: Store, asked: _Asked, articles: Iterator[ArticleSummary], paint: Callable[[Match], str]
) -> Iterator[Highlight]:
    wanted = asked.wanted
    if wanted.query is None:
        return map(Highlight, articles)
    return highlights(store, wanted.query, articles, paint, as_of=wanted.as_of)


def _hidden(request: PageRequest, wanted: ArticleFilter) -> Sequence[str]:
    """Return what could not be seen of the period of a search; nothing if it has no begin."""
    if wanted.since is None or wanted.as_of is not None:
        return ()
    return sentences(seen_in(request, wanted.since, wanted.until or request.now, source=wanted.source))


def _facets(store: Store, form: SearchForm, sample: Sequence[ArticleSummary]) -> tuple[Facet, ...]:
    authors = store.articles.authors([article.id for article in sample]) if "as_of" not in form.typed else {}
    counted: dict[str, Counter[Any]] = {
        "source": Counter(article.source for article in sample),
        "section": Counter(article.section for article in sample),
        "language": Counter(article.language for article in sample),
        "author": Counter(chain.from_iterable(authors.values())),
    }
    found = [_facet(form, name, numbers) for name, numbers in counted.items()]
    return tuple(facet for facet in found if len(facet.values) > 1 or any(one.is_chosen for one in facet.values))


def _facet(form: SearchForm, name: str, numbers: Counter[Any]) -> Facet:
    chosen = form.typed.get(name)
    most = [(text, count) for text, count in numbers.most_common(MAX_VALUES) if text]
    if chosen is not None and all(text != chosen for text, _count in most):
        most.append((chosen, numbers[chosen]))
    values = [
        FacetValue(text, count, form.address(changes={name: None if text == chosen else text}), text == chosen)
        for text, count in most
    ]
    return Facet(LABELS[name], tuple(values))


def _in_format(form_name: str, request: PageRequest) -> Answer:
    """Answer with the list of a search in a format of the command line."""
    form = SearchForm.of(request)
    asked = _understood(request, form)
    limit = form.limit(largest=MAX_ROWS, default=MAX_ROWS)
    articles = PageIterator(_found(request, asked, limit + 1), limit)
    rows = _with_snippets(request.store, asked, articles, Match.highlighted)
    here = f"{SEARCH}.{form_name}"
    if FORMATS[form_name].articles_only:
        typed = {**typed_options(form), "by": asked.sort}
        pieces = article_feed(
            request.store,
            rows,
            form_name,
            typed,
            now=request.now,
            next_page=lambda: articles.next_page(asked.sort),
            as_of=asked.wanted.as_of,
        )
    else:
        columns = with_attribution(list_fields(form_name, asked.sort, with_snippet=asked.wanted.query is not None))
        pieces = FORMATS[form_name].writer()(article_records(rows, columns), columns, raw=False)
    written = list(pieces)
    cursor = articles.next_page(asked.sort)
    more = {} if cursor is None else {"link": f'<{form.address(here, after=cursor)}>; rel="next"'}
    name = f"presswatch.{form_name}"
    return Document(pieces=written, media_type=MEDIA_TYPES[form_name], file_name=name, headers=more)


def search_in(form_name: str) -> Callable[[PageRequest], Answer]:
    """Return the maker of a search's list in a format."""
    maker = partial(_in_format, form_name)
    maker.__name__ = f"search_in_{form_name}"  # type: ignore[attr-defined]  # names the route
    return maker
