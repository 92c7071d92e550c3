"""Name how the document of a page ends too early: the words that parser, comparison and statistics share."""

from __future__ import annotations

from collections.abc import Iterable

from storage.model.records import Problem

PAGE_FIELD = "page"
"""Field of the problem of a page whose document has no proper end."""

UNCLOSED = "ends without </html>"
"""Kind of an end that some sites have on every page: elements are open that need an end tag."""
CUT_KINDS = tuple(f"ends inside a {part}" for part in ("tag", "comment", "script", "style", "character"))
"""Kinds of an end that no template writes."""

BROKE_OFF = "the answer broke off: the page "
"""Beginning of the reason of a fetch that failed by such a problem."""

MAX_TAIL_LENGTH = 60
"""Characters of the document's end that a problem quotes: what is equal of two fetches that ended at one place."""


def page_end_problem(kind: str, tail: str) -> Problem:
    """Return the problem of a page that ends so; `tail` is the end of its text."""
    printable = "".join(character if character.isprintable() else " " for character in tail[-2 * MAX_TAIL_LENGTH :])
    return Problem(PAGE_FIELD, f"{kind}: …{' '.join(printable.split())[-MAX_TAIL_LENGTH:]}")


def find_page_end(problems: Iterable[Problem]) -> Problem | None:
    """Return the problem of the page's end among all of its problems; None if it has a proper end."""
    return next((problem for problem in problems if problem.field == PAGE_FIELD), None)


def kind_of(problem: Problem) -> str:
    """Return the kind of a problem of `page_end_problem`."""
    return problem.reason.partition(":")[0]


def failure_reason(problem: Problem) -> str:
    """Return the reason of a fetch that failed by this problem."""
    return f"{BROKE_OFF}{problem.reason}"
