"""Test when a page that ends too early is believed: by equal tries over a while, or as its source's way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage.model.page_end import CUT_KINDS, UNCLOSED, failure_reason, page_end_problem
from storage.saving.page_ends import CUT_FOR, SIMILAR_TRIES, UNCLOSED_FOR, PageEndEvidence, is_believed

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
def test_a_page_is_believed_by_evidence(problem: object, evidence: PageEndEvidence, believed: bool) -> None:
    assert is_believed(problem, evidence, NOW) is believed  # type: ignore[arg-type]
