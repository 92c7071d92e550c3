"""One article by id or address, and what was kept beside it."""

from __future__ import annotations

import pytest

from storage.model.records import DatePrecision, EditKind, Problem
from tests.support.rows import HOUR, NOON, TERMS, Rows


@pytest.mark.dialect
def test_an_article_by_its_id_has_every_field(rows: Rows) -> None:
    problems = (Problem("author", "no byline"),)
    article_id = rows.article(
        "one",
        problems=problems,
        sections=("politics", "economy"),
        published_raw="4 November 2026 15:00",
        published_precision=DatePrecision.MINUTE,
        subtitle="And more",
        recrawl_at=NOON + HOUR,
    )
    article = rows.store.articles.get(article_id)
    assert article is not None
    assert (article.title, article.subtitle, article.body) == ("One", "And more", "One, in full.")
    assert (article.problems, article.sections) == (problems, ("politics", "economy"))
    assert (article.published_raw, article.published_precision) == ("4 November 2026 15:00", DatePrecision.MINUTE)
    assert (article.published_at, article.recrawl_at) == (NOON - HOUR, NOON + HOUR)
    assert (article.source_title, article.terms) == ("Caliber.az", TERMS)


@pytest.mark.parametrize("unknown", [0, -1, 2, 2**31, 2**63, 10**30])
def test_an_unknown_id(rows: Rows, unknown: int) -> None:
    rows.article("one")
    assert rows.store.articles.get(unknown) is None


@pytest.mark.parametrize(
    "typed",
    [
        "https://caliber.az/en/post/one",
        "http://www.caliber.az/en/post/one/",
        "caliber.az/en/post/one",
        "  HTTPS://CALIBER.AZ/en/post/one?utm_source=x#views ",
    ],
)
def test_an_article_by_its_address_as_a_person_types_it(rows: Rows, typed: str) -> None:
    rows.article("other")
    article_id = rows.article("one")
    article = rows.store.articles.get(typed)
    assert article is not None
    assert article.id == article_id


@pytest.mark.parametrize("typed", ["http://127.0.0.1:8099/en/post/one", "127.0.0.1:8099/en/post/one"])
def test_an_article_of_a_copy_of_the_site_over_http(rows: Rows, typed: str) -> None:
    rows.article("one", url="http://127.0.0.1:8099/en/post/one")
    assert rows.store.articles.get(typed) is not None


@pytest.mark.parametrize("typed", ["", "one", "ftp://caliber.az/en/post/one", "a b/c", "https://", "/en/post"])
def test_what_is_no_address(rows: Rows, typed: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        rows.store.articles.get(typed)


@pytest.mark.dialect
def test_earlier_versions_oldest_first(rows: Rows) -> None:
    article_id, other = rows.article("one"), rows.article("other")
    rows.revision(article_id, 2, edit_kind=EditKind.NUMBERS, is_stealth=True)
    rows.revision(article_id, 1, edit_kind=EditKind.TITLE)
    rows.revision(other, 1)
    found = rows.store.articles.revisions(article_id)
    assert [(revision.revision_number, revision.edit_kind, revision.is_stealth) for revision in found] == [
        (1, EditKind.TITLE, False),
        (2, EditKind.NUMBERS, True),
    ]
    assert (found[0].body, found[0].seen_until) == ("Body 1.", NOON + HOUR)


@pytest.mark.dialect
def test_view_readings_oldest_first(rows: Rows) -> None:
    article_id, other = rows.article("one"), rows.article("other")
    rows.readings(article_id, 100, 140, 120)
    rows.readings(other, 7)
    found = rows.store.articles.readings(article_id)
    assert [(reading.measured_at - NOON, reading.view_count) for reading in found] == [
        (0 * HOUR, 100),
        (1 * HOUR, 140),
        (2 * HOUR, 120),
    ]


def test_the_same_text_is_seen_from_each_of_its_addresses(rows: Rows) -> None:
    first = rows.article("first", content_hash="same")
    second = rows.article("second", content_hash="same", duplicate_of_id=first)
    alone = rows.article("alone")
    rows.source("apa", title="APA")
    rows.article("of-another-source", source="apa", content_hash="same")
    same = {article_id: [found.id for found in rows.store.articles.same_text(article_id)] for article_id in range(6)}
    assert same == {0: [], first: [second], second: [first], alone: [], 4: [], 5: []}


def test_an_edit_ends_the_sameness_but_not_the_note_of_it(rows: Rows) -> None:
    first = rows.article("first", content_hash="edited since")
    second = rows.article("second", content_hash="same", duplicate_of_id=first)
    assert rows.store.articles.same_text(first) == ()
    assert [found.id for found in rows.store.articles.same_text(second)] == [first]


def test_empty_bodies_are_no_sameness(rows: Rows) -> None:
    photo = rows.article("photo", content_hash="same", body="")
    rows.article("another-photo", content_hash="same", body="")
    assert rows.store.articles.same_text(photo) == ()
