"""Provide one bundled site for all tests, reset before each, and a crawl environment per test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawServer
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["env", "server", "shared_site", "site"]


@pytest.fixture
def env(tmp_path: Path, site: Site) -> CrawlEnv:
    return CrawlEnv(tmp_path, site)


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    """Serve scripted bytes for the tests of one module."""
    with RawServer({}) as started:
        yield started
