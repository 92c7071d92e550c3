"""The sentences by which articles answer a question, for the articles of a list that are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, Integer, Select, Text, any_, bindparam, func, select

from storage.answers import ArticleSummary, Excerpt
from storage.criteria import sections_of
from storage.matching import Document, Match, matcher
from storage.models import ArticleRow
from storage.printable import safe
from storage.questions import Question
from storage.session import Database

PAGE = 50
"""Articles whose bodies are loaded at a time."""

BOLD, PLAIN = "\x1b[1m", "\x1b[22m"

articles = ArticleRow.__table__
IDS = "ids"


def excerpts(
    database: Database,
    question: Question,
    found: Iterable[ArticleSummary],
    paint: Callable[[Match], str] = Match.marked,
    *,
    as_of: datetime | None = None,
) -> Iterator[Excerpt]:
    """The same articles, each with the sentence that answers the question as `paint` shows it.

    The bodies of a page are loaded when the first of its articles is asked for, in their wording of `as_of` if that is
    given. Raises StoreError.
    """
    left, matches = iter(found), matcher(question)
    while page := tuple(islice(left, PAGE)):
        wordings = _wordings(database, page, as_of)
        for article in page:
            match = matches(wordings[article.id])
            # None: it was edited after the list was read, and answers no more.
            yield Excerpt(article, "" if match is None else paint(match))


def _wordings(database: Database, page: Sequence[ArticleSummary], as_of: datetime | None) -> dict[int, Document]:
    listed = {article.id: article for article in page}
    with database.read() as connection:
        rows = connection.execute(_said_now(connection.dialect.name), {IDS: _written(connection, list(listed))})
        now = {article_id: _document(listed[article_id], subtitle, body) for article_id, subtitle, body in rows.all()}
        if as_of is None:
            return now
        from storage.past_conditions import wordings_then

        return now | dict(wordings_then(connection, as_of, articles.c.id.in_(list(listed))))


@cache
def _said_now(dialect: str) -> Select[Any]:
    """The rest of what can be asked for, of the articles with these ids: it is not in the list.

    The ids are one value, so that the statement is always the same: written into it they take as long as to read it.
    """
    wanted: ColumnElement[bool]
    if dialect == "sqlite":
        wanted = articles.c.id.in_(select(func.json_each(bindparam(IDS, type_=Text)).table_valued("value").c.value))
    else:
        wanted = articles.c.id == any_(bindparam(IDS, type_=ARRAY(Integer)))
    return select(articles.c.id, articles.c.subtitle, articles.c.body).where(wanted)


def _written(connection: Connection, ids: Sequence[int]) -> Any:
    return json.dumps(ids) if connection.dialect.name == "sqlite" else ids


def _document(article: ArticleSummary, subtitle: str | None, body: str) -> Document:
    sections = sections_of(article.sections, article.section)
    return Document(article.title, subtitle, body, sections, article.source, article.language)


def on_terminal(match: Match) -> str:
    """The sentence with its hits in bold; nothing else in it can steer the terminal."""
    return _painted(match, BOLD, PLAIN)


def in_table(match: Match) -> str:
    """The sentence with its hits in brackets, fit for a terminal."""
    return _painted(match, "[", "]")


def _painted(match: Match, before: str, after: str) -> str:
    pieces, at = [], 0
    for start, end in match.marks:
        pieces += [_safe(match.sentence[at:start]), before, _safe(match.sentence[start:end]), after]
        at = end
    return "".join([*pieces, _safe(match.sentence[at:])])


def _safe(piece: str) -> str:
    """A piece of a line: the blanks at its ends belong to it."""
    return safe(piece, lines=True).replace("\n", " ").replace("\t", " ")
