"""The criteria of a search as they stand in an address: the same as those of `presswatch query`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from presswatch.cli.options import MAX_COUNT_VALUE
from presswatch.output.typed_filter import typed_filter
from presswatch.web.pages.rendering import address
from presswatch.web.pages.request import PageRequest, whole_number
from storage.articles.filters import ArticleFilter, Sort
from storage.model.errors import ConfigError
from storage.model.records import EditKind

SEARCH = "/search"
LABELS: Mapping[str, str] = {
    "q": "words",
    "since": "published since",
    "until": "published before",
    "source": "source",
    "section": "section",
    "language": "language",
    "author": "author",
    "min_views": "views, at least",
    "max_views": "views, at most",
    "edited_since": "edited since",
    "edit_kind": "kind of edit",
    "as_of": "as of",
}
"""Fields of the form, as errors and the page name them."""
FLAGS: Mapping[str, str] = {
    "stealth": "stealth edits only",
    "ever": "match earlier versions, too",
    "gone": "gone from the site",
}
ORDER = ("sort", "limit", "timezone", "after")
FIELDS = (*LABELS, *FLAGS, *ORDER)
DEFAULT_LIMIT = 30
MAX_LIMIT = 100
MAX_DAYS_AGO = 90
"""Days that the slider reaches back."""
SORTS: Mapping[Sort, str] = {
    Sort.RANK: "best match",
    Sort.DATE: "newest",
    Sort.VIEWS: "most viewed",
    Sort.GROWTH: "gained most in 24 h",
    Sort.STORED: "last stored",
}


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The criteria as typed, without those that say nothing, in the order of FIELDS."""

    typed: Mapping[str, str]

    @classmethod
    def of(cls, request: PageRequest) -> SearchForm:
        """Read the criteria of an address. The slider's days become a day, so that a link means the same tomorrow."""
        typed = {name: value for name in FIELDS if (value := request.value(name))}
        days = request.number("days_ago", default=0, largest=MAX_DAYS_AGO)
        if days and "as_of" not in typed:
            typed["as_of"] = f"{request.now - timedelta(days=days):%Y-%m-%dT%H:%MZ}"
        return cls({name: typed[name] for name in FIELDS if name in typed})

    @property
    def criteria(self) -> Mapping[str, str]:
        """Return what selects articles, without their order, the zone of days and the place in the list."""
        return {name: value for name, value in self.typed.items() if name not in ORDER}

    @property
    def words(self) -> str:
        """Return the query."""
        return self.typed.get("q", "")

    def get(self, name: str) -> str:
        """Return a criterion as typed, "" if it is not given."""
        return self.typed.get(name, "")

    def address(self, path: str = SEARCH, changes: Mapping[str, str | None] | None = None, **more: str | None) -> str:
        """Return the address of this search with other values; None leaves a field out.

        With other criteria a list begins again.
        """
        kept = {name: value for name, value in self.typed.items() if name != "after"}
        merged = {**kept, **(changes or {}), **more}
        return address(path, {name: merged[name] for name in FIELDS if merged.get(name)})

    def filter(self, now: datetime) -> ArticleFilter:
        """Build the filter. Raises ConfigError, naming the field."""
        kinds = self.typed.get("edit_kind")
        return typed_filter(
            now=now,
            label=_label,
            query=self.typed.get("q"),
            **{name: self.typed.get(name) for name in ("since", "until", "edited_since", "as_of")},
            **{name: self.typed.get(name) for name in ("source", "section", "language", "author")},
            min_views=self._count("min_views"),
            max_views=self._count("max_views"),
            edit_kinds=_edit_kinds(kinds) if kinds else (),
            is_stealth=True if self._flag("stealth") else None,
            ever=self._flag("ever"),
            gone=self._flag("gone") if "gone" in self.typed else None,
        )

    def sort(self, wanted: ArticleFilter) -> Sort:
        """Return the order asked for, or the usual one. Raises ConfigError."""
        typed = self.typed.get("sort")
        if typed is None:
            return wanted.usual_sort
        if typed not in set(Sort):
            raise ConfigError(f"sort: {typed[:50]!r} is none of {', '.join(Sort)}")
        return Sort(typed)

    def limit(self, largest: int = MAX_LIMIT, default: int = DEFAULT_LIMIT) -> int:
        """Return the number of articles of a page. Raises ConfigError."""
        asked = self._count("limit")
        return default if not asked else min(asked, largest)

    def _count(self, name: str) -> int | None:
        typed = self.typed.get(name)
        if typed is None:
            return None
        found = whole_number(typed, largest=MAX_COUNT_VALUE)
        if found is None:
            raise ConfigError(f"{_label(name)}: {typed[:50]!r} is not a whole number")
        return found

    def _flag(self, name: str) -> bool:
        return self.typed.get(name, "") not in {"", "0", "no", "false"}


def _label(name: str) -> str:
    return LABELS.get("q" if name == "query" else name, name)


def _edit_kinds(typed: str) -> tuple[EditKind, ...]:
    known = {str(kind): kind for kind in EditKind if kind is not EditKind.FORMAT}
    words = [word.strip() for word in typed.split(",") if word.strip()]
    for word in words:
        if word not in known:
            raise ConfigError(f"kind of edit: {word[:50]!r} is none of {', '.join(known)}")
    return tuple(known[word] for word in words)


def typed_options(form: SearchForm) -> dict[str, Any]:
    """Return the criteria by the names of the command line's options, for the title of a feed."""
    names = {"q": "query", "edit_kind": "edit_kinds", "stealth": "is_stealth"}
    return {names.get(name, name): True if name in FLAGS else value for name, value in form.criteria.items()}
