"""Load the declared sources: every module of this package defines one as `SOURCE`."""

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
    """Return every source by name, in alphabetical order of the modules."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    declared: list[Source] = [module.SOURCE for module in modules]
    return {source.name: source for source in declared}


def get_source(name: str) -> Source:
    """Return the source with a name. Raises ConfigError that lists the known names."""
    sources = load_sources()
    if name not in sources:
        raise ConfigError(f"no source is called {name!r}; there are: {', '.join(sources)}")
    return sources[name]


def load_crawl_config(path: str | None = None, *, database: str | None = None) -> Config:
    """Load the configuration. Raises ConfigError if it has settings for an unknown source."""
    config, known = load_config(path, database=database), load_sources()
    for name in config.sources:
        if name not in known:
            raise ConfigError(f"{config.path}: unknown setting sources.{name}; known here: {', '.join(known)}")
    return config
