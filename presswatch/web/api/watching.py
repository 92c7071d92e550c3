"""Answer with how the watching goes: sources, crawl runs, events, watches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from presswatch.cli.known_names import check_names
from presswatch.output.formats import as_dict
from presswatch.output.watch_tables import saved_search_row, undelivered_row
from presswatch.web.api.request import ApiAnswer, ApiRequest
from presswatch.web.pages.request import NotFoundError
from scheduler.health.status import SourceStatus, status_report
from storage.crawling.runs import CrawlRun, get_run, list_runs
from storage.model.records import RunStatus
from storage.model.redaction import fingerprint
from storage.notifications.watches import SavedSearch

RUN_FACTS = ("id", "source", "trigger", "status", "started_at", "finished_at")
STATUS_FIELDS = ("state", "next_poll_at", "reason", "is_overdue", "failures", "stored_today", "pending")
"""Fields of a source that are kept as they are now alone: None as of a moment."""


def run_record(run: CrawlRun, as_of: datetime | None) -> dict[str, Any]:
    """Return a run as it was known at a moment: one that ended later was running, and its counts are not known."""
    record = as_dict(run)
    if as_of is None or run.finished_at is None or run.finished_at <= as_of:
        return record
    later = {name: None for name in record if name not in RUN_FACTS}
    return record | later | {"status": RunStatus.RUNNING, "finished_at": None}


def runs(request: ApiRequest) -> ApiAnswer:
    """Answer with crawls, latest first."""
    source, limit, as_of = request["source"], request["limit"], request["as_of"]
    check_names(request.store, request.site.config, {"source": source})
    found = list(list_runs(request.store, source=source, limit=limit + 1, before=request["cursor"], as_of=as_of))
    following = request.next_link(str(found[limit - 1].id) if len(found) > limit else None)
    return ApiAnswer(
        body={"runs": [run_record(one, as_of) for one in found[:limit]], "next": following}, next=following
    )


def run(request: ApiRequest) -> ApiAnswer:
    """Answer with one crawl. Raises NotFoundError."""
    found, as_of = get_run(request.store, request["id"]), request["as_of"]
    if found is None or (as_of is not None and found.started_at > as_of):
        raise NotFoundError(f"no crawl run has the id {request['id']}; /api/runs lists those that are recorded")
    return ApiAnswer(body=run_record(found, as_of))


def events(request: ApiRequest) -> ApiAnswer:
    """Answer with events, latest first."""
    source, limit, as_of = request["source"], request["limit"], request["as_of"]
    check_names(request.store, request.site.config, {"source": source})
    found = request.store.events.find(
        source=source,
        open_only=bool(request["open"]),
        kind=request["kind"],
        limit=limit + 1,
        before=request["cursor"],
        as_of=as_of,
    )
    following = request.next_link(str(found[limit - 1].id) if len(found) > limit else None)
    return ApiAnswer(body={"events": list(map(as_dict, found[:limit])), "next": following}, next=following)


def sources(request: ApiRequest) -> ApiAnswer:
    """Answer with the status of every source."""
    report = status_report(request.store, now=request.now, broken=request.site.broken())
    titles, as_of = request.store.sources.titles(), request["as_of"]
    rows = [_source_record(request, one, titles, as_of) for one in report.sources]
    known = [row for row in rows if as_of is None or row["last_run"] is not None]
    return ApiAnswer(body={"sources": known, "has_daemon": report.has_daemon if as_of is None else None})


def _source_record(
    request: ApiRequest, status: SourceStatus, titles: Mapping[str, str], as_of: datetime | None
) -> dict[str, Any]:
    """Return what is known of a source, at a moment only what has a history: its last run and its open events."""
    name = status.source
    facts = {"source": name, "title": titles.get(name, name), "home": request.store.sources.home(name)}
    if as_of is None:
        now = {field: getattr(status, field) for field in STATUS_FIELDS}
        last = status.last_run and run_record(status.last_run, None)
        return facts | now | {"last_run": last, "open_events": list(map(as_dict, status.events))}
    last_run = next(list_runs(request.store, source=name, limit=1, as_of=as_of), None)
    open_then = request.store.events.find(source=name, open_only=True, as_of=as_of, limit=MAX_EVENTS)
    last = last_run and run_record(last_run, as_of)
    return facts | dict.fromkeys(STATUS_FIELDS) | {"last_run": last, "open_events": list(map(as_dict, open_then))}


MAX_EVENTS = 100


def source(request: ApiRequest) -> ApiAnswer:
    """Answer with one source. Raises NotFoundError."""
    name = request["name"]
    report = status_report(request.store, now=request.now, broken=request.site.broken())
    status = next((one for one in report.sources if one.source == name), None)
    if status is None:
        raise NotFoundError("no source has this name; /api/sources lists those that there are")
    return ApiAnswer(body=_source_record(request, status, request.store.sources.titles(), request["as_of"]))


def watches(request: ApiRequest) -> ApiAnswer:
    """Answer with the saved queries."""
    rows = [watch_record(request, one) for one in request.store.watches.list()]
    return ApiAnswer(body={"watches": rows})


def watch_record(request: ApiRequest, watch: SavedSearch) -> dict[str, Any]:
    """Return a watch with what waits to be delivered; its target without secrets."""
    return as_dict(saved_search_row(watch, request.store.alerts.counts(request.now, watch.id)))


def notifications(request: ApiRequest) -> ApiAnswer:
    """Answer with what waits to be delivered, fails or was given up, latest first; targets without secrets."""
    limit: int = request["limit"]
    found = request.store.alerts.pending(limit + 1)
    configured = {fingerprint(target): target for target in request.site.config.alerts.targets}
    rows = [as_dict(undelivered_row(one, configured)) for one in found[:limit]]
    return ApiAnswer(body={"notifications": rows, "is_cut": len(found) > limit})


def tags(request: ApiRequest) -> ApiAnswer:
    """Answer with the tags of readers on an article."""
    return ApiAnswer(body={"tags": list(request.store.notes.of(request["id"]).tags)})
