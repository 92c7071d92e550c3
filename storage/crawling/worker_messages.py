"""Messages between the daemon and its workers, one JSON object a line, on stdin and stdout of a worker.

The first line to a worker holds the configuration; crawls, and requests to stop one, follow. A worker answers with a
line once it can crawl, and with a report at the end of each crawl.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from storage.model.failure_causes import FailureCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Configuration of the crawls of a worker as TOML; None: it reads the configuration file itself."""

    toml: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlJob:
    """Crawl of one source; `crawl_id` is the `process_id` of its run."""

    crawl_id: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopCrawl:
    """Stop one crawl: its requests under way are finished, and no others; a second one drops those, too."""

    crawl_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReady:
    """A worker has its configuration and takes crawls."""

    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """End of the crawl of one source; `cause` and `error` are None if it succeeded."""

    crawl_id: str
    source: str
    cause: FailureCause | None = None
    error: str | None = None


Message: TypeAlias = Configuration | CrawlJob | StopCrawl | WorkerReady | CrawlReport

_KINDS: Mapping[str, type[Message]] = {
    "configuration": Configuration,
    "crawl": CrawlJob,
    "stop": StopCrawl,
    "ready": WorkerReady,
    "report": CrawlReport,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def as_line(message: Message) -> bytes:
    """Write a message as one line of JSON."""
    return json.dumps({"message": _NAMES[type(message)], **asdict(message)}, ensure_ascii=True).encode("ascii") + b"\n"


def parse_line(line: bytes) -> Message | None:
    """Parse the message of a line; None for any other line, such as one that a library printed."""
    try:
        values: dict[str, Any] = json.loads(line)
        kind = _KINDS[values.pop("message")]
        if kind is CrawlReport and values["cause"] is not None:
            values["cause"] = FailureCause(values["cause"])
        return kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
