"""Cut the texts of articles and links to the lengths that are stored, so that one page can fill no database.

PostgreSQL refuses an index row over 2,704 bytes, and whatever is indexed is of the lengths that are declared here: a
character takes at most four bytes of UTF-8.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.model.article_fields import MAX_LENGTHS
from storage.model.records import ArticleData, Link, Problem

MAX_SECTIONS = 50
"""Sections of one article or link."""
MAX_AUTHORS = 50
"""Authors of one article."""
MAX_REASON_LENGTH = 500
"""Characters of the reason of a failure or of a problem; a reason may quote the page."""

_CUT_FIELDS = ("title", "subtitle", "body", "description", "author", "published_raw", "language")
_MAX_NAMES = {"sections": MAX_SECTIONS, "authors": MAX_AUTHORS}


def article_within_limits(article: ArticleData) -> ArticleData:
    """Return the article with every text in its maximum length, and a problem for each that was cut.

    A URL of an image is dropped, as the beginning of one leads elsewhere. Raises ValueError for an article whose own
    URL is too long.
    """
    if len(article.url) > MAX_LENGTHS["url"]:
        raise ValueError(f"its URL has {len(article.url):,} characters; at most {MAX_LENGTHS['url']:,} are stored")
    values: dict[str, Any] = {}
    problems: dict[str, Problem] = {}
    for name in _CUT_FIELDS:
        text: str | None = getattr(article, name)
        if text is not None and len(text) > MAX_LENGTHS[name]:
            values[name] = text[: MAX_LENGTHS[name]].rstrip()
            problems[name] = Problem(name, f"cut to {MAX_LENGTHS[name]:,} of {len(text):,} characters")
    if article.image_url is not None and len(article.image_url) > MAX_LENGTHS["image_url"]:
        values["image_url"] = None
        problems["image_url"] = Problem("image_url", f"dropped: longer than {MAX_LENGTHS['image_url']:,} characters")
    for name, most in _MAX_NAMES.items():
        names: tuple[str, ...] = getattr(article, name)
        kept = _names(name, names)
        if kept != names:
            values[name] = kept
            problems[name] = Problem(name, f"cut to {most} {name} of {MAX_LENGTHS[name]} characters")
    quoted = tuple(Problem(problem.field, short_reason(problem.reason)) for problem in article.problems)
    if not values and quoted == article.problems:
        return article
    return replace(article, **values, problems=(*quoted, *problems.values()))


def link_within_limits(link: Link) -> Link:
    """Return the link with every hint in its maximum length."""
    title, raw, language = link.title, link.published_raw, link.language
    return replace(
        link,
        title=title and title[: MAX_LENGTHS["title"]].rstrip(),
        published_raw=raw and raw[: MAX_LENGTHS["published_raw"]].rstrip(),
        sections=_names("sections", link.sections),
        language=language and language[: MAX_LENGTHS["language"]],
    )


def short_reason(reason: str) -> str:
    """Return the reason, cut with an ellipsis if it is too long to be stored."""
    return reason if len(reason) <= MAX_REASON_LENGTH else f"{reason[: MAX_REASON_LENGTH - 1]}…"


def _names(field: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[: MAX_LENGTHS[field]] for name in names))[: _MAX_NAMES[field]]
