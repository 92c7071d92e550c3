"""Render an article, or the history of one URL, as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import as_dict
from presswatch.output.tables import credit, format_count, listed_note
from storage.articles.as_of import ArticleAsOf
from storage.articles.results import ArticleDetails, ArticleFull, FetchRecord, LinkDetails, Revision, ViewReading
from storage.model.published import is_day
from storage.model.records import DatePrecision
from storage.model.reservations import reservation_lines
from storage.text.counts import counted
from storage.text.durations import NO_DURATION
from storage.text.sanitize import sanitize

ARTICLE_LABEL_WIDTH = 14
ARTICLE_INDENT = "  "


def render_article(details: ArticleDetails) -> Iterator[str]:
    """Render all fields of an article, its view readings, body and revisions."""
    article = details.article
    yield sanitize(article.title)
    if article.subtitle:
        yield sanitize(article.subtitle)
    yield ""
    yield from (_labelled(label, value) for label, value in _field_values(article))
    yield from (_labelled("same text", f"{other.id}, {other.url}") for other in details.duplicates)
    yield from (_labelled("problem", str(problem)) for problem in article.problems)
    yield from (_labelled("reservation", line) for line in reservation_lines(article.reservations))
    yield from _heading(f"View readings: {len(details.readings)}")
    yield from _reading_lines(details.readings)
    yield from _heading("Body")
    yield sanitize(article.body, lines=True) or "(empty)"
    yield from _heading(f"Revisions: {len(details.revisions)}")
    for revision in details.revisions:
        yield from _text_version_lines(revision)
    yield from _attribution_lines(article.source_title, article.source, article.terms)


def _field_values(article: ArticleFull) -> Iterator[tuple[str, str | None]]:
    printed = f', printed as "{article.published_raw}"' if article.published_raw else ""
    yield "id", str(article.id)
    yield "source", f"{article.source_title} ({article.source})"
    yield "URL", article.url
    yield "published", format_time(article.published_at, article.published_precision) + listed_note(article) + printed
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
    yield "parser version", str(article.parser_version)


def _labelled(label: str, value: str | None) -> str:
    return f"{label:<{ARTICLE_LABEL_WIDTH}}  {sanitize(value or NO_DURATION)}"


def _heading(text: str) -> tuple[str, str]:
    return "", f"== {text}"


def _attribution_lines(title: str, name: str, terms: str) -> tuple[str, str, str]:
    return "", credit(title, name, terms), zone_note()


def _reading_lines(readings: Sequence[ViewReading]) -> Iterator[str]:
    if readings:
        yield f"{ARTICLE_INDENT}{format_time(readings[0].measured_at)}  {readings[0].view_count:>9}"
    for previous, reading in pairwise(readings):
        gain = reading.view_count - previous.view_count
        yield f"{ARTICLE_INDENT}{format_time(reading.measured_at)}  {reading.view_count:>9}  {gain:+}"


def _edit(revision: Revision) -> str:
    stealth = ", stealth edit: the date on the page did not change" if revision.is_stealth else ""
    period = f"seen from {format_time(revision.seen_from)} until {format_time(revision.seen_until)}"
    return f"{revision.revision_number}. {period}; next edit: {revision.edit_kind}{stealth}"


def _text_version_lines(revision: Revision) -> Iterator[str]:
    printed = f', printed as "{revision.published_raw}"' if revision.published_raw else ""
    yield _edit(revision)
    yield ""
    yield sanitize(revision.title)
    if revision.subtitle:
        yield sanitize(revision.subtitle)
    yield _labelled("published", _revision_date(revision) + printed)
    yield _labelled("sections", ", ".join(revision.sections))
    yield _labelled("author", revision.author)
    yield ""
    yield sanitize(revision.body, lines=True) or "(empty)"
    yield ""


def _revision_date(revision: Revision) -> str:
    at, raw = revision.published_at, revision.published_raw
    return format_time(at, DatePrecision.DAY if at is not None and is_day(at, None, raw) else None)


def render_link(link: LinkDetails) -> Iterator[str]:
    """Render the listings of a URL, each fetch, the outcome, the stored article and the next attempt."""
    yield sanitize(link.url)
    yield ""
    yield _labelled("outcome", link.outcome)
    yield _labelled("reason", link.outcome_reason)
    yield _labelled("title", link.title)
    yield _labelled("first listed", format_time(link.first_listed_at))
    yield _labelled("last listed", format_time(link.last_listed_at))
    yield _labelled("failures", f"{link.failed_attempts} consecutive" if link.failed_attempts else "0")
    yield _labelled("first 404", format_time(link.first_404_at))
    yield from _parser_deaths(link)
    yield _labelled("next attempt", _next_attempt(link))
    yield from _heading(f"Listed on: {len(link.listings)}")
    for listing in link.listings:
        period = f"{format_time(listing.first_listed_at)} until {format_time(listing.last_listed_at)}"
        yield f"{ARTICLE_INDENT}{period}  {sanitize(listing.channel)}"
    yield from _heading(f"Fetches: {len(link.fetches)}")
    yield from (_fetch_line(fetch) for fetch in link.fetches)
    if link.article is not None:
        yield from _stored_article(link.article)
    yield from _attribution_lines(link.source_title, link.source, link.terms)


def _parser_deaths(link: LinkDetails) -> Iterator[str]:
    if link.quarantined_at is not None:
        yield _labelled("quarantined", f"{format_time(link.quarantined_at)}, as parsers died of the page")
    elif link.parser_deaths:
        yield _labelled("parser deaths", f"{link.parser_deaths}: the page is parsed in a process of its own")


def _next_attempt(link: LinkDetails) -> str:
    if link.quarantined_at is not None:
        return f"none planned: presswatch crawl {link.source} --url {link.url} tries it again"
    times = [link.next_attempt_at, link.article.article.recrawl_at if link.article else None]
    # A failed recrawl waits for both times, as in the crawl.
    planned = max((time for time in times if time is not None), default=None)
    if planned is not None:
        return format_time(planned)
    return "with the next crawl" if link.outcome == "pending" else "none planned"


def _fetch_line(fetch: FetchRecord) -> str:
    views = None if fetch.view_count is None else counted(fetch.view_count, "view")
    size = None if fetch.byte_count is None else counted(fetch.byte_count, "byte")
    run = None if fetch.run_id is None else f"run {fetch.run_id}"
    failure = ": ".join(filter(None, (fetch.failure_stage, fetch.reason)))
    has_status = fetch.http_status is None or f"answered {fetch.http_status}" in failure
    status = None if has_status else f"HTTP {fetch.http_status}"
    text = sanitize(", ".join(filter(None, (failure, status, size, views, run))))
    return f"{ARTICLE_INDENT}{format_time(fetch.fetched_at)}  {fetch.purpose:<9}  {fetch.result:<11}  {text}"


def _stored_article(details: ArticleDetails) -> Iterator[str]:
    article = details.article
    counts = [reading.view_count for reading in details.readings]
    change = f", {counts[0]} to {counts[-1]}" if counts else ""
    yield from _heading(f"Article {article.id}")
    yield _labelled("title", article.title)
    yield _labelled("URL", article.url)
    published = format_time(article.published_at, article.published_precision) + listed_note(article)
    yield _labelled("published", published)
    yield _labelled("stored", format_time(article.stored_at))
    yield _labelled("fetched", format_time(article.fetched_at))
    yield _labelled("gone", format_time(article.gone_at))
    yield _labelled("view readings", f"{len(counts)}{change}")
    yield from (_labelled("problem", str(problem)) for problem in article.problems)
    yield from (_labelled("revision", _edit(revision)) for revision in details.revisions)
    yield from (_labelled("same text", f"{other.id}, {other.url}") for other in details.duplicates)


def flatten(details: ArticleDetails) -> dict[str, Any]:
    """Return an article as one mapping: its fields, then its readings, revisions and duplicates."""
    parts = as_dict(details)
    return {**as_dict(parts.pop("article")), **parts}


def render_as_of(past: ArticleAsOf | None) -> Iterator[str]:
    """Render the time, the presence of the article and its last listing; nothing if `past` is None."""
    if past is None:
        return
    yield f"As known at {format_time(past.as_of)}: {past.presence}, {_listing_text(past)}"
    yield ""


def _listing_text(past: ArticleAsOf) -> str:
    if past.is_listed:
        return "listed"
    return "never listed" if past.listed_until is None else f"last listed {format_time(past.listed_until)}"


def as_of_fields(past: ArticleAsOf | None) -> dict[str, Any]:
    """Return the same as JSON fields; none if `past` is None."""
    if past is None:
        return {}
    fields = {"presence": past.presence, "is_listed": past.is_listed, "listed_until": past.listed_until}
    return {"as_of": past.as_of, **fields}
