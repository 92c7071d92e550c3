"""Report how the crawls of a process ended: one JSON line a source on its stdout, which the daemon reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from storage.model.failure_causes import FailureCause


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlReport:
    """End of the crawl of one source; `cause` and `error` are None if it succeeded."""

    source: str
    cause: FailureCause | None = None
    error: str | None = None

    def as_line(self) -> str:
        """Write the report as one line of JSON, without a line end."""
        return json.dumps(asdict(self), ensure_ascii=True)


def parse_reports(output: bytes) -> Mapping[str, CrawlReport]:
    """Parse the reports in the stdout of a crawl process, by source; other lines are skipped."""
    reports = (_parse_line(line) for line in output.splitlines())
    return {report.source: report for report in reports if report is not None}


def _parse_line(line: bytes) -> CrawlReport | None:
    try:
        values = json.loads(line)
        cause = values["cause"]
        return CrawlReport(
            source=str(values["source"]),
            cause=None if cause is None else FailureCause(cause),
            error=None if values["error"] is None else str(values["error"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
