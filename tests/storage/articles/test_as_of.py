"""Reconstruct articles as of a moment: properties of the pure function, with which the database agrees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from storage.articles.as_of import ArticleAsOf, Presence, listed_articles, revision_at, summary_as_of
from storage.articles.as_of_details import article_as_of
from storage.articles.counts import count, counts, period_name
from storage.articles.filters import TIMES, ArticleFilter, By, Sort
from storage.articles.results import ArticleByGrowth, ArticleSummary, ListingPeriod
from storage.articles.view_gains import top_gains
from storage.database.article_sections import all_sections
from storage.database.tables import view_readings
from storage.model.records import EditKind
from storage.search.matcher import IndexedDocument, matches
from storage.search.query import parse
from tests.support.examples import examples
from tests.support.revision_histories import MOMENTS, History, clear, histories, keep
from tests.support.rows import DAY, HOUR, NOON, Rows

REAL = settings(
    max_examples=examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
TICK = timedelta(microseconds=1)
NOW = NOON + 9 * DAY


def then(rows: Rows, article_id: int, moment: datetime) -> ArticleAsOf:
    found = article_as_of(rows.store, article_id, moment)
    assert found is not None
    return found


@REAL
@given(histories())
def test_as_of_now_is_now(rows: Rows, history: History) -> None:
    clear(rows)
    article_id = keep(rows, history, "one")
    found = then(rows, article_id, NOW)
    assert found.details is not None
    assert found.details.article == rows.store.articles.get(article_id)
    assert found.details.readings == rows.store.articles.readings(article_id)
    assert found.details.revisions == rows.store.articles.revisions(article_id)
    assert list(rows.store.articles.find(ArticleFilter(as_of=NOW))) == list(rows.store.articles.find())


@REAL
@given(histories())
def test_what_was_not_stored_yet_is_absent(rows: Rows, history: History) -> None:
    clear(rows)
    article_id = keep(rows, history, "one")
    assert then(rows, article_id, history.first_seen_at - TICK).presence is Presence.UNKNOWN
    before = then(rows, article_id, history.stored_at - TICK)
    assert before.details is None
    assert before.presence in {Presence.UNKNOWN, Presence.LISTED}
    assert not list(rows.store.articles.find(ArticleFilter(as_of=history.stored_at - TICK)))
    assert len(list(rows.store.articles.find(ArticleFilter(as_of=history.stored_at)))) == 1


@REAL
@given(histories(), st.lists(MOMENTS, min_size=2, max_size=5))
def test_knowledge_only_grows(rows: Rows, history: History, moments: list[datetime]) -> None:
    clear(rows)
    article_id = keep(rows, history, "one")
    for early, late in pairwise(then(rows, article_id, moment) for moment in sorted(moments)):
        order = list(Presence)
        assert min(order.index(early.presence), 2) <= min(order.index(late.presence), 2)
        if early.details is None:
            continue
        assert late.details is not None
        assert late.details.readings[: len(early.details.readings)] == early.details.readings
        assert late.details.revisions[: len(early.details.revisions)] == early.details.revisions
        assert early.details.article.fetched_at <= late.details.article.fetched_at
        assert early.details.article.fetched_at <= max(early.as_of, history.stored_at)


@REAL
@given(histories(), MOMENTS)
def test_the_text_and_the_views_are_the_last_ones_seen_by_then(rows: Rows, history: History, moment: datetime) -> None:
    clear(rows)
    found = then(rows, keep(rows, history, "one"), moment)
    if found.details is None:
        assert moment < history.stored_at
        return
    edits = sum(at <= moment for at in history.edits)
    assert found.details.article.title == f"one {edits}"
    assert found.details.article.published_at == history.texts[edits]["published_at"]
    read = [at for at in history.readings if at <= moment]
    assert found.details.article.view_count == (history.readings[max(read)] if read else None)
    turns = sum(at <= moment for at in (*history.presence_changes.gone, *history.presence_changes.restored))
    assert (found.presence is Presence.GONE) == (turns % 2 == 1)
    assert (found.presence is Presence.RESTORED) == (turns > 0 and turns % 2 == 0)
    assert (found.details.article.gone_at is not None) == (found.presence is Presence.GONE)


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "section": st.sampled_from(["politics", "economy", "sport"]),
        "min_views": st.integers(0, 3),
        "max_views": st.integers(3, 5),
        "edited_since": MOMENTS,
        "edit_kinds": st.sampled_from([(EditKind.NUMBERS,), (EditKind.TITLE, EditKind.MINOR)]),
        "is_stealth": st.booleans(),
        "gone": st.booleans(),
        "since": st.sampled_from([NOON - 2 * HOUR, NOON]),
        "until": st.sampled_from([NOON + HOUR / 2, NOON + DAY]),
        "query": st.sampled_from([parse(text) for text in ("a0 1", "body", '"body 1" OR a1', "0 -section:economy")]),
    },
)


@settings(REAL)
@given(st.lists(histories(), max_size=4), st.data(), FILTERS, st.sampled_from([Sort.DATE, Sort.VIEWS, Sort.STORED]))
def test_the_database_lists_what_the_pure_function_says(
    rows: Rows, kept: list[History], data: st.DataObject, asked: dict[str, Any], sort: Sort
) -> None:
    clear(rows)
    # Half of the moments are those of a reading or an edit: what holds at that very moment is easily missed.
    turns = [
        at
        for one in kept
        for at in (*one.edits, *one.readings, *one.presence_changes.gone, *one.presence_changes.restored)
    ]
    moment = data.draw(MOMENTS | st.sampled_from(turns) if turns else MOMENTS)
    ids = {keep(rows, one, f"a{place}"): one for place, one in enumerate(kept)}
    wanted = ArticleFilter(**asked)
    known = [
        article
        for present in rows.store.articles.find()
        if (article := as_it_was(rows, present, ids[present.id], moment)) is not None
        and passes(article, ids[present.id], wanted, moment)
        and (wanted.query is None or matches(wanted.query, said_then(rows, article, moment)))
    ]
    found = list(rows.store.articles.find(ArticleFilter(**asked, as_of=moment), sort=sort))
    assert found == in_order(known, sort)
    paged: list[ArticleSummary] = []
    for _ in range(len(found)):
        paged += page(rows, asked, moment, sort, paged)
    assert paged == found
    then_asked = ArticleFilter(**asked, as_of=moment)
    assert count(rows.store, then_asked) == len(known)
    for by in By:
        if by is not By.AUTHOR:
            told = dict(counts(rows.store, then_asked, [by]))
            assert told == Counter(group_of(article, by) for article in known)


def group_of(article: ArticleSummary, by: By) -> str | None:
    if by in TIMES:
        return period_name(by, article.published_at or article.first_seen_at)
    return {By.SOURCE: article.source, By.SECTION: article.section, By.LANGUAGE: article.language}[by]


@pytest.mark.dialect
def test_growth_as_of_a_moment_is_that_of_then(rows: Rows) -> None:
    """The same list, and the same pages of it, as were read at that moment; nothing later is in it."""
    for name, counted in (("slow", (0, 5)), ("fast", (0, 60)), ("still", (7, 7)), ("unread", ())):
        rows.readings(rows.article(name, view_count=counted[-1] if counted else None), *counted)
    moment = NOON + HOUR
    before = list(rows.store.articles.find(sort=Sort.GROWTH, now=moment))
    assert [shown[1:3] for shown in map(grown, before)] == [(60, 60), (5, 5), (None, None), (None, 7)]
    slow = next(one.id for one in before if one.url.endswith("slow"))
    with rows.store.write() as connection:
        later = {"article_id": slow, "measured_at": moment + HOUR, "view_count": 9_000}
        connection.execute(insert(view_readings), [later])
    rows.article("later", stored_at=moment + HOUR)
    as_of = ArticleFilter(as_of=moment)
    listed = list(rows.store.articles.find(as_of, sort=Sort.GROWTH, now=NOON + DAY))
    assert [*map(grown, listed)] == [*map(grown, before)]
    paged: list[ArticleSummary] = []
    for _ in before:
        after = paged[-1].cursor(Sort.GROWTH) if paged else None
        paged += rows.store.articles.find(as_of, sort=Sort.GROWTH, limit=1, after=after, now=NOON + DAY)
    assert paged == listed
    top = top_gains(rows.store, as_of, since=moment - DAY, until=NOON + DAY, limit=9)
    assert [(one.article.url.rpartition("/")[2], one.gain.gained, one.view_count) for one in top] == [
        ("fast", 60, 60),
        ("slow", 5, 5),
    ]


def grown(article: ArticleSummary) -> tuple[int, int | None, int | None, datetime | None]:
    assert isinstance(article, ArticleByGrowth)
    return article.id, article.view_gain, article.view_count, article.until


@pytest.mark.dialect
def test_authors_are_counted_as_of_a_moment(rows: Rows) -> None:
    edited = rows.article("edited", author="Vera", authors=("Vera",))
    rows.revision(edited, 1, author="Ann, Bob", seen_from=NOON, seen_until=NOON + HOUR)
    rows.article("other", author="Ann", authors=("Ann",))
    for at, expected in ((NOON, {"Ann": 2, "Bob": 1}), (NOON + 2 * HOUR, {"Ann": 1, "Vera": 1})):
        assert dict(counts(rows.store, ArticleFilter(as_of=at), [By.AUTHOR])) == expected


def page(
    rows: Rows, asked: dict[str, Any], moment: datetime, sort: Sort, before: Sequence[ArticleSummary]
) -> list[ArticleSummary]:
    after = before[-1].cursor(sort) if before else None
    return list(rows.store.articles.find(ArticleFilter(**asked, as_of=moment), sort=sort, limit=2, after=after))


def as_it_was(rows: Rows, article: ArticleSummary, history: History, moment: datetime) -> ArticleSummary | None:
    kept = rows.store.articles
    return summary_as_of(
        article, kept.revisions(article.id), kept.readings(article.id), history.presence_changes, moment
    )


def said_then(rows: Rows, article: ArticleSummary, moment: datetime) -> IndexedDocument:
    whole = rows.store.articles.get(article.id)
    assert whole is not None
    said = revision_at(rows.store.articles.revisions(article.id), moment) or whole
    return IndexedDocument(
        title=said.title,
        subtitle=said.subtitle,
        body=said.body,
        sections=all_sections(said.sections, article.section),
        source=article.source,
        language=article.language,
    )


def passes(article: ArticleSummary, history: History, wanted: ArticleFilter, moment: datetime) -> bool:
    """The filter as one would say it in Python, of an article as it was."""
    dated = article.published_at or article.first_seen_at
    edits = [
        at
        for at, kind, is_stealth in zip(history.edits, history.kinds, history.is_stealth, strict=True)
        if at <= moment
        and (wanted.edited_since is None or at >= wanted.edited_since)
        and (not wanted.edit_kinds or kind in wanted.edit_kinds)
        and (wanted.is_stealth is None or is_stealth is wanted.is_stealth)
    ]
    asks_edit = wanted.edited_since is not None or bool(wanted.edit_kinds) or wanted.is_stealth is not None
    views = article.view_count
    return all(
        [
            wanted.section is None or wanted.section in {article.section, *article.sections},
            wanted.min_views is None or (views is not None and views >= wanted.min_views),
            wanted.max_views is None or (views is not None and views <= wanted.max_views),
            not asks_edit or bool(edits),
            wanted.gone is None or (article.gone_at is not None) is wanted.gone,
            wanted.since is None or dated >= wanted.since,
            wanted.until is None or dated < wanted.until,
        ]
    )


def in_order(found: list[ArticleSummary], sort: Sort) -> list[ArticleSummary]:
    newest = sorted(found, key=lambda article: article.id, reverse=True)
    if sort is Sort.STORED:
        return newest
    keys = {Sort.DATE: lambda one: one.published_at, Sort.VIEWS: lambda one: one.view_count}
    having = [one for one in newest if keys[sort](one) is not None]
    lacking = [one for one in newest if keys[sort](one) is None]
    return [*sorted(having, key=keys[sort], reverse=True), *lacking]


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (NOON - TICK, (False, None)),
        (NOON, (True, NOON)),
        (NOON + HOUR, (True, NOON + HOUR)),
        (NOON + 2 * HOUR, (False, NOON + HOUR)),
        (NOON + 3 * HOUR, (True, NOON + 3 * HOUR)),
        (NOON + 9 * HOUR, (False, NOON + 4 * HOUR)),
    ],
)
def test_an_article_is_listed_while_a_channel_lists_it(
    moment: datetime, expected: tuple[bool, datetime | None]
) -> None:
    first = ListingPeriod(channel="a", first_listed_at=NOON, last_listed_at=NOON + HOUR)
    second = ListingPeriod(channel="b", first_listed_at=NOON + 3 * HOUR, last_listed_at=NOON + 4 * HOUR)
    assert listed_articles([first, second], moment) == expected


@pytest.mark.dialect
def test_an_edit_at_the_very_moment_is_known_to_filters_and_sorts_too(rows: Rows) -> None:
    number = rows.article("moved", sections=("politics",), section="politics", published_at=NOON - 2 * HOUR)
    rows.revision(number, 1, sections=("economy",), published_at=NOON, seen_from=NOON, seen_until=NOON + HOUR)
    rows.article("between", published_at=NOON - HOUR, sections=("sport",), section="sport")

    def ids(moment: datetime, **asked: Any) -> list[int]:
        return [one.id for one in rows.store.articles.find(ArticleFilter(as_of=moment, **asked))]

    before, at = NOON + HOUR - TICK, NOON + HOUR
    assert (ids(before), ids(at)) == ([1, 2], [2, 1])
    assert (ids(before, section="economy"), ids(at, section="economy")) == ([1], [])
    assert (ids(before, section="politics"), ids(at, section="politics")) == ([], [1])
    assert (ids(before, since=NOON), ids(at, since=NOON)) == ([1], [])
