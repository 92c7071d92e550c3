"""Capture the log of the scheduler's tests."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest


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
