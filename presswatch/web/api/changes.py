"""Change something: schedules, watches, tags. Who may is decided before (presswatch.web.safety)."""

from __future__ import annotations

from http import HTTPStatus

from presswatch.web.api.request import ApiAnswer, ApiRequest
from presswatch.web.api.watching import watch_record
from presswatch.web.pages.request import NotFoundError
from scheduler.notifications.new_watch import new_watch
from scraper.sources import load_sources
from storage.model.errors import ConfigError

DONE = ApiAnswer(body=None, status=HTTPStatus.NO_CONTENT)


def _known_source(request: ApiRequest) -> str:
    name: str = request["name"]
    try:
        load_sources(request.site.config).named(name)
    except ConfigError as error:
        raise NotFoundError(str(error)) from error
    return name


def pause(request: ApiRequest) -> ApiAnswer:
    """Stop polling a source until it is resumed."""
    request.site.writer().schedules.pause(_known_source(request), now=request.now)
    return DONE


def resume(request: ApiRequest) -> ApiAnswer:
    """Resume polling a source."""
    request.site.writer().schedules.resume(_known_source(request), now=request.now)
    return DONE


def trigger(request: ApiRequest) -> ApiAnswer:
    """Ask the running daemon to crawl a source now."""
    request.site.writer().schedules.request_crawl(_known_source(request), now=request.now)
    return ApiAnswer(body=None, status=HTTPStatus.ACCEPTED)


def add_watch(request: ApiRequest) -> ApiAnswer:
    """Save a query, whose matches are notified if it has a target."""
    typed = request.body
    new = new_watch(
        label=str,
        name=typed["name"],
        query=typed["query"],
        target=typed.get("target"),
        digest=typed.get("digest"),
        quiet=typed.get("quiet"),
        timezone=typed.get("timezone") or "UTC",
    )
    saved = request.site.writer().watches.add(new, request.now)
    return ApiAnswer(body=watch_record(request, saved), status=HTTPStatus.CREATED)


def remove_watch(request: ApiRequest) -> ApiAnswer:
    """Delete a watch and what it has not delivered. Raises NotFoundError."""
    name = request["name"]
    if all(one.name != name for one in request.store.watches.list()):
        raise NotFoundError("no watch has this name; /api/watches lists those that there are")
    request.site.writer().watches.remove(name)
    return DONE


def tag(request: ApiRequest) -> ApiAnswer:
    """Tag an article. Raises NotFoundError for one that is not stored."""
    _require_article(request)
    request.site.writer().notes.tag(request["id"], request["tag"], now=request.now)
    return DONE


def untag(request: ApiRequest) -> ApiAnswer:
    """Take a tag from an article. Raises NotFoundError for one that is not stored."""
    _require_article(request)
    request.site.writer().notes.untag(request["id"], request["tag"])
    return DONE


def _require_article(request: ApiRequest) -> None:
    if request.store.articles.get(request["id"]) is None:
        raise NotFoundError(f"no article {request['id']} is stored; /api/articles lists those that are")
