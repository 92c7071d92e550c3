"""Build WHERE conditions and sort keys over `articles` for a past moment, in SQL that any database takes.

Most articles have not been edited since: their conditions are on the current text, so that the indexes serve. Those of
the few that were are on the revision of the moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
)

from storage.articles.as_of import precision_as_of
from storage.articles.conditions import (
    IS_DAY,
    REVISION_BATCH_SIZE,
    contains_name,
    first_seen_range,
    has_author,
    matches_query,
    published_range,
    published_within,
    section_tests,
)
from storage.articles.filters import ArticleFilter, Cursor
from storage.database.article_sections import all_sections, has_section
from storage.database.tables import articles, events, revisions, view_readings
from storage.model.event_kinds import EventKind
from storage.model.records import DatePrecision
from storage.search.matcher import IndexedDocument, compile_matcher
from storage.search.past_scores import PastCorpus
from storage.search.query import Query
from storage.text.section_names import normalize_section

AsOfTests = list[ColumnElement[bool]]


def has_later_revision(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that the article had another text at the moment."""
    return articles.c.id.in_(select(revisions.c.article_id).where(revisions.c.seen_until > moment))


def corpus_of(connection: Connection, moment: datetime) -> PastCorpus:
    """Return all texts of the moment, by which the words of a query are weighed."""
    stored = articles.c.stored_at <= moment
    changed = texts_as_of(connection, moment, stored)
    return PastCorpus(unchanged=[stored, not_(has_later_revision(moment))], changed=changed)


def unrevised(connection: Connection, wanted: ArticleFilter, moment: datetime) -> tuple[AsOfTests, AsOfTests]:
    """Return the conditions of articles unrevised since the moment: of those with a date, and of those without one.

    Raises StoreError for a query while the index is incomplete.
    """
    asked = [] if wanted.query is None else [matches_query(connection, wanted.query)]
    asked += section_tests(connection, wanted)
    tests = [articles.c.stored_at <= moment, not_(has_later_revision(moment)), *_valid_until(wanted, moment), *asked]
    dateless = articles.c.published_at.is_(None)
    return [*tests, ~dateless, *published_range(wanted)], [*tests, dateless, *first_seen_range(wanted)]


def revised(connection: Connection, wanted: ArticleFilter, moment: datetime) -> AsOfTests:
    """The tests of what was stored by the moment and said something else then."""
    tests = [articles.c.stored_at <= moment, has_later_revision(moment), *_conditions(wanted, moment)]
    if wanted.query is not None:
        tests.append(_matching_ids(connection, wanted.query, moment, and_(*tests)))
    return tests


def existing(connection: Connection, wanted: ArticleFilter, moment: datetime) -> AsOfTests:
    """The tests of both."""
    tests = [articles.c.stored_at <= moment, *_conditions(wanted, moment)]
    if wanted.query is not None:
        now = and_(revision_of_moment(moment).is_(None), matches_query(connection, wanted.query))
        tests.append(or_(now, _matching_ids(connection, wanted.query, moment, and_(*tests))))
    return tests


def _matching_ids(
    connection: Connection, query: Query, moment: datetime, some: ColumnElement[bool]
) -> ColumnElement[bool]:
    """Return the condition that an article edited since matched the query by its text of the moment."""
    old = texts_as_of(connection, moment, some)
    matches = compile_matcher(query)
    answering = [article_id for article_id, said in old if matches(said)]
    # Written into the statement: there may be more than a database takes as values.
    ids: BindParameter[Any] = bindparam("ids", answering, expanding=True, literal_execute=True)
    return articles.c.id.in_(ids)


def texts_as_of(
    connection: Connection, moment: datetime, some: ColumnElement[bool]
) -> Iterator[tuple[int, IndexedDocument]]:
    """Ids and texts of some articles at the moment, of those only that were edited since."""
    worded = revisions.alias("worded")  # `some` may ask for revisions, too
    own = and_(worded.c.article_id == articles.c.id, worded.c.revision_number == revision_of_moment(moment))
    lasting = (articles.c[name] for name in ("id", "source", "language", "section"))
    columns = (*lasting, *(worded.c[name] for name in (*_SAID, "sections")))
    edited = select(*columns).join_from(articles, worded, own).where(has_later_revision(moment), some)
    with connection.execution_options(yield_per=REVISION_BATCH_SIZE).execute(edited) as found:
        for row in found:
            said = {name: getattr(row, name) for name in _SAID}
            # As _in_section has it: the section asked for is kept of the current text only.
            named = row.sections or all_sections((), row.section)
            yield row.id, IndexedDocument(source=row.source, language=row.language, sections=named, **said)


_SAID = ("title", "subtitle", "body")


def after_cursor(key: ColumnElement[Any], after: Cursor | None) -> AsOfTests:
    if after is None:
        return []
    if after.key is None:
        return [key.is_(None), articles.c.id < after.id]
    return [or_(key < after.key, and_(key == after.key, articles.c.id < after.id), key.is_(None))]


