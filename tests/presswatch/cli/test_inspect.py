"""`presswatch inspect`: everything stored about one URL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storage.model.records import EditKind, FailureStage, FetchPurpose, FetchResult, Outcome
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, TERMS, Rows

ADDRESS = "https://caliber.az/en/post/talks"


@pytest.fixture
def failing(rows: Rows) -> int:
    """A link on two channels that failed twice and waits for its third try."""
    waits: dict[str, Any] = {
        "failed_attempts": 2,
        "next_attempt_at": NOON + 3 * HOUR,
        "outcome_reason": "timeout: no answer in 30 s",
    }
    link = rows.link(ADDRESS, title="Talks", last_listed_at=NOON + HOUR, **waits)
    rows.listing(link, "https://caliber.az/rss.xml")
    rows.listing(link, "https://caliber.az/en/category/politics", first_listed_at=NOON + HOUR)
    run = rows.run()
    server = {
        "failure_stage": FailureStage.HTTP_5XX,
        "reason": "bad gateway",
        "http_status": 502,
        "byte_count": 120,
        "run_id": run,
    }
    rows.fetch(link, result=FetchResult.FAILED, **server)
    timeout = {"failure_stage": FailureStage.TIMEOUT, "reason": "no answer in 30 s"}
    rows.fetch(link, fetched_at=NOON + HOUR, purpose=FetchPurpose.RETRY, result=FetchResult.FAILED, **timeout)
    return link


def test_where_it_was_listed_and_each_try(ask: Ask, failing: int) -> None:
    result = ask("inspect", ADDRESS)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == ADDRESS
    for line in (
        "outcome         pending",
        "reason          timeout: no answer in 30 s",
        "title           Talks",
        "first listed    2026-11-04 12:00",
        "last listed     2026-11-04 13:00",
        "failures        2 consecutive",
        "next attempt    2026-11-04 15:00",
        "== Listed on: 2",
        "  2026-11-04 12:00 until 2026-11-04 12:00  https://caliber.az/rss.xml",
        "== Fetches: 2",
        "  2026-11-04 12:00  new        failed       http 5xx: bad gateway, HTTP 502, 120 bytes, run 1",
        "  2026-11-04 13:00  retry      failed       timeout: no answer in 30 s",
    ):
        assert line in lines
    assert lines[-2:] == [f"Caliber.az (caliber): {TERMS}", "Times are UTC."]


def test_a_status_that_the_reason_names_is_not_said_again(rows: Rows, ask: Ask) -> None:
    gone = {"failure_stage": FailureStage.HTTP_4XX, "reason": "answered 404", "http_status": 404}
    rows.fetch(rows.link(ADDRESS), result=FetchResult.NOT_FOUND, **gone)
    assert (
        ask("inspect", ADDRESS)
        .stdout.splitlines()
        .count("  2026-11-04 12:00  new        not found    http 4xx: answered 404")
        == 1
    )


def test_the_same_in_json(ask: Ask, failing: int) -> None:
    document = json.loads(ask("inspect", ADDRESS, "--format", "json").stdout)
    assert (document["outcome"], document["failed_attempts"], document["article"]) == ("pending", 2, None)
    assert (document["source_title"], document["terms"]) == ("Caliber.az", TERMS)
    assert [listing["channel"] for listing in document["listings"]] == [
        "https://caliber.az/rss.xml",
        "https://caliber.az/en/category/politics",
    ]
    assert [(tried["purpose"], tried["failure_stage"], tried["http_status"]) for tried in document["fetches"]] == [
        ("new", "http 5xx", 502),
        ("retry", "timeout", None),
    ]


@pytest.fixture
def stored(rows: Rows) -> int:
    article = rows.article("talks", revised_at=NOON + HOUR, recrawl_at=NOON + 24 * HOUR)
    rows.readings(article, 5, 90)
    rows.revision(article, 1, edit_kind=EditKind.QUOTE)
    link = rows.link(ADDRESS, outcome=Outcome.STORED, article_id=article)
    rows.fetch(link, http_status=200, view_count=5, byte_count=9000)
    rows.fetch(
        link, fetched_at=NOON + HOUR, purpose=FetchPurpose.RECRAWL, result=FetchResult.REVISED, reason="a quote changed"
    )
    return article


def test_what_became_of_a_stored_address(ask: Ask, stored: int) -> None:
    lines = ask("inspect", ADDRESS).stdout.splitlines()
    for line in (
        "outcome         stored",
        "next attempt    2026-11-05 12:00",
        "  2026-11-04 12:00  new        new          HTTP 200, 9000 bytes, 5 views",
        "  2026-11-04 13:00  recrawl    revised      a quote changed",
        "== Article 1",
        "view readings   2, 5 to 90",
    ):
        assert line in lines
    document = json.loads(ask("inspect", ADDRESS, "--format", "json").stdout)["article"]
    assert (document["id"], document["revisions"][0]["edit_kind"]) == (stored, "quote")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"outcome": Outcome.PENDING}, "with the next crawl"),
        ({"outcome": Outcome.FILTERED, "outcome_reason": "section sport"}, "none planned"),
        ({"outcome": Outcome.GONE, "first_404_at": NOON, "next_attempt_at": NOON + HOUR}, "2026-11-04 13:00"),
    ],
    ids=["pending", "filtered", "gone"],
)
def test_the_next_recrawl(rows: Rows, ask: Ask, values: dict[str, Any], shown: str) -> None:
    rows.link(ADDRESS, **values)
    assert f"next attempt    {shown}" in ask("inspect", ADDRESS).stdout.splitlines()


def test_a_recrawl_that_failed_waits_for_the_later_of_its_times(rows: Rows, ask: Ask) -> None:
    article = rows.article("talks", recrawl_at=NOON + HOUR)
    rows.link(ADDRESS, outcome=Outcome.STORED, article_id=article, next_attempt_at=NOON + 5 * HOUR)
    assert "next attempt    2026-11-04 17:00" in ask("inspect", ADDRESS).stdout.splitlines()


def test_the_address_an_article_ended_at_leads_to_the_link_that_led_there(rows: Rows, ask: Ask) -> None:
    article = rows.article("moved-here")
    rows.link("https://caliber.az/en/post/12345", outcome=Outcome.STORED, article_id=article)
    output = ask("inspect", "https://caliber.az/en/post/moved-here").stdout
    assert output.startswith("https://caliber.az/en/post/12345\n")


def test_an_address_never_seen_is_said_in_one_line(ask: Ask, stored: int) -> None:
    unknown = ask("inspect", "https://caliber.az/en/post/other")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert unknown.stderr == "presswatch: https://caliber.az/en/post/other is not known: no channel has listed it\n"


def test_the_id_of_an_article_leads_to_its_link(ask: Ask, stored: int) -> None:
    assert ask("inspect", str(stored)).stdout == ask("inspect", ADDRESS).stdout
    unknown = ask("inspect", "999")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert unknown.stderr == "presswatch: no article 999 is stored; presswatch query lists those that are\n"


@pytest.mark.parametrize("typed", ["talks", "mailto:a@b.az", "http://user@caliber.az/x", "\udcff/x\udcff"])
def test_what_is_no_address_is_refused(ask: Ask, stored: int, typed: str) -> None:
    refused = ask("inspect", typed)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "is no address: write it as" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_nothing_stored_steers_the_terminal(rows: Rows, ask: Ask) -> None:
    bad = "bad\x1b[2J\u202e\n\r"
    link = rows.link(ADDRESS, title=bad, outcome_reason=bad)
    rows.listing(link, f"https://caliber.az/{bad}")
    rows.fetch(link, result=FetchResult.FAILED, failure_stage=FailureStage.PARSE, reason=bad)
    output = ask("inspect", ADDRESS).stdout
    assert not [one for one in "\x1b\u202e\r" if one in output]
    assert output.count("bad\ufffd[2J") == 4
