"""Watch news sites: the public Python API, `from presswatch import open_store, ArticleFilter`.

Every name is loaded when it is first used, so that `import presswatch` and `presswatch --help` load no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presswatch.cli.main import main
    from storage import (
        ArticleFilter,
        ArticleFull,
        ArticleSummary,
        By,
        ConfigError,
        Cursor,
        PresswatchError,
        Revision,
        Sort,
        Store,
        StoreError,
        ViewReading,
        count,
        counts,
        open_store,
    )

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


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module("presswatch.cli.main" if name == "main" else "storage"), name)
    globals()[name] = value  # found at once from now on
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
