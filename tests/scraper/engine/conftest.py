"""One site for all crawls of a run, as fresh before each test; a desk of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.crawl_env import Desk
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["desk", "shared_site", "site"]


@pytest.fixture
def desk(tmp_path: Path, site: Site) -> Desk:
    return Desk(tmp_path, site)
