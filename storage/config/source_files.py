"""Read the folder `sources.d` beside the configuration file: one declaration of a source a file."""

from __future__ import annotations

import json
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "sources.d"

MAX_FILE_SIZE = 1_000_000
"""Bytes of a declaration; one with a thousand channels has 50,000."""

_HEADER = "# presswatch: files "
"""Beginning of the first line of a configuration in one text: see `joined`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable:
    """Declaration of a source as it is written: keys that are no settings, not validated yet.

    `prefix` stands before the keys in errors, such as `sources.zaxid.`; it is empty in a file of its own. `problem` is
    why the table cannot be used.
    """

    name: str
    file: str
    prefix: str = ""
    values: Mapping[str, Any]
    problem: str | None = None


def read_folder(configuration: Path) -> dict[str, str | OSError | UnicodeDecodeError]:
    """Return the texts of `sources.d/*.toml` beside a configuration file by their paths, or why one cannot be read.

    Raises OSError if the folder is there but cannot be listed: its sources would seem to have been removed.
    """
    texts: dict[str, str | OSError | UnicodeDecodeError] = {}
    for file in _files(configuration.parent / FOLDER):
        try:
            texts[str(file)] = _read(file)
        except (OSError, UnicodeDecodeError) as error:
            texts[str(file)] = error
    return texts


def _files(folder: Path) -> list[Path]:
    """Return the declarations in a folder, without hidden files such as the locks of editors. Raises OSError."""
    try:
        files = sorted(folder.iterdir())
    except FileNotFoundError:
        if folder.is_symlink():
            raise
        return []
    return [file for file in files if file.name.endswith(".toml") and not file.name.startswith(".")]


def _read(file: Path) -> str:
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):  # a pipe may never end
        raise OSError("it is not a regular file")
    if found.st_size > MAX_FILE_SIZE:
        raise OSError(f"it has more than {MAX_FILE_SIZE:,} bytes")
    return file.read_text(encoding="utf-8-sig")


def stamp_of_folder(configuration: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what changes when a file of the folder does: its path, inode, size and time of change."""
    folder = configuration.parent / FOLDER
    try:
        files = _files(folder)
    except OSError as error:
        return ((str(folder), error.errno or 0, 0, 0),)
    stamps = []
    for file in files:
        try:
            found = file.stat()
        except OSError:
            continue
        stamps.append((str(file), found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def joined(toml: str, files: Mapping[str, str | OSError | UnicodeDecodeError]) -> str:
    """Join a configuration file and its folder into one text, as a daemon hands it to its workers.

    Its first line says in JSON how many characters each of the texts behind it has, or why a file cannot be read.
    """
    texts = [toml, *(text for text in files.values() if isinstance(text, str))]
    lengths = {
        f"{FOLDER}/{Path(path).name}": len(text) if isinstance(text, str) else str(text) for path, text in files.items()
    }
    return f"{_HEADER}{json.dumps([len(toml), lengths])}\n{''.join(texts)}"


def split(text: str) -> tuple[str, dict[str, str | OSError]]:
    """Split the text that `joined` made into that of the configuration file and those of the folder, by their paths.

    Any other text is that of a configuration file.
    """
    if not text.startswith(_HEADER):
        return text, {}
    header, _, rest = text.partition("\n")
    length, lengths = json.loads(header.removeprefix(_HEADER))
    toml, rest = rest[:length], rest[length:]
    files: dict[str, str | OSError] = {}
    for path, found in lengths.items():
        if isinstance(found, str):
            files[path] = OSError(found)
        else:
            files[path], rest = rest[:found], rest[found:]
    return toml, files
