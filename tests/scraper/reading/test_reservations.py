"""Test that reservations of rights are read from headers, meta tags, robots.txt and tdmrep.json, and what they mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from scraper.parsing.html_tree import HtmlTree
from scraper.reading.metadata import PageMetadata
from scraper.reading.reservations import (
    from_headers,
    from_metadata,
    from_robots_txt,
    from_tdmrep,
    read_robots_txt,
    read_tdmrep,
    reservation_of,
)
from storage.model.reservations import MAX_RESERVATIONS, MAX_VALUE_LENGTH, Reservation, stored_reservations

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
PRODUCT = "Presswatch"


def shown(reservations: object) -> list[str]:
    return [str(one) for one in reservations]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TDM-Reservation", "1", ["tdm-reservation=1 (header)"]),
        ("tdm-policy", "https://news.test/policy.json", ["tdm-policy=https://news.test/policy.json (header)"]),
        ("Content-Usage", "train-ai=n, search=y", ["content-usage=train-ai=n, search=y (header)"]),
        (
            "X-Robots-Tag",
            "noai, NoImageAI, nofollow",
            ["robots=noai (X-Robots-Tag)", "robots=noimageai (X-Robots-Tag)"],
        ),
        ("X-Robots-Tag", "none", ["robots=noindex (X-Robots-Tag)"]),
        ("X-Robots-Tag", "presswatch: noai", ["robots=noai (X-Robots-Tag)"]),
        ("X-Robots-Tag", "otherbot: noai", []),
        ("Content-Type", "text/html; noai", []),
        ("Content-Usage", "  ", []),
    ],
)
def test_headers(name: str, value: str, expected: list[str]) -> None:
    assert shown(from_headers([(name, value)], product=PRODUCT)) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<meta name="tdm-reservation" content="1">', ["tdm-reservation=1 (meta)"]),
        ('<meta name="Robots" content="index,noai">', ["robots=noai (meta robots)"]),
        ('<meta name="presswatch" content="noindex">', ["robots=noindex (meta presswatch)"]),
        ('<meta name="robots" content="max-image-preview:large">', []),
        ("<p>noai</p>", []),
    ],
)
def test_meta_tags(markup: str, expected: list[str]) -> None:
    tree = HtmlTree(f"<html><head>{markup}</head><body><p>x</p></body></html>".encode())
    assert shown(from_metadata(PageMetadata(tree, "https://example.az/a"), product=PRODUCT)) == expected


ROBOTS = b"""
User-agent: *
Content-Signal: search=yes,ai-train=no
Content-Usage: train-ai=n
Content-Usage: /open/ train-ai=y
Allow: /

User-agent: otherbot
Content-Usage: bots=n
"""
TO_US = ROBOTS + b"\nUser-agent: a\nUser-agent: presswatch\nContent-Usage: bots=y\n"


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (
            ROBOTS,
            "/en/post/one",
            ["content-usage=train-ai=n (robots.txt)", "content-signal=search=yes,ai-train=no (robots.txt)"],
        ),
        (
            ROBOTS,
            "/open/one",
            ["content-usage=train-ai=y (robots.txt)", "content-signal=search=yes,ai-train=no (robots.txt)"],
        ),
        (
            ROBOTS + b"\nUser-agent: a\nUser-agent: presswatch\nContent-Usage: bots=y\n",
            "/x",
            ["content-usage=bots=y (robots.txt)"],
        ),
        (b"User-agent: *\nDisallow: /x\n", "/x", []),
        (b"\xff\x00Content-Usage\n" * 9, "/x", []),
    ],
)
def test_robots_txt(body: bytes, path: str, expected: list[str]) -> None:
    assert [
        text.removesuffix(" (robots.txt)")
        for text in shown(from_robots_txt(read_robots_txt(body, product=PRODUCT), path))
    ] == [text.removesuffix(" (robots.txt)") for text in expected]


RULES = [
    {"location": "/open/*", "tdm-reservation": 0},
    {"location": "/*.html$", "tdm-reservation": 1, "tdm-policy": "https://news.test/p"},
    {"location": "/en/", "tdm-reservation": 1},
]


@pytest.mark.parametrize(
    ("rules", "path", "expected"),
    [
        (RULES, "/open/a.html", ["tdm-reservation=0 (tdmrep.json)"]),
        (RULES, "/a.html", ["tdm-reservation=1 (tdmrep.json)", "tdm-policy=https://news.test/p (tdmrep.json)"]),
        (RULES, "/en/post/one", ["tdm-reservation=1 (tdmrep.json)"]),
        (RULES, "/a.html?x", []),
        (RULES, "/ru/post/one", []),
        ({"location": "/"}, "/", []),
        ([1, None, {"location": 7}], "/", []),
        ([{"location": "*" * 50 + "$", "tdm-reservation": 1}], "/" + "a" * 500, ["tdm-reservation=1 (tdmrep.json)"]),
    ],
)
def test_tdmrep(rules: object, path: str, expected: list[str]) -> None:
    assert shown(from_tdmrep(read_tdmrep(json.dumps(rules).encode()), path)) == expected


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[" * 100_000, b"\xff", b'[{"location":"/"},' + b"0," * 500_000 + b"0]"]
)
def test_a_tdmrep_that_is_none_reserves_nothing(body: bytes) -> None:
    assert read_tdmrep(body) == ()


@pytest.mark.parametrize(
    ("signals", "decisive"),
    [
        ([("tdm-reservation", "1", "header")], 0),
        ([("tdm-reservation", "1", "tdmrep.json"), ("tdm-reservation", "0", "meta")], None),
        ([("tdm-reservation", "0", "tdmrep.json"), ("tdm-reservation", "1", "header")], 1),
        ([("robots", "noindex", "meta robots"), ("robots", "noimageai", "X-Robots-Tag")], None),
        ([("robots", "noai", "meta robots")], 0),
        ([("content-usage", "search=y, bots=n", "header")], 0),
        ([("content-usage", "train-ai=y", "header")], None),
        ([("content-signal", "search=no,ai-input=yes", "robots.txt")], None),
        ([("content-signal", "search=yes, ai-train=no", "robots.txt")], 0),
    ],
)
def test_a_page_is_reserved_by_its_most_specific_signal(
    signals: list[tuple[str, str, str]], decisive: int | None
) -> None:
    reservations = [Reservation(*signal) for signal in signals]
    assert reservation_of(reservations) == (None if decisive is None else reservations[decisive])


def test_a_reservation_keeps_the_time_at_which_it_was_first_seen() -> None:
    first, second = Reservation("robots", "noai", "meta robots"), Reservation("tdm-reservation", "1", "header")
    stored = stored_reservations([first], now=NOW)
    again = json.loads(stored_reservations([second, first], now=NOW + timedelta(days=1), before=stored) or "")
    assert [(row["signal"], row["since"][:10]) for row in again] == [
        ("tdm-reservation", "2026-11-29"),
        ("robots", "2026-11-28"),
    ]
    assert stored_reservations([], now=NOW, before=stored) is None


def test_reservations_are_bounded() -> None:
    many = [Reservation("content-usage", "x" * 9_000 + str(number), "header") for number in range(100)]
    rows = json.loads(stored_reservations(many, now=NOW) or "")
    assert len(rows) <= MAX_RESERVATIONS
    assert all(len(row["value"]) == MAX_VALUE_LENGTH for row in rows)
