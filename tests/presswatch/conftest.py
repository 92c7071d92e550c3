"""Fixtures of the tests of the command line: a local HTTP server as a notification target."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.listener import Listener


@pytest.fixture
def listener() -> Iterator[Listener]:
    with Listener() as server:
        yield server
