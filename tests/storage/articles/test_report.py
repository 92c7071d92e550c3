"""`presswatch report`: what a period brought, with the coverage beside it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.articles.filters import ArticleFilter
from storage.articles.report import CrawlCoverage, Report, days, report
from storage.articles.results import ArticleFull
from storage.model.records import Problem, RunStatus
from tests.conftest import Ask
from tests.support.rows import DAY, HOUR, NOON, TERMS, Rows

SINCE = NOON - 3 * DAY
END = NOON + DAY


def event(rows: Rows, kind: str, *, opened: datetime, closed: datetime | None, **details: Any) -> None:
    values = {"source": "caliber", "kind": kind, "subject": f"about {kind}", "details": details}
    rows._insert("events", {**values, "opened_at": opened, "closed_at": closed})


def week(rows: Rows) -> Report:
    """Three days: a good one, one half watched, one not watched at all."""
    first = rows.article("first", view_count=900)
    second = rows.article("second", section="economy", sections=("economy",), problems=(Problem("author", "none"),))
    rows.article("third", published_at=NOON - DAY, view_count=None, section=None)
    old = rows.article("old", published_at=NOON - 50 * DAY)
    rows.revision(second, 1)
    for number in (1, 2):
        rows.revision(old, number)
    rows.revision(first, 1, seen_from=NOON - 60 * DAY, seen_until=NOON - 50 * DAY)
    rows.run()
    rows.run(status=RunStatus.SUCCEEDED, started_at=NOON - DAY)
    rows.run(status=RunStatus.FAILED, started_at=NOON - DAY)
    rows.run(status=RunStatus.RUNNING, finished_at=None)
    event(rows, "silent", opened=NOON - 10 * DAY, closed=None, expected=4)
    event(rows, "failing", opened=NOON - 10 * DAY, closed=NOON - 9 * DAY)
    event(rows, "gap", opened=NOON, closed=NOON, known=0)
    event(rows, "edited", opened=NOON, closed=NOON)
    return report(rows.store, ArticleFilter(since=SINCE), until=END)


@pytest.mark.dialect
def test_the_counts_of_a_day_are_beside_its_crawls(rows: Rows) -> None:
    found = week(rows)
    counted = [(day.day, day.article_count, day.succeeded_crawls, day.crawls, day.coverage) for day in found.days]
    assert counted == [
        ("2026-11-05", 0, 0, 0, None),
        ("2026-11-04", 2, 1, 1, 1.0),
        ("2026-11-03", 1, 1, 2, 0.5),
        ("2026-11-02", 0, 0, 0, None),
        ("2026-11-01", 0, 0, 0, None),
    ]
    assert found.days[1].by_section == {"politics": 1, "economy": 1}
    assert found.article_count == 3


@pytest.mark.dialect
def test_most_read_most_edited_and_what_was_wrong(rows: Rows) -> None:
    found = week(rows)
    assert [article.title for article in found.most_read] == ["First", "Second"]
    assert [(one.article.title, one.revision_count) for one in found.most_edited] == [("Old", 2), ("Second", 1)]
    assert [one.kind for one in found.trouble] == ["silent"]
    assert [one.subject for one in found.gaps] == ["about gap"]
    (missing,) = found.missing
    assert (missing.source, missing.field, missing.article_count, missing.of) == ("caliber", "author", 1, 3)


@pytest.mark.dialect
def test_the_filter_holds_for_every_part(rows: Rows) -> None:
    rows.source("apa", title="APA")
    week(rows)
    rows.run(source="apa", status=RunStatus.FAILED, started_at=NOON - HOUR)
    found = report(rows.store, ArticleFilter(since=SINCE, source="apa"), until=END)
    assert (found.article_count, found.most_read, found.most_edited, found.trouble, found.gaps) == (0, (), (), (), ())
    assert [day.coverage for day in found.days if day.crawls] == [0.0]


@pytest.mark.parametrize("form", ["text", "md", "json"])
def test_each_form_says_it(rows: Rows, ask: Ask, form: str) -> None:
    week(rows)
    rows.article("hostile", title="\x1b[31m<script>", view_count=5000)
    answer = ask("report", "--since", "2026-11-01", "--format", form)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "\x1b" not in answer.stdout
    if form == "json":
        document = json.loads(answer.stdout)
        assert document["article_count"] == 4
        assert {day["day"]: day["coverage"] for day in document["days"]}["2026-11-03"] == 0.5
        assert document["trouble"][0]["kind"] == "silent"
        assert document["most_read"][0]["terms"] == TERMS
        return
    for said in ("politics 2, economy 1", "1 of 2", "50%", "about silent; expected 4", "about gap", "1 of 4", TERMS):
        assert said in answer.stdout
    assert ("<script>" in answer.stdout) == (form == "text")


def test_on_a_narrow_terminal_urls_and_events_are_whole(rows: Rows, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    said = "nothing new for a day; open its pages and see whether it still publishes something"
    article = rows.article("a-story-with-a-long-title-that-fills-the-line-of-a-terminal-all-by-itself-and-more")
    rows.revision(article, 1)
    event(rows, "silent", opened=NOON, closed=None, sentence=said, expected=4)
    event(rows, "gap", opened=NOON, closed=NOON, known=0)
    monkeypatch.setenv("COLUMNS", "60")
    lines = ask("report", "--since", "2026-11-01", "--until", "2026-11-06").stdout.splitlines()
    events = lines[lines.index("Sources silent, failing or drifting") :]
    assert "  about silent; nothing new for a day; open its pages and\n  see whether it still publishes something" in (
        "\n".join(events)
    )
    assert "expected" not in "\n".join(events)  # what the sentence says is not said again
    assert "  about gap; known 0" in events
    stored = store_article(rows, article)
    assert sum(stored.url in line for line in lines) == 1
    assert all(len(line) <= 60 for line in lines if "https" not in line and ":" not in line)


def store_article(rows: Rows, article_id: int) -> ArticleFull:
    article = rows.store.articles.get(article_id)
    assert article is not None
    return article


def test_a_period_that_ends_at_midnight_has_nothing_of_the_day_that_begins_there() -> None:
    midnight = END.replace(hour=0)
    assert [day.day for day in days(midnight - DAY, midnight, {}, {})] == ["2026-11-04"]
    assert [day.day for day in days(midnight - DAY, midnight + HOUR, {}, {})] == ["2026-11-05", "2026-11-04"]


def test_a_report_of_nothing_says_so(rows: Rows, ask: Ask) -> None:
    answer = ask("report")
    assert answer.exit_code == 0
    assert answer.stdout.startswith("0 articles from ")
    assert "no article was edited" in answer.stdout
    assert ask("report", "--format", "md").stdout.startswith("# 0 articles from ")


@pytest.mark.parametrize("since", ["tomorrow", "9999-01-01"])
def test_a_period_that_is_none_is_one_line(rows: Rows, ask: Ask, since: str) -> None:
    answer = ask("report", "--since", since)
    assert (answer.exit_code, answer.stdout, answer.stderr.count("\n")) == (2, "", 1)


NAMES = st.dates(SINCE.date(), END.date()).map(str)


@given(
    st.dictionaries(NAMES, st.dictionaries(st.sampled_from(["a", "b", None]), st.integers(1, 9), min_size=1)),
    st.dictionaries(NAMES, st.tuples(st.integers(1, 9), st.integers(0, 9))),
)
def test_no_article_and_no_crawl_is_lost_between_the_days(
    sections: dict[str, dict[str | None, int]], crawled: dict[str, tuple[int, int]]
) -> None:
    coverage = {
        day: CrawlCoverage(crawls=number, succeeded=min(number, good)) for day, (number, good) in crawled.items()
    }
    found = days(SINCE, END, {day: Counter(of) for day, of in sections.items()}, coverage)
    assert [day.day for day in found] == sorted({day.day for day in found}, reverse=True)
    assert len(found) == 5
    assert sum(day.article_count for day in found) == sum(sum(of.values()) for of in sections.values())
    assert sum(day.crawls for day in found) == sum(one.crawls for one in coverage.values())
    assert all((day.coverage is None) == (day.crawls == 0) and 0 <= (day.coverage or 0) <= 1 for day in found)
