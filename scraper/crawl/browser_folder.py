"""Keep the temporary files of a browser in a folder of its own, and remove those of crawls that were killed.

Chromium and its driver leave 10 MB behind when their crawl is killed. The lock of a folder ends with its process,
however that ends, and counts in other containers with the same folder for temporary files, too. Not for Windows.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PREFIX = "presswatch-browser-"


class BrowserFolder:
    """Folder for temporary files, locked by this process until `remove`."""

    def __init__(self) -> None:
        """Make and lock the folder; remove those that nobody has locked. Raises OSError."""
        parent = Path(tempfile.gettempdir())
        for left in parent.glob(f"{PREFIX}*"):
            _remove_if_left(left)
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            with suppress(FileNotFoundError):  # another crawl took it for one that was left
                self._lock = _locked(self.path)
                if self.path.exists():
                    return
                os.close(self._lock)

    @contextmanager
    def for_new_processes(self) -> Iterator[None]:
        """Let processes that are started meanwhile put their temporary files here."""
        before = os.environ.get("TMPDIR")
        os.environ["TMPDIR"] = str(self.path)
        try:
            yield
        finally:
            if before is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = before

    def remove(self) -> None:
        """Remove the folder. What a process that is still ending writes there is left to the next crawl."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def _remove_if_left(folder: Path) -> None:
    with suppress(OSError):  # in use, of another user, or gone
        lock = _locked(folder, wait=False)
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


def _locked(folder: Path, *, wait: bool = True) -> int:
    """Open and lock a folder; return its descriptor. Raises OSError, also if it is locked and should not wait."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
