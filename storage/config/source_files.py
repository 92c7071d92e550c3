"""Read the folder `sources.d` beside the configuration file: one declaration of a source a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "sources.d"

_MARK = re.compile(rf"^# presswatch: file ({FOLDER}/[^/\n]+\.toml)$\n", re.MULTILINE)
"""Line before each file of a configuration in one text: see `joined`."""


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
    """Return the texts of `sources.d/*.toml` beside a configuration file by their paths, or why one cannot be read."""
    texts: dict[str, str | OSError | UnicodeDecodeError] = {}
    folder = configuration.parent / FOLDER
    for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            texts[str(file)] = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            texts[str(file)] = error
    return texts


def stamp_of_folder(configuration: Path) -> tuple[tuple[str, int, int, int], ...]:
    """Return what changes when a file of the folder does: its path, inode, size and time of change."""
    stamps = []
    folder = configuration.parent / FOLDER
    for file in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            found = file.stat()
        except OSError:
            continue
        stamps.append((str(file), found.st_ino, found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def joined(toml: str, files: Mapping[str, str | OSError | UnicodeDecodeError]) -> str:
    """Join a configuration file and its folder into one text, as a daemon hands it to its crawls on stdin."""
    parts = [toml if toml.endswith("\n") or not toml else f"{toml}\n"]
    for path, text in files.items():
        if isinstance(text, str):
            parts.append(f"# presswatch: file {FOLDER}/{Path(path).name}\n{text}\n")
    return "".join(parts)


def split(text: str) -> tuple[str, dict[str, str]]:
    """Split the text that `joined` made into that of the configuration file and those of the folder, by their paths."""
    toml, *rest = _MARK.split(text)
    return toml, dict(zip(rest[::2], rest[1::2], strict=True))
