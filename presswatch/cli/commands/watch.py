"""`presswatch watch`: saved queries and their notifications."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from presswatch.cli.arguments import CommandGroup, QueryCommand, one_query
from presswatch.cli.completion import complete_watch
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.known_names import watch_named
from presswatch.cli.options import COUNT_PARAM, NAME_PARAM, format_options, list_options, zone_option
from presswatch.cli.paging import row_limit, shown_rows
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.watch_tables import (
    SavedSearchRow,
    UndeliveredRow,
    describe_delivery,
    render_saved_searches,
    render_undelivered,
    saved_search_row,
    undelivered_row,
)
from scheduler.notifications.delivery import SEND_TIMEOUT
from scheduler.notifications.enqueuing import ARTICLE_BATCH_SIZE
from scheduler.notifications.matching import SearchMatch, matching_articles
from scheduler.notifications.messages import article_message, test_message
from scheduler.notifications.new_watch import new_watch
from scheduler.notifications.sender import send as send_now
from storage.model.errors import ConfigError, PresswatchError
from storage.model.redaction import fingerprint, redact_target
from storage.notifications.watches import SavedSearch
from storage.search.query import parse
from storage.store import Store
from storage.text.counts import counted
from storage.text.sanitize import sanitize

DEFAULT_PREVIEW_DAYS = 30


@click.group(cls=CommandGroup)
def watch() -> None:
    """Save queries and be notified of new articles that match."""


@watch.command(cls=QueryCommand)
@click.argument("name", type=NAME_PARAM)
@click.argument("query", metavar="QUERY", type=NAME_PARAM, nargs=-1, required=True, callback=one_query)
@click.option(
    "--to",
    "target",
    metavar="URL",
    type=NAME_PARAM,
    help="Notification target: an Apprise URL. Without one the query is saved alone.",
)
@click.option(
    "--digest",
    metavar="WHEN",
    help='Collect notifications into one message per interval, such as "6 h", or at hours of the day, as 8:00,18:00.',
)
@click.option("--quiet", metavar="FROM-UNTIL", help="Quiet hours in local time, such as 22:00-07:00.")
@click.option(
    "--timezone",
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Time zone of --quiet and --digest, such as Asia/Baku.",
)
@config_options
def add(config_path: str | None, database: str | None, **options: Any) -> None:
    """Save a query; with --to each matching article stored from now on is notified once.

    presswatch query --watch NAME lists what matches. QUERY: words in any inflected form, "phrases", prefix*, AND, OR,
    NOT or -word, parentheses, and field:word with the fields title, subtitle, body, section, source and language.
    """
    new = new_watch(label=_watch_label, **options)
    _config, store = store_from_config(config_path, database, create=True)
    with store:
        saved = store.watches.add(new, datetime.now(UTC))
    shown = sanitize(saved.name)
    if saved.target:
        click.echo(f"watch {shown}: notifies {redact_target(saved.target)} {describe_delivery(saved)}")
    else:
        click.echo(f"watch {shown}: saved; {shlex.join(['presswatch', 'query', '--watch', shown])} lists what matches")


def _watch_label(name: str) -> str:
    return {"name": "NAME", "query": "QUERY", "target": "--to"}.get(name, f"--{name}")


@watch.command("list")
@format_options
@zone_option
@config_options
def list_watches(form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """List saved queries, their targets and undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        now = datetime.now(UTC)
        rows = iter([saved_search_row(one, store.alerts.counts(now, one.id)) for one in store.watches.list()])
        if not write_list(rows, form, kind=SavedSearchRow, as_table=render_saved_searches, raw=raw):
            print_notice("no queries are saved; add one with presswatch watch add NAME QUERY")


@watch.command()
@list_options
@zone_option
@config_options
def undelivered(*, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """List notifications that wait, fail or were given up, latest first; also those of events."""
    config, store = store_from_config(config_path, database)
    with store:
        pending = store.alerts.pending(row_limit(limit))
    unknown = any(alert.target is None for alert in pending)
    configured = {fingerprint(target): target for target in config.alerts.targets} if unknown else {}
    rows = shown_rows((undelivered_row(alert, configured) for alert in pending), limit)
    if not write_list(rows, form, kind=UndeliveredRow, as_table=render_undelivered, raw=raw):
        print_notice("every notification is delivered")


@watch.command()
@click.argument("name", type=NAME_PARAM, shell_complete=complete_watch)
@config_options
def remove(name: str, config_path: str | None, database: str | None) -> None:
    """Delete a saved query and its undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        unsent = store.watches.remove(watch_named(store, name).name)
    dropped = f"; {counted(unsent, 'undelivered notification')} deleted" if unsent else ""
    click.echo(f"watch {sanitize(name)}: removed{dropped}")


@watch.command()
@click.argument("name", type=NAME_PARAM, shell_complete=complete_watch)
@click.option(
    "--days", metavar="N", type=COUNT_PARAM, default=DEFAULT_PREVIEW_DAYS, show_default=True, help="Days to look back."
)
@zone_option
@config_options
def preview(name: str, days: int, config_path: str | None, database: str | None) -> None:
    """Show the notifications for articles stored in the last days. Sends nothing."""
    if not 1 <= days <= 36500:
        raise ConfigError("--days: must be from 1 to 36500")
    _config, store = store_from_config(config_path, database)
    with store:
        watch = watch_named(store, name)
        count = 0
        for found in _past_matches(store, watch, datetime.now(UTC) - timedelta(days=days)):
            message = article_message(watch.name, found.article, found.match)
            formats.print_lines([message.title, *message.body.splitlines(), ""])
            count += 1
    click.echo(
        f"presswatch: {counted(count, 'article')} of the last {counted(days, 'day')} "
        f"{'would have been notified; nothing was sent' if watch.target else 'match; the watch has no target'}",
        err=True,
    )


def _past_matches(store: Store, watch: SavedSearch, since: datetime) -> Iterator[SearchMatch]:
    query, last_id = parse(watch.query), 0
    while articles := store.watches.stored_since(since, last_id, ARTICLE_BATCH_SIZE):
        yield from matching_articles(query, articles)
        last_id = articles[-1].id


@watch.command()
@click.argument("name", type=NAME_PARAM, shell_complete=complete_watch)
@config_options
def ping(name: str, config_path: str | None, database: str | None) -> None:
    """Send a test message to the target now."""
    _config, store = store_from_config(config_path, database)
    with store:
        watch = watch_named(store, name)
    if not watch.target:
        raise ConfigError(f"watch {sanitize(name)} has no target: it was added without --to")
    error = send_now(watch.target, test_message(watch.name, watch.query, datetime.now(UTC)), timeout=SEND_TIMEOUT)
    if error is not None:
        raise PresswatchError(f"watch {sanitize(name)}: {redact_target(watch.target)} {error}; nothing was delivered")
    click.echo(f"watch {sanitize(name)}: delivered to {redact_target(watch.target)}")
