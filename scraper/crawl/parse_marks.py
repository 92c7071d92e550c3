"""Choose which links of a crawl are marked as parsed next (storage.crawling.quarantine).

A mark must be stored before its page is parsed, and costs no transaction of its own: some links are marked with the
selection of the crawl, and each save marks the next ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

MARKED_LINKS = 32
"""Links marked at once, as many as a transaction saves; those of a crawl that dies are parsed by themselves next."""


class ParseMarks:
    """Marks of the links of one crawl, in the order in which they are requested."""

    def __init__(self) -> None:
        self._planned: deque[str] = deque()
        self._marked: dict[str, None] = {}
        self._settled: set[str] = set()

    def plan(self, urls: Iterable[str]) -> None:
        """Add links that will be requested, in their order."""
        self._planned.extend(urls)

    def next(self) -> tuple[str, ...]:
        """Return the links that the next transaction should mark; none while half of the marked ones are left."""
        urls: list[str] = []
        if len(self._marked) > MARKED_LINKS // 2:
            return ()
        while self._planned and len(self._marked) + len(urls) < MARKED_LINKS:
            url = self._planned.popleft()
            if url not in self._marked and url not in self._settled:
                urls.append(url)
        return tuple(urls)

    def confirm(self, urls: Iterable[str]) -> None:
        """Count links as marked, once their transaction is committed."""
        self._marked.update(dict.fromkeys(url for url in urls if url not in self._settled))

    def settle(self, url: str) -> None:
        """Forget a link whose outcome is stored."""
        self._settled.add(url)
        self._marked.pop(url, None)

    def __contains__(self, url: str) -> bool:
        return url in self._marked

    @property
    def marked(self) -> tuple[str, ...]:
        """Return the links that are marked and have no outcome."""
        return tuple(self._marked)
