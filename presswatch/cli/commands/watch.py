"""`presswatch watch`: saved queries and their notifications."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import COUNT_PARAM, DEFAULT_LIMIT, NAME_PARAM, format_options, list_options
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.watch_tables import (
    SavedSearchRow,
    UndeliveredRow,
    render_saved_searches,
    render_undelivered,
)
from scheduler.notifications.delivery import SEND_TIMEOUT
from scheduler.notifications.enqueuing import ARTICLE_BATCH_SIZE
from scheduler.notifications.matching import SearchMatch, matching_articles
from scheduler.notifications.messages import article_message, test_message
from scheduler.notifications.options import parse_digest_interval, parse_quiet_hours, parse_time_zone
from scheduler.notifications.sender import INVALID_TARGET_TEXT, is_valid_target
from scheduler.notifications.sender import send as send_now
from storage.model.errors import ConfigError, PresswatchError
from storage.model.records import DeliveryMode
from storage.model.redaction import REDACTED, fingerprint, redact_target
from storage.notifications.outbox import PendingAlert
from storage.notifications.watches import NewSavedSearch, SavedSearch
from storage.search.query import parse
from storage.store import Store
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize

DEFAULT_PREVIEW_DAYS = 30
MAX_NAME_LENGTH = 100


@click.group()
def watch() -> None:
    """Save queries and be notified of new articles that match."""


@watch.command()
@click.argument("name", type=NAME_PARAM)
@click.argument("query", type=NAME_PARAM)
@click.option(
    "--to", "target", metavar="URL", type=NAME_PARAM, required=True, help="Notification target: an Apprise URL."
)
@click.option(
    "--digest", metavar="LENGTH", help='Collect notifications into one message per interval, such as "1 d" or "6 h".'
)
@click.option("--quiet", metavar="FROM-UNTIL", help="Quiet hours in local time, such as 22:00-07:00.")
@click.option(
    "--timezone", metavar="ZONE", default="UTC", show_default=True, help="Time zone of --quiet, such as Asia/Baku."
)
@config_options
def add(config_path: str | None, database: str | None, **options: Any) -> None:
    """Save a query; each matching article stored from now on is notified once.

    QUERY: words in any inflected form, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with the
    fields title, subtitle, body, section, source and language.
    """
    new = _new_watch(**options)
    _config, store = store_from_config(config_path, database)
    with store:
        saved = store.watches.add(new, datetime.now(UTC))
    click.echo(f"watch {sanitize(saved.name)}: notifies {redact_target(saved.target)} {describe_delivery(saved)}")


def _new_watch(
    *, name: str, query: str, target: str, digest: str | None, quiet: str | None, timezone: str
) -> NewSavedSearch:
    """Validate the options and build the saved search. Raises ConfigError, naming the option."""
    if not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise ConfigError(f"NAME: must have 1 to {MAX_NAME_LENGTH} characters")
    for option, parser, value in (
        ("QUERY", parse, query),
        ("--digest", parse_digest_interval, digest),
        ("--quiet", parse_quiet_hours, quiet),
        ("--timezone", parse_time_zone, timezone),
    ):
        try:
            _ = value if value is None else parser(value)
        except ValueError as error:
            raise invalid_option(option, error) from error
    _refuse_invalid_target(target)
    quiet_from, quiet_until = parse_quiet_hours(quiet) if quiet else (None, None)
    return NewSavedSearch(
        name=name.strip(),
        query=query,
        target=target.strip(),
        delivery_mode=DeliveryMode.DIGEST if digest else DeliveryMode.IMMEDIATE,
        digest_every=parse_digest_interval(digest) if digest else None,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        timezone=timezone,
    )


def _refuse_invalid_target(target: str) -> None:
    if not is_valid_target(target):
        examples = "such as mailtos://user:password@example.org, tgram://token/chat or json://host/path"
        raise ConfigError(f"--to: {redact_target(target)} {INVALID_TARGET_TEXT}; use one {examples}")


def describe_delivery(watch: SavedSearch) -> str:
    """Describe when notifications are delivered: `every 6 h, not 22:00-07:00 Asia/Baku`."""
    interval = f"every {format_duration(watch.digest_every)}" if watch.digest_every else "immediately"
    quiet = f", not {watch.quiet_from}-{watch.quiet_until} {watch.timezone}" if watch.quiet else ""
    return interval + quiet


@watch.command("list")
@format_options
@config_options
def list_watches(form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """List saved queries, their targets and undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        rows = iter([_saved_search_row(store, saved) for saved in store.watches.list()])
        if not write_list(rows, form, kind=SavedSearchRow, as_table=render_saved_searches, raw=raw):
            print_notice("no queries are saved; add one with presswatch watch add NAME QUERY --to URL")


