"""`--as-of`: lists and single articles as they were known at a moment."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import insert

from storage.database.tables import events
from storage.model.records import Problem
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows


@pytest.fixture
def article(rows: Rows) -> int:
    """Seen at 11, stored at 12, edited at 13, counted each hour, gone from 16, and a later one beside it."""
    number = rows.article(
        "talks",
        title="Talks fail",
        body="No paper.",
        author="B. Writer",
        first_seen_at=NOON - HOUR,
        revised_at=NOON + HOUR,
        gone_at=NOON + 4 * HOUR,
        fetched_at=NOON + 2 * HOUR,
        last_seen_at=NOON + HOUR,
        view_count=300,
        image_url="https://caliber.az/later.jpg",
        problems=(Problem("image", "odd"),),
    )
    rows.revision(number, 1, title="Talks begin", body="A paper.", author="A. Writer")
    rows.readings(number, 100, 200, 300)
    address = "https://caliber.az/en/post/talks"
    link = rows.link(address, article_id=number)
    rows.listing(link, "https://caliber.az/rss.xml", first_listed_at=NOON - HOUR, last_listed_at=NOON + HOUR)
    gone = {"source": "caliber", "kind": "gone", "subject": address, "details": {}}
    with rows.store.write() as connection:
        connection.execute(insert(events).values(opened_at=NOON + 4 * HOUR, closed_at=NOON + 4 * HOUR, **gone))
    rows.article("later", stored_at=NOON + 3 * HOUR, fetched_at=NOON + 3 * HOUR)
    return number


def listed(ask: Ask, moment: str, *more: str) -> list[tuple[str, int | None, bool]]:
    document = json.loads(ask("query", "--as-of", moment, "--format", "json", *more).stdout)
    return [(one["title"], one["view_count"], one["gone_at"] is not None) for one in document]


@pytest.mark.dialect
def test_a_list_is_as_it_was_known_then(ask: Ask, article: int) -> None:
    assert listed(ask, "2026-11-04T11:30Z") == []
    assert listed(ask, "2026-11-04T12:30Z") == [("Talks begin", 100, False)]
    assert listed(ask, "2026-11-04T13:00Z") == [("Talks fail", 200, False)]
    assert listed(ask, "2026-11-04T15:00Z") == [("Later", None, False), ("Talks fail", 300, False)]
    assert listed(ask, "2026-11-04T16:00Z", "--gone") == [("Talks fail", 300, True)]
    assert listed(ask, "2026-11-04T12:30Z", "--min-views", "101") == []


def test_a_table_of_a_past_moment_shows_no_edit_of_later(ask: Ask, article: int) -> None:
    assert "edited" not in ask("query", "--as-of", "2026-11-04T12:30Z").stdout
    assert "edited" in ask("query", "--as-of", "2026-11-04T13:30Z").stdout


def test_one_article_is_shown_as_it_was_known_then(ask: Ask, article: int) -> None:
    lines = ask("show", str(article), "--as-of", "2026-11-04T12:30Z").stdout.splitlines()
    assert lines[:3] == ["As known at 2026-11-04 12:30: there, listed", "", "Talks begin"]
    for line in ("author          A. Writer", "views           100", "image           -", "revised         -"):
        assert line in lines
    for line in ("A paper.", "== View readings: 1", "== Revisions: 0", "fetched         2026-11-04 12:00"):
        assert line in lines
    assert not [line for line in lines if line.startswith("problem")]


def test_presence_and_listing_are_shown(ask: Ask, article: int) -> None:
    document = json.loads(ask("show", str(article), "--as-of", "2026-11-04T16:30Z", "--format", "json").stdout)
    assert (document["as_of"], document["presence"]) == ("2026-11-04T16:30:00+00:00", "gone")
    assert (document["is_listed"], document["listed_until"]) == (False, "2026-11-04T13:00:00+00:00")
    assert (document["title"], document["view_count"], len(document["revisions"])) == ("Talks fail", 300, 1)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-04T10:00Z", "was not yet known at 2026-11-04 10:00 UTC"),
        ("2026-11-04T11:30Z", "was listed, not stored yet at 2026-11-04 11:30 UTC"),
    ],
)
def test_what_was_not_stored_yet_is_said_in_one_line(ask: Ask, article: int, moment: str, said: str) -> None:
    answer = ask("show", str(article), "--as-of", moment)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert said in answer.stderr


@pytest.mark.parametrize("words", [("query",), ("show", "1")])
def test_a_moment_that_is_none_is_refused(ask: Ask, words: tuple[str, ...]) -> None:
    answer = ask(*words, "--as-of", "someday")
    assert answer.exit_code == 2
    assert "--as-of: 'someday' is not a date" in answer.stderr


def test_an_article_that_never_was(ask: Ask) -> None:
    assert "no article 7 is stored" in ask("show", "7", "--as-of", "2026-11-04").stderr
