"""Keep the misbehaviours in force by path, with the number of requests left."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from tests.support.site.misbehaviour import Misbehaviour
from tests.support.site.routes import path_of

EVERYWHERE = "*"


class Rules:
    """For each target or path, what the next requests get; the exact target counts before its path."""

    def __init__(self) -> None:
        self._rules: dict[str, deque[tuple[Misbehaviour, int | None]]] = {}

    def put(self, where: str, acts: Sequence[Misbehaviour], times: int | None) -> None:
        """One request for each act in order; the last stays for `times` requests, or for ever."""
        if not acts:
            raise ValueError(f"no misbehaviour given for {where}")
        self._rules[where] = deque([*((act, 1) for act in acts[:-1]), (acts[-1], times)])

    def drop(self, where: str | None) -> None:
        """Ends what was put at an address; None: everywhere."""
        if where is None:
            self._rules.clear()
        else:
            self._rules.pop(where, None)

    def take(self, target: str) -> Misbehaviour | None:
        """Return the misbehaviour for a request of `target`; None for the normal response."""
        if not self._rules:
            return None
        for where in (target, path_of(target), EVERYWHERE):
            if where in self._rules and (act := self._next(self._rules[where])):
                return act
        return None

    @staticmethod
    def _next(queue: deque[tuple[Misbehaviour, int | None]]) -> Misbehaviour | None:
        while queue:
            act, left = queue[0]
            if left is None:
                return act
            queue.popleft()
            if left > 1:
                queue.appendleft((act, left - 1))
            if left > 0:
                return act
        return None
