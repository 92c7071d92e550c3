"""Compare figures with their limits and write one line a goal: `goal NAME FIGURE at most LIMIT ok`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "goal "
MISSED = "MISSED"


class Bound(StrEnum):
    """Side of the limit on which a figure is wanted."""

    AT_MOST = "at most"
    AT_LEAST = "at least"


@dataclass(frozen=True, slots=True)
class Goal:
    """Declare the limit of one figure.

    `name` is of lower-case words joined by hyphens; its last word is the unit, or `ratio`.
    """

    name: str
    limit: float
    bound: Bound = Bound.AT_MOST

    def is_met(self, figure: float) -> bool:
        """Compare the figure as it is printed, with two decimals; NaN, a figure of nothing, misses every goal."""
        shown = round(figure, 2)
        return shown <= self.limit if self.bound is Bound.AT_MOST else shown >= self.limit


def goal_line(goal: Goal, figure: float) -> str:
    """Write a figure beside its limit, and whether the goal is met."""
    verdict = "ok" if goal.is_met(figure) else MISSED
    return f"{PREFIX}{goal.name} {figure:.2f} {goal.bound} {goal.limit:.2f} {verdict}"


def is_goal_line(line: str) -> bool:
    """Tell a line of `goal_line()` from a line of a table."""
    return line.startswith(PREFIX)


def missed(lines: Iterable[str]) -> list[str]:
    """Select the lines of goals that were missed."""
    return [line for line in lines if is_goal_line(line) and line.split()[-1] == MISSED]
