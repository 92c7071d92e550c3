"""A post for every test: a folder with settings and a database, from which the daemon watches the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon_process import Post
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["post", "shared_site", "site"]


@pytest.fixture
def post(tmp_path: Path, site: Site) -> Iterator[Post]:
    with Post(tmp_path, site) as post:
        yield post
