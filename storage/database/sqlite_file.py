"""Create the file of an SQLite database for its owner alone, and say what was done to a file that cannot be read."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from storage.model.errors import StoreError

OWNER_ONLY = 0o600
"""Mode of a new file, which the umask can only tighten: it may hold passwords of alert targets. SQLite gives -wal and
-shm the mode of their database."""

MAGIC = b"SQLite format 3\0"
HEADER_SIZE = 100
BEGIN = "begin with presswatch crawl, or name another with --database"
"""What to do without a database."""
RESTORE = "stop the daemon and restore the file from a backup"

_PLAIN_PATH = re.compile(r"(?:~(?=/))?[\w./ -]*(?:/[\w./ -]*|\.(?:db|sqlite3?))", re.ASCII | re.IGNORECASE)
"""A path with a folder or the suffix of a database, and of no characters that a mistyped URL would have."""


def url_of_path(text: str) -> str | None:
    """Return the URL of a database that is named by its plain path, such as `news.db`; None for any other text.

    `~/` is the home folder, as no shell expands it in a file of settings or behind an equals sign.
    """
    if not text.strip() or not _PLAIN_PATH.fullmatch(text):
        return None
    return f"sqlite:///{Path(text).expanduser() if text.startswith('~') else text}"


def create_private(file: Path) -> None:
    """Create an empty file that only its owner may read, if there is none; an existing one keeps its mode."""
    with suppress(OSError):  # SQLite says what is wrong with the folder
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))


def has_content(file: Path) -> bool:
    """Return whether there is a file with at least a byte; an address `file:…` of SQLite counts as one."""
    return str(file).startswith("file:") or bool(_size(file))


def require_content(file: Path) -> None:
    """Raise StoreError if there is no file, or an empty one; create nothing."""
    if not has_content(file):
        refuse_emptied(file)
        state = "is empty" if file.exists() else "does not exist"
        raise StoreError(f"database {file.absolute()} {state}; {BEGIN}")


def require_writable(file: Path) -> None:
    """Raise StoreError unless a database can be written there, or made. Changes nothing."""
    if str(file).startswith("file:"):
        return
    folder = file.absolute().parent
    reason = misplaced(file)
    if reason is None and not os.access(folder, os.W_OK | os.X_OK):
        reason = f"the folder {folder} may not be written: allow it, or name another"
    elif reason is None and file.exists() and not os.access(file, os.R_OK | os.W_OK):
        reason = "the file may not be read and written: allow it, or name another"
    if reason is not None:
        raise StoreError(f"database {file.absolute()}: {reason}")


def misplaced(file: Path) -> str | None:
    """Return why no database can be at a path, and what to do; None if one can be there."""
    folder = file.absolute().parent
    if not folder.is_dir():
        return f"there is no folder {folder}: make it, or name another file"
    return "this is a folder: name a file in it" if file.is_dir() else None


def refuse_emptied(file: Path) -> None:
    """Raise StoreError for an empty file with a write-ahead log, which SQLite would throw away with its rows.

    A database that is being made has a page before it has a log, so the log is looked at first.
    """
    if (_size(file.with_name(f"{file.name}-wal")) or 0) > 0 and _size(file) == 0:
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
