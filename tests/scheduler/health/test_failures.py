"""Blocked, failing and bad validators, from the outcomes of the polls of a channel."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.health.failures import CrawlFailures, channel_findings, crawl_finding
from storage.model.records import FailureStage
from storage.scheduling.health_queries import ChannelHealth
from tests.support.synthetic_histories import MONDAY

NOW = MONDAY + timedelta(days=1)
HOUR = timedelta(hours=1)


def channel(
    failures: int = 0, stage: FailureStage | None = None, *, good: timedelta | None = HOUR, trusted: bool = True
) -> ChannelHealth:
    return ChannelHealth(
        url="https://news.example/rss",
        consecutive_failures=failures,
        failure_stage=stage,
        reason="answered 503" if stage else None,
        last_success_at=None if good is None else NOW - good,
        last_failed_at=None,
        validators_trusted=trusted,
    )


def kinds(facts: ChannelHealth, *, opens: bool = True) -> set[str]:
    return {finding.kind.value for finding in channel_findings([facts], now=NOW) if finding.opens is opens}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (channel(), set()),
        (channel(1, FailureStage.BLOCKED), set()),
        (channel(2, FailureStage.BLOCKED), {"blocked"}),
        (channel(2, FailureStage.BLOCKED, good=timedelta(minutes=5)), {"blocked"}),
        (channel(2, FailureStage.TIMEOUT, good=9 * HOUR), set()),
        (channel(3, FailureStage.TIMEOUT, good=timedelta(minutes=59)), set()),
        (channel(3, FailureStage.TIMEOUT), {"failing"}),
        (channel(3, FailureStage.EMPTY_LIST), {"failing"}),
        (channel(3, FailureStage.NETWORK, good=None), {"failing"}),
        (channel(3, None), {"failing"}),
        (channel(trusted=False), {"bad_validators"}),
        (channel(3, FailureStage.BLOCKED, trusted=False), {"blocked", "bad_validators"}),
    ],
)
def test_what_opens(facts: ChannelHealth, found: set[str]) -> None:
    assert kinds(facts) == found


def test_a_single_failure_keeps_what_is_open() -> None:
    assert kinds(channel(1, FailureStage.TIMEOUT), opens=False) == {"blocked", "failing"}


def test_a_channel_that_is_blocked_now_and_times_out_then_stays_blocked() -> None:
    assert "blocked" in kinds(channel(4, FailureStage.TIMEOUT), opens=False)


@pytest.mark.parametrize(("ago", "kept"), [(HOUR / 2, {"blocked", "failing"}), (HOUR, set()), (None, set())])
def test_a_successful_poll_must_last_an_hour(ago: timedelta | None, kept: set[str]) -> None:
    facts = replace(channel(good=timedelta(0)), last_failed_at=None if ago is None else NOW - ago)
    assert kinds(facts) == set()
    assert kinds(facts, opens=False) == kept


@pytest.mark.parametrize("stage", FailureStage)
def test_each_stage_says_what_to_do(stage: FailureStage) -> None:
    (found,) = [one for one in channel_findings([channel(5, stage)], now=NOW) if one.opens]
    assert found.subject == "https://news.example/rss"
    assert f"5 consecutive polls ({stage}: answered 503); last success 1 h ago, at 2026-09-07T23:00:00+00:00;" in (
        found.sentence
    )
    assert found.sentence.rpartition("; ")[2]
    assert json.loads(json.dumps(found.details)) == found.details


def crawls(failures: int) -> CrawlFailures:
    return CrawlFailures(source="news", failures=failures, first_failed_at=NOW - HOUR)


@pytest.mark.parametrize(
    ("failures", "channels", "opens"),
    [
        (0, [channel()], None),
        (2, [channel()], False),
        (3, [channel()], True),
        (3, [], True),
        (3, [channel(), channel(1, FailureStage.TIMEOUT)], False),  # the channel has its own event
    ],
)
def test_crawls_that_fail_by_no_channels_fault(
    failures: int, channels: list[ChannelHealth], opens: bool | None
) -> None:
    found = crawl_finding(crawls(failures), channels, now=NOW)
    assert (None if found is None else found.opens) is opens


def test_what_is_said_of_such_crawls() -> None:
    found = crawl_finding(crawls(4), [], now=NOW)
    assert found is not None
    assert (found.kind.value, found.subject) == ("failing", "news")
    assert "4 consecutive crawls failed" in found.sentence
    assert "presswatch crawl news" in found.sentence
    json.dumps(found.details)
