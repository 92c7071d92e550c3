"""Create the file of an SQLite database for its owner alone, and say what was done to a file that cannot be read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from storage.model.errors import StoreError

OWNER_ONLY = 0o600
"""Mode of a new file, which the umask can only tighten: it may hold passwords of alert targets. SQLite gives -wal and
-shm the mode of their database."""

MAGIC = b"SQLite format 3\0"
HEADER_SIZE = 100
RESTORE = "stop the daemon and restore the file from a backup"


def create_private(file: Path) -> None:
    """Create an empty file that only its owner may read, if there is none; an existing one keeps its mode."""
    with suppress(OSError):  # SQLite says what is wrong with the folder
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def refuse_emptied(file: Path) -> None:
    """Raise StoreError for an empty file with a write-ahead log, which SQLite would throw away with its rows.

    A database that is being made has a page before it has a log.
    """
    if _size(file) == 0 and (_size(file.with_name(f"{file.name}-wal")) or 0) > 0:
        raise StoreError(f"database {file}: the file was emptied by another program; {RESTORE}")


def describe_damage(file: Path) -> str | None:
    """Return what was done to the file of a database, in words; None if it looks whole.

    The header is described at https://sqlite.org/fileformat.html.
    """
    try:
        with file.open("rb") as content:
            header = content.read(HEADER_SIZE)
            size = os.fstat(content.fileno()).st_size
    except FileNotFoundError:
        return "the file was deleted or moved away"
    except OSError:
        return None
    return _describe_header(header, size)


def _describe_header(header: bytes, size: int) -> str | None:
    if size == 0:
        return "the file was emptied by another program"
    if not header.strip(b"\0"):
        return "the file was overwritten with zeros"
    if not header.startswith(MAGIC):
        return None if len(header) == HEADER_SIZE else f"the file was cut to {size} bytes"
    if len(header) < HEADER_SIZE:
        return f"the file was cut to {size} bytes"
    page_size = int.from_bytes(header[16:18], "big")
    expected = (65_536 if page_size == 1 else page_size) * int.from_bytes(header[28:32], "big")
    is_size_valid = header[24:28] == header[92:96]
    return f"the file was cut from {expected} to {size} bytes" if is_size_valid and size < expected else None


def _size(file: Path) -> int | None:
    try:
        return file.stat().st_size
    except OSError:
        return None
