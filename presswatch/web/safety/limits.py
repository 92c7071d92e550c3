"""Limit how often one reader may search."""

from __future__ import annotations

from collections import OrderedDict

MAX_READERS = 10_000
"""Readers whose searches are counted; of more, the one that searched longest ago is forgotten."""
BURST_SHARE = 4
"""A reader who waited may search this part of a minute's number at once."""


class RateLimiter:
    """A token bucket for each reader: it fills with the allowed rate, and each search takes one out."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._size = max(1.0, per_minute / BURST_SHARE)
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, reader: str, now: float) -> float:
        """Count a search at `now`, in seconds of a steady clock; return the seconds to wait first, 0 if it may go on.

        A search that has to wait is not counted.
        """
        left, at = self._buckets.pop(reader, (self._size, now))
        left = min(self._size, left + (now - at) * self._per_second)
        waits = 0.0 if left >= 1 else (1 - left) / self._per_second
        self._buckets[reader] = (left if waits else left - 1, now)
        if len(self._buckets) > MAX_READERS:
            self._buckets.popitem(last=False)
        return waits
