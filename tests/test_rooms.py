"""Hold the import rules of the rooms (CONTRIBUTING.md), read from the source of every module."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.support.paths import ROOT

PACKAGES = ("storage", "scraper", "scheduler", "presswatch")

RULES = {
    "storage.model": "",
    "storage.text": "storage.model",
    "storage.config": "storage.model storage.text",
    "storage.database": "storage.model storage.text",
    "storage.search": "storage.model storage.text storage.database",
    "storage.crawling": "storage.model storage.database",
    "storage.saving": "storage.model storage.text storage.database storage.search storage.crawling",
    "storage.articles": "storage.model storage.text storage.database storage.search storage.crawling",
    "storage.scheduling": "storage.model storage.database storage.crawling",
    # The outbox turns rows of `events` into messages: it reads Event where it is defined, instead of a second class.
    "storage.notifications": "storage.model storage.database storage.search storage.crawling",
    "storage.coverage": "storage.model storage.text storage.database storage.search storage.crawling storage.articles",
    "storage.notes": "storage.model storage.database",
    "storage.retention": "storage.model storage.database storage.crawling storage.articles",
    "storage.copying": "storage.model storage.database storage.search storage.crawling storage.scheduling",
    "storage.integrity": "storage.model storage.text storage.database storage.search",
    "storage": "storage.model storage.database storage.crawling storage.saving storage.articles storage.scheduling "
    "storage.notifications storage.notes",
    "scraper": "storage.model",
    "scraper.parsing": "scraper storage.model storage.text",
    "scraper.body": "",
    "scraper.reading": "scraper scraper.parsing scraper.body storage.model storage.text",
    "scraper.declarations": "scraper scraper.parsing storage.model storage.text storage.config",
    "scraper.site_discovery": "scraper scraper.parsing storage.model storage.text",
    "scraper.sources": "scraper scraper.parsing scraper.reading scraper.declarations storage.model storage.config",
    "scraper.crawl": "scraper scraper.parsing scraper.reading scraper.declarations scraper.site_discovery storage "
    "storage.*",
    "scraper.engine": "scraper scraper.* storage storage.*",
    "scheduler": "",
    "scheduler.planning": "storage.model storage.text",
    "scheduler.health": "scheduler.planning scraper scraper.sources storage storage.*",
    "scheduler.notifications": "storage storage.*",
    "scheduler.daemon": "scheduler.planning scheduler.health scheduler.notifications scraper scraper.sources storage "
    "storage.*",
    "scheduler.cluster": "scheduler.daemon scraper storage storage.*",
    "presswatch.output": "scheduler.planning scheduler.health scraper scraper.declarations storage storage.*",
    "presswatch.export": "presswatch.output storage storage.*",
    "presswatch.cli": "presswatch.output presswatch.export scheduler.* scraper scraper.* storage storage.*",
    "presswatch.cli.cluster": "presswatch.cli scheduler.* scraper scraper.* storage storage.*",
    # Whether pages can be served is asked by the daemon, too, before it starts them.
    "presswatch.cli.commands": "presswatch.web.safety presswatch.cli presswatch.cli.cluster presswatch.output "
    "presswatch.export scheduler.* scraper scraper.* storage storage.*",
    "presswatch.web.safety": "storage.model storage.config",
    "presswatch.web.pages": "presswatch.cli presswatch.output scheduler.health scheduler.notifications scraper.sources "
    "storage storage.*",
    "presswatch.web.api": "presswatch.web.pages presswatch.cli presswatch.output scheduler.health "
    "scheduler.notifications scraper.sources storage storage.*",
    "presswatch.cli.claims": "presswatch.cli presswatch.output storage storage.*",
    "presswatch.web": "presswatch.web.* presswatch.cli presswatch.output scheduler.health scraper.sources storage "
    "storage.*",
    "presswatch.mcp": "presswatch.cli presswatch.output storage storage.*",
    "presswatch": "presswatch.cli storage storage.*",
}
"""Rooms that a room may import from, besides itself; `storage.*` is every room of storage."""

LIBRARIES = {
    "click": {"presswatch", "presswatch.*"},
    "scrapy": {"scraper.engine"},
    "twisted": {"scraper.engine"},
    "apscheduler": {"scheduler.daemon", "scheduler.planning"},
    "sqlalchemy": {"storage", "storage.*"},
    "alembic": {"storage.database"},
    "lxml": {"scraper.parsing", "scraper.site_discovery"},
    "selectolax": {"scraper", "scraper.parsing", "scraper.reading", "scraper.body", "scraper.site_discovery"},
    "feedparser": {"scraper.parsing"},
    "playwright": {"scraper.engine"},
    "aiohttp": {"scheduler.daemon", "scraper.engine"},
    "apprise": {"scheduler.notifications"},
    "Stemmer": {"storage.text"},
    "procrastinate": {"scheduler.cluster"},
    "tldextract": {"scheduler.cluster"},
    "starlette": {"presswatch.web", "presswatch.web.safety"},
    "uvicorn": {"presswatch.web"},
    "jinja2": {"presswatch.web.pages"},
    "mcp": {"presswatch.mcp"},
    "mcp_types": {"presswatch.mcp"},
    "pydantic": {"presswatch.mcp"},
    "pydantic_core": {"presswatch.mcp"},
}
"""Rooms that may import a library; one that is not named here is free."""

MAX_MODULES = 20
MAX_LINES = 500
DRAWERS = {"utils", "helpers", "common", "misc", "base", "manager", "handler"}


def _modules() -> dict[str, Path]:
    found = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            if "migrations" not in path.parts:  # Alembic's scripts, which nothing imports
                parts = path.relative_to(ROOT).with_suffix("").parts
                found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = _modules()


def _room(module: str) -> str:
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


def _imports(module: str) -> Iterator[str]:
    """Every module that a module imports: at its top, in functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: imports are absolute"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module or ""


