"""What the tests of alerts share: a database, somebody who listens, and the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from tests.scheduler.listener import Listener
from tests.storage.conftest import alone, ask
from tests.storage.rows import Rows

__all__ = ["alone", "ask"]


@pytest.fixture
def rows(database: str) -> Iterator[Rows]:
    made = Rows(database)
    yield made
    made.store.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as listening:
        yield listening


@pytest.fixture
def everything_logged() -> Iterator[StringIO]:
    """What a daemon logs at the lowest level. Not caplog, which hangs itself to loggers that keep to themselves."""
    written, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(written), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)
