"""List the pages by their addresses."""

from __future__ import annotations

from collections.abc import Sequence

from presswatch.web.pages.article import article
from presswatch.web.pages.compare import compare
from presswatch.web.pages.coverage import absence, coverage
from presswatch.web.pages.notes import NOTES_FORMATS, change_notes, change_tags, notes, notes_in
from presswatch.web.pages.request import PageMaker
from presswatch.web.pages.search import MEDIA_TYPES, search, search_in
from presswatch.web.pages.today import today
from presswatch.web.pages.watches import add_watch, remove_watch, watch_form, watches
from presswatch.web.pages.watching import events, inspect, run, runs, source, sources

GET, POST = ("GET",), ("POST",)

PAGES: Sequence[tuple[str, PageMaker, Sequence[str]]] = (
    ("/", today, GET),
    ("/search", search, GET),
    ("/articles/{id}", article, GET),
    ("/sources", sources, GET),
    ("/sources/{name}", source, GET),
    ("/runs", runs, GET),
    ("/runs/{id}", run, GET),
    ("/events", events, GET),
    ("/inspect", inspect, GET),
    ("/coverage", coverage, GET),
    ("/absent", absence, GET),
    ("/compare", compare, GET),
    ("/watches", watches, GET),
    ("/watches/new", watch_form, GET),
    ("/watches/new", add_watch, POST),
    ("/watches/remove", remove_watch, POST),
    ("/notes", notes, GET),
    ("/articles/{id}/notes", change_notes, POST),
    ("/articles/{id}/tags", change_tags, POST),
)
"""Path, maker and methods; a path of `/api` is none of these."""

FORMATS: Sequence[tuple[str, PageMaker]] = (
    *((f"/search.{name}", search_in(name)) for name in MEDIA_TYPES),
    *((f"/notes.{name}", notes_in(name)) for name in NOTES_FORMATS),
)
"""The same lists in other formats, at the same address with their names behind it."""
