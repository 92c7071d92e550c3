"""Build SQL expressions that steer the query planner alike for every query."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Integer, literal_column


def no_index(key: Any) -> ColumnElement[int]:
    """Return an integer column that SQLite uses no index for: `+table.column` (https://sqlite.org/optoverview.html)."""
    return literal_column(f"+{key.table.name}.{key.name}", Integer)
