"""Test when a page that ends too early is believed: by equal tries over a while, or as its source's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.crawling.fetches import FetchAttempt
from storage.model.page_end import CUT_KINDS, UNCLOSED, failure_reason, page_end_problem
from storage.model.records import ArticleData, FetchPurpose, Problem, SaveOutcome
from storage.saving.page_ends import CUT_FOR, SIMILAR_TRIES, UNCLOSED_FOR, PageEndEvidence, is_believed
from tests.support.rows import Rows

NOW = datetime(2026, 11, 4, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
OPEN, CUT = page_end_problem(UNCLOSED, "the talks with"), page_end_problem(CUT_KINDS[0], "<div class='op")
ELSEWHERE = page_end_problem(UNCLOSED, "said the minister")
TIMEOUT = "no full answer in time"


def tries(reason: str, *ages: timedelta) -> PageEndEvidence:
    return PageEndEvidence(failures=tuple((NOW - age, reason) for age in ages), recent=())


@pytest.mark.parametrize(
    ("problem", "evidence", "believed"),
    [
        (OPEN, tries(failure_reason(OPEN)), False),
        (OPEN, tries(failure_reason(OPEN), UNCLOSED_FOR), False),
        (OPEN, tries(failure_reason(OPEN), MINUTE, UNCLOSED_FOR), True),
        (OPEN, tries(failure_reason(OPEN), MINUTE, UNCLOSED_FOR - MINUTE), False),
        (OPEN, tries(TIMEOUT, *[UNCLOSED_FOR] * 9), False),
        (OPEN, tries(failure_reason(ELSEWHERE), MINUTE, UNCLOSED_FOR), False),
        (OPEN, tries(failure_reason(ELSEWHERE), *[UNCLOSED_FOR] * SIMILAR_TRIES), True),
        (OPEN, tries(failure_reason(CUT), *[CUT_FOR] * SIMILAR_TRIES), False),
        (CUT, tries(failure_reason(CUT), MINUTE, UNCLOSED_FOR), False),
        (CUT, tries(failure_reason(CUT), MINUTE, CUT_FOR), True),
        (OPEN, PageEndEvidence((), (ELSEWHERE,)), True),
        (OPEN, PageEndEvidence((), (ELSEWHERE, None, ELSEWHERE)), True),
        (OPEN, PageEndEvidence((), (ELSEWHERE, None)), False),
        (OPEN, PageEndEvidence((), (CUT,)), False),
        (CUT, PageEndEvidence((), (CUT, CUT)), False),
    ],
)
def test_a_page_is_believed_by_evidence(problem: Problem, evidence: PageEndEvidence, believed: bool) -> None:
    assert is_believed(problem, evidence, NOW) is believed


def fetch(rows: Rows, slug: str, problem: Problem, at: datetime) -> SaveOutcome | None:
    """Save a page that ends so as a crawl does; return None if it failed."""
    url = f"https://caliber.az/en/post/{slug}"
    rows.store.links.ensure("caliber", [url], now=NOW)
    attempt = FetchAttempt(url=url, purpose=FetchPurpose.RETRY, fetched_at=at, run_id=None)
    data = ArticleData(
        source="caliber",
        url=url,
        language="en",
        sections=(),
        title=slug,
        body=f"Text of {slug}.",
        fetched_at=at,
        parser_version=1,
        problems=(problem,),
    )
    failure = rows.store.saving.broken_off_failure(data, attempt)
    if failure is not None:
        rows.store.links.record_failure(attempt, failure)
        return None
    return rows.store.saving.save(data, attempt, section=None).outcome


@pytest.mark.dialect
def test_a_site_that_never_closes_its_elements_is_learnt(rows: Rows) -> None:
    outcomes = [fetch(rows, "first", OPEN, NOW + minutes * MINUTE) for minutes in (0, 5, 15, 35, 75)]
    assert outcomes == [None, None, None, None, SaveOutcome.NEW]
    article = rows.store.articles.get(1)
    assert article is not None
    assert article.problems == (OPEN,)
    assert fetch(rows, "second", ELSEWHERE, NOW + 2 * UNCLOSED_FOR) is SaveOutcome.NEW
    assert fetch(rows, "third", CUT, NOW + 2 * UNCLOSED_FOR) is None
    assert fetch(rows, "first", CUT, NOW + 3 * UNCLOSED_FOR) is SaveOutcome.UNCHANGED
    article = rows.store.articles.get(1)
    assert article is not None
    assert article.problems == (OPEN,)
