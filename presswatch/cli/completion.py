"""Complete names of sources and watches in a shell: those that are declared, stored or saved.

Whatever is wrong there, a completion offers nothing and says nothing: a person is typing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click
from click.shell_completion import CompletionItem

from storage.config.config_file import load_config
from storage.text.sanitize import sanitize

Names = Callable[[str | None, str | None], Iterable[str]]
"""Return names from the configuration file and the database that the command line names."""


def complete_source(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a source."""
    return _complete(_sources, context, incomplete)


def complete_watch(context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a watch."""
    return _complete(_watches, context, incomplete)


def _complete(names: Names, context: click.Context, incomplete: str) -> list[CompletionItem]:
    try:
        known = sorted(names(context.params.get("config_path"), context.params.get("database")))
    except Exception:  # noqa: BLE001  (see above)
        return []
    return [CompletionItem(sanitize(name)) for name in known if name.startswith(incomplete)]


def _sources(config_path: str | None, _database: str | None) -> Iterable[str]:
    from scraper.sources import load_sources  # noqa: PLC0415  (start-up time: the parsers of pages, 0.1 s)

    known = load_sources(load_config(config_path))
    return {*known, *known.problems}


def _watches(config_path: str | None, database: str | None) -> Iterator[str]:
    # Start-up time: every command has this module for the names that it completes, and few need a database for that.
    from presswatch.cli.database import engine_from_config  # noqa: PLC0415
    from storage.database.engine import file_identity  # noqa: PLC0415
    from storage.store import Store  # noqa: PLC0415

    with engine_from_config(config_path, database) as engine:
        if engine.url.get_backend_name() == "sqlite" and file_identity(engine) is None:
            return  # to open it would make it
        for watch in Store(engine).watches.list():
            yield watch.name
