"""The sentences by which articles answer a question, for the articles of a list that are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, select

from storage.answers import ArticleExcerpt, ArticleSummary
from storage.lists import article_lines
from storage.matching import Document, Match, matches
from storage.models import ArticleRow
from storage.printable import safe
from storage.questions import Question

if TYPE_CHECKING:
    from storage.store import Store

PAGE = 50
"""Articles whose bodies are loaded at a time."""

BOLD, PLAIN = "\x1b[1m", "\x1b[22m"

articles = ArticleRow.__table__
# The rest of what can be asked for is in the list.
_WORDINGS = select(articles.c.id, articles.c.subtitle, articles.c.body).where(
    articles.c.id.in_(bindparam("ids", expanding=True, literal_execute=True))
)


def excerpts(
    store: Store, question: Question, found: Iterable[ArticleSummary], paint: Callable[[Match], str] = Match.marked
) -> Iterator[ArticleExcerpt]:
    """The same articles, each with the sentence that answers the question as `paint` shows it.

    The bodies of a page are loaded when the first of its articles is asked for. Raises StoreError.
    """
    left = iter(found)
    while page := tuple(islice(left, PAGE)):
        wordings = _wordings(store, [article.id for article in page])
        for article in page:
            match = matches(question, _document(article, *wordings[article.id]))
            # None: it was edited after the list was read, and answers no more.
            snippet = "" if match is None else paint(match)
            names, values = _reading(type(article))  # type: ignore[arg-type]  # mypy: a class can be hashed
            yield ArticleExcerpt(snippet=snippet, **dict(zip(names, values(article), strict=True)))


def _wordings(store: Store, ids: Sequence[int]) -> dict[int, tuple[str | None, str]]:
    """Subtitle and body of each."""
    with store.read() as connection:
        found = connection.execute(_WORDINGS, {"ids": ids})
        return {article_id: (subtitle, body) for article_id, subtitle, body in found}


@cache
def _reading(kind: type[ArticleSummary]) -> tuple[tuple[str, ...], Callable[[ArticleSummary], tuple[Any, ...]]]:
    """The fields of an article, and how they are read in a sixth of the time that formats.record takes."""
    names = tuple(field.name for field in fields(kind))
    return names, attrgetter(*names)


def _document(article: ArticleSummary, subtitle: str | None, body: str) -> Document:
    return Document(
        title=article.title,
        subtitle=subtitle,
        body=body,
        sections=article.sections,
        source=article.source,
        language=article.language,
    )


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


def excerpt_lines(found: Sequence[ArticleExcerpt], *, columns_wide: int) -> Iterator[str]:
    """The table of articles with its sentence under each."""
    header, *lines = article_lines(found, columns_wide=columns_wide)
    yield header
    for article, line in zip(found, lines, strict=False):
        yield line
        yield f"    {article.snippet}"
    yield from lines[len(found) :]