@cache
def _graph() -> dict[str, set[str]]:
    return {module: set(_imports(module)) - {module} for module in MODULES}


def _is_allowed(room: str, rooms: set[str]) -> bool:
    return room in rooms or any(rule.endswith(".*") and room.startswith(rule[:-1]) for rule in rooms)


def test_a_room_imports_only_rooms_of_its_rule() -> None:
    assert {_room(module) for module in MODULES} == set(RULES)
    broken = [
        f"{module} imports {imported}"
        for module, imports in _graph().items()
        for imported in imports & MODULES.keys()
        if _room(imported) != _room(module) and not _is_allowed(_room(imported), set(RULES[_room(module)].split()))
    ]
    assert not broken


def test_a_library_is_imported_only_in_its_rooms() -> None:
    broken = [
        f"{module} imports {imported}"
        for module, imports in _graph().items()
        for imported in imports
        if (rooms := LIBRARIES.get(imported.split(".")[0])) is not None and not _is_allowed(_room(module), rooms)
    ]
    assert not broken


def test_no_modules_import_each_other_in_a_circle() -> None:
    left = {module: imports & MODULES.keys() for module, imports in _graph().items()}
    while free := {module for module, imports in left.items() if not imports}:
        left = {module: imports - free for module, imports in left.items() if module not in free}
    assert not left


def test_no_rooms_import_each_other_in_a_circle() -> None:
    left: dict[str, set[str]] = {room: set() for room in RULES}
    for module, imports in _graph().items():
        left[_room(module)] |= {_room(imported) for imported in imports & MODULES.keys()} - {_room(module)}
    while free := {room for room, imports in left.items() if not imports}:
        left = {room: imports - free for room, imports in left.items() if room not in free}
    assert not left


def test_a_room_holds_at_most_twenty_modules_and_no_drawer() -> None:
    rooms: dict[str, list[str]] = {}
    for module in MODULES:
        rooms.setdefault(_room(module), []).append(module)
    assert not {room: len(modules) for room, modules in rooms.items() if len(modules) > MAX_MODULES + 1}
    assert not {module for module in MODULES if module.rpartition(".")[2] in DRAWERS}


def test_a_module_is_one_concept_of_at_most_500_lines() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert {module: lines for module, lines in lengths.items() if lines > MAX_LINES} == {}
