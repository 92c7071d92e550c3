"""Lists of articles in JSON: paths in the document, dates, and documents that are no list."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("at", [1793793600, 1793793600000, "1793793600", "2026-11-04 16:00", "04.11.2026 16:00"])
def test_a_date_is_a_text_or_a_unix_time(at: object) -> None:
    [link] = parsed({"data": {"items": [{"link": "/en/post/a", "at": at}]}})
    assert link.published_at == datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "stage", "said"),
    [
        (b"<html>", FailureStage.PARSE, "no JSON list: HTML"),
        (b"", FailureStage.PARSE, "no JSON list"),
        (b"[" * 100_000, FailureStage.PARSE, "no JSON list"),
        ({"data": {"items": []}}, FailureStage.EMPTY_LIST, "nothing at 'data.items"),
        ({"data": {"items": [{"link": "/about"}]}}, FailureStage.EMPTY_LIST, "no article of https://caliber.az"),
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
