"""Remember which languages with marked stems the full-text index has: a query asks for the stems of these alone.

They are kept beside the state of the index, whose row is the first: each is a row whose id is the language's code, read
as a number of base 36. Stems have marks, and a query many alternatives, only where such articles are stored; looked up
in the index itself, the languages cost PostgreSQL 20 ms a query.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from storage.database.engine import upsert_insert
from storage.database.tables import search_index_state
from storage.search.matcher import IndexedDocument
from storage.text.analyzer import ANALYZER_VERSION, Analyzer, analyzer_of

STATE_ID = 1
"""Row of the index itself; every code has two letters or three, and is a higher number."""
IS_STATE = search_index_state.c.id == STATE_ID
_BASE = 36
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_INDEXED = select(search_index_state.c.id).where(~IS_STATE)


def indexed_analyzers(connection: Connection) -> list[Analyzer]:
    """Return the analyzers with marked stems of the articles that were indexed since the index was cleared."""
    return [analyzer_of(_code(number)) for number in sorted(connection.scalars(_INDEXED))]


def add_languages(connection: Connection, documents: Iterable[IndexedDocument]) -> None:
    """Remember the languages of articles that are being indexed."""
    stemmings = (analyzer_of(document.language).stemming for document in documents)
    # In one order, so that no two transactions wait for each other.
    ids = sorted({int(stemming.code, _BASE) for stemming in stemmings if stemming})
    if ids:
        statement = upsert_insert(connection, search_index_state).on_conflict_do_nothing()
        connection.execute(
            statement, [{"id": number, "analyser_version": ANALYZER_VERSION, "complete": True} for number in ids]
        )


def clear_languages(connection: Connection) -> None:
    """Forget all: no article is indexed."""
    connection.execute(delete(search_index_state).where(~IS_STATE))


def _code(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, _BASE)
        digits = _DIGITS[digit] + digits
    return digits
