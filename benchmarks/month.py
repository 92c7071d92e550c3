"""A simulated month over the real store: looks a day and detection delay beside a fixed interval of as many looks."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time

from storage.store import open_store
from tests.support.month import Month
from tests.support.october import END, HOST, SETTINGS, START, table, told_month


def main() -> None:
    """Print the table."""
    logging.disable(logging.ERROR)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder, open_store(f"sqlite:///{folder}/month.db") as store:
        month = Month(store, SETTINGS, told_month(1), HOST, start=START)
        asyncio.run(month.run(END))
        print("October 2026 with its troubles, over the real store; detection delay in minutes")
        print(table(month))
    print(f"{len(month.visits)} crawls, {time.process_time() - began:.0f} s of CPU")


if __name__ == "__main__":
    main()
