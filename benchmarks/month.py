"""Simulate a month over the real store: detection delay beside a fixed interval of as many polls."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time

from benchmarks.goals import Goal, goal_line
from storage.store import open_store
from tests.support.month import Month
from tests.support.october import END, HOST, SETTINGS, START, beside_fixed, october_sites, table

P50_RATIOS = {"berlin": Goal("month-busy-p50-delay-ratio", 0.90), "wire": Goal("month-quiet-p50-delay-ratio", 1.10)}
"""By source. Seven articles a day say little of their hours: there the adaptive interval may only not be worse."""


def main() -> None:
    """Print the table and the goals."""
    logging.disable(logging.ERROR)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/month.db") as store:
        month = Month(store, SETTINGS, october_sites(1), HOST, start=START)
        asyncio.run(month.run(END))
        print("October 2026 with its troubles, over the real store; detection delay in minutes")
        print(table(month))
        pairs = {source: beside_fixed(month, source) for source in P50_RATIOS}
    print(f"{len(month.visits)} crawls, {time.process_time() - began:.0f} s of CPU")
    for source, goal in P50_RATIOS.items():
        ours, fixed = pairs[source]
        print(goal_line(goal, ours.p50 / fixed.p50))


if __name__ == "__main__":
    main()
