"""The sentences by which articles answer a query, for the articles of a list that are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Select, Text, any_, bindparam, func, select

from storage.articles.as_of_conditions import texts_as_of
from storage.articles.results import ArticleSummary, Highlight
from storage.database.article_sections import all_sections
from storage.database.session import Database
from storage.database.tables import articles
from storage.search.matcher import IndexedDocument, Match, compile_matcher
from storage.search.query import Query
from storage.text.sanitize import sanitize

HIGHLIGHT_BATCH_SIZE = 50
"""Articles whose bodies are loaded at a time."""

BOLD_ON, BOLD_OFF = "\x1b[1m", "\x1b[22m"

IDS_PARAM = "ids"


def highlights(
    database: Database,
    query: Query,
    found: Iterable[ArticleSummary],
    paint: Callable[[Match], str] = Match.highlighted,
    *,
    as_of: datetime | None = None,
) -> Iterator[Highlight]:
    """The same articles, each with the sentence that answers the query as `paint` shows it.

    The bodies of a page are loaded when the first of its articles is asked for, in their text of `as_of` if that is
    given. Raises StoreError.
    """
    left, matches = iter(found), compile_matcher(query)
    while page := tuple(islice(left, HIGHLIGHT_BATCH_SIZE)):
        texts = _text_versions(database, page, as_of)
        for article in page:
            match = matches(texts[article.id])
            # None: it was edited after the list was read, and answers no more.
            yield Highlight(article, "" if match is None else paint(match))


def _text_versions(
    database: Database, page: Sequence[ArticleSummary], as_of: datetime | None
) -> dict[int, IndexedDocument]:
    listed = {article.id: article for article in page}
    with database.read() as connection:
        rows = connection.execute(
            _current_texts(connection.dialect.name), {IDS_PARAM: _render_snippet(connection, list(listed))}
        )
        now = {article_id: _document(listed[article_id], subtitle, body) for article_id, subtitle, body in rows.all()}
        if as_of is None:
            return now
        return now | dict(texts_as_of(connection, as_of, articles.c.id.in_(list(listed))))


@cache
def _current_texts(dialect: str) -> Select[Any]:
    """The rest of what can be asked for, of the articles with these ids: it is not in the list.

    The ids are one value, so that the statement is always the same: written into it they take as long as to read it.
    """
    wanted: ColumnElement[bool]
    if dialect == "sqlite":
        wanted = articles.c.id.in_(
            select(func.json_each(bindparam(IDS_PARAM, type_=Text)).table_valued("value").c.value)
        )
    else:
        wanted = articles.c.id == any_(bindparam(IDS_PARAM, type_=ARRAY(BigInteger)))
    return select(articles.c.id, articles.c.subtitle, articles.c.body).where(wanted)


def _render_snippet(connection: Connection, ids: Sequence[int]) -> Any:
    return json.dumps(ids) if connection.dialect.name == "sqlite" else ids


def _document(article: ArticleSummary, subtitle: str | None, body: str) -> IndexedDocument:
    sections = all_sections(article.sections, article.section)
    return IndexedDocument(article.title, subtitle, body, sections, article.source, article.language)


def bold(match: Match) -> str:
    """The sentence with its hits in bold; nothing else in it can steer the terminal."""
    return _highlighted(match, BOLD_ON, BOLD_OFF)


def brackets(match: Match) -> str:
    """The sentence with its hits in brackets, fit for a terminal."""
    return _highlighted(match, "[", "]")


def _highlighted(match: Match, before: str, after: str) -> str:
    pieces, at = [], 0
    for start, end in match.marks:
        pieces += [_sanitize(match.sentence[at:start]), before, _sanitize(match.sentence[start:end]), after]
        at = end
    return "".join([*pieces, _sanitize(match.sentence[at:])])


def _sanitize(piece: str) -> str:
    """A piece of a line: the blanks at its ends belong to it."""
    return sanitize(piece, lines=True).replace("\n", " ").replace("\t", " ")
