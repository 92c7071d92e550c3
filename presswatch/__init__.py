"""Watch news sites: the public Python API, `from presswatch import open_store, ArticleFilter`.

Every name is loaded when it is first used, so that `import presswatch` and `presswatch --help` load no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presswatch.cli.main import main
    from storage.articles.counts import By, count, counts
    from storage.articles.filters import ArticleFilter, Cursor, Sort
    from storage.articles.results import ArticleFull, ArticleSummary, Revision, ViewReading
    from storage.model.errors import ConfigError, PresswatchError, StoreError
    from storage.store import Store, open_store

__all__ = [
    "ArticleFilter",
    "ArticleFull",
    "ArticleSummary",
    "By",
    "ConfigError",
    "Cursor",
    "PresswatchError",
    "Revision",
    "Sort",
    "Store",
    "StoreError",
    "ViewReading",
    "count",
    "counts",
    "main",
    "open_store",
]

_NAMES_OF_MODULE = {
    "presswatch.cli.main": ("main",),
    "storage.articles.counts": ("By", "count", "counts"),
    "storage.articles.filters": ("ArticleFilter", "Cursor", "Sort"),
    "storage.articles.results": ("ArticleFull", "ArticleSummary", "Revision", "ViewReading"),
    "storage.model.errors": ("ConfigError", "PresswatchError", "StoreError"),
    "storage.store": ("Store", "open_store"),
}
_MODULE_OF_NAME = {name: module for module, names in _NAMES_OF_MODULE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_MODULE_OF_NAME[name]), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
