"""Parse the response of an article page, in this process or in another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scraper.errors import PageError
from scraper.parsing.decoding import as_utf8
from scraper.parsing.html_tree import HtmlTree
from scraper.parsing.markup_limits import MarkupLimitError
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage, page_class
from scraper.reading.candidates import Candidate
from scraper.reading.views_finder import ViewsProposal, find_views
from scraper.source import Identity
from storage.model.field_limits import article_within_limits
from storage.model.records import ParsedPage
from storage.model.reservations import Reservation
from storage.model.urls import MAX_URL_LENGTH


@dataclass(frozen=True, slots=True, kw_only=True)
class PageJob:
    """A page to be parsed, and all that its parser needs."""

    requested_url: str
    url: str  # that answered; another one after a redirect
    body: bytes
    urls: SourceUrls
    fetched_at: datetime
    content_type: str | None
    received: tuple[Reservation, ...] = ()  # reservations of rights beside the page: headers, robots.txt, tdmrep.json


def parse_page(job: PageJob) -> ParsedPage:
    """Parse a page as an article of its source, every text in its maximum length.

    Raises PageError if it is not an article: not HTML, without a title, or redirected to another page.
    """
    url = job.urls.article_url(job.url)
    if url is None:
        too_long = len(job.url) > MAX_URL_LENGTH
        reason = f"has more than {MAX_URL_LENGTH:,} characters" if too_long else "is not an article"
        raise PageError(job.requested_url, f"redirects to {job.url[:200]}, which {reason}")
    source = job.urls.source
    if source.identity is Identity.ID and job.urls.article_id(url) == job.urls.article_id(job.requested_url):
        url = job.urls.article_url(job.requested_url) or url  # by which the article is known
    page = page_class(source)(
        job.body, url=url, source=source, urls=job.urls, fetched_at=job.fetched_at, content_type=job.content_type
    )
    parsed = page.parse()
    try:
        reservations = (*parsed.reservations, *job.received)
        return replace(parsed, article=article_within_limits(parsed.article), reservations=reservations)
    except ValueError as error:
        raise PageError(job.requested_url, str(error)) from error


def find_evidence(job: PageJob) -> dict[str, tuple[Candidate[Any], ...]]:
    """Return the candidates of each field that lost, for a person who asks why a value was chosen.

    Raises PageError, as `parse_page` does.
    """
    source, url = job.urls.source, job.urls.article_url(job.url) or job.url
    page = page_class(source)(
        job.body, url=url, source=source, urls=job.urls, fetched_at=job.fetched_at, content_type=job.content_type
    )
    page.parse()
    return page.evidence() if isinstance(page, ArticlePage) else {}


def propose_views(job: PageJob, title: str) -> ViewsProposal | None:
    """Propose the place of the view count on a page; None if it shows none, or not without doubt."""
    try:
        tree = HtmlTree(as_utf8(job.body, job.content_type))
    except MarkupLimitError:
        return None
    return find_views(tree, title, job.url)
