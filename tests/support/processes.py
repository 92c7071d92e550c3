"""Simulate crawls that would be processes of their own, within this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from storage.crawling.processes import new_process_id


@contextmanager
def own_process() -> Iterator[str]:
    """Give the runs that are opened inside the id of a new process, and yield it."""
    process = new_process_id()
    with patch("storage.crawling.runs.process_id", return_value=process):
        yield process
