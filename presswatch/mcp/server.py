"""Serve the tools over stdin and stdout until stdin ends, or SIGTERM or SIGINT."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import anyio
from anyio import CancelScope, CapacityLimiter, to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)

from presswatch.mcp.plain_text import plain_text
from presswatch.mcp.reading import Reading
from presswatch.mcp.standard_input import lines
from presswatch.mcp.tools import INSTRUCTIONS, TOOLS
from presswatch.mcp.toolset import Answered
from storage.config.parsers import unknown_name
from storage.config.settings import Config
from storage.database import schema
from storage.database.reader import time_limit
from storage.model.errors import PresswatchError, StoreError
from storage.model.redaction import redact_text
from storage.model.version import VERSION
from storage.store import Store, open_reader
from storage.text.sanitize import sanitize

QUERY_TIMEOUT = timedelta(seconds=30)
MAX_CALLS = 4
"""Calls that are answered at once; others wait."""
STDIN = 0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
READ_ONLY = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)

log = logging.getLogger(__name__)


def serve(config: Config) -> None:
    """Serve until the client closes stdin, or a signal. Raises StoreError for a database that cannot be read."""
    with open_existing(config) as store:
        try:
            asyncio.run(_serve(Answers(config, store).server()))
        except* BrokenPipeError:
            log.info("the client has gone")


def open_existing(config: Config) -> Store:
    """Open the database of the configuration for reading alone. Raises StoreError if it is not there, or is another."""
    store = open_reader(config.storage.database, busy_timeout=config.storage.busy_timeout)
    try:
        schema.require_tables(store.engine)
        schema.check(store.engine)
    except BaseException:
        store.close()
        raise
    return store


async def _serve(server: Server[Any]) -> None:
    loop = asyncio.get_running_loop()
    with CancelScope() as scope:
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, scope.cancel)
        async with stdio_server(stdin=cast("anyio.AsyncFile[str]", lines(STDIN))) as (read, write):
            await server.run(read, write, server.create_initialization_options())


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers the requests of a client from one store."""

    config: Config
    store: Store
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    calls: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(MAX_CALLS))

    def server(self) -> Server[Any]:
        """Return the server of the SDK that asks here; it offers tools and nothing else."""
        return Server(
            "presswatch",
            title="Presswatch",
            version=VERSION,
            description="Articles of news sites, their versions, views, and what could not be seen.",
            instructions=INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
        )

    async def list_tools(
        self, _context: ServerRequestContext[Any], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        """Describe the tools."""
        return ListToolsResult(
            tools=[
                Tool(
                    name=tool.name,
                    title=tool.title,
                    description=tool.description,
                    input_schema=tool.input_schema,
                    output_schema=tool.output_schema,
                    annotations=READ_ONLY,
                )
                for tool in TOOLS.values()
            ]
        )

    async def call_tool(self, _context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        """Answer a call; what is wrong with it is an error of the tool, in one line."""
        if params.name not in TOOLS:
            raise MCPError(code=INVALID_PARAMS, message=sanitize(unknown_name("tool", params.name, TOOLS)))
        began = time.monotonic()
        try:
            answered = await to_thread.run_sync(self.answer, params.name, params.arguments or {}, limiter=self.calls)
        except PresswatchError as error:
            log.info("%s refused: %s", params.name, error)
            return _refusal(str(error))
        except Exception as error:
            log.exception("%s failed", params.name)
            return _refusal(f"unexpected {type(error).__name__}; the log of presswatch mcp has the trace")
        log.info("%s answered in %.3f s", params.name, time.monotonic() - began)
        return CallToolResult(
            content=[TextContent(type="text", text=answered.text)], structured_content=answered.structured
        )

    def answer(self, name: str, arguments: Mapping[str, Any]) -> Answered:
        """Call a tool. Raises PresswatchError."""
        if not self.store.is_in_place:  # opened anew, the file would be made
            raise StoreError(
                f"database {self.store.engine.url.database}: the file was moved, deleted or replaced; put it back, or "
                "start presswatch mcp again"
            )
        with time_limit(QUERY_TIMEOUT):
            return TOOLS[name].call(Reading(config=self.config, store=self.store, now=self.clock()), arguments)


def _refusal(reason: str) -> CallToolResult:
    line = sanitize(plain_text(redact_text(reason)))
    return CallToolResult(content=[TextContent(type="text", text=line)], is_error=True)
