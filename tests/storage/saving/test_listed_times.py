"""Save pages without a time whose link has one: what is stored, and that a link makes no revision."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest

from storage.crawling.fetches import FetchAttempt
from storage.model.listed_time import LISTED_TIME, ListedTime
from storage.model.records import ArticleData, DatePrecision, EditKind, FetchPurpose, Problem, SaveOutcome
from storage.saving.requests import SaveRequest, SaveResult
from tests.support.rows import DAY, HOUR, NOON, Rows

pytestmark = pytest.mark.dialect

URL = "https://caliber.az/en/post/talks"
TODAY = NOON - 12 * HOUR  # as a day alone
AT = NOON - 3 * HOUR
LISTED = ListedTime(published_at=AT, precision=DatePrecision.SECOND, day=TODAY)
NO_DATE = Problem("published_at", "no date found")


class Stated(NamedTuple):
    """Date that a page states."""

    at: datetime | None = None
    raw: str | None = None
    precision: DatePrecision | None = None


NOTHING = Stated()
A_DAY = Stated(TODAY, "4 November 2026", DatePrecision.DAY)
THE_DAY_IN_OTHER_WORDS = Stated(TODAY, "today", DatePrecision.DAY)
NEXT_DAY = Stated(TODAY + DAY, "5 November 2026", DatePrecision.DAY)
OWN = Stated(AT, "2026-11-04T09:00:00Z", DatePrecision.SECOND)
OWN_MINUTE = Stated(AT, "4 November 2026 13:00", DatePrecision.MINUTE)
ANOTHER = Stated(AT - HOUR, "2026-11-04T08:00:00Z", DatePrecision.SECOND)
UNREAD = Stated(None, "14 thermidor", None)


def save(
    rows: Rows, hours: int, stated: Stated, *, listed: ListedTime | None = LISTED, body: str = "They met in Baku."
) -> SaveResult:
    """Save the article as fetched `hours` after NOON."""
    rows.store.links.ensure("caliber", [URL], now=NOON)
    at = NOON + timedelta(hours=hours)
    attempt = FetchAttempt(url=URL, purpose=FetchPurpose.RECRAWL, fetched_at=at, run_id=None)
    data = ArticleData(
        source="caliber",
        url=URL,
        language="en",
        sections=(),
        title="Talks",
        body=body,
        published_at=stated.at,
        published_raw=stated.raw,
        published_precision=stated.precision,
        problems=() if stated.at else (NO_DATE,),
        fetched_at=at,
        parser_version=1,
    )
    (saved,) = rows.store.saving.save_all([SaveRequest(data=data, attempt=attempt, section=None, listed=listed)])
    return saved


def stored(rows: Rows, saved: SaveResult) -> Any:
    article = rows.store.articles.get(saved.article_id)
    assert article is not None
    return article


def date_of(article: Any) -> Stated:
    return Stated(article.published_at, article.published_raw, article.published_precision)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        (NOTHING, Stated(AT, None, DatePrecision.SECOND)),
        (A_DAY, Stated(AT, A_DAY.raw, DatePrecision.SECOND)),
        (NEXT_DAY, NEXT_DAY),
        (ANOTHER, ANOTHER),
        (UNREAD, UNREAD),
    ],
)
def test_the_time_of_a_link_is_taken_where_the_page_states_none(rows: Rows, stated: Stated, expected: Stated) -> None:
    article = stored(rows, save(rows, 0, stated))
    assert date_of(article) == expected
    assert (LISTED_TIME in article.problems) == (expected.at == AT)
    assert (NO_DATE in article.problems) == (stated.at is None)  # what the page lacks is still seen as missing


@pytest.mark.parametrize("stated", [NOTHING, A_DAY])
@pytest.mark.parametrize("listed", [LISTED, None], ids=["listed", "by another address"])
@pytest.mark.parametrize("body", ["They met in Baku.", "They met in Baku and agreed on a railway."])
def test_a_recrawl_keeps_the_time(rows: Rows, stated: Stated, listed: ListedTime | None, body: str) -> None:
    first = date_of(stored(rows, save(rows, 0, stated)))
    save(rows, 1, stated, listed=listed, body=body)
    saved = save(rows, 2, stated, listed=listed, body=body)
    article = stored(rows, saved)
    assert date_of(article) == first
    assert LISTED_TIME in article.problems
    kinds = [one.edit_kind for one in rows.store.articles.revisions(saved.article_id)]
    assert EditKind.DATE_MOVED not in kinds
    assert len(kinds) == (body != "They met in Baku.")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (NOTHING, OWN),
        (NOTHING, OWN_MINUTE),
        (NOTHING, ANOTHER),
        (NOTHING, NEXT_DAY),
        (NOTHING, A_DAY),
        (A_DAY, OWN),
        (A_DAY, ANOTHER),
        (A_DAY, THE_DAY_IN_OTHER_WORDS),
    ],
)
def test_a_date_that_a_page_states_later_is_no_revision(rows: Rows, before: Stated, after: Stated) -> None:
    """It moved nothing that the page had stated: only its source is another."""
    save(rows, 0, before)
    saved = save(rows, 1, after)
    assert saved.outcome is SaveOutcome.UNCHANGED
    expected = (
        after
        if after.precision is not DatePrecision.DAY or after is NEXT_DAY
        else after._replace(at=AT, precision=DatePrecision.SECOND)
    )
    assert date_of(stored(rows, saved)) == expected
    assert rows.store.articles.revisions(saved.article_id) == ()


@pytest.mark.parametrize(("before", "after"), [(A_DAY, NEXT_DAY), (NEXT_DAY, A_DAY)])
def test_a_day_that_a_page_moves_is_still_a_revision(rows: Rows, before: Stated, after: Stated) -> None:
    save(rows, 0, before)
    saved = save(rows, 1, after)
    assert (saved.outcome, saved.edit_kind) == (SaveOutcome.REVISED, EditKind.DATE_MOVED)
    assert stored(rows, saved).published_raw == after.raw


@pytest.mark.parametrize("before", [A_DAY, ANOTHER, OWN])
def test_a_page_that_loses_its_date_is_not_believed_at_once(rows: Rows, before: Stated) -> None:
    """So does a page of maintenance, which the time of the link must not hide."""
    first = date_of(stored(rows, save(rows, 0, before)))
    saved = save(rows, 1, NOTHING, body="We will be back soon, dear readers.")
    assert (saved.outcome, saved.reason) == (SaveOutcome.UNCONFIRMED, "the date that was there could not be read")
    assert date_of(stored(rows, saved)) == first


def test_a_page_that_never_had_a_date_is_edited_at_once(rows: Rows) -> None:
    save(rows, 0, NOTHING)
    assert save(rows, 1, NOTHING, body="They met in Baku and agreed.").outcome is SaveOutcome.REVISED


@pytest.mark.parametrize("before", [ANOTHER, OWN_MINUTE])
@pytest.mark.parametrize("after", [NOTHING, A_DAY])
def test_the_link_does_not_replace_a_time_that_the_page_stated(rows: Rows, before: Stated, after: Stated) -> None:
    save(rows, 0, before)
    saved = save(rows, 1, after)
    assert (saved.outcome, date_of(stored(rows, saved))) == (SaveOutcome.UNCHANGED, before)


@pytest.mark.parametrize("stated", [NOTHING, A_DAY])
def test_a_time_that_is_listed_later_is_no_revision(rows: Rows, stated: Stated) -> None:
    save(rows, 0, stated, listed=None)
    saved = save(rows, 1, stated)
    assert saved.outcome is SaveOutcome.UNCHANGED
    assert date_of(stored(rows, saved)) == Stated(AT, stated.raw, DatePrecision.SECOND)


@pytest.mark.parametrize(("stated", "is_stealth"), [(A_DAY, True), (NOTHING, False)])
def test_an_edit_is_stealthy_by_the_printed_date_alone(rows: Rows, stated: Stated, is_stealth: bool) -> None:
    save(rows, 0, stated)
    saved = save(rows, 1, stated, body="They met in Baku and agreed.")
    assert [one.is_stealth for one in rows.store.articles.revisions(saved.article_id)] == [is_stealth]
