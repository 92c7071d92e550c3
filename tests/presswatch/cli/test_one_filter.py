"""A QUERY means the same to whatever asks: lists, counts, exports, reports, feeds, the past."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import feedparser
import pytest
from sqlalchemy import insert

from storage.database.tables import view_readings
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows

QUERY = "gas -sport"


@pytest.fixture
def gas(rows: Rows) -> Rows:
    rows.article("gas-corridor", body="The corridor opens.", view_count=7)
    rows.article("gas-games", body="A corridor of sport.", language="ru")
    rows.article("pipes", body="No more gas <b>& oil\x1b[31m.", language="ru", published_at=NOON - 30 * HOUR)
    rows.article("other")
    return rows


def test_counts(gas: Rows, ask: Ask) -> None:
    assert ask("query", QUERY, "--count").stdout == "2\n"
    by = json.loads(ask("query", QUERY, "--group-by", "language", "--format", "json").stdout)
    assert by == [{"language": "en", "article_count": 1}, {"language": "ru", "article_count": 1}]
    days = json.loads(ask("query", "gas", "--group-by", "day", "--lang", "ru", "--format", "json").stdout)
    assert [(day["day"], day["article_count"]) for day in days] == [("2026-11-04", 1), ("2026-11-03", 1)]


def test_an_export_and_what_it_says_of_itself(gas: Rows, ask: Ask, alone: Path) -> None:
    assert ask("export", "out.jsonl", QUERY, "--lang", "ru").exit_code == 0
    (line,) = (alone / "out.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["title"] == "Pipes"
    about = json.loads((alone / "out.jsonl.about.json").read_text("utf-8"))
    assert about["query"] == {"query": QUERY, "language": "ru"}
    assert about["article_count"] == 1
    assert "QUERY: position" in ask("export", "other.jsonl", "gas AND").stderr


def test_a_report(gas: Rows, ask: Ask) -> None:
    document = json.loads(
        ask("report", QUERY, "--since", "2026-11-01", "--until", "2026-11-05", "--format", "json").stdout
    )
    assert sum(day["article_count"] for day in document["days"]) == 2


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_a_feed_of_answers_with_their_sentences(gas: Rows, ask: Ask, form: str) -> None:
    written = ask("query", QUERY, "--sort", "date", "--highlight", "--format", form).stdout_bytes
    feed = feedparser.parse(written)
    assert not feed.bozo
    assert [entry.link.rpartition("/")[2] for entry in feed.entries] == ["gas-corridor", "pipes"]
    assert "[gas]" in feed.entries[1].summary
    assert ("<b>" in feed.entries[1].summary) is (form == "atom")  # where it is text, not markup
    assert b"<b>" not in written
    assert "\x1b" not in written.decode()
    assert QUERY in feed.feed.title
    plain = feedparser.parse(ask("query", QUERY, "--format", form).stdout_bytes)
    assert "[gas]" not in plain.entries[1].summary


def test_as_of_a_moment_the_words_of_then_are_asked(gas: Rows, ask: Ask) -> None:
    edited = gas.article("edited", title="Oil", body="It says oil now.", revised_at=NOON + HOUR)
    gas.revision(edited, 1, title="Gas", body="It said gas then.", seen_from=NOON, seen_until=NOON + HOUR)
    gas.article("stored-later", body="gas", stored_at=NOON + 2 * HOUR)

    def answers(*options: str) -> list[str]:
        said = ask("query", QUERY, "--format", "jsonl", *options).stdout.splitlines()
        return sorted(json.loads(line)["url"].rpartition("/")[2] for line in said)

    assert answers() == ["gas-corridor", "pipes", "stored-later"]
    assert answers("--as-of", "2026-11-04T12:30Z") == ["edited", "gas-corridor", "pipes"]
    assert answers("--as-of", "2026-11-04T13:30Z") == ["gas-corridor", "pipes"]
    shown = ask("query", "gas", "--as-of", "2026-11-04T12:30Z", "--highlight").stdout
    assert "It said [gas] then." in shown
    assert "position 8" in ask("query", "gas AND", "--as-of", "2026-11-04").stderr
    best = ask("query", QUERY, "--as-of", "2026-11-04T12:30Z", "--sort", "rank", "--format", "json").stdout
    assert [row["score"] > 0 for row in json.loads(best)] == [True] * 3
    assert ask("query", QUERY, "--as-of", "2026-11-04T12:30Z", "--count").stdout == "3\n"
    by_day = ask("query", QUERY, "--as-of", "2026-11-04T13:30Z", "--by", "day", "--format", "json").stdout
    assert sum(row["article_count"] for row in json.loads(by_day)) == 2


def test_by_growth(gas: Rows, ask: Ask) -> None:
    now = datetime.now(UTC)
    with gas.store.write() as connection:
        for article_id, gained in ((1, 5), (3, 60), (4, 900)):
            read = [{"article_id": article_id, "measured_at": now - timedelta(hours=5), "view_count": 7}]
            read += [{"article_id": article_id, "measured_at": now - timedelta(hours=1), "view_count": 7 + gained}]
            connection.execute(insert(view_readings), read)
    lines = ask("query", "gas", "--sort", "growth").stdout.splitlines()
    assert lines[0].split() == ["ID", "PUBLISHED", "GAINED", "VIEWS", "SECTION", "TITLE"]
    assert [line.split()[3] for line in lines[1:4]] == ["+60", "+5", "-"]
    first = ask("query", "gas", "--sort", "growth", "--limit", "1", "--format", "jsonl")
    assert json.loads(first.stdout)["view_gain"] == 60
    cursor = first.stderr.split("--cursor ")[1].split()[0]
    rest = ask("query", "gas", "--sort", "growth", "--cursor", cursor, "--format", "jsonl").stdout.splitlines()
    assert [json.loads(line)["view_gain"] for line in rest] == [5, None]
    feed = feedparser.parse(ask("query", "gas", "--sort", "growth", "--limit", "1", "--format", "atom").stdout_bytes)
    assert feed.entries[0].link.endswith("pipes")


def test_fields_of_answers(gas: Rows, ask: Ask) -> None:
    answer = ask("query", "corridor", "--highlight", "--fields", "title,score,snippet", "--format", "csv")
    assert answer.stdout.splitlines()[0] == "title,score,snippet,source,url,fetched_at,terms"
    table = ask("query", "corridor", "--highlight", "--fields", "snippet,title").stdout
    assert "The [corridor] opens." in table
    unknown = ask("query", "--fields", "score")
    assert (unknown.exit_code, unknown.stdout) == (2, "")
    assert "unknown field score" in unknown.stderr
