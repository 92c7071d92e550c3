"""Answer with one article: its fields, texts, views, and how each is known; and with the story of an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from presswatch.output.article_text import as_of_fields, flatten
from presswatch.output.formats import as_dict
from presswatch.output.history_text import to_json as versions_json
from presswatch.output.views_rows import to_json as views_json
from presswatch.web.api.request import ApiAnswer, ApiRequest
from presswatch.web.pages.request import NotFoundError
from storage.articles.as_of import ArticleAsOf
from storage.articles.as_of_details import article_as_of
from storage.articles.details import LINK_COLUMNS, article_details, link_details, views_of
from storage.articles.results import ArticleDetails, FetchRecord, LinkDetails, ListingPeriod
from storage.articles.revision_history import text_versions
from storage.model.article_fields import ARTICLE_FIELDS
from storage.model.errors import ConfigError

_UNCOMPARED = frozenset({"language", "view_count", "description", "image_url"})
PAGE_FIELDS = tuple(
    field.name for field in ARTICLE_FIELDS if field.name in _UNCOMPARED or (field.is_parsed and field.is_compared)
)
"""Fields that a page may have, or not."""
PROVENANCE_FIELDS = (
    "id",
    "source",
    "source_title",
    "url",
    "fetched_at",
    "terms",
    "parser_version",
    "published_raw",
    "published_precision",
    "content_hash",
    "duplicate_of_id",
    "reservations",
)
LINK_STATE = tuple(name for name in LINK_COLUMNS if name not in {"url", "source", "title"})
"""Fields of a link that are kept as they are now alone: None as of a moment."""


def _article(request: ApiRequest) -> tuple[ArticleDetails, ArticleAsOf | None]:
    """Load an article, as of a moment if one is given. Raises NotFoundError."""
    article_id, moment = request["id"], request["as_of"]
    past = None if moment is None else article_as_of(request.store, article_id, moment)
    details = past.details if past else None
    if moment is None:
        details = article_details(request.store, article_id)
    if details is None and past is not None:
        raise NotFoundError(f"article {article_id} was {past.presence} at {past.as_of:%Y-%m-%d %H:%M} UTC")
    if details is None:
        raise NotFoundError(f"no article {article_id} is stored; /api/articles lists those that are")
    return details, past


def article(request: ApiRequest) -> ApiAnswer:
    """Answer with one article: all its fields, its readings, revisions and duplicates."""
    details, past = _article(request)
    return ApiAnswer(body={**as_of_fields(past), **flatten(details)})


def versions(request: ApiRequest) -> ApiAnswer:
    """Answer with every text of an article."""
    details, _past = _article(request)
    texts = text_versions(details.article, details.revisions)
    return ApiAnswer(body=versions_json(details.article, texts, with_diff=bool(request["diff"])))


def views(request: ApiRequest) -> ApiAnswer:
    """Answer with the view readings of an article, and its views at each age."""
    details, _past = _article(request)
    return ApiAnswer(body=views_json(views_of(details.article, details.readings)))


def provenance(request: ApiRequest) -> ApiAnswer:
    """Answer with how each field of an article is known, where it was listed, and each fetch of it."""
    details, past = _article(request)
    link = link_details(request.store, details.article.url)
    moment = None if past is None else past.as_of
    listings, fetches = ((), ()) if link is None else _known_at(link, moment)
    stored = as_dict(details.article)
    problems = {problem.field: problem.reason for problem in details.article.problems}
    fields = {
        name: {"has_value": stored[name] not in (None, "", ()), "problem": problems.get(name)} for name in PAGE_FIELDS
    }
    kept = {name: stored[name] for name in PROVENANCE_FIELDS}
    body = {**kept, "fields": fields, "listings": list(map(as_dict, listings)), "fetches": list(map(as_dict, fetches))}
    return ApiAnswer(body=body)


def _known_at(link: LinkDetails, moment: datetime | None) -> tuple[Sequence[ListingPeriod], Sequence[FetchRecord]]:
    """Return the listings and fetches of a link, those that were known at the moment."""
    if moment is None:
        return link.listings, link.fetches
    begun = [one for one in link.listings if one.first_listed_at <= moment]
    listings = [replace(one, last_listed_at=min(one.last_listed_at, moment)) for one in begun]
    return listings, [one for one in link.fetches if one.fetched_at <= moment]


def inspect(request: ApiRequest) -> ApiAnswer:
    """Answer with all that is known of an address. Raises NotFoundError for one that no channel listed."""
    typed, moment = request["url"], request["as_of"]
    try:
        link = link_details(request.store, typed)
    except ValueError as error:
        raise ConfigError(f"url: {error}") from error
    listings, fetches = ((), ()) if link is None else _known_at(link, moment)
    if link is None or (moment is not None and not (listings or fetches)):
        raise NotFoundError("this address is not known: no channel has listed it")
    stored = as_dict(link) | {"listings": list(map(as_dict, listings)), "fetches": list(map(as_dict, fetches))}
    if moment is not None:
        stored |= dict.fromkeys(LINK_STATE)
        stored["first_listed_at"] = min((one.first_listed_at for one in listings), default=None)
        stored["last_listed_at"] = max((one.last_listed_at for one in listings), default=None)
    return ApiAnswer(body={**stored, "article": _article_of(request, link, moment)})


def _article_of(request: ApiRequest, link: LinkDetails, moment: datetime | None) -> dict[str, Any] | None:
    if link.article is None:
        return None
    if moment is None:
        return flatten(link.article)
    past = article_as_of(request.store, link.article.article.id, moment)
    return None if past is None or past.details is None else {**as_of_fields(past), **flatten(past.details)}
