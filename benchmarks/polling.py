"""A simulated month: the adaptive plan against a fixed interval of as many looks, on the same articles."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from scheduler.planning.rules import Adaptive
from tests.support.simulation import Figures, compare

SEEDS = range(1, 9)
RATES = (90.0, 12.0)


def main() -> None:
    """Print the tables."""
    for per_day in RATES:
        pairs = [compare(Adaptive(), seed, per_day=per_day) for seed in SEEDS]
        print(f"about {per_day:.0f} articles a day, a list of 24 cards, 30 days; detection delay in minutes")
        print(table(pairs))


def table(pairs: Sequence[tuple[Figures, Figures]]) -> str:
    """A line a seed, and the medians of how much less an article waits.

    `missed` left the list before they were seen, during the outage; they count as found by the look that told of it.
    """
    lines = ["  seed  looks/day   mean  fixed    p50  fixed    p90  fixed  worst  fixed  missed  fixed"]
    for seed, (ours, fixed) in zip(SEEDS, pairs, strict=False):
        lines.append(
            f"{seed:>6} {ours.requests_a_day:>10.1f} {ours.mean:>6.1f} {fixed.mean:>6.1f} {ours.p50:>6.1f} "
            f"{fixed.p50:>6.1f} {ours.p90:>6.1f} {fixed.p90:>6.1f} {ours.worst:>6.0f} {fixed.worst:>6.0f} "
            f"{ours.missed:>7} {fixed.missed:>6}"
        )
    less = {
        name: statistics.median(1 - getattr(ours, name) / getattr(fixed, name) for ours, fixed in pairs)
        for name in ("mean", "p50", "p90")
    }
    said = ", ".join(f"{name} {share:.0%}" for name, share in less.items())
    return "\n".join([*lines, f"median of the delay saved with as many looks: {said}", ""])


if __name__ == "__main__":
    main()