def _conditions(wanted: ArticleFilter, moment: datetime) -> AsOfTests:
    """Return all conditions but the query, on the text of the moment."""
    in_section = [] if wanted.section is None else [_in_section(wanted.section, moment)]
    dated = _dated(moment)
    is_day = and_(IS_DAY, articles.c.published_at == dated)  # the precision of another date is not kept
    return [*_valid_until(wanted, moment), *in_section, *published_within(dated, wanted, is_day=is_day)]


def _valid_until(wanted: ArticleFilter, moment: datetime) -> AsOfTests:
    """Return the conditions that do not depend on the text."""
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
        (wanted.author, has_author),
        (wanted.min_views, lambda count: views_as_of(moment) >= count),
        (wanted.max_views, lambda count: views_as_of(moment) <= count),
        (wanted.edited_since, lambda _since: _edited(wanted, moment)),
        (wanted.edit_kinds or wanted.is_stealth, lambda _asked: _edited(wanted, moment)),
        (wanted.gone, lambda gone: _gone(moment) if gone else not_(_gone(moment))),
    )
    return [test(value) for value, test in tests if value is not None and value != ()]


def revision_of_moment(moment: datetime) -> ColumnElement[Any]:
    """Select the number of the revision of the moment; NULL if that is the current text."""
    some = revisions.alias("later")
    own = and_(some.c.article_id == articles.c.id, some.c.seen_until > moment)
    return select(func.min(some.c.revision_number)).where(own).correlate(articles).scalar_subquery()


def _as_of(name: str, moment: datetime) -> ColumnElement[Any]:
    """Return the value of a column in the text of the moment."""
    said = revisions.alias("said")
    own = and_(said.c.article_id == articles.c.id, said.c.revision_number == revision_of_moment(moment))
    old = select(said.c[name]).where(own).correlate(articles).scalar_subquery()
    return case((revision_of_moment(moment).is_(None), articles.c[name]), else_=old)


def changed_dates(connection: Connection, moment: datetime) -> dict[int, datetime | None]:
    """Return when articles edited since were published by their text of the moment; None unless to the minute."""
    said = revisions.alias("said")
    own = and_(said.c.article_id == articles.c.id, said.c.revision_number == revision_of_moment(moment))
    now = (articles.c.published_at, articles.c.published_precision)
    then = (said.c.published_at.label("said_at"), said.c.published_raw)
    statement = select(articles.c.id, *now, *then).join_from(articles, said, own).where(articles.c.stored_at <= moment)
    found: dict[int, datetime | None] = {}
    for row in connection.execute(statement):
        present = (row.published_at, row.published_precision)
        is_exact = precision_as_of(row.said_at, row.published_raw, now=present) is not DatePrecision.DAY
        found[row.id] = row.said_at if is_exact else None
    return found


def published_as_of(moment: datetime) -> ColumnElement[Any]:
    return _as_of("published_at", moment)


def _dated(moment: datetime) -> ColumnElement[Any]:
    return func.coalesce(published_as_of(moment), articles.c.first_seen_at)


def views_as_of(moment: datetime) -> ColumnElement[Any]:
    own = and_(view_readings.c.article_id == articles.c.id, view_readings.c.measured_at <= moment)
    last = select(view_readings.c.view_count).where(own).order_by(view_readings.c.measured_at.desc()).limit(1)
    return last.correlate(articles).scalar_subquery()


def _in_section(section: str, moment: datetime) -> ColumnElement[bool]:
    folded = normalize_section(section)
    said = revisions.alias("said")
    own = and_(said.c.article_id == articles.c.id, said.c.revision_number == revision_of_moment(moment))
    # Which of its sections was asked for is kept of the current text only.
    first = and_(said.c.sections == (), articles.c.section == folded)
    then = exists().where(own, or_(first, contains_name(said.c.sections, folded)))
    return or_(and_(revision_of_moment(moment).is_(None), has_section(folded)), then)


def _edited(wanted: ArticleFilter, moment: datetime) -> ColumnElement[bool]:
    """Return the condition of an edit, known at the moment, that passes the filter."""
    tests = [revisions.c.article_id == articles.c.id, revisions.c.seen_until <= moment]
    tests += [revisions.c.seen_until >= wanted.edited_since] if wanted.edited_since is not None else []
    tests += [revisions.c.edit_kind.in_(wanted.edit_kinds)] if wanted.edit_kinds else []
    tests += [revisions.c.is_stealth == wanted.is_stealth] if wanted.is_stealth is not None else []
    return exists().where(*tests)


def _gone(moment: datetime) -> ColumnElement[bool]:
    gone, back = (_last_events(kind, moment) for kind in (EventKind.GONE, EventKind.RESTORED))
    away = or_(back.c.at.is_(None), back.c.at < gone.c.at)
    urls = select(gone.c.subject).outerjoin(back, back.c.subject == gone.c.subject).where(away)
    still = and_(articles.c.gone_at.is_not(None), articles.c.gone_at <= moment)
    return or_(still, articles.c.url.in_(urls))


def _last_events(kind: EventKind, moment: datetime) -> Any:
    of_kind = and_(events.c.kind == kind.value, events.c.opened_at <= moment)
    last = func.max(events.c.opened_at).label("at")
    return select(events.c.subject, last).where(of_kind).group_by(events.c.subject).subquery(kind.value)
