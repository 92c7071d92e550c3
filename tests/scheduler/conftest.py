"""Simulate one month for all tests that look at it, which takes minutes, and capture the log of the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from storage.store import open_store
from tests.support.month import Month
from tests.support.october import END, HOST, SETTINGS, START, october_sites


@pytest.fixture(scope="session")
def month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Month]:
    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('month')}/month.db")
    logging.disable(logging.ERROR)  # thousands of lines
    try:
        month = Month(store, SETTINGS, october_sites(1), HOST, start=START)
        asyncio.run(month.run(END))
    finally:
        logging.disable(logging.NOTSET)
    yield month
    store.close()


@pytest.fixture
def everything_logged() -> Iterator[StringIO]:
    """Capture all log records, debug included. caplog misses loggers that do not propagate."""
    written, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
