"""Absence and who was first, from stored articles: what is found, what is claimed and what is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from storage.articles.filters import ArticleFilter
from storage.coverage.absence import Absence, Verdict, absent
from storage.coverage.firsts import FirstStatement, first_statements
from storage.model.errors import ConfigError
from storage.model.records import DatePrecision, Outcome
from storage.search.query import parse
from tests.storage.coverage.test_coverage import MINUTE, gap, polls
from tests.support.rows import DAY, HOUR, NOON, Rows

pytestmark = pytest.mark.dialect


def story(rows: Rows, slug: str, listed: float, **values: Any) -> int:
    """An article that was listed and fetched so many hours after NOON, and published just before."""
    at = NOON + listed * HOUR
    source = values.get("source", "caliber")
    url = f"https://{source}.az/en/post/{slug}"
    times = {"published_at": at - MINUTE, "first_seen_at": at, "stored_at": at + MINUTE / 2}
    article_id = rows.article(slug, **{"url": url, **times, **values})
    link = {"article_id": article_id, "outcome": Outcome.STORED, "first_listed_at": at, "source": source}
    rows.listing(rows.link(url, **link), f"https://{source}.az/{slug}.xml", first_listed_at=at)
    return article_id


def wanted(query: str, start: float, end: float, **options: Any) -> ArticleFilter:
    return ArticleFilter(query=parse(query), since=NOON + start * HOUR, until=NOON + end * HOUR, **options)


def ask_absent(rows: Rows, query: str, start: float, end: float, **options: Any) -> Absence:
    return absent(rows.store, wanted(query, start, end, **options), now=NOON + 10 * DAY)


def found(absence: Absence) -> list[tuple[int, float | None, float, int]]:
    """Id, hours after NOON between which it said so, and version of each article found."""
    return [
        (one.article.id, _hours(one.said.earliest), _hours(one.said.latest) or 0, one.version) for one in absence.found
    ]


def _hours(at: datetime | None) -> float | None:
    return None if at is None else round((at - NOON) / HOUR, 2)


def test_absent_present_or_not_seen(rows: Rows) -> None:
    polls(rows, 1, 2, 3, 4)
    one = story(rows, "gas-corridor", 2.01)
    present = ask_absent(rows, "gas", 1, 3)
    assert (present.verdict, found(present)) == (Verdict.PRESENT, [(one, 1.0, 2.02, 1)])
    assert ask_absent(rows, "railway", 1, 3).verdict is Verdict.ABSENT
    assert ask_absent(rows, "railway", 1, 5).verdict is Verdict.NOT_SEEN
    gap(rows, read=2.01, found=3.01)
    assert ask_absent(rows, "railway", 1, 4).verdict is Verdict.NOT_SEEN
    assert ask_absent(rows, "gas", 3.1, 4).verdict is Verdict.ABSENT


@pytest.mark.parametrize(
    ("start", "end", "is_found"),
    [
        pytest.param(1.2, 1.5, True, id="it may have appeared then, listed by the poll after"),
        pytest.param(0.5, 0.9, False, id="the poll at 1 did not have it"),
        pytest.param(2.1, 3, False, id="it was there before"),
        pytest.param(2, 2.005, True, id="while the poll that listed it ran"),
    ],
)
def test_an_article_counts_where_it_may_have_appeared(rows: Rows, start: float, end: float, is_found: bool) -> None:
    polls(rows, 0, 1, 2, 3)
    story(rows, "gas-corridor", 2.01, published_at=None)
    assert bool(ask_absent(rows, "gas", start, end).found) is is_found


def test_an_article_counts_in_the_period_of_its_own_date(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    story(rows, "gas-corridor", 2.01, published_at=NOON - 5 * HOUR)
    assert found(ask_absent(rows, "gas", -6, -4)) == [(1, -5.0, 2.02, 1)]


def test_a_day_alone_takes_no_claim_back_within_that_day(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    day = {"published_precision": DatePrecision.DAY}
    midnight = NOON.replace(hour=0)
    story(rows, "gas-corridor", 2.01, published_at=midnight, **day)
    story(rows, "old-gas", 2.01, published_at=midnight - 3 * DAY, **day)
    assert [bounds[:2] for bounds in found(ask_absent(rows, "gas", 1, 3))] == [(1, 1.0), (2, -98.0)]


def test_one_of_the_first_poll_counts_by_its_own_date_alone(rows: Rows) -> None:
    polls(rows, 1, 2)
    story(rows, "gas-corridor", 1.01, published_at=NOON - 5 * DAY)
    story(rows, "gas-price", 1.01, published_at=NOON + HOUR / 2)
    assert found(ask_absent(rows, "gas", 0, 2)) == [(2, None, 1.02, 1)]


def test_an_edit_says_so_from_the_fetch_that_found_it(rows: Rows) -> None:
    polls(rows, *range(1, 9))
    article = story(rows, "gas-corridor", 2.01, body="Now of the railway.")
    rows.revision(article, 1, body="At first of gas.", seen_from=NOON + 2.02 * HOUR, seen_until=NOON + 6 * HOUR)
    assert found(ask_absent(rows, "railway", 1, 3)) == [(article, 2.02, 6.0, 2)], "it may have been edited by 3"
    assert found(ask_absent(rows, "railway", 5, 7)) == [(article, 2.02, 6.0, 2)]
    assert ask_absent(rows, "railway", 6.1, 8).verdict is Verdict.ABSENT
    assert ask_absent(rows, "railway", 1, 2).verdict is Verdict.ABSENT
    assert found(ask_absent(rows, '"first of gas"', 1, 3)) == [(article, 1.0, 2.02, 1)], "it said so before"
    assert ask_absent(rows, "railway", 1, 7, as_of=NOON + 5 * HOUR).verdict is Verdict.NOT_SEEN


def test_other_sections_and_languages_are_not_meant(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    story(rows, "gas-corridor", 2.01)
    assert ask_absent(rows, "gas", 1, 3, section="politics", language="en").verdict is Verdict.PRESENT
    assert ask_absent(rows, "gas", 1, 3, language="ru").verdict is Verdict.ABSENT
    assert ask_absent(rows, "gas", 1, 3, section="sport").verdict is Verdict.ABSENT


def test_what_a_hand_named_article_said_before_is_not_known(rows: Rows) -> None:
    polls(rows, 1, 2, 3)
    rows.article("gas-corridor", first_seen_at=NOON + 2.5 * HOUR, published_at=None)
    rows.link("https://caliber.az/en/post/gas-corridor", article_id=1, first_listed_at=NOON + 2.5 * HOUR)
    assert [one[:2] for one in found(ask_absent(rows, "gas", 1, 3))] == [(1, None)]


def test_a_criterion_of_later_is_refused(rows: Rows) -> None:
    with pytest.raises(ConfigError, match="min_views: not of what an article said when it appeared"):
        ask_absent(rows, "gas", 1, 3, min_views=3)
    with pytest.raises(ConfigError, match="a query and the beginning of a period are needed"):
        absent(rows.store, ArticleFilter())


def ask_first(rows: Rows) -> list[tuple[str, float | None, float | None, tuple[str, ...]]]:
    firsts = first_statements(rows.store, wanted("gas", 1, 8), now=NOON + DAY)
    return [_summary(one) for one in firsts]


def _summary(one: FirstStatement) -> tuple[str, float | None, float | None, tuple[str, ...]]:
    said = one.said
    return one.source, said and _hours(said.earliest), said and _hours(said.latest), one.proven_before


def test_an_order_is_claimed_only_where_intervals_do_not_overlap(rows: Rows) -> None:
    for name in ("sundar", "third", "mute"):
        rows.source(name, title=name.title())
        polls(rows, 1, 2.5, 4, 9, source=name)
    polls(rows, 1, 2, 3, 9)
    story(rows, "gas-corridor", 2.01)
    story(rows, "gas-later", 3.01)
    story(rows, "gas-there", 2.51, source="sundar")
    story(rows, "gas-at-last", 4.01, source="third")
    assert ask_first(rows) == [
        ("caliber", 1.0, 2.02, ("third", "mute")),
        ("sundar", 1.0, 2.52, ("mute",)),
        ("third", 2.5, 4.02, ("mute",)),
        ("mute", None, None, ()),
    ]


def test_what_was_not_visible_may_have_been_first(rows: Rows) -> None:
    rows.source("sundar", title="Sundar")
    polls(rows, 1, 5, 9, source="sundar")
    polls(rows, 1, 2, 3, 9)
    story(rows, "gas-corridor", 2.01)
    story(rows, "gas-there", 9.005, source="sundar", published_at=NOON + 7 * HOUR)
    assert ask_first(rows)[0] == ("caliber", 1.0, 2.02, ("sundar",))
    rows.link("https://sundar.az/unread", source="sundar", first_listed_at=NOON + 5.01 * HOUR)
    assert ask_first(rows) == [("caliber", 1.0, 2.02, ()), ("sundar", 1.0, 9.01, ())]
