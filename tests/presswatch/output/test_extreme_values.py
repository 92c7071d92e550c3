"""Commands given extreme values: ends of the calendar, large integers, cursors edited by hand."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from presswatch import ArticleFilter, Sort
from storage.articles.cursors import decode, encode
from storage.search.query import parse
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, Rows

LAST = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)


def cursor(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("sort", "text"),
    [
        ("date", "date|0001-01-01T00:00:00+23:59|5"),
        ("date", "date|9999-12-31T23:59:59-23:59|5"),
        ("growth", "growth|5|5|0001-01-01T00:00:00+00:00"),
        ("growth", "growth||5|0001-01-01T00:00:00+14:00"),
        ("views", "views|--5|5"),
        ("date", "date||-5"),
    ],
)
def test_a_cursor_that_lies_outside_the_calendar_is_refused(rows: Rows, ask: Ask, sort: str, text: str) -> None:
    answer = ask("query", "--sort", sort, "--cursor", cursor(text))
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert answer.stderr == "presswatch: --cursor: this is no cursor; take it as it stands at the end of a page\n"


@pytest.mark.parametrize("sort", ["date", "views", "stored"])
@pytest.mark.parametrize("key", ["", "key"])
@pytest.mark.parametrize("moment", [[], ["--as-of", "2026-11-04T12:00Z"]], ids=["now", "then"])
def test_a_cursor_behind_every_id_begins_at_the_beginning(
    rows: Rows, ask: Ask, sort: str, key: str, moment: list[str]
) -> None:
    rows.readings(rows.article("one"), 100)
    keys = {"date": LAST.isoformat(), "views": str(2**63 - 1), "stored": ""}
    after = cursor(f"{sort}|{key and keys[sort]}|{2**63 - 1}")
    answer = ask("query", "--sort", sort, "--cursor", after, *moment, "--format", "csv", "--fields", "title")
    assert answer.exit_code == 0
    assert ("One" in answer.stdout) == (bool(key) or sort == "stored")


@pytest.mark.dialect
def test_a_list_with_counts_below_nothing_goes_on_behind_them(rows: Rows) -> None:
    for slug, count in (("a", -1), ("b", -5), ("c", 3)):
        rows.article(slug, view_count=count)
    first, second, _third = rows.store.articles.find(sort=Sort.VIEWS)
    place = decode(encode(second.cursor(Sort.VIEWS), Sort.VIEWS), Sort.VIEWS)
    assert [article.title for article in rows.store.articles.find(sort=Sort.VIEWS, after=place)] == ["B"]
    assert first.title == "C"


@pytest.mark.dialect
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_views_at_ages_that_lie_behind_the_calendar_are_left_out(rows: Rows, ask: Ask, form: str) -> None:
    article = rows.article("far", published_at=LAST)
    rows.readings(article, 1, 5)
    answer = ask("views", str(article), "--format", form)
    assert (answer.exit_code, answer.stderr) == (0, "")
    assert "7 d" not in answer.stdout


@pytest.mark.dialect
def test_years_before_1000_have_four_digits(rows: Rows, ask: Ask) -> None:
    rows.article("early", published_at=FIRST)
    assert "0001-01-01 00:00" in ask("query").stdout
    assert "0001-01-01 00:00" in ask("query", "--fields", "published_at").stdout
    report = ask("report", "--since", "0001-01-01", "--until", "0001-01-03").stdout
    assert [line.split()[:2] for line in report.splitlines() if line.startswith("0001-01-0")] == [
        ["0001-01-02", "0"],
        ["0001-01-01", "1"],
    ]


def test_a_section_of_any_length_is_one_line(rows: Rows, ask: Ask) -> None:
    for command in ("query", "report"):
        answer = ask(command, "--section", "x" * 100_000)
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert answer.stderr == "presswatch: no section has a name of 100000 characters\n"


def test_a_very_long_mistake_is_shown_without_its_middle(rows: Rows, ask: Ask) -> None:
    answer = ask("query", "--min-views", "9" * 6000)
    assert answer.exit_code == 2
    assert len(answer.stderr) < 1_100
    assert "(see presswatch query --help)" in answer.stderr


@pytest.mark.parametrize("options", [{"sort": "age"}, {"limit": -1}])
def test_senseless_lists_are_refused_in_python(rows: Rows, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"age|-1"):
        rows.store.articles.find(**options)


class Number:
    """A whole number of another library's, as numpy and pandas have them: no database takes it as it is."""

    def __index__(self) -> int:
        return 1


@pytest.mark.dialect
@pytest.mark.parametrize("sort", [Sort.DATE, Sort.RANK])
def test_a_limit_may_be_any_whole_number(rows: Rows, sort: Sort) -> None:
    for slug in ("gas-one", "gas-two"):
        rows.article(slug)
    found = rows.store.articles.find(ArticleFilter(query=parse("gas")), sort=sort, limit=Number())  # type: ignore[arg-type]
    assert len(list(found)) == 1
    with pytest.raises(TypeError, match="float"):
        rows.store.articles.find(limit=1.5)  # type: ignore[arg-type]


def test_a_sort_may_be_named_by_its_word(rows: Rows) -> None:
    rows.article("old", published_at=NOON - HOUR, view_count=9)
    rows.article("new", published_at=NOON, view_count=1)
    for sort in (Sort.DATE, Sort.VIEWS, Sort.STORED):
        found = list(rows.store.articles.find(sort=str(sort)))  # type: ignore[arg-type]
        assert found == list(rows.store.articles.find(sort=sort))


def test_a_filter_of_edits_holds_in_a_report(rows: Rows, ask: Ask) -> None:
    edited = rows.article("edited", revised_at=NOON + HOUR)
    rows.revision(edited, 1, is_stealth=True)
    rows.article("other")
    for options in (["--edit-kind", "minor"], ["--stealth"], ["--edit-kind", "minor", "--edited-since", "2026-11-01"]):
        answer = ask("report", "--since", "2026-11-01", *options)
        assert (answer.exit_code, answer.stderr) == (0, "")
        assert answer.stdout.startswith("1 article from")


@pytest.mark.dialect
def test_growth_is_ranked_alike_whatever_the_fractions_of_seconds(rows: Rows) -> None:
    since = NOON + timedelta(seconds=0.5)
    for slug, late in (("a", 0.6), ("b", 0.4)):
        article = rows.article(slug)
        for at, count in ((NOON - timedelta(seconds=10), 0), (NOON + timedelta(seconds=10 + late), 1000)):
            rows._insert("view_readings", {"article_id": article, "measured_at": at, "view_count": count})
    found = rows.store.articles.find(sort=Sort.GROWTH, now=since + timedelta(hours=24))
    assert [(article.title, article.view_gain) for article in found] == [("B", 500), ("A", 500)]  # type: ignore[attr-defined]


@pytest.mark.dialect
def test_growth_of_counts_near_the_largest_number_is_no_error(rows: Rows, ask: Ask) -> None:
    article = rows.article("huge")
    rows.readings(article, 0, 2**62, 2**63 - 1)
    for now in (NOON + HOUR / 2, NOON + HOUR * 24.5, NOON + HOUR * 26):
        (found,) = rows.store.articles.find(sort=Sort.GROWTH, now=now)
        assert found.title == "Huge"


@pytest.mark.dialect
def test_a_filter_takes_every_moment(rows: Rows) -> None:
    rows.article("one")
    assert not list(rows.store.articles.find(ArticleFilter(until=FIRST)))
    assert not list(rows.store.articles.find(ArticleFilter(since=LAST)))
