"""`presswatch events`: events of sources, channels and articles."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import list_options, source_option, zone_option
from presswatch.cli.paging import row_limit, shown_rows
from presswatch.output.records import print_notice, write_list
from presswatch.output.status_text import render_events
from storage.config.parsers import choice
from storage.crawling.events import Event
from storage.model.event_kinds import EventKind


def _complete_kind(_context: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(str(kind)) for kind in EventKind if kind.startswith(incomplete)]


@click.command()
@click.option("--open", "open_only", is_flag=True, help="Only open events.")
@source_option
@click.option(
    "--kind", metavar="KIND", shell_complete=_complete_kind, help="Only this kind, such as silent, drift, gap, gone."
)
@list_options
@zone_option
@config_options
def events(
    *,
    open_only: bool,
    source: str | None,
    kind: str | None,
    limit: int | None,
    form: str,
    raw: bool,
    config_path: str | None,
    database: str | None,
) -> None:
    """List events of sources, channels and articles, latest first."""
    if kind is not None:
        _refuse_unknown_kind(kind)
    _config, store = store_from_config(config_path, database, {"source": source})
    with store:
        rows = store.events.find(source=source, open_only=open_only, kind=kind, limit=row_limit(limit))
    if not write_list(shown_rows(iter(rows), limit), form, kind=Event, as_table=render_events, raw=raw):
        print_notice("no open events" if open_only else "no events match")


def _refuse_unknown_kind(kind: str) -> None:
    """Raise ConfigError for an unknown kind of event: an empty list would look like a kind that never occurred."""
    try:
        choice(*EventKind)(kind)
    except ValueError as error:
        raise invalid_option("--kind", error) from error
