"""Stream whole articles as plain values for exports.

The rows are taken from the database as it keeps them and made into what JSON knows by the shortest way: through the
types of the columns, with a datetime made and unmade for every time, it takes twice as long.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from heapq import merge
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Text, bindparam, select, type_coerce

from storage.articles.conditions import filter_conditions, filter_conditions_by_date_presence
from storage.articles.filters import ArticleFilter
from storage.articles.row_mapping import source_attribution
from storage.database.article_sections import column_of
from storage.database.column_types import ProblemList, StringList, UtcDateTime
from storage.database.engine import AnyRow
from storage.database.sql import no_index
from storage.database.tables import articles
from storage.model.article_fields import SOURCE_FIELDS
from storage.model.records import DatePrecision

EXPORT_BATCH_SIZE = 100
"""Rows in memory at a time."""

IDS_PARAM = 10_000
"""Ids fetched at a time."""

ISO_DATE_LENGTH = len("2026-11-04")

Make = Callable[[Any], Any]


def iter_export_rows(connection: Connection, wanted: ArticleFilter, names: Sequence[str]) -> Iterator[list[Any]]:
    """The fields of each article that passes, in the order the articles were stored.

    Text, numbers and None as they are; times as ISO 8601 with +00:00, a publication day as its date; sections as a
    list; problems as a list of mappings. One transaction of `connection` holds them together.
    """
    notes = source_attribution(connection)
    columns = [column_of(name) for name in names if name not in SOURCE_FIELDS]
    read = (articles.c.source, type_coerce(articles.c.published_precision, Text))
    statement = select(*read, *(type_coerce(column, Text) for column in columns)).order_by(articles.c.id)
    of_source = {place: name for place, name in enumerate(names) if name in SOURCE_FIELDS}
    makers = _row_factories(names)
    dates = [place for place, name in enumerate(names) if name == "published_at"]
    for part in _parts(connection, wanted, statement):
        for row in part:
            source, precision, *values = row
            for place, name in of_source.items():
                values.insert(place, notes[source][name])
            for place, make in makers:
                if values[place] is not None or make is _names:
                    values[place] = make(values[place])
            for place in dates:
                if precision == DatePrecision.DAY and values[place] is not None:
                    values[place] = values[place][:ISO_DATE_LENGTH]
            yield values


def _parts(connection: Connection, wanted: ArticleFilter, statement: Select[Any]) -> Iterator[Sequence[AnyRow]]:
    """The rows in the order of ids, a few at a time.

    Of a part of the articles the ids come first, out of the indexes of what is asked for, 8 bytes each: in the order
    of ids the database would read every article, at its whole body, to leave most of them out.
    """
    if not _is_part(wanted):
        found = connection.execution_options(yield_per=EXPORT_BATCH_SIZE).execute(
            statement.where(*filter_conditions(connection, wanted))
        )
        yield from found.partitions()
        return
    ids = _ids(connection, wanted)
    some = statement.where(articles.c.id.in_(bindparam("ids", expanding=True, literal_execute=True)))
    for start in range(0, len(ids), EXPORT_BATCH_SIZE):
        yield connection.execute(some, {"ids": ids[start : start + EXPORT_BATCH_SIZE].tolist()}).all()


def _is_part(wanted: ArticleFilter) -> bool:
    """Return whether the filter has a criterion that an index serves."""
    times = (wanted.since, wanted.until, wanted.edited_since)
    return any(asked is not None for asked in (*times, wanted.query, wanted.source, wanted.section))


def _ids(connection: Connection, wanted: ArticleFilter) -> array[int]:
    """The ids of what passes, in their order."""
    parts = (_ids_of(connection, tests) for tests in filter_conditions_by_date_presence(connection, wanted))
    return array("q", merge(*parts))


def _ids_of(connection: Connection, tests: Sequence[ColumnElement[bool]]) -> Iterator[int]:
    # Sorted by the database, but not by a column that has an index of its own, which it would walk.
    sorted_ids = select(articles.c.id).where(*tests).order_by(no_index(articles.c.id))
    with connection.execution_options(yield_per=IDS_PARAM).scalars(sorted_ids) as found:
        yield from found


def _row_factories(names: Sequence[str]) -> list[tuple[int, Make]]:
    """Return the positions of values that need conversion, each with its converter."""
    kinds: dict[type[Any], Make] = {UtcDateTime: sqlite_time_to_iso, StringList: _names, ProblemList: _problems}
    made = ((place, kinds.get(type(column_of(name).type))) for place, name in _stored_value(names))
    return [(place, make) for place, make in made if make is not None]


def _stored_value(names: Sequence[str]) -> Iterator[tuple[int, str]]:
    return ((place, name) for place, name in enumerate(names) if name not in SOURCE_FIELDS)


def sqlite_time_to_iso(kept: str | datetime) -> str:
    """A time as SQLite keeps it, `2026-11-04 12:00:00.000000`, or as other databases give it, in ISO 8601."""
    if isinstance(kept, str):
        second = f"{kept[:10]}T{kept[11:19]}"
        return f"{second}+00:00" if kept[19:] in {".000000", ""} else f"{second}{kept[19:]}+00:00"
    return kept.astimezone(UTC).isoformat()


def _names(kept: str | None) -> list[str]:
    return [name for name in (kept or "").split("|") if name]


def _problems(kept: str) -> list[dict[str, str]]:
    return [] if kept == "[]" else [{"field": field, "reason": reason} for field, reason in json.loads(kept or "[]")]
