"""Render an article, or the history of one URL, as lines of plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from presswatch.output.formats import as_dict
from presswatch.output.tables import UTC_NOTE, credit, format_count
from storage.articles.results import ArticleDetails, ArticleFull, FetchRecord, LinkDetails, Revision, ViewReading
from storage.text.durations import NO_DURATION, format_time
from storage.text.sanitize import sanitize

ARTICLE_LABEL_WIDTH = 14
ARTICLE_INDENT = "  "


def render_article(story: ArticleDetails) -> Iterator[str]:
    """The article whole: fields, views, body, earlier wordings."""
    article = story.article
    yield sanitize(article.title)
    if article.subtitle:
        yield sanitize(article.subtitle)
    yield ""
    yield from (_labelled(label, value) for label, value in _facts(article))
    yield from (_labelled("same wording", f"{same.id}, {same.url}") for same in story.duplicates)
    yield from (_labelled("problem", str(problem)) for problem in article.problems)
    yield from _heading(f"Views read: {len(story.readings)}")
    yield from _series(story.readings)
    yield from _heading("Body")
    yield sanitize(article.body, lines=True) or "(empty)"
    yield from _heading(f"Earlier wordings: {len(story.revisions)}")
    for revision in story.revisions:
        yield from _text_version_lines(revision)
    yield from _attribution_lines(article.source_title, article.source, article.terms)


def _facts(article: ArticleFull) -> Iterator[tuple[str, str | None]]:
    printed = f', printed as "{article.published_raw}"' if article.published_raw else ""
    yield "id", str(article.id)
    yield "source", f"{article.source_title} ({article.source})"
    yield "address", article.url
    yield "published", format_time(article.published_at, article.published_precision) + printed
    yield "section", article.section
    yield "sections", ", ".join(article.sections)
    yield "language", article.language
    yield "author", article.author
    yield "views", format_count(article.view_count)
    yield "description", article.description
    yield "image", article.image_url
    yield "first seen", format_time(article.first_seen_at)
    yield "last seen", format_time(article.last_seen_at)
    yield "stored", format_time(article.stored_at)
    yield "fetched", format_time(article.fetched_at)
    yield "revised", format_time(article.revised_at)
    yield "gone", format_time(article.gone_at)
    yield "next recrawl", format_time(article.recrawl_at)
    yield "content hash", article.content_hash
    yield "reader version", str(article.parser_version)


def _labelled(label: str, value: str | None) -> str:
    return f"{label:<{ARTICLE_LABEL_WIDTH}}  {sanitize(value or NO_DURATION)}"


def _heading(text: str) -> tuple[str, str]:
    return "", f"== {text}"


def _attribution_lines(title: str, name: str, terms: str) -> tuple[str, str, str]:
    return "", credit(title, name, terms), UTC_NOTE


def _series(readings: Sequence[ViewReading]) -> Iterator[str]:
    if readings:
        yield f"{ARTICLE_INDENT}{format_time(readings[0].measured_at)}  {readings[0].view_count:>9}"
    for before, reading in pairwise(readings):
        grown = reading.view_count - before.view_count
        yield f"{ARTICLE_INDENT}{format_time(reading.measured_at)}  {reading.view_count:>9}  {grown:+}"


def _edit(revision: Revision) -> str:
    is_stealth = ", is_stealth: the page's own date did not move" if revision.is_stealth else ""
    seen = f"seen from {format_time(revision.seen_from)} until {format_time(revision.seen_until)}"
    return f"{revision.revision_number}. {seen}; ended by an edit: {revision.edit_kind}{is_stealth}"


def _text_version_lines(revision: Revision) -> Iterator[str]:
    printed = f', printed as "{revision.published_raw}"' if revision.published_raw else ""
    yield _edit(revision)
    yield ""
    yield sanitize(revision.title)
    if revision.subtitle:
        yield sanitize(revision.subtitle)
    yield _labelled("published", format_time(revision.published_at) + printed)
    yield _labelled("sections", ", ".join(revision.sections))
    yield _labelled("author", revision.author)
    yield ""
    yield sanitize(revision.body, lines=True) or "(empty)"
    yield ""


def render_link(story: LinkDetails) -> Iterator[str]:
    """Where the address was listed, each try, how it ended, what is kept of it, when it is looked at next."""
    yield sanitize(story.url)
    yield ""
    yield _labelled("outcome", story.outcome)
    yield _labelled("reason", story.outcome_reason)
    yield _labelled("title", story.title)
    yield _labelled("first listed", format_time(story.first_listed_at))
    yield _labelled("last listed", format_time(story.last_listed_at))
    yield _labelled("failed tries", f"{story.failed_attempts} in a row" if story.failed_attempts else "0")
    yield _labelled("missing since", format_time(story.first_404_at))
    yield _labelled("next attempt", _next_attempt(story))
    yield from _heading(f"Listed on: {len(story.listings)}")
    for listed in story.listings:
        when = f"{format_time(listed.first_listed_at)} until {format_time(listed.last_listed_at)}"
        yield f"{ARTICLE_INDENT}{when}  {sanitize(listed.channel)}"
    yield from _heading(f"Tries: {len(story.fetches)}")
    yield from (_fetch_line(tried) for tried in story.fetches)
    if story.article is not None:
        yield from _stored_article(story.article)
    yield from _attribution_lines(story.source_title, story.source, story.terms)


def _next_attempt(story: LinkDetails) -> str:
    moments = [story.next_attempt_at, story.article.article.recrawl_at if story.article else None]
    # A re-look that failed waits for both, as the crawl does.
    planned = max((moment for moment in moments if moment is not None), default=None)
    if planned is not None:
        return format_time(planned)
    return "with the next crawl" if story.outcome == "pending" else "none planned"


def _fetch_line(tried: FetchRecord) -> str:
    views = None if tried.view_count is None else f"{tried.view_count} views"
    size = None if tried.byte_count is None else f"{tried.byte_count} bytes"
    run = None if tried.run_id is None else f"run {tried.run_id}"
    because = ": ".join(filter(None, (tried.failure_stage, tried.reason)))
    said_already = tried.http_status is None or f"answered {tried.http_status}" in because
    status = None if said_already else f"HTTP {tried.http_status}"
    said = sanitize(", ".join(filter(None, (because, status, size, views, run))))
    return f"{ARTICLE_INDENT}{format_time(tried.fetched_at)}  {tried.purpose:<7}  {tried.result:<8}  {said}"


def _stored_article(story: ArticleDetails) -> Iterator[str]:
    article = story.article
    counts = [reading.view_count for reading in story.readings]
    grown = f", {counts[0]} to {counts[-1]}" if counts else ""
    yield from _heading(f"Article {article.id}")
    yield _labelled("title", article.title)
    yield _labelled("address", article.url)
    yield _labelled("published", format_time(article.published_at, article.published_precision))
    yield _labelled("stored", format_time(article.stored_at))
    yield _labelled("fetched", format_time(article.fetched_at))
    yield _labelled("gone", format_time(article.gone_at))
    yield _labelled("views read", f"{len(counts)}{grown}")
    yield from (_labelled("problem", str(problem)) for problem in article.problems)
    yield from (_labelled("earlier words", _edit(revision)) for revision in story.revisions)
    yield from (_labelled("same wording", f"{same.id}, {same.url}") for same in story.duplicates)


def flatten(story: ArticleDetails) -> dict[str, Any]:
    """An article's story as one mapping: its fields, and beside them what it counted and said before."""
    parts = as_dict(story)
    return {**as_dict(parts.pop("article")), **parts}
