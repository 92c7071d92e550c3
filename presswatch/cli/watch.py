"""`presswatch watch`: saved queries and their notifications."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import COUNT_PARAM, NAME_PARAM, format_options
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.watch_tables import SavedSearchRow, render_saved_searches
from scheduler.notifications.delivery import ARTICLE_BATCH_SIZE, SEND_TIMEOUT
from scheduler.notifications.matching import SearchMatch, matching_articles
from scheduler.notifications.messages import article_message, test_message
from scheduler.notifications.options import parse_digest_interval, parse_quiet_hours, parse_time_zone
from scheduler.notifications.sender import INVALID_TARGET_TEXT, is_valid_target
from scheduler.notifications.sender import send as send_now
from storage.model.errors import ConfigError, PresswatchError
from storage.model.records import DeliveryMode
from storage.model.redaction import redact_target
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
@click.option("--digest", metavar="LENGTH", help='Collect notifications into one message per interval: "1 d", "6 h".')
@click.option("--quiet", metavar="FROM-UNTIL", help="Quiet hours, local time: 22:00-07:00.")
@click.option("--timezone", metavar="ZONE", default="UTC", show_default=True, help="Time zone of --quiet: Asia/Baku.")
@config_options
def add(config_path: str | None, database: str | None, **asked: Any) -> None:
    """Save a query; each article stored from now on that matches it is notified once.

    QUERY is words in any of their forms, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with
    title, subtitle, body, section, source or language.
    """
    new = _new_watch(**asked)
    _config, store = store_from_config(config_path, database)
    with store:
        made = store.watches.add(new, datetime.now(UTC))
    click.echo(f"watch {sanitize(made.name)}: tells {redact_target(made.target)} {describe_delivery(made)}")


def _new_watch(
    *, name: str, query: str, target: str, digest: str | None, quiet: str | None, timezone: str
) -> NewSavedSearch:
    """The watch from the words that were typed. Raises ConfigError, naming the option."""
    if not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise ConfigError(f"NAME: must have 1 to {MAX_NAME_LENGTH} characters")
    for option, read, value in (
        ("QUERY", parse, query),
        ("--digest", parse_digest_interval, digest),
        ("--quiet", parse_quiet_hours, quiet),
        ("--timezone", parse_time_zone, timezone),
    ):
        try:
            _ = value if value is None else read(value)
        except ValueError as error:
            raise invalid_option(option, error) from error
    _refuse_invalid_target(target)
    begin, until = parse_quiet_hours(quiet) if quiet else (None, None)
    return NewSavedSearch(
        name=name.strip(),
        query=query,
        target=target.strip(),
        delivery_mode=DeliveryMode.DIGEST if digest else DeliveryMode.IMMEDIATE,
        digest_every=parse_digest_interval(digest) if digest else None,
        quiet_from=begin,
        quiet_until=until,
        timezone=timezone,
    )


def _refuse_invalid_target(target: str) -> None:
    if not is_valid_target(target):
        known = "such as mailtos://user:password@example.org, tgram://token/chat or json://host/path"
        raise ConfigError(f"--to: {redact_target(target)} {INVALID_TARGET_TEXT}; write one {known}")


def describe_delivery(asked: SavedSearch) -> str:
    """How somebody is told, in words."""
    often = f"every {format_duration(asked.digest_every)}" if asked.digest_every else "at once"
    quiet = f", not {asked.quiet_from}-{asked.quiet_until} {asked.timezone}" if asked.quiet else ""
    return often + quiet


@watch.command("list")
@format_options
@config_options
def list_watches(form: str, raw: bool, config_path: str | None, database: str | None) -> None:
    """List saved queries, their targets and undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        found = iter([_saved_search_row(store, asked) for asked in store.watches.list()])
        if not write_list(found, form, kind=SavedSearchRow, as_table=render_saved_searches, raw=raw):
            print_notice('no watches are saved; presswatch watch add "NAME" QUERY --to URL saves one')


def _saved_search_row(store: Store, asked: SavedSearch) -> SavedSearchRow:
    waiting = store.alerts.undelivered(asked.id)
    return SavedSearchRow(
        name=asked.name,
        query=asked.query,
        target=redact_target(asked.target),
        delivery_mode=describe_delivery(asked),
        created_at=asked.created_at,
        last_notified_at=asked.last_notified_at,
        waiting_count=waiting.count,
        failed_count=waiting.failed_count,
        error=waiting.error,
    )


@watch.command()
@click.argument("name", type=NAME_PARAM)
@config_options
def remove(name: str, config_path: str | None, database: str | None) -> None:
    """Delete a saved query and its undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        unsent = store.watches.remove(name)
    dropped = f"; {unsent} undelivered alerts dropped" if unsent else ""
    click.echo(f"watch {sanitize(name)}: removed{dropped}")


@watch.command()
@click.argument("name", type=NAME_PARAM)
@click.option(
    "--days", metavar="N", type=COUNT_PARAM, default=DEFAULT_PREVIEW_DAYS, show_default=True, help="Days to look back."
)
@config_options
def preview(name: str, days: int, config_path: str | None, database: str | None) -> None:
    """Show the notifications that the articles stored in the last days would have caused. Sends nothing."""
    if not 1 <= days <= 36500:
        raise ConfigError("--days: must be from 1 to 36500")
    _config, store = store_from_config(config_path, database)
    with store:
        asked = store.watches.get(name)
        told = 0
        for answer in _past_matches(store, asked, datetime.now(UTC) - timedelta(days=days)):
            message = article_message(asked.name, answer.article, answer.match)
            formats.print_lines([message.title, *message.body.splitlines(), ""])
            told += 1
    click.echo(
        f"presswatch: {told} articles of the last {days} days would have been notified; nothing was sent", err=True
    )


def _past_matches(store: Store, asked: SavedSearch, since: datetime) -> Iterator[SearchMatch]:
    question, seen = parse(asked.query), 0
    while articles := store.watches.stored_since(since, seen, ARTICLE_BATCH_SIZE):
        yield from matching_articles(question, articles)
        seen = articles[-1].id


@watch.command()
@click.argument("name", type=NAME_PARAM)
@config_options
def ping(name: str, config_path: str | None, database: str | None) -> None:
    """Send a test message to the target now; say whether it was delivered, or why not."""
    _config, store = store_from_config(config_path, database)
    with store:
        asked = store.watches.get(name)
    error = send_now(asked.target, test_message(asked.name, asked.query, datetime.now(UTC)), timeout=SEND_TIMEOUT)
    if error is not None:
        raise PresswatchError(f"watch {sanitize(name)}: {redact_target(asked.target)} {error}; nothing was delivered")
    click.echo(f"watch {sanitize(name)}: delivered to {redact_target(asked.target)}")
