"""How the server of `presswatch mcp` starts and ends, and what it keeps to."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from mcp.server.context import ServerRequestContext
from mcp_types import CallToolRequestParams, TextContent

from presswatch.mcp import article_tools, claim_tools, tools
from presswatch.mcp.answers import SourceCoverageNote
from presswatch.mcp.citations import Cited
from presswatch.mcp.server import Answers, open_existing
from presswatch.mcp.standard_input import MAX_MESSAGE_SIZE, lines
from storage.articles.results import ArticleSummary
from storage.config.config_file import load_config
from storage.model.errors import StoreError
from storage.notifications.watches import NewSavedSearch
from tests.conftest import Ask
from tests.presswatch.mcp.conftest import fill
from tests.presswatch.mcp.test_tools import CALLS, PERIOD
from tests.storage.coverage.test_coverage import gap
from tests.support.mcp_client import COMMAND, McpClient
from tests.support.paths import ROOT
from tests.support.patience import patient
from tests.support.rows import NOON, Rows, address_of, empty_database

pytestmark = pytest.mark.xdist_group("mcp")

ARTICLE = {
    "id": 1,
    "source": "source069",
    "source_title": "A source",
    "url": "https://a.example/1",
    "title": "A title",
    "terms": "",
    "stored_at": NOON,
    "fetched_at": NOON,
}
INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}


@pytest.fixture
def answers(tmp_path: Path) -> Iterator[Answers]:
    """The answers of a server in this process, on an empty database."""
    (tmp_path / "news.db").write_bytes(empty_database())
    config = load_config(database=address_of(tmp_path))
    with open_existing(config) as store:
        yield Answers(config, store)


@pytest.mark.parametrize("stop", ["end of stdin", "SIGTERM", pytest.param("SIGINT", marks=pytest.mark.long)])
@pytest.mark.long_after(1)
def test_stdout_is_the_protocol_alone_and_it_ends_in_good_order(mcp_folder: Path, stop: str) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--database", address_of(mcp_folder)],
        cwd=mcp_folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"no JSON\n\xff\xfe\n" + json.dumps(INITIALIZE).encode() + b"\n")
        process.stdin.flush()
        answered = json.loads(process.stdout.readline())
        assert (answered["id"], answered["result"]["protocolVersion"]) == (1, "2025-06-18")
        assert set(answered["result"]["capabilities"]) == {"tools"}
        if stop == "end of stdin":
            process.stdin.close()
        else:
            process.send_signal(signal.Signals[stop])
        assert process.wait(patient(20)) == 0
        assert process.stdout.read() == b""
        assert b"Traceback" not in process.stderr.read()


@pytest.mark.long
def test_an_older_client_is_answered_too(mcp_folder: Path) -> None:
    with McpClient(mcp_folder, address_of(mcp_folder), mode="legacy") as older:
        assert not older.ask("coverage", **PERIOD).is_error


def test_on_both_kinds_of_database_the_answers_are_the_same(rows: Rows, client: McpClient) -> None:
    fill(rows)
    config = load_config(database=rows.database)
    with open_existing(config) as store:
        here = Answers(config, store, clock=lambda: NOON.replace(day=28))
        for tool, arguments in CALLS.items():
            if tool not in {"article", "versions", "views"}:  # whose coverage is until now
                assert here.answer(tool, arguments).structured == {
                    **client.ask(tool, **arguments).structured,
                    **({} if tool == "top_views" else {"known_at": "2026-11-28T12:00:00+00:00"}),
                }


def test_nothing_can_be_written(answers: Answers) -> None:
    with pytest.raises(StoreError, match="readonly database"):
        answers.store.watches.add(NewSavedSearch(name="gas", query="gas", target="json://hook.example"), NOON)


def test_a_database_that_was_deleted_is_not_made_again(answers: Answers, tmp_path: Path) -> None:
    (tmp_path / "news.db").unlink()
    with pytest.raises(StoreError, match="moved, deleted or replaced; put it back"):
        answers.answer("coverage", {})
    assert not (tmp_path / "news.db").exists()


def test_a_fault_of_ours_is_one_line_without_its_details(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any) -> None:
        raise KeyError("secret")

    monkeypatch.setitem(cast("dict[str, Any]", tools.TOOLS), "coverage", replace(tools.TOOLS["coverage"], answer=fail))
    asked = answers.call_tool(
        cast("ServerRequestContext[Any]", None), CallToolRequestParams(name="coverage", arguments={})
    )
    result = asyncio.run(asked)
    [content] = result.content
    assert isinstance(content, TextContent)
    assert (result.is_error, content.text) == (
        True,
        "unexpected KeyError; the log of presswatch mcp has the trace",
    )


def test_what_is_cut_says_so(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows(str(answers.store.engine.url))
    fill(rows)
    gap(rows, read=1.01, found=1.5)
    rows.store.close()
    monkeypatch.setattr(claim_tools, "MAX_INTERVALS", 1)
    monkeypatch.setattr(article_tools, "MAX_CHANGES_LENGTH", 10)
    found = answers.answer("coverage", {"sources": ["caliber"], **PERIOD})
    assert [len(one["not_visible"]) for one in found.structured["sources"]] == [1]
    assert [one["not_visible_count"] for one in found.structured["sources"]] == [2]
    assert "1 more: ask for a shorter period" in found.text
    edits = answers.answer("versions", {"article": 1})
    assert [one["is_cut"] for one in edits.structured["versions"]] == [False, True, True]
    assert "the whole text is the tool article with article=1, as_of=2026-11-04T14:00:00+00:00" in edits.text


def test_of_many_sources_those_of_the_articles_are_named_and_the_least_visible() -> None:
    notes = {
        f"source{number:03}": SourceCoverageNote(
            source=f"source{number:03}",
            source_title="A source",
            since=NOON,
            until=NOON,
            is_complete=False,
            share_visible=number / 100,
            statement="",
        )
        for number in range(70)
    }
    cited = Cited(notes)
    article = ArticleSummary(**{**dict.fromkeys(ArticleSummary.__dataclass_fields__), **ARTICLE})  # type: ignore[arg-type]
    beside = cited.coverage([cited.summary(article, 1)])
    assert (beside.source_count, len(beside.sources)) == (70, 50)
    assert [one.source for one in beside.sources] == [*(f"source{number:03}" for number in range(49)), "source069"]


def test_lines_are_read_whole_and_a_message_without_end_ends_the_session() -> None:
    async def read(descriptor: int) -> list[str]:
        return [line async for line in lines(descriptor)]

    for sent, expected in (
        (b'{"a": 1}\n\xff\nrest', ['{"a": 1}\n', "\ufffd\n", "rest"]),
        (b"first\n" + b"x" * (MAX_MESSAGE_SIZE + 1), ["first\n"]),
    ):
        reader, writer = os.pipe()
        with os.fdopen(writer, "wb") as pipe, ThreadPoolExecutor() as pool:
            written = pool.submit(_send, pipe, sent)
            assert asyncio.run(read(reader)) == expected
            os.close(reader)
            written.result()


def _send(pipe: BinaryIO, sent: bytes) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(sent)


def test_without_the_extra_it_says_how_to_get_it(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("presswatch.mcp.command.find_spec", lambda _name: None)
    done = ask("mcp")
    assert done.exit_code == 2
    assert "presswatch mcp needs the library mcp" in done.stderr
    assert "'.[mcp]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_stdin_is_not_read_for_a_configuration(ask: Ask) -> None:
    done = ask("mcp", "--config", "-")
    assert (done.exit_code, "--config: a file is needed here" in done.stderr) == (2, True)
