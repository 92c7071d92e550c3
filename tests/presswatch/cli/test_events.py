"""`presswatch events`: what happened, in words."""

from __future__ import annotations

import json

import pytest

from presswatch.cli.options import DEFAULT_LIMIT
from storage.model.event_kinds import EventKind
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows


def test_each_event_is_a_sentence(rows: Rows, ask: Ask) -> None:
    events = rows.store.events
    events.open(
        source="caliber", kind=EventKind.SILENT, subject="", details={"sentence": "nothing new for 9 h"}, now=NOON
    )
    events.close(1, now=NOON + 3 * HOUR)
    feed = "https://caliber.az/rss.xml"
    blocked = {"sentence": f"{feed}: blocked in 3 consecutive polls", "polls": 3}
    events.open(source="caliber", kind=EventKind.BLOCKED, subject=feed, details=blocked, now=NOON)
    gone = {"sentence": "not there since 2026-11-04 11:00 UTC", "article_id": 7}
    events.add(source="caliber", kind=EventKind.GONE, subject="https://caliber.az/en/post/one", details=gone, now=NOON)
    events.add(source="caliber", kind=EventKind.CRAWL_KILLED, subject="caliber", details={"reason": "memory"}, now=NOON)
    url = "https://caliber.az/en/post/one"
    assert ask("events").stdout.splitlines() == [
        "4  2026-11-04 12:00  caliber had a crawl that had to be ended: caliber; reason memory",
        f"3  2026-11-04 12:00  caliber took an article down: not there since 2026-11-04 11:00 UTC, {url}",
        f"2  2026-11-04 12:00  caliber blocks us (still open): {feed}: blocked in 3 consecutive polls",
        "1  2026-11-04 12:00  caliber has gone silent (until 2026-11-04 15:00, 3 h): nothing new for 9 h",
        "",
        "Times are UTC.",
    ]
    assert json.loads(ask("events", "--kind", "blocked", "--format", "json").stdout)[0]["details"] == blocked


def test_a_narrow_terminal_breaks_the_sentence(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    details = {"sentence": "nothing new for 9 h, since 2026-11-04 03:00 UTC; four articles were expected"}
    rows.store.events.open(source="caliber", kind=EventKind.SILENT, subject="", details=details, now=NOON)
    monkeypatch.setenv("COLUMNS", "40")
    *lines, empty, _note = ask("events").stdout.splitlines()
    assert empty == ""
    assert max(map(len, lines)) <= 40
    assert " ".join(" ".join(lines).split()).endswith(details["sentence"])


def test_what_is_left_out_is_a_command_to_paste(rows: Rows, ask: Ask) -> None:
    for number in range(DEFAULT_LIMIT + 1):
        details = {"sentence": f"number {number}"}
        rows.store.events.add(source="caliber", kind=EventKind.EDITED, subject="", details=details, now=NOON)
    answer = ask("events", "--kind", "edited")
    assert answer.stdout.count("edited an article") == DEFAULT_LIMIT
    assert f"only the first {DEFAULT_LIMIT} are shown; all: presswatch events --limit 0 --kind edited" in answer.stderr
    assert ask("events", "--limit", "0").stdout.count("edited an article") == DEFAULT_LIMIT + 1


def test_a_kind_that_does_not_exist_is_answered_with_the_nearest(ask: Ask) -> None:
    refused = ask("events", "--kind", "silnt")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("presswatch: --kind: must be one of silent, drift")
    assert refused.stderr.endswith("(did you mean silent?)\n")
    assert "(did you mean title?)" in ask("query", "--edit-kind", "titel").stderr


def test_an_edit_is_named_once(rows: Rows, ask: Ask) -> None:
    details = {"sentence": "Gas talks (stealth edit: numbers)", "is_stealth": True}
    url = "https://caliber.az/en/post/one"
    rows.store.events.add(source="caliber", kind=EventKind.EDITED, subject=url, details=details, now=NOON)
    assert "caliber edited an article: Gas talks (stealth edit: numbers), https://" in ask("events").stdout
