"""Fixtures on the site: import them in a conftest. One process for the whole test run, reset before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.site.control import Site


@pytest.fixture(scope="session")
def shared_site() -> Iterator[Site]:
    """The process; ask for `site` instead."""
    with Site.start() as started:
        yield started


@pytest.fixture
def site(shared_site: Site) -> Site:
    """An empty site that behaves."""
    shared_site.reset()
    return shared_site
