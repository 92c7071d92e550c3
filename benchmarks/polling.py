"""Compare the adaptive interval with a fixed one of as many polls over a simulated month of the same articles.

Seeded, so the figures are the same on every machine.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence

from benchmarks.goals import Bound, Goal, goal_line
from scheduler.planning.rules import Adaptive
from tests.support.simulation import Figures, compare

SEEDS = 8
GOALS = {
    90.0: {
        "mean": Goal("delay-saved-busy-mean-percent", 8, Bound.AT_LEAST),
        "p50": Goal("delay-saved-busy-p50-percent", 18, Bound.AT_LEAST),
        "p90": Goal("delay-saved-busy-p90-percent", 0, Bound.AT_LEAST),
    },
    12.0: {
        "mean": Goal("delay-saved-quiet-mean-percent", 3, Bound.AT_LEAST),
        "p50": Goal("delay-saved-quiet-p50-percent", 10, Bound.AT_LEAST),
    },
}
"""By articles a day. At 12 a day the ninth decile is worse on three of eight seeds: it has no goal."""

Pairs = Sequence[tuple[Figures, Figures]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables and the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.polling", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    chosen = parser.parse_args(arguments)
    lines: list[str] = []
    for per_day in GOALS:
        pairs = [compare(Adaptive(), seed, per_day=per_day) for seed in range(1, chosen.seeds + 1)]
        print(f"about {per_day:.0f} articles a day, a list of 24 cards, 30 days; detection delay in minutes")
        print(table(pairs))
        lines += goals(pairs, per_day)
    print("\n".join(lines))


def table(pairs: Pairs) -> str:
    """Write a line a seed, and the medians of the share of the delay that is saved.

    `missed` articles left the list during the outage, before a poll saw them; their delay ends with the poll that
    recorded the gap.
    """
    lines = ["  seed  polls/day   mean  fixed    p50  fixed    p90  fixed  worst  fixed  missed  fixed"]
    for seed, (ours, fixed) in enumerate(pairs, start=1):
        lines.append(
            f"{seed:>6} {ours.requests_a_day:>10.1f} {ours.mean:>6.1f} {fixed.mean:>6.1f} {ours.p50:>6.1f} "
            f"{fixed.p50:>6.1f} {ours.p90:>6.1f} {fixed.p90:>6.1f} {ours.worst:>6.0f} {fixed.worst:>6.0f} "
            f"{ours.missed:>7} {fixed.missed:>6}"
        )
    shares = ", ".join(f"{name} {saved(pairs, name):.0%}" for name in ("mean", "p50", "p90"))
    return "\n".join([*lines, f"median of the delay saved with as many polls: {shares}", ""])


def saved(pairs: Pairs, name: str) -> float:
    """Compute the median share of the delay that the adaptive interval saves; `name` is a field of Figures."""
    shares: list[float] = [1 - getattr(ours, name) / getattr(fixed, name) for ours, fixed in pairs]
    return statistics.median(shares)


def goals(pairs: Pairs, per_day: float) -> Iterator[str]:
    """Compare the shares saved with their limits."""
    for name, goal in GOALS[per_day].items():
        yield goal_line(goal, 100 * saved(pairs, name))


if __name__ == "__main__":
    main()
