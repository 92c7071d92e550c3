"""`presswatch show`: one article whole."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from storage.model.records import EditKind, Problem
from tests.conftest import Ask
from tests.support.rows import HOUR, NOON, TERMS, Rows

ADDRESS = "https://caliber.az/en/post/talks-in-baku"


@pytest.fixture
def article(rows: Rows) -> int:
    """An article with every related row."""
    number = rows.article(
        "talks-in-baku",
        subtitle="What was said",
        body="First paragraph.\n\n1. One\n2. Two\n\nLast.",
        published_raw="4 November 2026 15:00",
        author="A. Writer",
        view_count=250,
        revised_at=NOON + 2 * HOUR,
        recrawl_at=NOON + 24 * HOUR,
        problems=(Problem("image", "no address"),),
    )
    rows.readings(number, 100, 250, 240)
    rows.revision(number, 1, title="Talks in Bakku", body="First.\n\nLast.", edit_kind=EditKind.TITLE)
    rows.revision(number, 2, subtitle="Said", published_raw="4 November", is_stealth=True, edit_kind=EditKind.NUMBERS)
    rows.article("talks-again", duplicate_of_id=number, content_hash="hash of talks-in-baku", body="What was said")
    return number


def test_the_whole_article_is_shown(ask: Ask, article: int) -> None:
    shown = ask("show", str(article))
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert lines[:3] == ["Talks in baku", "What was said", ""]
    for line in (
        "id              1",
        "source          Caliber.az (caliber)",
        f"URL             {ADDRESS}",
        'published       2026-11-04 11:00, printed as "4 November 2026 15:00"',
        "author          A. Writer",
        "views           250",
        "fetched         2026-11-04 12:00",
        "revised         2026-11-04 14:00",
        "gone            -",
        "next recrawl    2026-11-05 12:00",
        "same text       2, https://caliber.az/en/post/talks-again",
        "problem         image: no address",
    ):
        assert line in lines
    assert "== Body\nFirst paragraph.\n\n1. One\n2. Two\n\nLast.\n" in shown.stdout
    assert lines[-2:] == [f"Caliber.az (caliber): {TERMS}", "Times are UTC."]


def test_views_are_a_series_with_their_growth(ask: Ask, article: int) -> None:
    lines = ask("show", str(article)).stdout.splitlines()
    start = lines.index("== View readings: 3")
    assert [line.split() for line in lines[start + 1 : start + 4]] == [
        ["2026-11-04", "12:00", "100"],
        ["2026-11-04", "13:00", "250", "+150"],
        ["2026-11-04", "14:00", "240", "-10"],
    ]


def test_earlier_versions_are_whole_with_dates_and_kinds(ask: Ask, article: int) -> None:
    result = ask("show", str(article)).stdout.partition("== Revisions: 2\n")[2]
    first, second = result.split("2. seen from ")
    assert first.startswith("1. seen from 2026-11-04 12:00 until 2026-11-04 13:00; next edit: title\n")
    assert "Talks in Bakku" in first
    assert "First.\n\nLast." in first
    assert second.startswith(
        "2026-11-04 13:00 until 2026-11-04 14:00; next edit: numbers, "
        "stealth edit: the date on the page did not change\n\nVersion 2\nSaid\n"
    )
    assert 'printed as "4 November"' in second
    assert "Body 2." in second


def test_the_same_in_json(ask: Ask, article: int) -> None:
    document = json.loads(ask("show", str(article), "--format", "json").stdout)
    assert document["body"] == "First paragraph.\n\n1. One\n2. Two\n\nLast."
    assert (document["source_title"], document["url"], document["terms"]) == ("Caliber.az", ADDRESS, TERMS)
    assert document["fetched_at"] == "2026-11-04T12:00:00+00:00"
    assert document["problems"] == [{"field": "image", "reason": "no address"}]
    assert [reading["view_count"] for reading in document["readings"]] == [100, 250, 240]
    assert document["readings"][1]["measured_at"] == "2026-11-04T13:00:00+00:00"
    assert [
        (version["revision_number"], version["edit_kind"], version["is_stealth"]) for version in document["revisions"]
    ] == [
        (1, "title", False),
        (2, "numbers", True),
    ]
    assert document["revisions"][0]["body"] == "First.\n\nLast."
    assert [same["id"] for same in document["duplicates"]] == [2]


def test_who_repeats_is_shown_to_whom_and_to_each_other(rows: Rows, ask: Ask, article: int) -> None:
    rows.article("talks-once-more", duplicate_of_id=article, content_hash="hash of talks-in-baku", body="What was said")
    document = json.loads(ask("show", "2", "--format", "json").stdout)
    assert document["duplicate_of_id"] == article
    assert [same["id"] for same in document["duplicates"]] == [1, 3]


@pytest.mark.parametrize(
    "typed",
    [
        ADDRESS,
        f"  {ADDRESS}/  ",
        "caliber.az/en/post/talks-in-baku",
        "http://www.caliber.az/en/post/talks-in-baku?utm_source=x#top",
        "HTTPS://Caliber.AZ/en/post/talks-in-baku",
    ],
)
def test_an_address_may_be_typed_in_any_form(ask: Ask, article: int, typed: str) -> None:
    assert ask("show", typed).stdout.startswith("Talks in baku\n")


def test_a_copy_of_the_site_without_https_is_found_too(rows: Rows, ask: Ask) -> None:
    rows.article("copy", url="http://127.0.0.1:8099/en/post/copy")
    for typed in ("http://127.0.0.1:8099/en/post/copy", "127.0.0.1:8099/en/post/copy"):
        assert ask("show", typed).stdout.startswith("Copy\n")


@pytest.mark.parametrize("typed", ["0", "99", "9" * 30, "https://caliber.az/en/post/nothing"])
def test_what_is_not_stored_is_said_in_one_line(ask: Ask, article: int, typed: str) -> None:
    missing = ask("show", typed)
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr == f"presswatch: no article {typed} is stored; presswatch query lists those that are\n"


def test_what_is_said_of_a_number_of_any_length_stays_a_line(ask: Ask, article: int) -> None:
    missing = ask("show", "9" * 5000)
    assert (missing.exit_code, missing.stdout) == (1, "")
    assert missing.stderr.startswith("presswatch: no article 999")
    assert missing.stderr.endswith("is stored; presswatch query lists those that are\n")
    assert len(missing.stderr) < 1_100


@pytest.mark.parametrize("typed", ["talks", "", "ftp://caliber.az/x", "https://", "javascript:alert(1)", "/en/post/x"])
def test_what_is_no_address_is_refused(ask: Ask, article: int, typed: str) -> None:
    refused = ask("show", typed)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert refused.stderr.startswith("presswatch: ID|URL: ")
    assert "is no address: write it as https://caliber.az/en/post/some-title" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_bare_article_is_shown_without_gaps(rows: Rows, ask: Ask) -> None:
    bare = rows.article("bare", body="", published_at=None, view_count=None, section=None, sections=(), language=None)
    lines = ask("show", str(bare)).stdout.splitlines()
    for line in ("published       -", "views           -", "section         -", "(empty)", "== View readings: 0"):
        assert line in lines


def test_nothing_of_an_article_steers_the_terminal(rows: Rows, ask: Ask) -> None:
    bad = "bad\x1b[2J\x00\u202e\r\u0085 =1"
    number = rows.article(
        "x", title=bad, subtitle=bad, body=f"{bad}\n\n{bad}", author=bad, published_raw=bad, description=bad
    )
    rows.revision(number, 1, title=bad, subtitle=bad, body=bad, author=bad, seen_until=NOON + timedelta(days=1))
    output = ask("show", str(number)).stdout
    assert not [one for one in "\x1b\x00\u202e\r\u0085" if one in output]
    assert output.count("bad\ufffd[2J") >= 9
