"""Compare full-text queries with FTS5 by hand through sqlite3: the first page with its highlights, and counts.

By hand is the same expression in MATCH, joined to the columns of a list, with FTS5's own `snippet`. Ours finds the
articles, makes them into values, reads their bodies and highlights the words in the sentence that matches best. By
hand, all matches of a common query are ranked; ours ranks the last stored (storage.search.fulltext.RANK_LIMIT), so
only where there are fewer must both give the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from benchmarks.goals import Goal
from benchmarks.pairs import Comparison
from storage.articles.counts import count
from storage.articles.filters import ArticleFilter, Sort
from storage.articles.highlight import highlights
from storage.articles.results import ArticleSummary, Highlight
from storage.search.fulltext import RANK_LIMIT, match_expression, to_fts5
from storage.search.query import Query, parse
from storage.store import Store
from storage.text.analyzer import analyzer_of

PAGE = 50
MIN_ROWS = 25
"""Number of rows from which a page is compared with its goal: of fewer, most is the fixed cost of a query."""
PAGE_RATIO = Goal("full-text-page-to-fts5-ratio", 1.50)
GROWTH_TIME = Goal("growth-page-ms", 1000)
"""A person waits a second at most."""
FREQUENCIES = {"rare": 50, "middling": 3_000, "common": 100_000}
"""Number of a million articles that have such a word, about."""
SAMPLED_ARTICLES = 8
"""Number of articles whose words are candidates."""

SNIPPET = "snippet(articles_fts, 0, '[', ']', '…', 24)"
FROM = "FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid WHERE articles_fts MATCH ?"
SORTED = {Sort.RANK: "rank", Sort.DATE: "published_at DESC, id DESC"}


def comparisons(store: Store, connection: sqlite3.Connection, columns: str, now: datetime) -> Iterator[Comparison]:
    """Compare each kind of query by rank, some by date, their counts, and time pages by growth."""
    texts = queries(connection)
    for kind, text in texts.items():
        yield page(store, connection, columns, kind, parse(text), Sort.RANK)
    for kind in ("rare", "middling", "common"):
        yield page(store, connection, columns, kind, parse(texts[kind]), Sort.DATE)
    for kind in ("middling", "common"):
        yield total(store, connection, kind, parse(texts[kind]))
    for name, wanted in (
        ("", ArticleFilter()),
        (" of a middling word", ArticleFilter(query=parse(texts["middling"]))),
    ):
        ours = partial(by_growth, store, wanted, now)
        yield Comparison(name=f"query --sort growth{name}", ours=ours, milliseconds=GROWTH_TIME)


def queries(connection: sqlite3.Connection) -> dict[str, str]:
    """Build a query of each kind from words of the English articles that were stored last."""
    frequencies = _document_frequencies(connection)
    (articles,) = connection.execute("SELECT count(*) FROM articles").fetchone()

    def with_frequency(share: float) -> str:
        return min(frequencies, key=lambda word: abs(frequencies[word] - share * articles / 1e6))

    words = {kind: with_frequency(share) for kind, share in FREQUENCIES.items()}
    return words | {
        "a phrase": f'"{_pair(connection, words["middling"])}"',
        "two words": f"{words['middling']} {words['common']}",
        "a middling word of a section": f"{words['middling']} section:politics",
    }


def _document_frequencies(connection: sqlite3.Connection) -> Mapping[str, int]:
    """Count the articles that have each of some words."""
    connection.execute("CREATE VIRTUAL TABLE temp.entries USING fts5vocab(main, articles_fts, row)")
    last = "SELECT body FROM articles WHERE language = 'en' ORDER BY id DESC LIMIT ?"
    bodies = [body for (body,) in connection.execute(last, [SAMPLED_ARTICLES])]
    forms = analyzer_of("en").forms
    words = {word: stem for body in bodies for word, stem in forms(body) if word.isalpha() and len(word) > 3}
    of_entry = "SELECT doc FROM temp.entries WHERE term = ?"
    frequencies = {word: connection.execute(of_entry, [stem]).fetchone()[0] for word, stem in sorted(words.items())}
    connection.execute("DROP TABLE temp.entries")
    return frequencies


def _pair(connection: sqlite3.Connection, word: str) -> str:
    """Join the word and the one after it in the article that has it and was stored last."""
    found = connection.execute(
        "SELECT body FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid DESC LIMIT 1",
        [to_fts5(parse(f"body:{word}").root)],
    )
    forms = analyzer_of("en").forms
    stems = forms(found.fetchone()[0])
    [(_, wanted)] = forms(word)
    place = next(place for place, (_, stem) in enumerate(stems[:-1]) if stem == wanted)
    return f"{stems[place][0]} {stems[place + 1][0]}"


def page(store: Store, connection: sqlite3.Connection, columns: str, kind: str, query: Query, sort: Sort) -> Comparison:
    """Compare the first page of a query, ours and by hand."""
    statement = f"SELECT {columns}, {SNIPPET} {FROM} ORDER BY {SORTED[sort]} LIMIT {PAGE}"
    match = _expression(store, query)
    (found,) = connection.execute(f"SELECT count(*) {FROM}", [match]).fetchone()

    def ours() -> list[Highlight]:
        wanted = ArticleFilter(query=query)
        return list(highlights(store, query, store.articles.find(wanted, sort=sort, limit=PAGE)))

    def plain() -> list[Any]:
        return connection.execute(statement, [match]).fetchall()

    if found <= RANK_LIMIT or sort is Sort.DATE:
        _check_same(kind, ours(), plain(), sort)
    return Comparison(
        name=f"{kind}: {query.text} ({found}), by {sort}",
        ours=ours,
        plain=plain,
        ratio=PAGE_RATIO if found >= MIN_ROWS else None,
    )


def _expression(store: Store, query: Query) -> str:
    """Compile a query for the languages of the articles, as ours does."""
    with store.read() as reading:
        return match_expression(reading, query)


def _check_same(kind: str, ours: list[Highlight], plain: list[Any], sort: Sort) -> None:
    """Raise RuntimeError if the pages differ, by rank in length alone: of equal rank either may come first."""
    same = [one.article.id for one in ours] == [row[0] for row in plain]
    if not (len(ours) == len(plain) if sort is Sort.RANK else same) or not all(one.snippet for one in ours):
        raise RuntimeError(f"{kind}: the two pages differ")


def total(store: Store, connection: sqlite3.Connection, kind: str, query: Query) -> Comparison:
    """Compare the number of articles that match a query."""
    match = _expression(store, query)

    def ours() -> int:
        return count(store, ArticleFilter(query=query))

    def plain() -> int:
        (found,) = connection.execute(
            "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", [match]
        ).fetchone()
        return int(found)

    if ours() != plain():
        raise RuntimeError(f"{kind}: the two counts differ")
    return Comparison(name=f"count of {kind}: {query.text}", ours=ours, plain=plain)


def by_growth(store: Store, wanted: ArticleFilter, now: datetime) -> list[ArticleSummary]:
    """List the first page by views gained."""
    return list(islice(store.articles.find(wanted, sort=Sort.GROWTH, limit=PAGE, now=now), PAGE))
