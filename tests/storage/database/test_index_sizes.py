"""Test that no index holds a text without a maximum: PostgreSQL refuses an index row over 2,704 bytes."""

from __future__ import annotations

import pytest
from sqlalchemy import Column, PrimaryKeyConstraint, Table, UniqueConstraint

from storage.database import daemon_tables, note_tables  # noqa: F401  (its tables join METADATA)
from storage.database.column_types import Utf8Text
from storage.database.tables import METADATA
from storage.model.article_fields import MAX_LENGTHS
from storage.model.urls import MAX_URL_LENGTH
from storage.notes.notes import MAX_TAG_LENGTH
from storage.notifications.watches import MAX_NAME_LENGTH

MAX_INDEX_ROW = 2_704
"""Bytes of a B-tree row of PostgreSQL, a third of a page."""
UTF8_BYTES = 4
"""Most bytes of a character."""
OWN_WORD = 40
"""Bytes of names that are our own: of sources, kinds, leases, languages of a URL, hashes."""

BYTES = {
    ("articles", "url"): MAX_URL_LENGTH,  # a canonical URL is ASCII
    ("links", "url"): MAX_URL_LENGTH,
    ("channels", "url"): MAX_URL_LENGTH,
    ("events", "subject"): MAX_URL_LENGTH,  # a URL or a field
    ("articles", "section"): UTF8_BYTES * MAX_LENGTHS["section"],
    ("article_sections", "section"): UTF8_BYTES * MAX_LENGTHS["sections"],
    ("articles", "language"): UTF8_BYTES * MAX_LENGTHS["language"],
    ("saved_searches", "name"): UTF8_BYTES * MAX_NAME_LENGTH,
    ("tags", "tag"): UTF8_BYTES * MAX_TAG_LENGTH,
    ("articles", "source"): OWN_WORD,
    ("sources", "name"): OWN_WORD,
    ("links", "source"): OWN_WORD,
    ("channels", "source"): OWN_WORD,
    ("crawl_runs", "source"): OWN_WORD,
    ("events", "source"): OWN_WORD,
    ("events", "kind"): OWN_WORD,
    ("articles", "content_hash"): OWN_WORD,
    ("crawl_runs", "process_id"): OWN_WORD,
    ("schedules", "source"): OWN_WORD,
    ("leases", "name"): OWN_WORD,
    ("alerts", "key"): 200,  # words of ours, ids and a fingerprint
    ("alert_receipts", "receipt"): 40,  # the number of a part and a hash
    ("alert_targets", "target_hash"): 32,
}
"""Most bytes of each text that an index holds."""


def indexed(table: Table) -> list[list[Column[object]]]:
    keys = [key for key in table.constraints if isinstance(key, PrimaryKeyConstraint | UniqueConstraint)]
    columns = [list(key.columns) for key in keys]
    unique = [[column] for column in table.columns if column.unique]
    return [*columns, *unique, *(list(index.columns) for index in table.indexes)]


@pytest.mark.parametrize("name", sorted(METADATA.tables))
def test_every_indexed_text_has_a_maximum_that_a_row_has_room_for(name: str) -> None:
    for columns in indexed(METADATA.tables[name]):
        texts = [column for column in columns if isinstance(column.type, Utf8Text)]
        sizes = [BYTES[(name, column.name)] for column in texts]
        assert sum(sizes) + 16 * len(columns) <= MAX_INDEX_ROW, columns
