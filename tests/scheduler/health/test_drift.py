"""Drift of pages: each sign, its examples, its figures, and its end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.health.drift import Proportion, detect_drift, fisher_p_value, rank_sum
from scheduler.health.findings import Finding
from storage.crawling.events import Event
from storage.model.event_kinds import EventKind
from storage.scheduling.health_queries import ExtractionSample
from tests.support.sample_pages import dated, normal, without
from tests.support.synthetic_histories import MONDAY

BEFORE = normal(300)
SAME = normal(40, start=300)


def opened(
    recent: list[ExtractionSample], before: list[ExtractionSample] = BEFORE, **more: list[Event]
) -> dict[str, Finding]:
    return {one.subject: one for one in detect_drift(recent, before, **more) if one.opens}


def event(finding: Finding) -> Event:
    return Event(
        id=1,
        source="news",
        kind=finding.kind,
        subject=finding.subject,
        opened_at=MONDAY,
        closed_at=None,
        details=json.loads(json.dumps(finding.details)),
    )


def test_pages_like_those_before_are_no_drift() -> None:
    assert opened(SAME) == {}


@pytest.mark.parametrize("field", ["title", "published_at", "author", "image_url", "subtitle"])
def test_a_field_that_is_no_longer_filled_is_drift(field: str) -> None:
    found = opened(without(SAME, field))
    assert list(found) == [field]
    details = found[field].details
    assert found[field].kind is EventKind.DRIFT
    assert details["examples"] == [one.url for one in SAME[:-4:-1]]
    assert found[field].sentence.startswith(f"{field}: 0 of the newest")
    assert json.loads(json.dumps(details)) == details


def test_a_field_that_few_had_can_vanish_unnoticed() -> None:
    rare = {"video": 0.2}
    pages = normal(300, rates=rare), without(normal(40, start=300, rates=rare), "video")
    assert opened(pages[1], pages[0]) == {}


def test_a_change_that_is_true_and_small_is_no_drift() -> None:
    few = [without([one], "title")[0] if number % 5 == 0 else one for number, one in enumerate(SAME)]
    assert fisher_p_value(Proportion(32, 40), Proportion(300, 300)) < 1e-6
    assert opened(few) == {}


def test_a_field_that_is_filled_more_often_is_no_drift() -> None:
    more = [replace(one, filled=dict.fromkeys(one.filled, True)) for one in SAME]
    assert opened(more) == {}


def test_empty_bodies_are_drift() -> None:
    found = opened([replace(one, body_length=0) for one in SAME])
    assert list(found) == ["body"]


@pytest.mark.parametrize(("factor", "drifted"), [(0.2, True), (4, True), (0.8, False), (1.3, False)])
def test_bodies_much_shorter_or_longer_are_drift(factor: float, drifted: bool) -> None:
    found = opened([replace(one, body_length=int(one.body_length * factor)) for one in SAME])
    assert list(found) == (["body length"] if drifted else [])
    for one in found.values():
        assert len(one.details["examples"]) == 3  # type: ignore[arg-type]
        assert one.details["median_before"] > 0  # type: ignore[operator]


@pytest.mark.parametrize(
    ("pages", "subject"),
    [
        (dated(SAME, timedelta(days=1)), "dates in the future"),
        (dated(SAME, -timedelta(days=20)), "dates weeks old"),
        (dated(SAME, SAME[0].stored_at), "dates all equal"),
    ],
    ids=["future", "old", "equal"],
)
def test_dates_gone_astray_are_drift(pages: list[ExtractionSample], subject: str) -> None:
    found = opened(pages)
    assert list(found) == [subject]
    assert len(found[subject].details["examples"]) == 3  # type: ignore[arg-type]


def test_dates_a_little_ahead_are_a_clock_that_differs() -> None:
    assert opened(dated(SAME, timedelta(minutes=9))) == {}


def test_a_source_that_prints_days_may_have_equal_dates() -> None:
    by_day = [replace(one, published_at=one.stored_at.replace(hour=0, minute=0)) for one in (*BEFORE, *SAME)]
    assert opened(by_day[300:], by_day[:300]) == {}


@pytest.mark.parametrize(("recent", "before"), [(9, 300), (40, 39)], ids=["few recent", "few before"])
def test_too_few_pages_open_nothing_and_keep_what_is_open(recent: int, before: int) -> None:
    broken = without(SAME, "title")[-recent:]
    found = detect_drift(broken, BEFORE[:before])
    assert not any(one.opens for one in found)
    assert {"title", "author", "body", "dates all equal"} <= {one.subject for one in found}


def test_no_pages_at_all_are_no_drift() -> None:
    assert not any(one.opens for one in detect_drift([], []))


def test_a_drift_is_over_when_nineteen_of_twenty_pages_are_good_and_does_not_come_back() -> None:
    broken = without(SAME, "title")
    alarm = event(opened(broken)["title"])
    mended = normal(40, start=340)
    windows = [(broken + mended)[count : 40 + count] for count in range(41)]
    assert [_is_found(window, alarm) for window in windows] == [True] * 19 + [False] * 22
    assert not any("title" in opened(window) for window in windows[19:])


def _is_found(recent: list[ExtractionSample], alarm: Event) -> bool:
    return alarm.key in {one.key for one in detect_drift(recent, BEFORE, open_events=[alarm])}


def test_a_drift_does_not_become_the_norm_by_lasting() -> None:
    alarm = event(opened(without(SAME, "title"))["title"])
    broken = without(normal(340, start=340), "title")
    assert detect_drift(broken[300:], broken[:300], open_events=[alarm])[0].key == alarm.key
    assert opened(broken[300:], broken[:300]) == {}  # which is what would be said if nobody remembered


def test_short_bodies_do_not_become_the_norm_by_lasting() -> None:
    short = [replace(one, body_length=one.body_length // 5) for one in normal(340, start=340)]
    alarm = event(opened([replace(one, body_length=one.body_length // 5) for one in SAME])["body length"])
    assert _keys(short[300:], short[:300], alarm) == {alarm.key}
    assert _keys(SAME, short[:300], alarm) == set()


def _keys(recent: list[ExtractionSample], before: list[ExtractionSample], alarm: Event) -> set[tuple[EventKind, str]]:
    return {
        one.key for one in detect_drift(recent, before, open_events=[alarm]) if one.key == alarm.key and not one.opens
    }


@pytest.mark.parametrize("details", [{}, {"before": None}, {"before": {"good": "x", "pages": 3}}, {"median_before": 0}])
def test_an_event_that_does_not_say_what_was_normal_is_judged_by_the_pages_before(details: dict[str, object]) -> None:
    for subject in ("title", "body length"):
        finding = Finding(kind=EventKind.DRIFT, subject=subject, details=details)  # type: ignore[arg-type]
        assert not _is_found(SAME, event(finding))


def test_order_does_not_matter() -> None:
    broken = without(SAME, "title")
    assert detect_drift(broken[::-1], BEFORE[::-1]) == detect_drift(broken, BEFORE)


@given(st.integers(1, 30), st.integers(1, 60), st.data())
def test_the_chance_is_that_of_fishers_test(newest: int, earlier: int, data: st.DataObject) -> None:
    good, before = data.draw(st.integers(0, newest)), data.draw(st.integers(0, earlier))
    chance = fisher_p_value(Proportion(good, newest), Proportion(before, earlier))
    # The same tail counted from the other sample: as many good ones or more among those before.
    total, all_good = newest + earlier, good + before
    ways = sum(
        comb(all_good, i) * comb(total - all_good, earlier - i) for i in range(before, min(earlier, all_good) + 1)
    )
    assert 0 < chance <= 1
    assert chance == pytest.approx(ways / comb(total, earlier))


def test_the_rank_sum_is_that_of_the_books() -> None:
    """Two samples apart: U = 0, z = -(m n / 2) / sqrt(m n (N + 1) / 12)."""
    assert rank_sum([1, 2, 3], [4, 5, 6, 7]) == pytest.approx(-6 / (3 * 4 * 8 / 12) ** 0.5)
    assert rank_sum([5, 5], [5, 5, 5]) == 0
    assert rank_sum([], [1, 2]) == 0


@given(st.lists(st.integers(1, 50), min_size=1, max_size=20), st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_the_rank_sum_is_the_same_from_the_other_side(one: list[int], other: list[int]) -> None:
    assert rank_sum(one, other) == pytest.approx(-rank_sum(other, one))
