"""Lists of articles in JSON: paths in the document, dates, and documents that are no list."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from scraper.errors import ChannelError
from scraper.parsing.json_list import parse_json_list
from scraper.parsing.json_paths import find_values, parse_json_path
from scraper.source import JsonItems
from storage.model.records import FailureStage, Link
from tests.support.declared import SOURCE_URLS

ITEMS = JsonItems(items="data.items[*]", url="link", title="title.rendered", published="at", section="tags[0].name")


def parsed(document: Any, items: JsonItems = ITEMS) -> tuple[Link, ...]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return parse_json_list(body, url="https://caliber.az/api", urls=SOURCE_URLS, items=items, language=None)


def test_an_item_has_url_title_date_and_section() -> None:
    item = {
        "link": "/en/post/a-vote/",
        "title": {"rendered": "Vote &#8211; <b>result</b>"},
        "at": "2026-11-04T12:00:00Z",
        "tags": [{"name": "Politics"}],
    }
    [link] = parsed({"data": {"items": [item, {"link": "/about"}, None, 5]}})
    assert (link.url, link.title, link.sections) == (
        "https://caliber.az/en/post/a-vote",
        "Vote – result",
        ("politics",),
    )
    assert link.request_url == "https://caliber.az/en/post/a-vote/"
    assert (link.published_at, link.language) == (datetime(2026, 11, 4, 12, tzinfo=UTC), "en")


@pytest.mark.parametrize(
    "at",
    [
        *(1793793600, 1793793600000, 1793793600000000, 1793793600.0, 1793793600.5, 1.7937936e12, "1793793600"),
        *("2026-11-04 16:00", "04.11.2026 16:00"),
    ],
)
def test_a_date_is_a_text_or_a_unix_time(at: object) -> None:
    [link] = parsed({"data": {"items": [{"link": "/en/post/a", "at": at}]}})
    assert link.published_at == datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("at", ["9" * 13, "٩" * 10, 99999999999, -1, 1e300, "9" * 100_000, [1793793600], {}, True])
def test_a_number_that_is_no_time_of_an_article_is_no_date(at: object) -> None:
    [link] = parsed({"data": {"items": [{"link": "/en/post/a", "at": at}]}})
    assert link.published_at is None


@pytest.mark.parametrize(
    ("text", "views"),
    [
        *(("12", 12), ("12.0", 12), ("1.2e3", 1_200), ('"1,234"', 1_234), ('"1.2K"', 1_200)),
        *(("12.5", None), ("-5", None), ("NaN", None), ("1e400", None), ("9" * 100_000, None), ("true", None)),
        *(('"\\ud8005"', 5), ("[5]", None)),
    ],
)
def test_a_view_count_is_a_whole_number_however_it_is_written(text: str, views: int | None) -> None:
    body = f'{{"data": {{"items": [{{"link": "/en/post/a", "n": {text}}}]}}}}'.encode()
    [link] = parsed(body, replace(ITEMS, views="n"))
    assert link.view_count == views


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_no_text(constant: str) -> None:
    item = '{"link": "/en/post/a", "title": {"rendered": X}, "at": X, "tags": [{"name": X}]}'.replace("X", constant)
    [link] = parsed(f'{{"data": {{"items": [{item}]}}}}'.encode())
    assert (link.title, link.published_raw, link.sections) == (None, None, ())


@pytest.mark.parametrize(
    "url",
    [
        *("https://evil.example/en/post/a", "//evil.example/en/post/a", "\\\\evil.example\\en\\post\\a"),
        *("javascript:/en/post/a", "file:///en/post/a", "https://caliber.az:8443/en/post/a", "/en/post/\ud800", 5, []),
        "/en/post/" + "a" * 100_000,
    ],
)
def test_a_link_of_another_site_or_scheme_is_left_out(url: object) -> None:
    [link] = parsed({"data": {"items": [{"link": url}, {"link": "/en/post/a"}]}})
    assert link.url == "https://caliber.az/en/post/a"


@pytest.mark.parametrize(
    ("document", "stage", "said"),
    [
        (b"<html>", FailureStage.PARSE, "no JSON list: HTML"),
        (b"", FailureStage.PARSE, "no JSON list"),
        (b"[" * 100_000, FailureStage.PARSE, "no JSON list"),
        ({"data": {"items": []}}, FailureStage.EMPTY_LIST, "nothing at 'data.items"),
        ({"data": {"items": [{"link": "/about"}]}}, FailureStage.EMPTY_LIST, "no article of https://caliber.az"),
        ({"data": {"items": [0] * 5_000}}, FailureStage.EMPTY_LIST, "in its first 1,000 items"),
        ({"data": {"items": {"a": {"url": "/en/post/a"}}}}, FailureStage.EMPTY_LIST, "in its 1 items"),
    ],
)
def test_another_document_is_an_error_of_its_kind(document: Any, stage: FailureStage, said: str) -> None:
    with pytest.raises(ChannelError, match=said.replace("[", r"\[")) as caught:
        parsed(document)
    assert caught.value.stage is stage


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", [{"b": [1, {"c": 2}, 3]}]),
        ("a.b[*]", [1, {"c": 2}, 3]),
        ("a.b[*].c", [2]),
        ("a.b[2]", [3]),
        ("[*].b[0]", [1]),
        ("a.x.y", []),
        ("a.b[9]", []),
    ],
)
def test_a_path_finds_values(path: str, found: list[Any]) -> None:
    assert list(find_values({"a": {"b": [1, {"c": 2}, 3]}}, path)) == found


@pytest.mark.parametrize("path", ["a[", "a..b", "a[x]", ".".join("a" * 30)])
def test_a_path_that_cannot_be_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="must be a path"):
        parse_json_path(path)
