"""Configure logging to stderr: one line per record, as text or JSON."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TextIO

from storage.model.redaction import redact_text
from storage.text.sanitize import sanitize

QUIET_LIBRARIES = ("scrapy", "twisted", "asyncio", "aiohttp", "alembic", "apscheduler", "urllib3", "mcp")
"""Speak of their own affairs: what goes wrong in them we say ourselves.

Apprise is not among them: scheduler.notifications.sender silences it, and reads what it would have logged."""

_RECORD_ATTRIBUTES = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}


ERASE_LINE = "\r\x1b[K"
"""Moves a terminal to the beginning of the line and erases it."""


def begin_line() -> None:
    """Erase what a progress has left of the last line of a terminal, so that the next text does not stick to it."""
    if sys.stderr.isatty():
        sys.stderr.write(ERASE_LINE)


class LineHandler(logging.StreamHandler[TextIO]):
    """Write each entry on a line of its own, also beside a progress."""

    def emit(self, record: logging.LogRecord) -> None:
        begin_line()
        super().emit(record)


def configure(*, level: str, form: str, traces: bool = False) -> None:
    """Log entries of `level` and above to stderr, with `traces` ours at debug level.

    `form` is text, json, or terse: without the time, for a person who waits for the end of a command.
    """
    handler = LineHandler(sys.stderr)
    handler.setFormatter(FORMATTERS[form]())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    logging.captureWarnings(form == "json")
    root.setLevel(level.upper())
    for name in QUIET_LIBRARIES:
        logging.getLogger(name).setLevel(logging.ERROR)
    if traces:
        for name in ("scraper", "scheduler", "storage"):
            logging.getLogger(name).setLevel(logging.DEBUG)


def is_json() -> bool:
    """Return whether `configure` was asked for JSON in this process."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.getLogger().handlers)


def _timestamp(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    trace = "" if record.exc_info is None else formatter.formatException(record.exc_info)
    return sanitize(redact_text(trace), lines=True)


class TextLines(logging.Formatter):
    """Time, level, message; control characters of a page's words cannot reach the terminal."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{_timestamp(record)} {record.levelname.lower():<7} {sanitize(redact_text(record.getMessage()))}"
        return (
            f"{line}\n{sanitize(redact_text(self.formatException(record.exc_info)), lines=True)}"
            if record.exc_info
            else line
        )


class TerseLines(logging.Formatter):
    """Level and message."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{record.levelname} {sanitize(redact_text(record.getMessage()))}"
        return (
            f"{line}\n{sanitize(redact_text(self.formatException(record.exc_info)), lines=True)}"
            if record.exc_info
            else line
        )


class JsonLines(logging.Formatter):
    """An object a line: time, level, logger, message, and what the entry was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact_text(record.getMessage()),
        }
        entry |= {name: value for name, value in record.__dict__.items() if name not in _RECORD_ATTRIBUTES}
        if record.exc_info:
            entry["trace"] = redact_text(self.formatException(record.exc_info))
        import json  # noqa: PLC0415  (start-up time: --help loads this module, and writes no JSON)

        return json.dumps(entry, ensure_ascii=True, default=str)


DEBUG = ContextVar("presswatch_debug", default=False)
"""True if the running command was given --debug."""

MAX_ERROR_LENGTH = 1_000
"""Characters of an error line."""


def print_error(message: str, code: int) -> int:
    """Print an error to stderr in one line; return the exit code `code`.

    With --debug the trace of the exception that is being handled, if any, stands before it. Where the log is JSON the
    error is one of its entries: a program that reads the log reads JSON on every line.
    """
    with_trace = DEBUG.get() and sys.exception() is not None
    with suppress(OSError):
        begin_line()
    if is_json():
        logging.getLogger("presswatch").error("%s", message, exc_info=with_trace)
        return code
    if with_trace:
        sys.stderr.write(redact_text(traceback.format_exc()))
    with suppress(BrokenPipeError):  # of a crawl whose daemon was killed: its exit code still counts
        print(f"presswatch: {_shorten(sanitize(redact_text(message)))}", file=sys.stderr, flush=True)
    return code


def _shorten(line: str) -> str:
    """Cut the middle out of a line that is too long: its ends hold what was typed and the advice."""
    half = MAX_ERROR_LENGTH // 2
    return line if len(line) <= MAX_ERROR_LENGTH else f"{line[:half]} … {line[-half:]}"


FORMATTERS: Mapping[str, type[logging.Formatter]] = {"text": TextLines, "json": JsonLines, "terse": TerseLines}
