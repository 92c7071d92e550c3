"""Options and checks of the commands about a period of some sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from presswatch.cli.completion import complete_source
from presswatch.cli.database import store_from_config
from presswatch.cli.known_names import check_names
from presswatch.cli.options import NAME_PARAM, TIME_HELP, as_of_option
from storage.articles.filters import ArticleFilter
from storage.model.errors import ConfigError
from storage.store import Store

F = TypeVar("F", bound=Callable[..., Any])


def period_options(command: F) -> F:
    """Add --since and --until."""
    command = click.option("--until", metavar="TIME", help="End of the period; by default now.")(command)
    return click.option("--since", metavar="TIME", help=f"Beginning of the period: {TIME_HELP}.")(command)


def statement_options(command: F) -> F:
    """Add QUERY, the period, and the options that say of which articles."""
    options: Sequence[Callable[[F], F]] = (
        click.argument("query", metavar="QUERY", type=NAME_PARAM),
        period_options,
        click.option(
            "--source",
            "sources",
            metavar="NAME",
            type=NAME_PARAM,
            multiple=True,
            shell_complete=complete_source,
            help="Only this source; can be repeated.",
        ),
        click.option("--section", metavar="NAME", type=NAME_PARAM, help="Only articles with this section."),
        click.option("--language", "--lang", metavar="CODE", type=NAME_PARAM, help="Only this language."),
        as_of_option,
    )
    for option in reversed(options):
        command = option(command)
    return command


def require_since(wanted: ArticleFilter) -> None:
    """Raise ConfigError for a filter without the beginning of a period."""
    if wanted.since is None:
        raise ConfigError('--since is needed: the beginning of the period, such as "2026-11-04" or "7d"')


@contextmanager
def checked_store(
    config_path: str | None, database: str | None, sources: Sequence[str], **options: Any
) -> Iterator[Store]:
    """Open the store of the configuration. Raises ConfigError for a name that nothing has, StoreError."""
    config, store = store_from_config(config_path, database, options)
    with store:
        for source in sources:
            check_names(store, config, {"source": source})
        yield store
