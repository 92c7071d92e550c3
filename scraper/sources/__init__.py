"""The sources, one module each; a module here is a source by being here."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from scraper.source import Source
from storage.config.settings import Config, load_config
from storage.model.errors import ConfigError


@cache
def load_sources() -> Mapping[str, Source]:
    """Every source by its name, in alphabetical order of its module."""
    modules = (import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__))
    declared: list[Source] = [module.SOURCE for module in modules]
    return {source.name: source for source in declared}


def get_source(name: str) -> Source:
    """The source of that name. Raises ConfigError, which names those there are."""
    sources = load_sources()
    if name not in sources:
        raise ConfigError(f"no source is called {name!r}; there are: {', '.join(sources)}")
    return sources[name]


def load_crawl_config(path: str | None = None, *, database: str | None = None) -> Config:
    """The configuration. Raises ConfigError for settings of a source that is none: they would pass for defaults."""
    config, known = load_config(path, database=database), load_sources()
    for name in config.sources:
        if name not in known:
            raise ConfigError(f"{config.path}: unknown setting sources.{name}; known here: {', '.join(known)}")
    return config
