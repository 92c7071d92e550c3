"""Describe what a check of a database has found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from storage.text.counts import counted

EXAMPLES = 3
"""Rows that a finding names."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A promise that the database does not keep: the table or index, and a sentence about it."""

    where: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.where}: {self.sentence}"


def rows_of(
    connection: Connection, where: str, wanted: Select[Any], what: str, *, called: str = "row"
) -> Iterable[Finding]:
    """Yield a finding that counts the rows of a SELECT of keys, and names some of them; none if there are no rows."""
    examples = connection.execute(wanted.limit(EXAMPLES)).all()
    if examples:
        count = connection.scalar(select(func.count()).select_from(wanted.subquery())) or 0
        named = "; ".join(", ".join(map(str, row)) for row in examples)
        yield Finding(where, f"{counted(count, called)} {what}, such as {named}")
