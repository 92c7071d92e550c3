"""Load the sources: every module of this package defines one as `SOURCE`; the configuration may declare others."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module

from scraper.declarations.source_settings import setting_problems
from scraper.source import Source
from storage.config.config_file import read_config
from storage.config.parsers import nearest_key, unknown_name
from storage.config.settings import Config
from storage.config.toml_text import short_key
from storage.model.errors import ConfigError, refuse


@dataclass(frozen=True, slots=True)
class Sources(Mapping[str, Source]):
    """The sources that can be crawled by name, and why others cannot: their declarations are broken."""

    declared: Mapping[str, Source] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Source:
        return self.declared[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def __len__(self) -> int:
        return len(self.declared)

    def named(self, name: str) -> Source:
        """Return the source with a name. Raises ConfigError: its problem, or the known names."""
        if name in self.problems:
            raise ConfigError(self.problems[name])
        if name not in self.declared:
            raise ConfigError(unknown_name("source", name, self.declared))
        return self.declared[name]

    def watched(self, config: Config) -> Sources:
        """Return the sources that a daemon watches: those of `scheduler.sources`, else all. Raises ConfigError."""
        names = config.scheduler.sources
        where = config.where("scheduler.sources")
        unknown = [name for name in names if name not in self.declared and name not in self.problems]
        refuse([f"{where}: {unknown_name('source', name, self.declared)}" for name in unknown])
        return self.only(names) if names else self

    def excluding(self, problems: Mapping[str, str]) -> Sources:
        """Return the sources without some that cannot be used, by the names of these."""
        usable = {name: source for name, source in self.declared.items() if name not in problems}
        return Sources(usable, {**self.problems, **problems})

    def only(self, names: tuple[str, ...]) -> Sources:
        """Return the sources of some names, and their problems."""
        return Sources(
            {name: source for name, source in self.declared.items() if name in names},
            {name: problem for name, problem in self.problems.items() if name in names},
        )


@cache
def _bundled_sources() -> Sources:
    declared: dict[str, Source] = {}
    problems: dict[str, str] = {}
    for module in pkgutil.iter_modules(__path__):
        try:
            source: Source = import_module(f"{__name__}.{module.name}").SOURCE
        except Exception as error:  # noqa: BLE001  (whatever a module does must not stop the other sources)
            problems[module.name] = f"scraper/sources/{module.name}.py: {type(error).__name__}: {error}"
        else:
            declared[source.name] = source
    return Sources(declared, problems)


def load_sources(config: Config | None = None) -> Sources:
    """Return the sources of this package and those that a configuration declares, which replace others by name."""
    bundled = _bundled_sources()
    declared, problems = dict(bundled.declared), dict(bundled.problems)
    if config is None or not config.declarations:
        return bundled
    # Start-up time: the reader of declarations loads lexicons, which --help does not need.
    from scraper.declarations.source_tables import parse_source  # noqa: PLC0415

    for name, table in config.declarations.items():
        declared.pop(name, None)
        problems.pop(name, None)
        try:
            declared[name] = parse_source(table)
        except ConfigError as error:
            problems[name] = str(error)
    return Sources(declared, problems).excluding(
        {
            name: problem
            for name in config.declarations
            if name in declared
            for key, problem in setting_problems(declared[name], config)
            if config.is_declared_with(name, key)
        }
    )


def get_source(name: str, config: Config | None = None) -> Source:
    """Return the source with a name. Raises ConfigError: its problem, or the known names."""
    return load_sources(config).named(name)


def load_crawl_config(path: str | None = None, *, database: str | None = None, toml: str | None = None) -> Config:
    """Load the configuration, from its file or from text as `load_config` does.

    Raises ConfigError if it has settings for an unknown source, or invalid ones.
    """
    problems: list[str] = []
    config = read_crawl_config(path, database=database, toml=toml, problems=problems)
    refuse(problems)
    return config


def read_crawl_config(
    path: str | None = None, *, database: str | None = None, toml: str | None = None, problems: list[str]
) -> Config:
    """Read the configuration; add what crawls of no source can use, and settings of unknown sources, to `problems`."""
    config = read_config(path, database=database, toml=toml, problems=problems)
    known = load_sources(config)
    for name in config.sources:
        if name in known:
            found = setting_problems(known[name], config)
            problems += [problem for key, problem in found if not config.is_declared_with(name, key)]
        elif name not in known.problems:
            names = ", ".join(known)
            problems.append(
                f"{config.path}: unknown setting sources.{short_key(name)}{nearest_key(name, known)}; "
                f"known here: {names}; a table with home, language, timezone and channels declares a source"
            )
    return config
