"""Write declarations in `sources.d`, and refuse what cannot be written before a site is asked for anything."""

from __future__ import annotations

import os
from pathlib import Path

from scraper.sources import Sources
from storage.config.settings import DEFAULT_FILE, STDIN, Config
from storage.config.source_files import FOLDER
from storage.model.errors import ConfigError


def folder_of(config: Config) -> Path:
    """Return the folder of declarations beside the configuration file. Raises ConfigError if that is stdin."""
    if str(config.path) == STDIN:
        raise ConfigError("a configuration on stdin has no folder sources.d; name a file with --config")
    return (config.path or Path(DEFAULT_FILE)).parent / FOLDER


def check_folder(config: Config) -> None:
    """Raise ConfigError if no declaration can be written in the folder."""
    folder = folder_of(config)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is no folder, so no declaration can be written there; move it away")
    nearest = folder if folder.exists() else folder.parent
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigError(f"{nearest} cannot be written; a declaration is written in {folder}")


def check_name(config: Config, name: str, known: Sources) -> None:
    """Raise ConfigError if a source or a file in the folder has this name."""
    if name in known or name in known.problems:
        raise ConfigError(f"a source is called {name} already; choose another name with --name")
    file = file_of(config, name)
    if file.exists() or file.is_symlink():
        raise _taken(file)


def file_of(config: Config, name: str) -> Path:
    """Return the file of a declaration."""
    return folder_of(config) / f"{name}.toml"


def write_declaration(config: Config, name: str, toml: str) -> Path:
    """Write a declaration in `sources.d`. Raises ConfigError if the file exists."""
    file = file_of(config, name)
    file.parent.mkdir(exist_ok=True)
    try:
        with file.open("x", encoding="utf-8") as output:
            output.write(toml)
    except FileExistsError:
        raise _taken(file) from None
    return file


def _taken(file: Path) -> ConfigError:
    return ConfigError(f"{file} exists; choose another name with --name, or remove it")
