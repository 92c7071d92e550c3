"""A server on the showcase, shared by the tests that change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.rows import address_of, empty_database
from tests.support.showcase import fill_showcase, recent
from tests.support.web_server import WebServer

UNLIMITED = "[web]\nsearches_per_minute = 100000\n"


@pytest.fixture(scope="session")
def showcase_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database of three sites, up to now."""
    folder = tmp_path_factory.mktemp("showcase")
    (folder / "news.db").write_bytes(empty_database())
    fill_showcase(address_of(folder), recent()).close()
    return folder


@pytest.fixture(scope="session")
def server(showcase_folder: Path) -> Iterator[WebServer]:
    """The server of the showcase."""
    with WebServer(showcase_folder, address_of(showcase_folder), settings=UNLIMITED) as started:
        yield started
