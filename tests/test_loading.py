"""Assert which modules a command has loaded when it ends: start-up time is mostly imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.plain_articles import plain_article
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site

__all__ = ["shared_site", "site"]

PARSERS = {"lxml", "selectolax"}
SCRAPING = PARSERS | {"scrapy", "twisted"}
HELP = SCRAPING | {"procrastinate", "alembic", "apprise", "aiohttp", "pyarrow", "xlsxwriter"}
READING = HELP | {"apscheduler", "sqlalchemy.orm", "sqlalchemy.dialects.postgresql"}


def modules_loaded_by(arguments: list[str], folder: Path) -> set[str]:
    """Run a command in `folder` in a process of its own; return the names in its sys.modules at the end."""
    script = (
        "import atexit, sys; sys.path.insert(0, sys.argv.pop(1));"
        "atexit.register(lambda: sys.stderr.write('\\nLOADED ' + ' '.join(sys.modules)));"
        "import presswatch; presswatch.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), *arguments], capture_output=True, text=True, cwd=folder, check=True
    )
    return set(done.stderr.rpartition("LOADED ")[2].split())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        (["--help"], HELP | {"sqlalchemy", "presswatch.cli.commands.query"}),
        (["crawl", "--help"], HELP),
        (["query", "--help"], HELP | {"apscheduler"}),
        (["config"], (HELP - PARSERS) | {"sqlalchemy"}),  # the sources declare their parsers
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_help_and_config_load_no_heavy_library(arguments: list[str], unwanted: set[str], tmp_path: Path) -> None:
    assert not modules_loaded_by(arguments, tmp_path) & unwanted


@pytest.mark.parametrize(
    "arguments",
    [["query"], ["query", "--group-by", "day", "--format", "md"], ["report"], ["export", "out.jsonl", "--force"]],
    ids=" ".join,
)
@pytest.mark.long_after(1)
def test_a_query_loads_neither_scraper_nor_scheduler_nor_the_mapper(tmp_path: Path, arguments: list[str]) -> None:
    database = f"sqlite:///{tmp_path}/news.db"
    modules_loaded_by(["db", "upgrade", "--database", database], tmp_path)
    loaded = modules_loaded_by([*arguments, "--database", database], tmp_path)
    assert {"sqlalchemy", "storage.database.tables"} <= loaded
    assert not loaded & (READING | {"scraper", "scheduler", "presswatch.output.feeds"})


def test_the_daemon_crawls_and_loads_neither_scrapy_nor_the_migrations(tmp_path: Path, site: Site) -> None:
    site.publish(plain_article("one"))
    settings = f'[sources.caliber]\nbase_url = "{site.url}"\n[scraper]\ndelay = "0 s"\n'
    (tmp_path / "presswatch.toml").write_text(settings, encoding="utf-8")
    modules_loaded_by(["db", "upgrade"], tmp_path)
    loaded = modules_loaded_by(["daemon", "--once"], tmp_path)
    assert {"apscheduler", "sqlalchemy"} <= loaded
    unwanted = {"scrapy", "twisted", "alembic", "apprise", "requests", "aiohttp", "uvloop"}
    assert not loaded & unwanted


def test_a_crawl_loads_no_component_that_it_has_switched_off(tmp_path: Path, site: Site) -> None:
    site.publish(plain_article("one"))
    crawl = ["crawl", "caliber", "--base-url", site.url, "--database", f"sqlite:///{tmp_path}/news.db"]
    (tmp_path / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\n', encoding="utf-8")
    loaded = modules_loaded_by(crawl, tmp_path)
    assert {"scrapy", "scrapy.downloadermiddlewares.httpcompression", "aiohttp"} <= loaded
    off = {"scrapy.downloadermiddlewares.cookies", "scrapy.extensions.remote_control", "scrapy.extensions.telnet"}
    assert not loaded & (off | {"requests", "aiohttp.web"})
