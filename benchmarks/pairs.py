"""Time ours and the same by hand, one right after the other, several times: only ratios within a pair mean anything.

Times are CPU time of this process: on a machine that does other work, too, a millisecond of the clock may be all of it
someone else's. The databases are in the page cache, so there is hardly a wait that it leaves out.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from benchmarks.goals import MISSED, Goal, goal_line

PAIRS = 7
NAME_WIDTH = 72

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Declare one query in both ways; `plain` is None where nothing compares."""

    name: str
    ours: Call
    plain: Call | None = None
    ratio: Goal | None = None
    milliseconds: Goal | None = None
    """Of ours."""
    calls: int = 1
    """Number of calls within one measurement: a tenth of a millisecond is measured in tens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Hold the CPU milliseconds a call of each pair."""

    comparison: Comparison
    ours: list[float]
    plain: list[float]

    @property
    def ratios(self) -> list[float]:
        """Divide ours by plain within each pair."""
        return [own / other for own, other in zip(self.ours, self.plain, strict=True)]

    def figures(self) -> dict[Goal, float]:
        """Give the medians that have a goal."""
        found = {}
        if self.comparison.ratio is not None:
            found[self.comparison.ratio] = statistics.median(self.ratios)
        if self.comparison.milliseconds is not None:
            found[self.comparison.milliseconds] = statistics.median(self.ours)
        return found


HEAD = f"{'':<{NAME_WIDTH}}{'ours ms':>10}{'plain ms':>10}{'ratio':>8}{'min':>6}{'max':>6}"


def measure(comparison: Comparison, pairs: int = PAIRS) -> Measurement:
    """Time the pairs; who goes first alternates. One more pair before warms both."""
    ours, plain = [], []
    for number in range(pairs + 1):
        first, second = comparison.ours, comparison.plain or (lambda: None)
        if number % 2:
            other, own = _timed(second, comparison.calls), _timed(first, comparison.calls)
        else:
            own, other = _timed(first, comparison.calls), _timed(second, comparison.calls)
        if number:
            ours.append(own)
            plain.append(other)
    return Measurement(comparison=comparison, ours=ours, plain=plain)


def row(measurement: Measurement) -> str:
    """Write the medians of the times and of their ratios, and the names of the goals that this row misses."""
    text = f"{measurement.comparison.name:<{NAME_WIDTH}}{statistics.median(measurement.ours):>10.2f}"
    if measurement.comparison.plain is not None:
        ratios = measurement.ratios
        text += f"{statistics.median(measurement.plain):>10.2f}{statistics.median(ratios):>8.2f}"
        text += f"{min(ratios):>6.2f}{max(ratios):>6.2f}"
    beyond = [goal.name for goal, figure in measurement.figures().items() if not goal.is_met(figure)]
    return f"{text}  {MISSED} {', '.join(beyond)}" if beyond else text


def goals(measurements: Iterable[Measurement]) -> list[str]:
    """Compare the worst figure of all rows that have a goal with its limit; a goal is at most."""
    worst: dict[Goal, float] = {}
    for measurement in measurements:
        for goal, figure in measurement.figures().items():
            worst[goal] = max(figure, worst.get(goal, figure))
    return [goal_line(goal, figure) for goal, figure in worst.items()]


def _timed(call: Call, calls: int) -> float:
    """Measure the CPU milliseconds a call."""
    began = time.process_time()
    for _ in range(calls):
        call()
    return 1000 * (time.process_time() - began) / calls
