"""What an article met at a past moment, as conditions and keys of a statement over `articles` that any database takes.

Two kinds of articles are told apart. Most have not been edited since: of them the present wording tells everything that
has to do with words, so that the indexes hold. The few that were are asked about the revision that stood.
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

from storage.article_sections import has_section
from storage.articles import revisions, view_readings
from storage.criteria import among, answers, first_seen, published, section_tests, sections_of
from storage.event_kinds import EventKind
from storage.filters import ArticleFilter, Cursor
from storage.matching import Document, matcher
from storage.models import EventRow
from storage.questions import Question
from storage.section_names import normalize_section
from storage.summaries import articles

CHUNK = 200
"""Rows fetched at a time."""

events = EventRow.__table__

Tests = list[ColumnElement[bool]]


def edited_since(moment: datetime) -> ColumnElement[bool]:
    """That another wording stood at the moment."""
    return articles.c.id.in_(select(revisions.c.article_id).where(revisions.c.seen_until > moment))


def unchanged(connection: Connection, wanted: ArticleFilter, moment: datetime) -> tuple[Tests, Tests]:
    """The tests of what was stored by the moment and says the same now: with a date, and without one.

    Raises StoreError for a question to an index that is not whole.
    """
    asked = [] if wanted.question is None else [answers(connection, wanted.question)]
    asked += section_tests(connection, wanted)
    tests = [articles.c.stored_at <= moment, not_(edited_since(moment)), *_lasting(wanted, moment), *asked]
    dateless = articles.c.published_at.is_(None)
    return [*tests, ~dateless, *published(wanted)], [*tests, dateless, *first_seen(wanted)]


def edited(connection: Connection, wanted: ArticleFilter, moment: datetime) -> Tests:
    """The tests of what was stored by the moment and said something else then."""
    tests = [articles.c.stored_at <= moment, edited_since(moment), *_conditions(wanted, moment)]
    if wanted.question is not None:
        tests.append(_answered(connection, wanted.question, moment, and_(*tests)))
    return tests


def stored(connection: Connection, wanted: ArticleFilter, moment: datetime) -> Tests:
    """The tests of both."""
    tests = [articles.c.stored_at <= moment, *_conditions(wanted, moment)]
    if wanted.question is not None:
        now = and_(_later(moment).is_(None), answers(connection, wanted.question))
        tests.append(or_(now, _answered(connection, wanted.question, moment, and_(*tests))))
    return tests


def _answered(
    connection: Connection, question: Question, moment: datetime, some: ColumnElement[bool]
) -> ColumnElement[bool]:
    """That an article that was edited since answered the question by its words of then."""
    old = wordings_then(connection, moment, some)
    matches = matcher(question)
    answering = [article_id for article_id, said in old if matches(said)]
    # Written into the statement: there may be more than a database takes as values.
    ids: BindParameter[Any] = bindparam("ids", answering, expanding=True, literal_execute=True)
    return articles.c.id.in_(ids)


def wordings_then(
    connection: Connection, moment: datetime, some: ColumnElement[bool]
) -> Iterator[tuple[int, Document]]:
    """Ids and wordings of some articles at the moment, of those only that were edited since."""
    worded = revisions.alias("worded")  # `some` may ask for revisions, too
    own = and_(worded.c.article_id == articles.c.id, worded.c.number == _later(moment))
    lasting = (articles.c[name] for name in ("id", "source", "language", "section"))
    columns = (*lasting, *(worded.c[name] for name in (*_SAID, "sections")))
    edited = select(*columns).join_from(articles, worded, own).where(edited_since(moment), some)
    with connection.execution_options(yield_per=CHUNK).execute(edited) as found:
        for row in found:
            said = {name: getattr(row, name) for name in _SAID}
            # As _in_section has it: the section asked for is kept of the present wording only.
            named = row.sections or sections_of((), row.section)
            yield row.id, Document(source=row.source, language=row.language, sections=named, **said)


_SAID = ("title", "subtitle", "body")


def behind(key: ColumnElement[Any], after: Cursor | None) -> Tests:
    if after is None:
        return []
    if after.key is None:
        return [key.is_(None), articles.c.id < after.id]
    return [or_(key < after.key, and_(key == after.key, articles.c.id < after.id), key.is_(None))]


def _conditions(wanted: ArticleFilter, moment: datetime) -> Tests:
    """All that is asked for but the question, of whatever wording stood."""
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.section, lambda section: _in_section(section, moment)),
        (wanted.since, lambda since: _dated(moment) >= since),
        (wanted.until, lambda until: _dated(moment) < until),
    )
    return [*_lasting(wanted, moment), *(test(value) for value, test in tests if value is not None)]


def _lasting(wanted: ArticleFilter, moment: datetime) -> Tests:
    """What no wording tells."""
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
        (wanted.min_views, lambda count: views_then(moment) >= count),
        (wanted.max_views, lambda count: views_then(moment) <= count),
        (wanted.edited_since, lambda _since: _edited(wanted, moment)),
        (wanted.changes or wanted.undeclared, lambda _asked: _edited(wanted, moment)),
        (wanted.gone, lambda gone: _gone(moment) if gone else not_(_gone(moment))),
    )
    return [test(value) for value, test in tests if value is not None and value != ()]


def _later(moment: datetime) -> ColumnElement[Any]:
    """The number of the revision that stood at the moment; NULL if it is the present wording."""
    some = revisions.alias("later")
    own = and_(some.c.article_id == articles.c.id, some.c.seen_until > moment)
    return select(func.min(some.c.number)).where(own).correlate(articles).scalar_subquery()


def _then(name: str, moment: datetime) -> ColumnElement[Any]:
    """What the wording of the moment had in this column."""
    said = revisions.alias("said")
    own = and_(said.c.article_id == articles.c.id, said.c.number == _later(moment))
    old = select(said.c[name]).where(own).correlate(articles).scalar_subquery()
    return case((_later(moment).is_(None), articles.c[name]), else_=old)


def published_then(moment: datetime) -> ColumnElement[Any]:
    return _then("published_at", moment)


def _dated(moment: datetime) -> ColumnElement[Any]:
    return func.coalesce(published_then(moment), articles.c.first_seen_at)


def views_then(moment: datetime) -> ColumnElement[Any]:
    own = and_(view_readings.c.article_id == articles.c.id, view_readings.c.read_at <= moment)
    last = select(view_readings.c.view_count).where(own).order_by(view_readings.c.read_at.desc()).limit(1)
    return last.correlate(articles).scalar_subquery()


def _in_section(section: str, moment: datetime) -> ColumnElement[bool]:
    folded = normalize_section(section)
    said = revisions.alias("said")
    own = and_(said.c.article_id == articles.c.id, said.c.number == _later(moment))
    # Which of its sections was asked for is kept of the present wording only.
    first = and_(said.c.sections == (), articles.c.section == folded)
    then = exists().where(own, or_(first, among(said.c.sections, folded)))
    return or_(and_(_later(moment).is_(None), has_section(folded)), then)


def _edited(wanted: ArticleFilter, moment: datetime) -> ColumnElement[bool]:
    """That there is an edit, known at the moment, of the sort that is asked for."""
    tests = [revisions.c.article_id == articles.c.id, revisions.c.seen_until <= moment]
    tests += [revisions.c.seen_until >= wanted.edited_since] if wanted.edited_since is not None else []
    tests += [revisions.c.kind.in_(wanted.changes)] if wanted.changes else []
    tests += [revisions.c.undeclared == wanted.undeclared] if wanted.undeclared is not None else []
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
