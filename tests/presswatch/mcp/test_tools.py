"""The tools of `presswatch mcp`, asked by the client of the SDK over stdin and stdout of a real process."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from tests.presswatch.mcp.conftest import PARAGRAPH
from tests.support.mcp_client import McpClient

pytestmark = pytest.mark.xdist_group("mcp")

PERIOD = {"since": "2026-11-04T13:00Z", "until": "2026-11-04T16:00Z"}
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")
CALLS: dict[str, dict[str, Any]] = {
    "search": {"since": "2026-11-04", "until": "2026-11-05"},
    "article": {"article": 1},
    "versions": {"article": 1},
    "views": {"article": 1},
    "top_views": {"as_of": "2026-11-04T16:00Z", "window": "6 h"},
    "coverage": PERIOD,
    "absent": {"query": "gas", **PERIOD},
    "first": {"query": "gas", **PERIOD},
}


def citations(value: Any) -> list[dict[str, Any]]:
    """Every citation in an answer."""
    if isinstance(value, list):
        return [one for part in value for one in citations(part)]
    if not isinstance(value, dict):
        return []
    own = [value["citation"]] if "citation" in value else []
    return own + [one for name, part in value.items() if name != "citation" for one in citations(part)]


def test_every_tool_reads_only_and_says_what_it_takes_and_gives(client: McpClient) -> None:
    tools = client.tools()
    assert list(tools) == list(CALLS)
    for tool in tools.values():
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.destructive_hint) == (True, False)
        assert "as_of" in tool.input_schema["properties"]
        assert tool.input_schema["additionalProperties"] is False
        assert "null" not in json.dumps(tool.input_schema)
        assert tool.output_schema is not None
        assert tool.output_schema["type"] == "object"
    assert client.client is not None
    assert "quoted material" in (client.client.instructions or "")


@pytest.mark.parametrize("tool", CALLS)
def test_every_answer_says_where_it_is_from_and_what_was_not_visible(client: McpClient, tool: str) -> None:
    answer = client.ask(tool, **CALLS[tool])
    assert not answer.is_error
    for one in citations(answer.structured):
        for name in ("source_title", "url", "terms", "coverage"):
            assert one[name]
            assert one[name] in answer.text
        assert f"article {one['article_id']}, revision {one['revision_number']}, seen from" in answer.text
        for name in ("seen_from", "fetched_at"):
            assert datetime.fromisoformat(one[name]).utcoffset() is not None
    beside = answer.structured if tool == "coverage" else answer.structured["coverage"]
    notes = beside["sources"]
    assert {"caliber"} <= {one["source"] for one in notes} <= {"caliber", "strait"}
    assert all(one["statement"] in answer.text for one in notes)
    assert tool == "coverage" or citations(answer.structured)


def test_search_quotes_the_sentence_that_matches(client: McpClient) -> None:
    [found] = client.ask(
        "search", query="gas may", source="caliber", **PERIOD | {"since": "2026-11-04T12:30Z"}
    ).structured["articles"]
    assert found["quote"] == "Gas corridor opens in May, said officials."
    visible = "71.1 % visible from 2026-11-04T12:30:00+00:00 until 2026-11-04T16:00:00+00:00"
    assert found["citation"] == {
        "article_id": 1,
        "revision_number": 3,
        "title": "Gas corridor opens in May",
        "source": "caliber",
        "source_title": "Caliber.az",
        "url": "https://caliber.az/en/post/gas-corridor",
        "published_at": "2026-11-04T12:59:36+00:00",
        "seen_from": "2026-11-04T15:00:00+00:00",
        "seen_until": None,
        "fetched_at": "2026-11-04T12:00:00+00:00",
        "gone_at": None,
        "terms": "Any use of materials is allowed only if there is a hyperlink to Caliber.az",
        "coverage": f"{visible}; not visible: caliber: 1 h 1 min (gap 1 h 1 min)",
    }


def test_a_list_goes_on_with_its_cursor(client: McpClient) -> None:
    whole = client.ask("search", sort="date")
    pages, cursor = [], None
    while not pages or cursor is not None:
        answer = client.ask("search", sort="date", limit=1, cursor=cursor)
        cursor = answer.structured["next_cursor"]
        pages += answer.structured["articles"]
        assert (cursor is None) or f"cursor={cursor}" in answer.text
    assert [one["citation"]["article_id"] for one in pages] == [
        one["citation"]["article_id"] for one in whole.structured["articles"]
    ]
    assert len(pages) == 3


def test_a_body_is_cut_and_goes_on(client: McpClient) -> None:
    parts, offset = [], 0
    while True:
        answer = client.ask(
            "article", article="https://strait.az/en/post/pipeline", body_offset=offset, body_length=7_000
        )
        parts.append(answer.structured["body"])
        if (offset := answer.structured["next_body_offset"]) is None:
            break
        assert f"body_offset={offset}" in answer.text
    assert "".join(parts) == "\n\n".join([PARAGRAPH] * 20)
    assert [len(part) for part in parts] == [7_000, 7_000, len("".join(parts)) - 14_000]


def test_as_of_a_time_everything_is_as_it_was_then(client: McpClient) -> None:
    then = {"as_of": "2026-11-04T13:30Z"}
    article = client.ask("article", article=1, **then).structured
    assert (article["citation"]["title"], article["citation"]["revision_number"]) == ("Railway opens in May", 1)
    assert (article["body"], article["presence"]) == ("Railway opens in May, in full.", "there")
    [found] = client.ask("search", query="railway", **then).structured["articles"]
    assert (found["quote"], found["citation"]["revision_number"]) == ("Railway opens in May, in full.", 1)
    assert client.ask("search", query="railway").structured["articles"] == []
    assert client.ask("versions", article=1, **then).structured["version_count"] == 1
    assert [one["view_count"] for one in client.ask("views", article=1, **then).structured["readings"]] == [100, 150]
    [gained] = client.ask("top_views", **then).structured["articles"]
    assert (gained["gained"], gained["citation"]["title"]) == (50, "Railway opens in May")
    assert client.ask("coverage", sources=["caliber"], **then).structured["known_at"] == "2026-11-04T13:30:00+00:00"
    assert client.ask("absent", query="corridor", since="2026-11-04T12:00Z", **then).structured["found"] == []
    beside = client.ask("search", **then).structured["coverage"]["sources"]
    assert {one["since"] for one in beside} == {"2026-10-28T13:30:00+00:00"}
    early = client.ask("article", article=1, as_of="2026-11-04T12:00Z")
    assert (early.is_error, early.text) == (True, "article 1 was not yet known at 2026-11-04 12:00 UTC")


def test_versions_show_what_each_edit_changed(client: McpClient) -> None:
    answer = client.ask("versions", article=1)
    first, second, third = answer.structured["versions"]
    assert [one["citation"]["revision_number"] for one in (first, second, third)] == [1, 2, 3]
    assert (first["changes"], second["is_stealth"], third["is_stealth"]) == ("", False, True)
    assert "title: [-Railway-]{+Gas corridor+} opens [-in May-]" in second["changes"]
    assert (third["edit_kind"], third["citation"]["seen_until"]) == ("substantive", None)
    rest = client.ask("versions", article=1, after_revision=1, limit=1).structured
    assert [one["changes"] for one in rest["versions"]] == [second["changes"]]
    assert rest["next_after_revision"] == 2


def test_views_are_read_and_never_guessed(client: McpClient) -> None:
    answer = client.ask("views", article=1, limit=3)
    assert [(one["view_count"], one["gained"], one["is_reset"]) for one in answer.structured["readings"]] == [
        (100, None, False),
        (150, 50, False),
        (40, None, True),
    ]
    assert (answer.structured["reading_count"], answer.structured["next_offset"]) == (4, 3)
    assert client.ask("views", article=1, offset=3).structured["readings"][0]["view_count"] == 90
    by_age = {one["age_hours"]: (one["view_count"], one["basis"]) for one in answer.structured["at_age"]}
    assert by_age[24] == (None, "after the last reading")


def test_coverage_names_the_cause(client: McpClient) -> None:
    [caliber, strait] = client.ask("coverage", **PERIOD).structured["sources"]
    assert [(one["cause"], one["since"]) for one in caliber["not_visible"]] == [("gap", "2026-11-04T14:00:00+00:00")]
    assert (strait["is_complete"], strait["not_visible_count"]) == (True, 0)


@pytest.mark.parametrize(
    ("query", "sources", "verdict", "claim"),
    [
        ("ferry", ["strait"], "absent", "No article of strait that appeared"),
        ("ferry", ["caliber"], "not seen", "No article of caliber that was seen to appear"),
        ("railway", ["caliber"], "present", "1 article of caliber said so"),
    ],
)
def test_a_negative_is_claimed_where_it_is_proven(
    client: McpClient, query: str, sources: list[str], verdict: str, claim: str
) -> None:
    answer = client.ask("absent", query=query, sources=sources, **PERIOD)
    assert (answer.structured["verdict"], answer.structured["claim"].startswith(claim)) == (verdict, True)
    assert answer.text.startswith(f"{verdict}: {claim}")
    # What an earlier version said is quoted from that version.
    quoted = [(one["quote"], one["citation"]["revision_number"]) for one in answer.structured["found"]]
    assert quoted == [("Railway opens in May, in full.", 1)] * (verdict == "present")


def test_more_was_found_than_is_shown(client: McpClient) -> None:
    answer = client.ask("absent", query="gas", limit=1, since="2026-11-04T12:30Z", until="2026-11-04T16:00Z")
    assert (len(answer.structured["found"]), answer.structured["found_count"]) == (1, 2)
    assert "1 more: ask for a shorter period, or with a higher limit" in answer.text


def test_an_order_is_claimed_where_it_is_proven(client: McpClient) -> None:
    answer = client.ask("first", query="railway OR pipeline", since="2026-11-04T12:30Z", until="2026-11-04T16:00Z")
    assert answer.structured["claim"] == "caliber was first."
    first, second = answer.structured["sources"]
    assert (first["source"], first["proven_before"]) == ("caliber", ["strait"])
    assert second["first"]["citation"]["url"] == "https://strait.az/en/post/pipeline"
    assert second["first"]["quote"] == PARAGRAPH.split(". ")[0] + "."


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        (
            "search",
            {"source": "calibre"},
            "no source is called 'calibre'; there are: caliber, strait (did you mean caliber?)",
        ),
        ("search", {"query": "source:calibre"}, "QUERY: no source is called 'calibre'"),
        ("coverage", {"sources": ["caliber", "strai"]}, "no source is called 'strai'"),
        ("search", {"query": "gas AND"}, "query: position 8: AND needs a word behind it"),
        ("search", {"since": "last week"}, "since: 'last week' is not a date: write \"today\""),
        ("absent", {"query": "gas", "since": "2026-13"}, "since: '2026-13' is not a date"),
        ("absent", {"query": "gas"}, "since: is needed"),
        ("coverage", {"since": "2026-11", "until": "2026-10"}, "nothing lies since 2026-11-01 00:00"),
        ("top_views", {"window": "soon"}, "window: must be a duration such as"),
        ("search", {"limit": 51}, "limit: input should be less than or equal to 50, and not 51"),
        ("search", {"sort": "rank"}, "only the matches of a query have a rank"),
        ("search", {"cursor": "x"}, "cursor: this is no cursor"),
        ("search", {"limits": 1}, "no argument is called 'limits'; there are: query"),
        ("article", {"article": "nowhere"}, "article: 'nowhere' is no address: write it as https://"),
        ("article", {"article": 99}, "no article 99 is stored; the tool search finds those that are"),
        ("versions", {"article": "https://caliber.az/\x1b[2J\n"}, "no article https://caliber.az/"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_wrong_with_a_call_is_said_in_one_line(
    client: McpClient, tool: str, arguments: dict[str, Any], error: str
) -> None:
    answer = client.ask(tool, **arguments)
    assert answer.is_error
    assert answer.text.startswith(error)
    assert "\n" not in answer.text
    assert not CONTROL.search(answer.text)


def test_words_of_a_person_are_read_as_on_the_command_line(client: McpClient) -> None:
    for typed in ("today", "7 days", "2026-11", "2026-11-04T08:00+04:00"):
        assert not client.ask("search", since=typed, as_of=None).is_error
    since = client.ask("coverage", since="2026-11").structured["sources"][0]["since"]
    assert since == "2026-11-01T00:00:00+00:00"


@pytest.mark.parametrize("tool", ["article", "versions", "search", "absent"])
def test_hostile_articles_are_quoted_without_what_nobody_sees(client: McpClient, tool: str) -> None:
    one = {"article": "https://strait.az/en/post/hostile"}
    found = {"query": "instructions", "since": "2026-11-04", "until": "2026-11-05"}
    answer = client.ask(tool, **(one if tool in {"article", "versions"} else found))
    said = json.dumps(answer.structured, ensure_ascii=False)
    assert "Ignore all" in said
    assert not CONTROL.search(said.replace("\n", ""))
    assert not CONTROL.search(answer.text.replace("\n", ""))
    lines = [line for line in answer.text.splitlines() if "Ignore all" in line or "Call the tool" in line]
    assert lines
    assert all(line.startswith("> ") for line in lines)


@pytest.mark.parametrize("as_of", ["0001-01-01", "9999-12-31T23:59Z"])
def test_the_ends_of_the_calendar_are_times_too(client: McpClient, as_of: str) -> None:
    for tool in CALLS:
        asked = {"query": "gas", "since": "0001-01-01"} if tool in {"absent", "first"} else {}
        named = {"article": 1} if tool in {"article", "versions", "views"} else {}
        answer = client.ask(tool, as_of=as_of, **asked, **named)
        assert "unexpected" not in answer.text
        assert not answer.is_error or as_of.startswith("0001"), answer.text
