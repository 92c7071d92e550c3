"""The connection to the database."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from storage.database.engine import create_store_engine, transaction
from storage.model.errors import StoreError

AT_ONCE = 6


@pytest.mark.long
def test_many_that_open_a_new_file_at_once_wait_for_each_other(tmp_path: Path) -> None:
    """Without our own waiting one in twenty of these rounds ended with "database is locked"."""
    for number in range(60):
        assert refusals(f"sqlite:///{tmp_path}/{number}.db") == []


def refusals(address: str) -> list[StoreError]:
    refused: list[StoreError] = []
    start = threading.Barrier(AT_ONCE)

    def write() -> None:
        engine = create_store_engine(address, busy_timeout=timedelta(seconds=20))
        start.wait()
        try:
            with transaction(engine) as connection:
                connection.execute(text("CREATE TABLE IF NOT EXISTS t (x)"))
        except StoreError as error:
            refused.append(error)
        finally:
            engine.dispose()

    threads = [threading.Thread(target=write) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return refused
