"""Watch news sites: the public Python API, `from presswatch import open_store, ArticleFilter`.

Every name is loaded when it is first used, so that `import presswatch` and `presswatch --help` load no database.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from presswatch.cli.main import main
    from storage.articles.as_of_details import article_as_of
    from storage.articles.counts import count, counts
    from storage.articles.details import article_views
    from storage.articles.filters import ArticleFilter, By, Cursor, Sort
    from storage.articles.highlight import highlights
    from storage.articles.results import ArticleFull, ArticleSummary, Revision, ViewReading
    from storage.articles.revision_history import text_versions
    from storage.articles.view_gains import top_at_age, top_gains
    from storage.coverage.absence import Absence, Verdict, absent
    from storage.coverage.appearance import Appearance
    from storage.coverage.causes import Cause
    from storage.coverage.coverage import SourceCoverage, coverage
    from storage.coverage.firsts import FirstStatement, first_statements
    from storage.coverage.not_visible import NotVisible
    from storage.coverage.statements import Statement
    from storage.model.errors import ConfigError, PresswatchError, StoreError
    from storage.search.query import parse
    from storage.store import Store, open_store

__all__ = [
    "Absence",
    "Appearance",
    "ArticleFilter",
    "ArticleFull",
    "ArticleSummary",
    "By",
    "Cause",
    "ConfigError",
    "Cursor",
    "FirstStatement",
    "NotVisible",
    "PresswatchError",
    "Revision",
    "Sort",
    "SourceCoverage",
    "Statement",
    "Store",
    "StoreError",
    "Verdict",
    "ViewReading",
    "absent",
    "article_as_of",
    "article_views",
    "count",
    "counts",
    "coverage",
    "first_statements",
    "highlights",
    "main",
    "open_store",
    "parse",
    "text_versions",
    "top_at_age",
    "top_gains",
]

_NAMES_OF_MODULE = {
    "presswatch.cli.main": ("main",),
    "storage.articles.as_of_details": ("article_as_of",),
    "storage.articles.counts": ("count", "counts"),
    "storage.articles.details": ("article_views",),
    "storage.articles.filters": ("ArticleFilter", "By", "Cursor", "Sort"),
    "storage.articles.highlight": ("highlights",),
    "storage.articles.results": ("ArticleFull", "ArticleSummary", "Revision", "ViewReading"),
    "storage.articles.revision_history": ("text_versions",),
    "storage.articles.view_gains": ("top_at_age", "top_gains"),
    "storage.coverage.absence": ("Absence", "Verdict", "absent"),
    "storage.coverage.appearance": ("Appearance",),
    "storage.coverage.causes": ("Cause",),
    "storage.coverage.coverage": ("SourceCoverage", "coverage"),
    "storage.coverage.firsts": ("FirstStatement", "first_statements"),
    "storage.coverage.not_visible": ("NotVisible",),
    "storage.coverage.statements": ("Statement",),
    "storage.model.errors": ("ConfigError", "PresswatchError", "StoreError"),
    "storage.search.query": ("parse",),
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
