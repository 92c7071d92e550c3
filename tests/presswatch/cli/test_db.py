"""`presswatch db prune`, `vacuum` and `info --sizes`: what they delete, count and print."""

from __future__ import annotations

import gc
import json
import re
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database.tables import METADATA
from storage.model.records import FetchResult, Outcome
from tests.conftest import Ask
from tests.support.rows import DAY, HOUR, Rows

NOW = datetime.now(UTC)


@pytest.fixture
def old(rows: Rows) -> Rows:
    """Insert an article of a hundred days ago, read and fetched each hour of two days."""
    then = NOW - 100 * DAY
    article = rows.article("old", stored_at=then, first_seen_at=then, published_at=then)
    link = rows.link("https://caliber.az/en/post/old", first_listed_at=then, outcome=Outcome.STORED)
    for hours in range(48):
        at = then + hours * HOUR
        rows._insert("view_readings", {"article_id": article, "measured_at": at, "view_count": hours})
        rows.fetch(link, fetched_at=at, result=FetchResult.UNCHANGED if hours else FetchResult.NEW)
    return rows


def settle(folder: Path, text: str) -> None:
    (folder / "presswatch.toml").write_text(f"[storage]\n{text}\n", encoding="utf-8")


def test_prune_counts_first_and_then_deletes(old: Rows, ask: Ask, alone: Path) -> None:
    settle(alone, 'keep_fetches = "90 d"\nkeep_readings = "90 d"')
    would, done, again = ask("db", "prune", "--dry-run"), ask("db", "prune"), ask("db", "prune")
    assert would.output.startswith("46 fetches and ")
    assert would.output.endswith(" view readings would be deleted\n")
    assert done.output == would.output.replace("would be ", "")
    assert again.output == "0 fetches and 0 view readings deleted\n"
    assert len(old.store.articles.readings(1)) < 15


def test_without_a_setting_nothing_is_pruned(old: Rows, ask: Ask) -> None:
    refused = ask("db", "prune")
    assert refused.exit_code == 2
    assert 'write keep_fetches or keep_readings, such as "90 d", into [storage]' in refused.stderr
    assert len(old.store.articles.readings(1)) == 48


def test_a_refused_command_leaves_no_connection_open(old: Rows, ask: Ask) -> None:
    with warnings.catch_warnings(record=True) as left:
        warnings.simplefilter("always", ResourceWarning)
        ask("db", "prune")
        ask("status")
        gc.collect()
    assert [str(warning.message) for warning in left if warning.category is ResourceWarning] == []


def test_what_status_and_health_checks_read_cannot_be_pruned(old: Rows, ask: Ask, alone: Path) -> None:
    settle(alone, 'keep_readings = "1 d"')
    refused = ask("db", "prune")
    assert refused.exit_code == 2
    assert 'must be "2 d" at least' in refused.stderr


@pytest.mark.dialect
def test_vacuum_gives_space_back(rows: Rows, ask: Ask) -> None:
    link = rows.link("https://caliber.az/en/post/large", title="x")
    for number in range(40):
        rows.fetch(link, reason=f"{number} " * 20_000)
    rows.clear("fetches")
    rows.store.close()
    done = ask("db", "vacuum")
    assert done.exit_code == 0, done.output
    before, after = (int(words.split()[0]) for words in done.output.split(", "))
    if rows.database.startswith("sqlite"):  # PostgreSQL keeps what is no end of a table for rows to come
        assert after < before


@pytest.mark.dialect
def test_info_has_the_size_of_each_table_and_index(old: Rows, ask: Ask) -> None:
    lines = [json.loads(line) for line in ask("db", "info", "--sizes", "--format", "jsonl").output.splitlines()]
    sizes = {line["name"]: int(line["value"].split()[0]) for line in lines if line["value"].endswith(" bytes")}
    assert set(METADATA.tables) - {"alembic_version"} <= sizes.keys()
    assert sizes["ix_links_source_first_listed_at"] >= 4096
    plain = ask("db", "info").output
    assert "ix_links" not in plain


def test_every_name_of_a_table_stands_apart_from_its_count(rows: Rows, ask: Ask) -> None:
    lines = ask("db", "info").stdout.splitlines()
    assert all(re.fullmatch(r"\w+  +\S.*", line) for line in lines)
    assert len({line.index(line.split(maxsplit=1)[1], len(line.split()[0])) for line in lines}) == 1
