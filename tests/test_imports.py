"""Who may import whom: the walls of the house, walked file by file, imports inside functions included."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.support.site import Site
from tests.support.site.fixtures import shared_site, site
from tests.support.stories import story

__all__ = ["shared_site", "site"]


PACKAGES = ("storage", "scraper", "scheduler", "presswatch")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))

SCRAPY_SIDE = {
    "scraper/engine/event_loop.py",
    "scraper/engine/download_handler.py",  # a subclass of its download handler, which its settings name
    "scraper/engine/extensions.py",
    "scraper/engine/failures.py",
    "scraper/engine/middlewares.py",
    "scraper/engine/pipelines.py",
    "scraper/engine/run.py",
    "scraper/engine/scrapy_settings.py",  # what Scrapy has by itself, of which it takes away
    "scraper/engine/spiders.py",
}
FORBIDDEN = {
    "storage": {
        "presswatch",
        "scraper",
        "scheduler",
        "scrapy",
        "twisted",
        "apscheduler",
        "apprise",
        "feedparser",
        "lxml",
        "parsel",
    },
    "scraper": {"presswatch", "scheduler", "apscheduler", "apprise", "alembic", "sqlalchemy"},
    "scheduler": {"presswatch", "scrapy", "twisted", "lxml", "feedparser"},
    "presswatch": {"twisted", "lxml", "feedparser", "apscheduler", "alembic"},
}
# What nobody ever dares to throw away.
DRAWERS = {"utils", "helpers", "common", "misc", "base", "manager", "handler"}


def imported(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it but under TYPE_CHECKING."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    hidden = {id(node) for block in ast.walk(tree) if _is_type_checking(block) for node in ast.walk(block)}
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in hidden:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            found.add(node.module or "")
    return found


def test_apscheduler_is_known_where_its_clock_is_kept_and_where_cron_is_read() -> None:
    users = {path.name for path in (ROOT / "scheduler").glob("*.py") if any("apscheduler" in m for m in imported(path))}
    assert users == {"daemon.py", "rules.py"}


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_walk_sees_the_imports_it_is_to_judge() -> None:
    assert {"scrapy", "scrapy.http"} <= imported(ROOT / "scraper" / "spiders.py")
    assert len(MODULES) > 30


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    roots = {module.split(".")[0] for module in imported(path)}
    assert not roots & FORBIDDEN[package]


@pytest.mark.parametrize("path", sorted((ROOT / "scraper").rglob("*.py")), ids=name_of)
def test_scrapy_stays_on_its_side_of_the_scraper(path: Path) -> None:
    roots = {module.split(".")[0] for module in imported(path)}
    if name_of(path) not in SCRAPY_SIDE:
        assert not roots & {"scrapy", "twisted"}


@pytest.mark.parametrize("path", sorted((ROOT / "scheduler").rglob("*.py")), ids=name_of)
def test_the_scheduler_knows_only_the_declarations_of_the_scraper(path: Path) -> None:
    of_scraper = {module for module in imported(path) if module.split(".")[0] == "scraper"}
    assert of_scraper <= {"scraper.sources", "scraper.source"}


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_only_what_sends_imports_apprise_and_only_when_it_sends(path: Path) -> None:
    assert "apprise" not in {module.split(".")[0] for module in imported(path)}
    assert name_of(path) == "scheduler/notifications/sender.py" or 'import_module("apprise")' not in path.read_text(
        "utf-8"
    )


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_is_small_and_no_drawer(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 500
    assert path.stem not in DRAWERS


def test_half_of_the_functions_are_under_ten_lines() -> None:
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in MODULES]
    functions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    lengths = sorted((node.end_lineno or node.lineno) - node.lineno + 1 for node in functions)
    assert lengths[len(lengths) // 2] < 10


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        ("--help", "sqlalchemy scrapy twisted alembic lxml feedparser"),
        ("crawl --help", "scrapy twisted alembic lxml feedparser"),
        ("query --help", "scrapy twisted alembic apscheduler lxml feedparser"),
        ("export --help", "scrapy twisted alembic apscheduler pyarrow xlsxwriter"),
    ],
)
def test_help_loads_only_what_it_needs(arguments: str, unwanted: str) -> None:
    assert not loaded_by(arguments.split(), ROOT) & set(unwanted.split())


UNWANTED = {"scrapy", "twisted", "alembic", "apprise", "lxml", "feedparser", "scraper", "scheduler", "aiohttp"}
UNWANTED |= {"starlette", "fastapi", "flask", "uvicorn", "jinja2", "pyarrow", "xlsxwriter"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["query"],
        ["query", "--format", "atom"],
        ["query", "--group-by", "day", "--format", "md"],
        ["report"],
        ["export", "out.jsonl", "--force"],
        ["sql", "select 1"],
    ],
    ids=" ".join,
)
def test_a_question_loads_only_what_it_needs(tmp_path: Path, arguments: list[str]) -> None:
    database = f"sqlite:///{tmp_path}/asked.db"
    loaded_by(["query", "--database", database], tmp_path)  # the first one makes the tables
    loaded = loaded_by([*arguments, "--database", database], tmp_path)
    assert "sqlalchemy" in loaded
    assert not loaded & UNWANTED


def test_a_query_loads_neither_the_mapper_nor_another_database_nor_feeds(tmp_path: Path) -> None:
    asked = ["query", "--database", f"sqlite:///{tmp_path}/asked.db"]
    loaded_by(asked, tmp_path)  # the first one makes the tables
    loaded = modules_loaded_by(asked, tmp_path)
    assert {"sqlalchemy", "storage.database.tables"} <= loaded
    assert not loaded & {"sqlalchemy.orm", "sqlalchemy.dialects.postgresql", "presswatch.output.feeds"}


def test_the_settings_are_told_without_a_database_or_scrapy(tmp_path: Path) -> None:
    assert not loaded_by(["config"], tmp_path) & {"scrapy", "twisted", "sqlalchemy", "alembic", "apprise", "aiohttp"}


def test_the_daemon_crawls_and_loads_neither_scrapy_nor_the_migrations(tmp_path: Path, site: Site) -> None:
    site.publish(story("one"))
    settings = f'[sources.caliber]\nbase_url = "{site.url}"\n[scraper]\ndelay = "0 s"\n'
    (tmp_path / "presswatch.toml").write_text(settings, encoding="utf-8")
    loaded_by(["db", "upgrade"], tmp_path)
    loaded = loaded_by(["daemon", "--once"], tmp_path)
    assert {"apscheduler", "sqlalchemy"} <= loaded
    assert not loaded & {"scrapy", "twisted", "alembic", "apprise", "requests", "aiohttp", "feedparser", "uvloop"}


def test_a_crawl_loads_no_component_that_it_has_switched_off(tmp_path: Path, site: Site) -> None:
    site.publish(story("one"))
    crawl = ["crawl", "caliber", "--base-url", site.url, "--database", f"sqlite:///{tmp_path}/crawled.db"]
    (tmp_path / "presswatch.toml").write_text('[scraper]\ndelay = "0 s"\n', encoding="utf-8")
    loaded = modules_loaded_by(crawl, tmp_path)
    assert {"scrapy", "scrapy.downloadermiddlewares.httpcompression", "aiohttp"} <= loaded
    off = {"scrapy.downloadermiddlewares.cookies", "scrapy.extensions.remote_control", "scrapy.extensions.telnet"}
    assert not loaded & (off | {"requests", "aiohttp.web"})


def loaded_by(arguments: list[str], folder: Path) -> set[str]:
    """The packages a command has loaded when it ends."""
    return {module.split(".")[0] for module in modules_loaded_by(arguments, folder)}


def modules_loaded_by(arguments: list[str], folder: Path) -> set[str]:
    """The modules a command has loaded when it ends."""
    script = (
        "import atexit, sys; sys.path.insert(0, sys.argv.pop(1));"
        "atexit.register(lambda: sys.stderr.write('\\nLOADED ' + ' '.join(sys.modules)));"
        "import presswatch; presswatch.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(ROOT), *arguments], capture_output=True, text=True, cwd=folder, check=True
    )
    return set(done.stderr.rpartition("LOADED ")[2].split())
