"""Ask `presswatch mcp` as an assistant does: a real process, and the client of the SDK over its stdin and stdout."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp_types import CallToolResult, TextContent, Tool

from tests.support.paths import ROOT

COMMAND = [sys.executable, "-m", "presswatch", "mcp"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answered: JSON values, and the text for a reader; an error has text alone."""

    structured: Mapping[str, Any]
    text: str
    is_error: bool


class McpClient:
    """A client whose server is a process of its own; the server's log goes to `mcp.log` in the folder."""

    def __init__(self, folder: Path, database: str, *, mode: str = "auto") -> None:
        self._folder = folder
        self._mode = mode
        self._server = StdioServerParameters(
            command=COMMAND[0],
            args=[*COMMAND[1:], "--database", database],
            env={"PYTHONPATH": str(ROOT)},
            cwd=folder,
        )
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self.client: Client | None = None

    def __enter__(self) -> Self:
        log = self._stack.enter_context((self._folder / "mcp.log").open("w", encoding="utf-8"))
        self._portal = self._stack.enter_context(start_blocking_portal())
        client = Client(stdio_client(self._server, errlog=log), mode=self._mode)
        self.client = self._stack.enter_context(self._portal.wrap_async_context_manager(client))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def tools(self) -> dict[str, Tool]:
        """Return the tools by name."""
        assert self._portal is not None
        assert self.client is not None
        return {tool.name: tool for tool in self._portal.call(self.client.list_tools).tools}

    def ask(self, tool: str, **arguments: Any) -> Answer:
        """Call a tool; the client checks its answer against the schema."""
        assert self._portal is not None
        assert self.client is not None
        result = self._portal.call(self.client.call_tool, tool, arguments)
        assert isinstance(result, CallToolResult)
        [content] = result.content
        assert isinstance(content, TextContent)
        return Answer(result.structured_content or {}, content.text, result.is_error)
