"""What the tests of alerts share: a database, somebody who listens, and the command line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from tests.support.listener import Listener


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
