"""Questions to the full-text index: the first page with its sentences, beside FTS5 asked by hand through sqlite3.

By hand means the same expression in MATCH, the columns of a list joined to it, and FTS5's own `snippet`. Ours finds the
articles, makes them into values, reads their bodies and gives the sentence that answers, with the words marked in it.
By hand, all matches of a common query are ranked; ours ranks the last stored (storage.search.fulltext.RANK_LIMIT), so
only where there are fewer must both give the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any

from benchmarks.pairs import Compared
from storage.articles.counts import count
from storage.articles.filters import ArticleFilter, Sort
from storage.articles.highlight import highlights
from storage.articles.results import ArticleSummary, Highlight
from storage.search.fulltext import RANK_LIMIT, to_fts5
from storage.search.query import Query, parse
from storage.store import Store
from storage.text.analyzer import forms

PAGE = 50
RATIO = 1.5
FREQUENCIES = {"rare": 50, "middling": 3_000, "common": 100_000}
"""About so many of a million articles have such a word."""
LOOKED_THROUGH = 8
"""Articles whose words are candidates."""

SNIPPET = "snippet(articles_fts, 0, '[', ']', '…', 24)"
FROM = "FROM articles_fts JOIN articles ON articles.id = articles_fts.rowid WHERE articles_fts MATCH ?"
SORTED = {Sort.RANK: "rank", Sort.DATE: "published_at DESC, id DESC"}


def asked(store: Store, connection: sqlite3.Connection, columns: str, now: datetime) -> Iterator[Compared]:
    """Each kind of question by rank, some by date, their counts, and what gained most."""
    texts = questions(connection)
    for kind, text in texts.items():
        yield a_page(store, connection, columns, kind, parse(text), Sort.RANK)
    for kind in ("rare", "middling", "common"):
        yield a_page(store, connection, columns, kind, parse(texts[kind]), Sort.DATE)
    for kind in ("middling", "common"):
        yield a_count(store, connection, kind, parse(texts[kind]))
    for name, wanted in (
        ("", ArticleFilter()),
        (" of a middling word", ArticleFilter(query=parse(texts["middling"]))),
    ):
        yield Compared(name=f"query --sort growth{name}", ours=partial(grown, store, wanted, now))


def questions(connection: sqlite3.Connection) -> dict[str, str]:
    """A question of each kind, made of words of the English articles that were stored last."""
    counted = _counted(connection)
    (total,) = connection.execute("SELECT count(*) FROM articles").fetchone()

    def near(share: float) -> str:
        return min(counted, key=lambda word: abs(counted[word] - share * total / 1e6))

    words = {kind: near(share) for kind, share in FREQUENCIES.items()}
    return words | {
        "a phrase": f'"{_pair(connection, words["middling"])}"',
        "two words": f"{words['middling']} {words['common']}",
        "a middling word of a section": f"{words['middling']} section:politics",
    }


def _counted(connection: sqlite3.Connection) -> Mapping[str, int]:
    """How many articles have each of some words."""
    connection.execute("CREATE VIRTUAL TABLE temp.entries USING fts5vocab(main, articles_fts, row)")
    last = "SELECT body FROM articles WHERE language = 'en' ORDER BY id DESC LIMIT ?"
    bodies = [body for (body,) in connection.execute(last, [LOOKED_THROUGH])]
    words = {word: stem for body in bodies for word, stem in forms(body) if word.isalpha() and len(word) > 3}
    of_entry = "SELECT doc FROM temp.entries WHERE term = ?"
    counted = {word: connection.execute(of_entry, [stem]).fetchone()[0] for word, stem in sorted(words.items())}
    connection.execute("DROP TABLE temp.entries")
    return counted


def _pair(connection: sqlite3.Connection, word: str) -> str:
    """The word with the one that stands behind it in the article that has it and was stored last."""
    found = connection.execute(
        "SELECT body FROM articles_fts WHERE articles_fts MATCH ? ORDER BY rowid DESC LIMIT 1",
        [to_fts5(parse(f"body:{word}").root)],
    )
    stems = forms(found.fetchone()[0])
    [(_, wanted)] = forms(word)
    place = next(place for place, (_, stem) in enumerate(stems[:-1]) if stem == wanted)
    return f"{stems[place][0]} {stems[place + 1][0]}"


def a_page(
    store: Store, connection: sqlite3.Connection, columns: str, kind: str, question: Query, sort: Sort
) -> Compared:
    """The first page of a question, ours and by hand."""
    narrow = ", ".join(f"articles.{name.strip()}" for name in columns.split(","))
    statement = f"SELECT {narrow}, {SNIPPET} {FROM} ORDER BY {SORTED[sort]} LIMIT {PAGE}"
    match = to_fts5(question.root)
    (found,) = connection.execute(f"SELECT count(*) {FROM}", [match]).fetchone()

    def ours() -> list[Highlight]:
        wanted = ArticleFilter(query=question)
        return list(highlights(store, question, store.articles.find(wanted, sort=sort, limit=PAGE)))

    def plain() -> list[Any]:
        return connection.execute(statement, [match]).fetchall()

    if found <= RANK_LIMIT or sort is Sort.DATE:
        _compare(kind, ours(), plain(), sort)
    return Compared(name=f"{kind}: {question.text} ({found}), by {sort}", ours=ours, plain=plain, wanted=RATIO)


def _compare(kind: str, ours: list[Highlight], plain: list[Any], sort: Sort) -> None:
    """Of equal rank either may stand first, or on the page at all: then the numbers must be equal."""
    same = [one.article.id for one in ours] == [row[0] for row in plain]
    if not (len(ours) == len(plain) if sort is Sort.RANK else same) or not all(one.snippet for one in ours):
        raise RuntimeError(f"{kind}: the two answers differ")


def a_count(store: Store, connection: sqlite3.Connection, kind: str, question: Query) -> Compared:
    """How many articles answer."""
    match = to_fts5(question.root)

    def ours() -> int:
        return count(store, ArticleFilter(query=question))

    def plain() -> int:
        (found,) = connection.execute(
            "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", [match]
        ).fetchone()
        return int(found)

    if ours() != plain():
        raise RuntimeError(f"{kind}: the two counts differ")
    return Compared(name=f"count of {kind}: {question.text}", ours=ours, plain=plain)


def grown(store: Store, wanted: ArticleFilter, now: datetime) -> list[ArticleSummary]:
    """The first page of what gained most."""
    return list(islice(store.articles.find(wanted, sort=Sort.GROWTH, limit=PAGE, now=now), PAGE))
