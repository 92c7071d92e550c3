"""Keep articles and answer queries about them: the ground the other packages stand on.

What other programs need is here by name and loaded when it is first touched, so that `--help` loads no database:

    from storage import ArticleFilter, open_store
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    "open_store",
]

_HOMES = {
    "storage.articles.results": ("ArticleFull", "ArticleSummary", "Revision", "ViewReading"),
    "storage.articles.counts": ("By", "count", "counts"),
    "storage.model.errors": ("ConfigError", "PresswatchError", "StoreError"),
    "storage.articles.filters": ("ArticleFilter", "Cursor", "Sort"),
    "storage.store": ("Store", "open_store"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
