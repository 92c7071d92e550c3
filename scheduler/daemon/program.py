"""Notice that the files of the program have changed, such as by an upgrade: workers that run are older then."""

from __future__ import annotations

import sysconfig
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

PACKAGES = ("presswatch", "scheduler", "scraper", "storage")
CHECK_INTERVAL = 30.0
"""Seconds for which a stamp is used: it costs some milliseconds."""

ProgramStamp: TypeAlias = "tuple[int, int, int]"


class Program:
    """The files of this program, and the folder of the libraries."""

    def __init__(self, folders: Iterable[Path] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        root = Path(__file__).resolve().parents[2]
        self._folders = [root / package for package in PACKAGES] if folders is None else list(folders)
        self._clock = clock
        self._stamp: ProgramStamp | None = None
        self._stamped_at = 0.0

    def stamp(self) -> ProgramStamp:
        """Return what differs once a module has been added, removed or changed, or a library installed."""
        now = self._clock()
        if self._stamp is None or now - self._stamped_at >= CHECK_INTERVAL:
            times = [found for folder in self._folders for found in _change_times(folder)]
            self._stamp, self._stamped_at = (len(times), max(times, default=0), _libraries_changed_at()), now
        return self._stamp


def _change_times(folder: Path) -> Iterator[int]:
    """Yield the times at which the modules of a folder were changed, in nanoseconds."""
    with suppress(OSError):  # removed meanwhile
        for module in folder.rglob("*.py"):
            yield module.stat().st_ctime_ns  # not st_mtime: an installer sets that to the time of the release


def _libraries_changed_at() -> int:
    with suppress(OSError):
        return Path(sysconfig.get_path("purelib")).stat().st_mtime_ns
    return 0
