"""Everything that can be asked below /api, declared once: the routes and the OpenAPI document are made from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from presswatch.output.claims_text import FirstRow
from presswatch.output.records import ATTRIBUTION_FIELDS
from presswatch.output.views_rows import AtAgeRow, GainRow
from presswatch.output.watch_tables import SavedSearchRow, UndeliveredRow
from presswatch.web.api import article as one
from presswatch.web.api import articles, changes, claims, watching
from presswatch.web.api.operation import Operation
from presswatch.web.api.parameters import (
    AS_OF,
    FILTERS,
    TIMEZONE,
    Parameter,
    filters,
    flag,
    length,
    names_of,
    one_of,
    some_of,
    text,
    whole,
)
from presswatch.web.api.schemas import Schema, array_of, nullable, obj, record_schema, ref, with_parts
from storage.articles.filters import By, Sort
from storage.articles.report import Day, MissingField, MostEdited, Report
from storage.articles.results import (
    ArticleByGrowth,
    ArticleFull,
    ArticleSummary,
    FetchRecord,
    ListingPeriod,
    Revision,
    ScoredArticle,
    ViewReading,
)
from storage.articles.revision_history import TextVersion
from storage.coverage.absence import Verdict
from storage.coverage.coverage import SourceCoverage
from storage.coverage.statements import Statement
from storage.crawling.events import Event
from storage.crawling.runs import CrawlRun
from storage.model.article_fields import LIST_FIELDS
from storage.model.event_kinds import EventKind
from storage.model.records import Problem

DEFAULT_LIMIT = 50
MAX_LIMIT = 1_000
MAX_COUNTS = 10_000
LISTED_FIELDS = (*LIST_FIELDS, "score", "view_gain")

LIMIT = whole("limit", "Rows of a page.", least=1, most=MAX_LIMIT, default=DEFAULT_LIMIT)
COVERAGE = flag("coverage", "Add what could not be seen of the period, as the object coverage.")
CURSOR = text("cursor", "Go on behind this place; `next` is the address with it.")
ID_CURSOR = whole("cursor", "Go on behind this place; `next` is the address with it.")
ARTICLE_ID = whole("id", "Number of the article.", in_path=True)
RUN_ID = whole("id", "Number of the crawl run.", in_path=True)
SOURCE_NAME = text("name", "Name of the source.", is_required=True, in_path=True)
WATCH_NAME = text("name", "Name of the watch.", is_required=True, in_path=True)
TAG = text("tag", "The tag, of at most 60 characters.", is_required=True, in_path=True)
SOURCE = filters("source")
SOURCES = names_of("source", "Only these sources, separated by commas; by default all.")
STATEMENT = (
    *(
        replace(it, is_required=it.name in {"q", "since"})
        for it in filters("q", "since", "until", "section", "language", "author", "as_of")
    ),
    SOURCES,
    TIMEZONE,
)
"""Parameters that select the articles of a claim."""
ARTICLE_PATH = (ARTICLE_ID, AS_OF)

NEXT = nullable({"type": "string", "description": "Address of the next page; null on the last."})
COVERED: Schema = obj({"is_complete": {"type": "boolean"}, "sources": array_of(SourceCoverage)})
TEXT: Schema = {"type": "string"}
OBJECT: Schema = {"type": "object"}
AT = {"type": "string", "description": "A time with its zone (ISO 8601)."}


def _listing(name: str, items: Schema) -> Schema:
    return obj({name: items, "next": NEXT, "coverage": COVERED}, optional=["coverage"])


PRESENCE: Mapping[str, Schema] = {
    "as_of": AT,
    "presence": TEXT,
    "is_listed": {"type": "boolean"},
    "listed_until": nullable(AT),
}
"""Fields that an article as of a moment has."""


def _article_schema() -> Schema:
    whole_article = record_schema(ArticleFull)
    parts = {"readings": array_of(ViewReading), "revisions": array_of(Revision), "duplicates": array_of(ArticleSummary)}
    properties = {**whole_article["properties"], **parts, **PRESENCE}
    return obj(properties, optional=list(PRESENCE))


IDENTITY: Mapping[str, Schema] = dict.fromkeys(("source", "source_title", "url", "fetched_at", "terms"), TEXT)
VERSIONS = obj(
    {
        "id": {"type": "integer"},
        **IDENTITY,
        "gone_at": nullable(AT),
        "text_versions": {"type": "array", "items": OBJECT},
    }
)
VIEWS = obj(
    {
        "id": {"type": "integer"},
        **IDENTITY,
        "title": TEXT,
        "published_at": nullable(AT),
        "published_precision": nullable(TEXT),
        "readings": {"type": "array", "items": OBJECT},
        "at_age": {"type": "array", "items": OBJECT},
    }
)
PROVENANCE = obj(
    {
        "id": {"type": "integer"},
        **IDENTITY,
        "fields": OBJECT,
        "listings": array_of(ListingPeriod),
        "fetches": array_of(FetchRecord),
    }
)
COUNTS = obj(
    {"counts": {"type": "array", "items": OBJECT}, "is_cut": {"type": "boolean"}, "coverage": COVERED},
    optional=["coverage"],
)
TOP = obj(
    {"articles": {"type": "array", "items": {"anyOf": [ref(GainRow), ref(AtAgeRow)]}}, "coverage": COVERED},
    optional=["coverage"],
)
ABSENCE = obj(
    {
        "verdict": {"type": "string", "enum": [str(word) for word in Verdict]},
        "since": AT,
        "until": AT,
        "found": array_of(Statement),
        "coverage": array_of(SourceCoverage),
    }
)
INSPECTED = obj(
    {
        "url": TEXT,
        "source": TEXT,
        "outcome": nullable(TEXT),
        "listings": array_of(ListingPeriod),
        "fetches": array_of(FetchRecord),
        "article": nullable(ref("Article")),
    }
)
SOURCE_STATUS = obj(
    {
        "source": TEXT,
        "title": TEXT,
        "state": nullable(TEXT),
        "next_poll_at": nullable(AT),
        "last_run": nullable(ref(CrawlRun)),
        "open_events": array_of(Event),
    }
)
WATCH_BODY = obj(
    {
        "name": {**TEXT, "minLength": 1, "maxLength": 100},
        "query": {**TEXT, "minLength": 1, "maxLength": 2_000, "description": "What presswatch query takes as QUERY."},
        "target": nullable({**TEXT, "maxLength": 2_000, "description": "Whom to notify: an Apprise URL."}),
        "digest": nullable(
            {**TEXT, "maxLength": 100, "description": "One message per interval, or at hours of the day."}
        ),
        "quiet": nullable({**TEXT, "maxLength": 100, "description": "Quiet hours, such as 22:00-07:00."}),
        "timezone": nullable(
            {**TEXT, "maxLength": 100, "description": "Time zone of quiet and digest; UTC by default."}
        ),
    },
    optional=["target", "digest", "quiet", "timezone"],
)


def _nullable_fields(schema: Schema, kept: Sequence[str]) -> Schema:
    fields = {name: one if name in kept else nullable(one) for name, one in schema["properties"].items()}
    return {**schema, "properties": fields}


KINDS = (
    Problem,
    SourceCoverage,
    Statement,
    Revision,
    ViewReading,
    ListingPeriod,
    FetchRecord,
    Event,
    TextVersion,
    GainRow,
    AtAgeRow,
    FirstRow,
    SavedSearchRow,
    UndeliveredRow,
    Day,
    MostEdited,
    MissingField,
)


def schemas() -> dict[str, Schema]:
    """Return the named schemas of the document."""
    named = {kind.__name__: record_schema(kind) for kind in with_parts(KINDS)}
    summary = record_schema(ArticleSummary)
    gained = {name: record_schema(kind)["properties"][name] for kind, name in GAINED}
    listed = {**summary["properties"], **gained, "snippet": {**TEXT, "description": "The sentence that matches."}}
    named["ArticleSummary"] = summary
    named["ListedArticle"] = {"type": "object", "properties": listed, "required": list(ATTRIBUTION_FIELDS)}
    named["Article"] = _article_schema()
    named["CrawlRun"] = _nullable_fields(record_schema(CrawlRun), watching.RUN_FACTS)
    named["Source"] = SOURCE_STATUS
    named["ProblemDetails"] = obj(
        {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": {**TEXT, "description": "What to do."}}
    )
    return dict(sorted(named.items()))


GAINED: Sequence[tuple[type[Any], str]] = ((ScoredArticle, "score"), (ArticleByGrowth, "view_gain"))


def _get(path: str, name: str, summary: str, maker: Any, result: Schema, *parameters: Parameter) -> Operation:
    return Operation(path=path, name=name, summary=summary, maker=maker, result=result, parameters=parameters)


def _change(method: str, path: str, name: str, summary: str, maker: Any, *parameters: Parameter) -> Operation:
    status = HTTPStatus.ACCEPTED if maker is changes.trigger else HTTPStatus.NO_CONTENT
    return Operation(
        path=path,
        name=name,
        summary=summary,
        maker=maker,
        result=None,
        method=method,
        parameters=parameters,
        status=status,
    )


OPERATIONS: Sequence[Operation] = (
    _get(
        "/articles",
        "listArticles",
        "List articles.",
        articles.articles,
        _listing("articles", {"type": "array", "items": ref("ListedArticle")}),
        *FILTERS,
        TIMEZONE,
        one_of("sort", "Order; by default rank with q, else date, also with as_of or ever.", Sort),
        LIMIT,
        CURSOR,
        some_of("fields", "Only these fields, separated by commas; the attribution is always added.", LISTED_FIELDS),
        flag("highlight", "Add the sentence that matches q, its words marked, as snippet."),
        COVERAGE,
    ),
    _get("/articles/{id}", "getArticle", "Show one article.", one.article, ref("Article"), *ARTICLE_PATH),
    _get(
        "/articles/{id}/versions",
        "listVersions",
        "List the texts of an article, oldest first.",
        one.versions,
        VERSIONS,
        *ARTICLE_PATH,
        flag("diff", "Add the words deleted and inserted since the text before."),
    ),
    _get("/articles/{id}/views", "listViews", "List the view readings of an article.", one.views, VIEWS, *ARTICLE_PATH),
    _get(
        "/articles/{id}/provenance",
        "getProvenance",
        "Show how each field of an article is known: listings, fetches, problems.",
        one.provenance,
        PROVENANCE,
        *ARTICLE_PATH,
    ),
    _get(
        "/articles/{id}/tags",
        "listTags",
        "List the tags of readers on an article.",
        watching.tags,
        obj({"tags": {"type": "array", "items": TEXT}}),
        ARTICLE_ID,
    ),
    _get(
        "/counts",
        "countArticles",
        "Count articles, in all or by groups.",
        articles.counted,
        COUNTS,
        *FILTERS,
        TIMEZONE,
        some_of("by", "Groups, separated by commas.", [str(word) for word in By]),
        whole("limit", "Groups at most.", least=1, most=MAX_COUNTS, default=MAX_LIMIT),
        COVERAGE,
    ),
    _get(
        "/top",
        "topArticles",
        "List the articles that gained most views in a window, or had most at an age.",
        articles.top,
        TOP,
        *FILTERS,
        TIMEZONE,
        length("window", "Length of the window, which ends now or at as_of; by default 24 h."),
        length("at_age", "Rank by the views at this age after publication, instead."),
        whole("limit", "Articles at most.", least=1, most=MAX_LIMIT, default=20),
        COVERAGE,
    ),
    _get(
        "/events",
        "listEvents",
        "List events, latest first.",
        watching.events,
        _listing("events", array_of(Event)),
        *SOURCE,
        one_of("kind", "Only this kind.", EventKind),
        flag("open", "Only open events."),
        LIMIT,
        ID_CURSOR,
        AS_OF,
    ),
    _get(
        "/runs",
        "listRuns",
        "List crawls, latest first.",
        watching.runs,
        _listing("runs", array_of(CrawlRun)),
        *SOURCE,
        LIMIT,
        ID_CURSOR,
        AS_OF,
    ),
    _get("/runs/{id}", "getRun", "Show one crawl.", watching.run, ref(CrawlRun), RUN_ID, AS_OF),
    _get(
        "/sources",
        "listSources",
        "List sources with their state; as of a moment, with what has a history: the last run and the open events.",
        watching.sources,
        obj({"sources": {"type": "array", "items": ref("Source")}, "has_daemon": nullable({"type": "boolean"})}),
        AS_OF,
    ),
    _get("/sources/{name}", "getSource", "Show one source.", watching.source, ref("Source"), SOURCE_NAME, AS_OF),
    _get(
        "/coverage",
        "getCoverage",
        "Show what could be seen of each source in a period, by default the last seven days, and what not.",
        claims.coverage,
        COVERED,
        *filters("since", "until", "as_of"),
        SOURCES,
        TIMEZONE,
    ),
    _get(
        "/absent",
        "proveAbsence",
        "Say whether an article said so in a period, in any version, and what of it was not visible.",
        claims.absent,
        ABSENCE,
        *STATEMENT,
    ),
    _get(
        "/first",
        "findFirst",
        "Say when each source first said so in a period, and which order is proven.",
        claims.first,
        obj({"sources": array_of(FirstRow), "coverage": COVERED}),
        *STATEMENT,
    ),
    _get(
        "/report",
        "getReport",
        "Report on a period, by default the last seven days: articles, coverage, troubles; of now alone.",
        articles.report,
        obj({**record_schema(Report)["properties"], "coverage": array_of(SourceCoverage)}),
        *(it for it in FILTERS if it is not AS_OF),
        TIMEZONE,
    ),
    _get(
        "/inspect",
        "inspectAddress",
        "Show all that is known of an address.",
        one.inspect,
        INSPECTED,
        text("url", "The address.", is_required=True),
        AS_OF,
    ),
    _get(
        "/watches", "listWatches", "List saved queries.", watching.watches, obj({"watches": array_of(SavedSearchRow)})
    ),
    _get(
        "/notifications",
        "listNotifications",
        "List notifications that wait, fail or were given up, latest first.",
        watching.notifications,
        obj({"notifications": array_of(UndeliveredRow), "is_cut": {"type": "boolean"}}),
        LIMIT,
    ),
    Operation(
        path="/watches",
        name="addWatch",
        summary="Save a query; with a target its matches are notified.",
        maker=changes.add_watch,
        result=ref(SavedSearchRow),
        method="POST",
        body=WATCH_BODY,
        status=HTTPStatus.CREATED,
    ),
    _change("DELETE", "/watches/{name}", "removeWatch", "Delete a saved query.", changes.remove_watch, WATCH_NAME),
    _change("POST", "/sources/{name}/pause", "pauseSource", "Stop polling a source.", changes.pause, SOURCE_NAME),
    _change("POST", "/sources/{name}/resume", "resumeSource", "Resume polling a source.", changes.resume, SOURCE_NAME),
    _change(
        "POST",
        "/sources/{name}/trigger",
        "triggerSource",
        "Ask the running daemon to crawl a source now.",
        changes.trigger,
        SOURCE_NAME,
    ),
    _change("PUT", "/articles/{id}/tags/{tag}", "addTag", "Tag an article.", changes.tag, ARTICLE_ID, TAG),
    _change("DELETE", "/articles/{id}/tags/{tag}", "removeTag", "Take off a tag.", changes.untag, ARTICLE_ID, TAG),
)
