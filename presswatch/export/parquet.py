"""Write articles to Parquet files with pyarrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.articles.row_mapping import field_type
from storage.database.column_types import ProblemList, StringList, UtcDateTime
from storage.model.version import VERSION

UTC_MICROSECONDS = pa.timestamp("us", tz="UTC")


def write_parquet_file(output: IO[bytes], batches: Iterable[Sequence[Sequence[Any]]], columns: Sequence[str]) -> None:
    """Write each batch as a row group: times as UTC timestamps, sections as lists, problems as lists of structs."""
    schema = pa.schema([(name, _arrow_type(name)) for name in columns], metadata={"program": f"presswatch {VERSION}"})
    with pq.ParquetWriter(output, schema, compression="zstd") as writer:
        for batch in batches:
            arrays = [_array(values, kind.type) for values, kind in zip(zip(*batch, strict=True), schema, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _array(values: Sequence[Any], kind: Any) -> Any:
    if kind == UTC_MICROSECONDS:
        values = [None if value is None else _utc_time(value) for value in values]
    return pa.array(values, type=kind)


def _utc_time(value: str) -> datetime:
    """Return the time; of a day, its midnight UTC: a column of timestamps has no days (published_precision tells)."""
    at = datetime.fromisoformat(value)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def _arrow_type(name: str) -> Any:
    kind = field_type(name)
    if isinstance(kind, UtcDateTime):
        return UTC_MICROSECONDS
    if isinstance(kind, StringList):
        return pa.list_(pa.string())
    if isinstance(kind, ProblemList):
        return pa.list_(pa.struct([("field", pa.string()), ("reason", pa.string())]))
    return pa.int64() if kind is not None and kind.python_type is int else pa.string()
