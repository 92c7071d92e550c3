"""Score readings of made-up pages, and run the bench of reading on a folder of them; no figure of time is judged."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks import reading
from benchmarks.goals import is_goal_line
from benchmarks.reading_scores import NOTHING, Reading, Scores, f1, score, total

AT = datetime(2026, 5, 4, 10, 30, tzinfo=UTC)

TEXTS = [
    ("one two three four", "one two three four", 1.0),
    ("one two three four", "ONE two, three. Four!", 1.0),
    ("one two three four", "one two", 2 / 3),
    ("one two", "one two three four", 2 / 3),
    ("one one", "one", 2 / 3),
    ("東京は晴れ", "東京は雨", 6 / 9),
    ("one", "two", 0.0),
    ("", "", 1.0),
    ("", "one", 0.0),
]


@pytest.mark.parametrize(("expected", "found", "figure"), TEXTS)
def test_texts_are_compared_by_their_words(expected: str, found: str, figure: float) -> None:
    assert f1(expected, found) == pytest.approx(figure)


SCORES: Mapping[str, tuple[Mapping[str, Any], Reading, Scores]] = {
    "title": ({"title": "A  vote"}, Reading(title="A vote"), {"title": 1, "headline": 1}),
    "typography": ({"title": "“A vote” – now"}, Reading(title='"a vote" - now'), {"title": 0, "headline": 1}),
    "another headline": ({"title": "B"}, Reading(title="A", headlines=["b"]), {"title": 0, "headline": 1}),
    "nothing": ({"title": "B"}, NOTHING, {"title": 0, "headline": 0}),
    "instant": ({"date": "2026-05-04 10:30:40+00:00"}, Reading(date=AT), {"day": 1, "instant": 1}),
    "instant of another zone": ({"date": "2026-05-05T01:30:00+15:00"}, Reading(date=AT), {"day": 1, "instant": 1}),
    "wrong hour": ({"date": "2026-05-04T09:30:00+00:00"}, Reading(date=AT), {"day": 1, "instant": 0}),
    "no offset": (
        {"date": "2026-05-04T10:30:00+00:00"},
        Reading(date=AT.replace(tzinfo=None)),
        {"day": 1, "instant": 0},
    ),
    "day": ({"date": "2026-05-04"}, Reading(date=AT), {"day": 1}),
    "wrong day": ({"date": "2026-05-05"}, Reading(date=AT), {"day": 0}),
    "no date": ({"date": "2026-05-05"}, NOTHING, {"day": 0}),
    "authors": ({"authors": ["A B", "C D"]}, Reading(authors=["C D", "a b"]), {"authors": 1, "any author": 1}),
    "one author of two": ({"authors": ["A B", "C D"]}, Reading(authors=["C D"]), {"authors": 0, "any author": 1}),
    "no author": ({"authors": "A B"}, NOTHING, {"authors": 0, "any author": 0}),
    "body": ({"body": "one two"}, Reading(body="two one"), {"body F1": 1}),
    "pieces": (
        {"with": ["one two", "four"], "without": ["three", "five"]},
        Reading(body="one  two three"),
        {"wanted found": 1, "wanted": 2, "unwanted found": 1},
    ),
}


@pytest.mark.parametrize(("expected", "found", "scores"), SCORES.values(), ids=SCORES)
def test_a_page_is_scored_by_what_is_known_of_it(expected: Mapping[str, Any], found: Reading, scores: Scores) -> None:
    assert score(expected, found) == scores


def test_figures_of_many_pages_are_means_in_percent() -> None:
    pages = [{"body F1": number / 20, "title": number % 2} for number in range(20)]
    assert total(pages) == pytest.approx({"title": 50, "body F1": 47.5, "p10": 10})
    assert total([{"wanted found": 3, "wanted": 4, "unwanted found": 1}]) == {"pieces F1": 75}
    assert total([]) == {}


SENTENCE = "The council voted on Monday to rebuild the bridge over the river, which was closed after the flood of May."
PAGE = f"""<html><head><meta charset=latin1><meta property=article:published_time content=2026-05-04T10:30:00Z></head>
<body><nav><a href=/a>Home</a></nav><h1>Council votes — again</h1><div><p>{SENTENCE}</p><p>{SENTENCE[::-1]}</p></div>"""


def test_a_folder_of_pages_is_read_and_scored(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {
        "title": "Council votes — again",
        "date": "2026-05-04T10:30:00+00:00",
        "authors": ["Anna Author"],
        "body": f"{SENTENCE}\n{SENTENCE[::-1]}",
    }
    rows = [
        {"set": of, "id": of, "file": "a.html.gz", "url": url, "fetched": None, "expected": expected}
        for of, url in (("fundus", "https://news.example.com/a-vote"), ("wcxb-dev", ""))
    ]
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    (tmp_path / "index.jsonl.gz").write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    reading.main([str(tmp_path), "--pages", "1"])
    lines = [line for line in capsys.readouterr().out.splitlines() if is_goal_line(line)]
    assert [line.partition(" at ")[0] for line in lines if "trafilatura" not in line] == [
        "goal reading-fundus-headline-percent 100.00",
        "goal reading-fundus-instant-percent 100.00",
        "goal reading-fundus-authors-percent 0.00",
        "goal reading-fundus-any-author-percent 0.00",
        "goal reading-fundus-body-percent 100.00",
        "goal reading-wcxb-title-percent 100.00",
        "goal reading-wcxb-body-percent 100.00",
    ]


def test_without_trafilatura_it_says_that_cpu_is_not_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "trafilatura_reader", lambda: None)
    row = {"set": "mediacloud", "id": "a", "file": "a.html.gz", "url": "", "expected": {"date": "2026-05-04"}}
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    (tmp_path / "index.jsonl.gz").write_bytes(gzip.compress(json.dumps(row).encode()))
    reading.main([str(tmp_path)])
    printed = capsys.readouterr().out
    assert "trafilatura is not installed (requirements-bench.txt): CPU is not compared" in printed
    assert "goal reading-mediacloud-day-percent 100.00 at least 92.00 ok" in printed
