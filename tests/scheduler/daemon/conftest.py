"""Provide a runner for every test: a folder with settings and a database, in which daemons watch the site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon_process import DaemonRunner
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["runner", "shared_site", "site"]


@pytest.fixture
def runner(tmp_path: Path, site: Site) -> Iterator[DaemonRunner]:
    with DaemonRunner(tmp_path, site) as runner:
        yield runner
