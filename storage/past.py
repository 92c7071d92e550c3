"""Articles as they were known at a moment, asked of the database; storage.as_of says what that means.

Which articles, and in what order, is settled on narrow columns; what a list shows is then made of the rows of a few
articles at a time. Statements are the same on both databases: no function of either is used.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    not_,
    or_,
    select,
)

from storage.answers import ArticleSummary, Listed, ViewReading
from storage.articles import revisions, view_readings
from storage.as_of import Comings, StoryThen, story_as_of, summary_as_of
from storage.criteria import among, answers, folded_section, sections_of
from storage.filters import ArticleFilter, Cursor, Sort
from storage.matching import Document, matches
from storage.models import EventRow, LinkRow, ListingRow
from storage.ordering import LARGEST_ID, Order
from storage.questions import Question
from storage.records import EventKind
from storage.stories import LISTINGS, article_story
from storage.summaries import articles, summaries

if TYPE_CHECKING:
    from storage.store import Store

CHUNK = 200
"""Articles whose rows are read at a time."""

events = EventRow.__table__
listings = ListingRow.__table__
links = LinkRow.__table__


def story_then(store: Store, id_or_address: int | str, moment: datetime) -> StoryThen | None:
    """An article as it was known at a moment; None if there is none at all. Raises ValueError for no address."""
    story = article_story(store, id_or_address)
    if story is None:
        return None
    with store.read() as connection:
        comings = _comings(connection, [story.article.url])
        own = LISTINGS.join(links, links.c.id == listings.c.link_id).where(links.c.url == story.article.url)
        listed = tuple(Listed(**row) for row in connection.execute(own).mappings())
    return story_as_of(story, comings[story.article.url], listed, moment)


def find_past(store: Store, order: Order, moment: datetime) -> Iterator[ArticleSummary]:
    """The list as it would have been at the moment: `Articles.find` says the rest."""
    with store.read() as connection:
        wanted = _ids(connection, order, moment).limit(order.limit)
        found = connection.execution_options(yield_per=CHUNK).scalars(wanted)
        while ids := list(islice(found, CHUNK)):
            yield from _shown(connection, ids, moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wording:
    """What a list needs of a revision; never its body."""

    number: int
    seen_until: datetime
    title: str
    sections: tuple[str, ...]
    published_at: datetime | None


def _shown(connection: Connection, ids: Sequence[int], moment: datetime) -> Iterator[ArticleSummary]:
    now = summaries(connection, ids)
    said = _by_article(connection, ids)
    read = _last_readings(connection, ids, moment)
    comings = _comings(connection, [article.url for article in now.values()])
    for article_id in ids:
        article = now[article_id]
        then = summary_as_of(article, said[article_id], read[article_id], comings[article.url], moment)
        if then is not None:
            yield then


def _by_article(connection: Connection, ids: Sequence[int]) -> dict[int, list[_Wording]]:
    columns = [revisions.c[name] for name in _Wording.__dataclass_fields__]
    found: dict[int, list[_Wording]] = defaultdict(list)
    statement = select(revisions.c.article_id, *columns).where(revisions.c.article_id.in_(ids))
    for article_id, *said in connection.execute(statement):
        found[article_id].append(_Wording(**dict(zip(_Wording.__dataclass_fields__, said, strict=True))))
    return found


def _last_readings(connection: Connection, ids: Sequence[int], moment: datetime) -> dict[int, list[ViewReading]]:
    last = view_readings.alias("last")
    at = select(func.max(last.c.read_at)).where(last.c.article_id == view_readings.c.article_id)
    up_to = at.where(last.c.read_at <= moment).scalar_subquery()
    statement = select(view_readings).where(view_readings.c.article_id.in_(ids), view_readings.c.read_at == up_to)
    found: dict[int, list[ViewReading]] = defaultdict(list)
    for row in connection.execute(statement):
        found[row.article_id].append(ViewReading(read_at=row.read_at, view_count=row.view_count))
    return found


def _comings(connection: Connection, urls: Sequence[str]) -> dict[str, Comings]:
    kinds = (EventKind.GONE.value, EventKind.BACK.value)
    statement = select(events.c.subject, events.c.kind, events.c.opened_at)
    moments: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for row in connection.execute(statement.where(events.c.kind.in_(kinds), events.c.subject.in_(urls))):
        moments[row.subject, row.kind].append(row.opened_at)
    return {url: Comings(**{kind: tuple(moments[url, kind]) for kind in kinds}) for url in urls}


def _ids(connection: Connection, order: Order, moment: datetime) -> Select[Any]:
    wanted, after = order.wanted, order.after
    tests = [articles.c.stored_at <= moment, *_conditions(wanted, moment)]
    if wanted.question is not None:
        tests.append(_answers(connection, wanted.question, moment, and_(*tests)))
    statement = select(articles.c.id).where(*tests)
    newest = articles.c.id.desc()
    if order.sort is Sort.STORED:
        behind = [] if after is None else [articles.c.id < min(after.id, LARGEST_ID)]
        return statement.where(*behind).order_by(newest)
    key = _published(moment) if order.sort is Sort.DATE else _views(moment)
    return statement.where(*_behind(key, after)).order_by(key.is_(None), key.desc(), newest)


def _answers(
    connection: Connection, question: Question, moment: datetime, some: ColumnElement[bool]
) -> ColumnElement[bool]:
    """That an article answered the question: by the index if its wording still stands, else by its words of then."""
    old = wordings_then(connection, moment, some)
    answering = [article_id for article_id, said in old if matches(question, said)]
    # Written into the statement: there may be more than a database takes as values.
    ids: BindParameter[Any] = bindparam("ids", answering, expanding=True, literal_execute=True)
    return or_(and_(_later(moment).is_(None), answers(connection, question)), articles.c.id.in_(ids))


def wordings_then(
    connection: Connection, moment: datetime, some: ColumnElement[bool]
) -> Iterator[tuple[int, Document]]:
    """Ids and wordings of some articles at the moment, of those only that were edited since."""
    worded = revisions.alias("worded")  # `some` may ask for revisions, too
    own = and_(worded.c.article_id == articles.c.id, worded.c.number == _later(moment))
    lasting = (articles.c[name] for name in ("id", "source", "language", "section"))
    columns = (*lasting, *(worded.c[name] for name in (*_SAID, "sections")))
    edited = select(*columns).join_from(articles, worded, own).where(some)
    with connection.execution_options(yield_per=CHUNK).execute(edited) as found:
        for row in found:
            said = {name: getattr(row, name) for name in _SAID}
            # As _in_section has it: the section asked for is kept of the present wording only.
            named = row.sections or sections_of((), row.section)
            yield row.id, Document(source=row.source, language=row.language, sections=named, **said)


_SAID = ("title", "subtitle", "body")


def _behind(key: ColumnElement[Any], after: Cursor | None) -> list[ColumnElement[bool]]:
    if after is None:
        return []
    behind_id = articles.c.id < min(after.id, LARGEST_ID)
    if after.key is None:
        return [key.is_(None), behind_id]
    return [or_(key < after.key, and_(key == after.key, behind_id), key.is_(None))]


def _conditions(wanted: ArticleFilter, moment: datetime) -> list[ColumnElement[bool]]:
    column = articles.c
    tests: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (wanted.source, lambda source: column.source == source),
        (wanted.language, lambda language: column.language == language.lower()),
        (wanted.section, lambda section: _in_section(section, moment)),
        (wanted.min_views, lambda count: _views(moment) >= count),
        (wanted.max_views, lambda count: _views(moment) <= count),
        (wanted.edited_since, lambda _since: _edited(wanted, moment)),
        (wanted.changes or wanted.undeclared, lambda _asked: _edited(wanted, moment)),
        (wanted.gone, lambda gone: _gone(moment) if gone else not_(_gone(moment))),
        (wanted.since, lambda since: _dated(moment) >= since),
        (wanted.until, lambda until: _dated(moment) < until),
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


def _published(moment: datetime) -> ColumnElement[Any]:
    return _then("published_at", moment)


def _dated(moment: datetime) -> ColumnElement[Any]:
    return func.coalesce(_published(moment), articles.c.first_seen_at)


def _views(moment: datetime) -> ColumnElement[Any]:
    own = and_(view_readings.c.article_id == articles.c.id, view_readings.c.read_at <= moment)
    last = select(view_readings.c.view_count).where(own).order_by(view_readings.c.read_at.desc()).limit(1)
    return last.correlate(articles).scalar_subquery()


def _in_section(section: str, moment: datetime) -> ColumnElement[bool]:
    folded = folded_section(section)
    sections = _then("sections", moment)
    # Which of its sections was asked for is kept of the present wording only.
    first = and_(articles.c.section == folded, or_(_later(moment).is_(None), sections == ()))
    return or_(first, among(sections, folded))


def _edited(wanted: ArticleFilter, moment: datetime) -> ColumnElement[bool]:
    """That there is an edit, known at the moment, of the sort that is asked for."""
    tests = [revisions.c.article_id == articles.c.id, revisions.c.seen_until <= moment]
    tests += [revisions.c.seen_until >= wanted.edited_since] if wanted.edited_since is not None else []
    tests += [revisions.c.kind.in_(wanted.changes)] if wanted.changes else []
    tests += [revisions.c.undeclared == wanted.undeclared] if wanted.undeclared is not None else []
    return exists().where(*tests)


def _gone(moment: datetime) -> ColumnElement[bool]:
    gone, back = (_last_events(kind, moment) for kind in (EventKind.GONE, EventKind.BACK))
    away = or_(back.c.at.is_(None), back.c.at < gone.c.at)
    urls = select(gone.c.subject).outerjoin(back, back.c.subject == gone.c.subject).where(away)
    still = and_(articles.c.gone_at.is_not(None), articles.c.gone_at <= moment)
    return or_(still, articles.c.url.in_(urls))


def _last_events(kind: EventKind, moment: datetime) -> Any:
    of_kind = and_(events.c.kind == kind.value, events.c.opened_at <= moment)
    last = func.max(events.c.opened_at).label("at")
    return select(events.c.subject, last).where(of_kind).group_by(events.c.subject).subquery(kind.value)
