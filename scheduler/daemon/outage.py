"""Log a database that is away: a line at once, then one a minute, and one when it answers again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from storage.text.durations import format_duration

logger = logging.getLogger(__name__)

LOG_INTERVAL = timedelta(minutes=1)


class OutageLog:
    """Log the failures of every task that needs the database as those of one outage."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._logged_at: float | None = None
        self._is_logged = False
        self.error: str | None = None

    def failed(self, error: Exception, message: str = "%s") -> None:
        """Record a failure; log `message`, which names the error, unless a line was logged within LOG_INTERVAL."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        self.error = str(error)
        if self._logged_at is None or now - self._logged_at >= LOG_INTERVAL.total_seconds():
            self._logged_at, self._is_logged = now, True
            logger.error(message, error)

    def answered(self) -> None:
        """Record that a write succeeded: the outage, if any, is over."""
        if self._since is None:
            return
        if self._is_logged:
            lasted = timedelta(seconds=self._clock() - self._since)
            logger.info("the database answers again, after %s", format_duration(lasted))
        self._since, self.error, self._is_logged = None, None, False