def _saved_search_row(store: Store, watch: SavedSearch) -> SavedSearchRow:
    counts = store.alerts.counts(datetime.now(UTC), watch.id)
    return SavedSearchRow(
        name=watch.name,
        query=watch.query,
        target=redact_target(watch.target),
        delivery_mode=describe_delivery(watch),
        created_at=watch.created_at,
        last_notified_at=watch.last_notified_at,
        waiting_count=counts.waiting,
        failed_count=counts.failed,
        given_up_count=counts.given_up,
        error=counts.error,
    )


@watch.command()
@list_options
@config_options
def undelivered(*, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """List notifications that wait, fail or were given up, latest first; also those of events."""
    config, store = store_from_config(config_path, database)
    with store:
        pending = store.alerts.pending(DEFAULT_LIMIT if limit is None else limit or None)
    unknown = any(alert.target is None for alert in pending)
    configured = {fingerprint(target): target for target in config.alerts.targets} if unknown else {}
    rows = (_undelivered_row(alert, configured) for alert in pending)
    if not write_list(rows, form, kind=UndeliveredRow, as_table=render_undelivered, raw=raw):
        print_notice("every notification is delivered")


def _undelivered_row(alert: PendingAlert, configured: Mapping[str, str]) -> UndeliveredRow:
    target = alert.target or configured.get(alert.target_hash)
    return UndeliveredRow(
        id=alert.id,
        state=alert.state,
        watch=alert.watch,
        target=redact_target(target) if target else REDACTED,
        title=alert.title,
        created_at=alert.created_at,
        attempts=alert.attempts,
        next_attempt_at=None if alert.given_up_at else alert.next_attempt_at,
        error=alert.error,
    )


@watch.command()
@click.argument("name", type=NAME_PARAM)
@config_options
def remove(name: str, config_path: str | None, database: str | None) -> None:
    """Delete a saved query and its undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        unsent = store.watches.remove(name)
    dropped = f"; {unsent} undelivered notifications deleted" if unsent else ""
    click.echo(f"watch {sanitize(name)}: removed{dropped}")


@watch.command()
@click.argument("name", type=NAME_PARAM)
@click.option(
    "--days", metavar="N", type=COUNT_PARAM, default=DEFAULT_PREVIEW_DAYS, show_default=True, help="Days to look back."
)
@config_options
def preview(name: str, days: int, config_path: str | None, database: str | None) -> None:
    """Show the notifications for articles stored in the last days. Sends nothing."""
    if not 1 <= days <= 36500:
        raise ConfigError("--days: must be from 1 to 36500")
    _config, store = store_from_config(config_path, database)
    with store:
        watch = store.watches.get(name)
        count = 0
        for found in _past_matches(store, watch, datetime.now(UTC) - timedelta(days=days)):
            message = article_message(watch.name, found.article, found.match)
            formats.print_lines([message.title, *message.body.splitlines(), ""])
            count += 1
    click.echo(
        f"presswatch: {count} articles of the last {days} days would have been notified; nothing was sent", err=True
    )


def _past_matches(store: Store, watch: SavedSearch, since: datetime) -> Iterator[SearchMatch]:
    query, last_id = parse(watch.query), 0
    while articles := store.watches.stored_since(since, last_id, ARTICLE_BATCH_SIZE):
        yield from matching_articles(query, articles)
        last_id = articles[-1].id


@watch.command()
@click.argument("name", type=NAME_PARAM)
@config_options
def ping(name: str, config_path: str | None, database: str | None) -> None:
    """Send a test message to the target now."""
    _config, store = store_from_config(config_path, database)
    with store:
        watch = store.watches.get(name)
    error = send_now(watch.target, test_message(watch.name, watch.query, datetime.now(UTC)), timeout=SEND_TIMEOUT)
    if error is not None:
        raise PresswatchError(f"watch {sanitize(name)}: {redact_target(watch.target)} {error}; nothing was delivered")
    click.echo(f"watch {sanitize(name)}: delivered to {redact_target(watch.target)}")
