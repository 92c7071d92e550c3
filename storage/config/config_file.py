"""Read the configuration file, the folder `sources.d` beside it and the environment.

Order of force: command line, environment (PRESSWATCH_CONFIG, PRESSWATCH_DATABASE, PRESSWATCH_LOG_LEVEL), file, default.
A key that no table knows is refused by its path, so that a misspelt setting never passes for a default.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import Field, replace
from pathlib import Path
from typing import Any

from storage.config import source_files
from storage.config.parsers import nearest_key
from storage.config.renamed_settings import renamed_setting
from storage.config.settings import (
    DEFAULT_FILE,
    SETTINGS_TABLES,
    STDIN,
    Config,
    SettingOrigin,
    SourceSettings,
    setting_rows,
)
from storage.config.source_files import SourceTable
from storage.config.toml_text import load_toml, short_key, short_value
from storage.model.errors import ConfigError, collected, refuse


def load_config(path: str | Path | None = None, *, database: str | None = None, toml: str | None = None) -> Config:
    """Read the configuration file and the environment.

    `path` must exist when given, as must that of PRESSWATCH_CONFIG; `presswatch.toml` in the working folder need not.
    The path `-` is stdin. `database` is the command line's. `toml` is what `Config.toml` was in the process that read
    the file, and is read in its place. Raises ConfigError, naming the file and the key.
    """
    problems: list[str] = []
    config = read_config(path, database=database, toml=toml, problems=problems)
    refuse(problems)
    return config


def read_config(
    path: str | Path | None = None, *, database: str | None = None, toml: str | None = None, problems: list[str]
) -> Config:
    """Read the configuration as `load_config`; add what cannot be used to `problems` and leave its default."""
    chosen = path or os.environ.get("PRESSWATCH_CONFIG")
    file = Path(chosen or DEFAULT_FILE)
    is_joined = toml is not None or str(file) == STDIN
    if toml is None:
        with collected(problems):
            toml = _read(file, must_exist=chosen is not None)
    files: Mapping[str, Any] = {}
    if not is_joined:
        with collected(problems):
            files = _read_folder(file)
    if toml is not None and is_joined:
        toml, files = source_files.split(toml)
    config = Config() if toml is None and not files else _parse_config(toml or "", file, files, problems)
    if toml is None:
        config = replace(config, path=None)
    if level := os.environ.get("PRESSWATCH_LOG_LEVEL"):
        config = config.with_log_level(level, "the environment (PRESSWATCH_LOG_LEVEL)")
    if database is not None:  # an empty one on the command line is a mistake, and must not pass for the default
        return _with_database(config, database, "the command line (--database)")
    if database := os.environ.get("PRESSWATCH_DATABASE"):
        return _with_database(config, database, "the environment (PRESSWATCH_DATABASE)")
    return config


def _with_database(config: Config, database: str, where: str) -> Config:
    written = {**config.origins, "storage.database": SettingOrigin(value=database, source=where)}
    return replace(config, storage=replace(config.storage, database=database), origins=written)


def _read(file: Path, *, must_exist: bool) -> str | None:
    try:
        if str(file) == STDIN:
            return sys.stdin.buffer.read().decode("utf-8")
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        if must_exist:
            raise ConfigError(f"configuration file {file} does not exist") from None
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration file {file} cannot be read: {error}") from error


def _read_folder(file: Path) -> Mapping[str, str | OSError | UnicodeDecodeError]:
    try:
        return source_files.read_folder(file)
    except OSError as error:
        folder = file.parent / source_files.FOLDER
        raise ConfigError(f"{folder} cannot be read: {error}; it is the folder of the declared sources") from error


def _parse_config(
    toml: str, file: Path, files: Mapping[str, str | OSError | UnicodeDecodeError], problems: list[str]
) -> Config:
    raw: dict[str, Any] = {}
    try:
        raw = load_toml(toml)
    except ValueError as error:
        problems.append(f"configuration file {file} cannot be read: {error}")
    _check_known(raw, known={*SETTINGS_TABLES, "sources"}, path="", file=file, problems=problems)
    tables = _table(raw, "sources", file, problems)
    written = {name: _table(tables, name, file, problems, "sources.") for name in tables}
    origins: dict[str, SettingOrigin] = {}
    sources: dict[str, Mapping[str, Any]] = {}
    declarations: dict[str, SourceTable] = {}
    for table in _declared(written, file, files):
        first = declarations.get(table.name)
        if first is not None:
            problem = f"{first.file} and {table.file} both declare {table.name}; remove one of them"
            declarations[table.name] = replace(first, problem=problem)
            continue
        declarations[table.name], sources[table.name] = _without_settings(table)
        for name in sources[table.name]:
            origins[f"sources.{table.name}.{name}"] = SettingOrigin(value=table.values[name], source=table.file)
    for name, settings in written.items():
        if HOME not in settings:
            kept = sources.get(name, {})
            sources[name] = {**kept, **_parse_rows(SourceSettings, settings, f"sources.{name}", file, problems)}
    return Config(
        **{
            name: kind(**_parse_rows(kind, _table(raw, name, file, problems), name, file, problems))
            for name, kind in SETTINGS_TABLES.items()
        },
        sources={name: SourceSettings(**values) for name, values in sources.items()},
        declarations=declarations,
        path=file,
        toml=source_files.joined(toml, files),
        origins={**origins, **dict(_written(raw, str(file)))},
    )


HOME = "home"
"""Key that makes a table `[sources.<name>]` a declaration."""


def _declared(
    written: Mapping[str, Mapping[str, Any]],
    file: Path,
    files: Mapping[str, str | OSError | UnicodeDecodeError],
) -> Iterator[SourceTable]:
    """Every declaration as it is written: the tables of the file that have a home, and each file of `sources.d`."""
    for name, table in written.items():
        if HOME in table:
            key = short_key(name)
            yield SourceTable(name=key, file=str(file), prefix=f"sources.{key}.", values=table)
    for found, toml in files.items():
        # Invalid names are shown, too: in errors, and as those of sources that are not watched.
        path, stem = found if found.isprintable() else ascii(found), short_key(Path(found).stem)
        try:
            if not isinstance(toml, str):
                raise toml
            values = load_toml(toml)
        except (OSError, ValueError) as error:
            yield SourceTable(name=stem, file=path, values={}, problem=f"{path} cannot be read: {error}")
            continue
        name = values.pop("name", stem)
        valid = isinstance(name, str) and bool(name)
        problem = None if valid else f"{path}: name: must be text in quotation marks"
        yield SourceTable(name=short_key(name) if valid else stem, file=path, values=values, problem=problem)


def _without_settings(table: SourceTable) -> tuple[SourceTable, dict[str, Any]]:
    """Part a declaration from the settings in its table; an invalid one is a problem of this source alone.

    `sections` and `languages` are settings if they are lists, and declared if they are tables; `channels` and
    `timezone` are declared.
    """
    rows = {row.name: row for row in setting_rows(SourceSettings) if row.name not in {"channels", "timezone"}}
    written = {
        name: value
        for name, value in table.values.items()
        if name in rows and not (name in {"sections", "languages"} and isinstance(value, dict))
    }
    rest = {name: value for name, value in table.values.items() if name not in written}
    try:
        values = {
            name: _parse(rows[name], value, f"{table.prefix}{name}", Path(table.file))
            for name, value in written.items()
        }
    except ConfigError as error:
        return replace(table, values=rest, problem=table.problem or str(error)), {}
    return replace(table, values=rest), values


def _written(raw: Mapping[str, Any], file: str) -> Iterator[tuple[str, SettingOrigin]]:
    """Every setting of the file, without the tables that declare a source."""
    tables = {name: raw.get(name) for name in SETTINGS_TABLES}
    sources = raw.get("sources")
    if isinstance(sources, dict):
        tables |= {f"sources.{name}": table for name, table in sources.items()}
    for path, table in tables.items():
        if isinstance(table, dict) and not (HOME in table and path not in SETTINGS_TABLES):
            for name, value in table.items():
                yield f"{path}.{name}", SettingOrigin(value=value, source=file)


def _table(raw: Mapping[str, Any], name: str, file: Path, problems: list[str], prefix: str = "") -> Mapping[str, Any]:
    value = raw.get(name, {})
    if not isinstance(value, dict):
        problems.append(f"{file}: {prefix}{name} must be a table, written as [{prefix}{name}]")
        return {}
    return value


def _parse_rows(kind: type[Any], raw: Mapping[str, Any], path: str, file: Path, problems: list[str]) -> dict[str, Any]:
    rows = {row.name: row for row in setting_rows(kind)}
    _check_known(raw, known=set(rows), path=f"{path}.", file=file, problems=problems)
    values = {}
    for name, value in raw.items():
        key = name if name in rows else (renamed_setting(f"{path}.{name}") or name).rpartition(".")[2]
        if key in rows and (key == name or key not in raw):  # a value under an old name may be refused, too
            with collected(problems):
                values[key] = _parse(rows[key], value, f"{path}.{name}", file)
    return values


def _parse(row: Field[Any], value: Any, path: str, file: Path) -> Any:
    try:
        return row.metadata["parse"](value)
    except ValueError as error:
        shown = "" if row.metadata["secret"] else f" = {short_value(value)}"
        raise ConfigError(f"{file}: {path}{shown}: {error}") from None if row.metadata["secret"] else error


def _check_known(raw: Mapping[str, Any], *, known: set[str], path: str, file: Path, problems: list[str]) -> None:
    for name in raw:
        if name not in known:
            if renamed := renamed_setting(f"{path}{name}"):
                problems.append(f"{file}: {path}{name} was renamed to {renamed}")
                continue
            nearest = nearest_key(name, known)
            declared = "; keys of a declaration need home beside them" if path.startswith("sources.") else ""
            names = ", ".join(sorted(known))
            problems.append(f"{file}: unknown setting {path}{short_key(name)}{nearest}; known here: {names}{declared}")
