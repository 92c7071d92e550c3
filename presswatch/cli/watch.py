"""`presswatch watch`: saved queries and their notifications."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import COUNT, NAME, format_options
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.watch_tables import ListedWatch, watch_lines
from scheduler.delivery import ARTICLES, TIMEOUT
from scheduler.sending import UNUSABLE, is_usable
from scheduler.sending import send as send_now
from scheduler.telling import article_message, trial_message
from scheduler.watching import Answer, answers
from scheduler.wishes import digest_length, quiet_times, zone_name
from storage.durations import format_duration
from storage.errors import ConfigError, PresswatchError
from storage.printable import safe
from storage.questions import parse
from storage.records import Telling
from storage.redaction import redact_target
from storage.store import Store
from storage.watches import NewWatch, Watch

DEFAULT_DAYS = 30
LONGEST_NAME = 100


@click.group()
def watch() -> None:
    """Save queries and be notified of new articles that match."""


@watch.command()
@click.argument("name", type=NAME)
@click.argument("query", type=NAME)
@click.option("--to", "target", metavar="URL", type=NAME, required=True, help="Notification target: an Apprise URL.")
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
    click.echo(f"watch {safe(made.name)}: tells {redact_target(made.target)} {manner(made)}")


def _new_watch(*, name: str, query: str, target: str, digest: str | None, quiet: str | None, timezone: str) -> NewWatch:
    """The watch from the words that were typed. Raises ConfigError, naming the option."""
    if not name.strip() or len(name) > LONGEST_NAME:
        raise ConfigError(f"NAME: must have 1 to {LONGEST_NAME} characters")
    for option, read, value in (
        ("QUERY", parse, query),
        ("--digest", digest_length, digest),
        ("--quiet", quiet_times, quiet),
        ("--timezone", zone_name, timezone),
    ):
        try:
            _ = value if value is None else read(value)
        except ValueError as error:
            raise invalid_option(option, error) from error
    _refuse_unusable(target)
    begin, until = quiet_times(quiet) if quiet else (None, None)
    return NewWatch(
        name=name.strip(),
        query=query,
        target=target.strip(),
        telling=Telling.DIGEST if digest else Telling.INSTANTLY,
        digest_every=digest_length(digest) if digest else None,
        quiet_from=begin,
        quiet_until=until,
        timezone=timezone,
    )


def _refuse_unusable(target: str) -> None:
    if not is_usable(target):
        known = "such as mailtos://user:password@example.org, tgram://token/chat or json://host/path"
        raise ConfigError(f"--to: {redact_target(target)} {UNUSABLE}; write one {known}")


def manner(asked: Watch) -> str:
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
        found = iter([_listed(store, asked) for asked in store.watches.list()])
        if not write_list(found, form, kind=ListedWatch, as_table=watch_lines, raw=raw):
            print_notice('no watches are saved; presswatch watch add "NAME" QUERY --to URL saves one')


def _listed(store: Store, asked: Watch) -> ListedWatch:
    waiting = store.alerts.waiting(asked.id)
    return ListedWatch(
        name=asked.name,
        query=asked.query,
        target=redact_target(asked.target),
        telling=manner(asked),
        created_at=asked.created_at,
        told_at=asked.told_at,
        waiting_count=waiting.count,
        failed_count=waiting.failed_count,
        error=waiting.error,
    )


@watch.command()
@click.argument("name", type=NAME)
@config_options
def remove(name: str, config_path: str | None, database: str | None) -> None:
    """Delete a saved query and its undelivered notifications."""
    _config, store = store_from_config(config_path, database)
    with store:
        unsent = store.watches.remove(name)
    dropped = f"; {unsent} undelivered alerts dropped" if unsent else ""
    click.echo(f"watch {safe(name)}: removed{dropped}")


@watch.command()
@click.argument("name", type=NAME)
@click.option("--days", metavar="N", type=COUNT, default=DEFAULT_DAYS, show_default=True, help="Days to look back.")
@config_options
def preview(name: str, days: int, config_path: str | None, database: str | None) -> None:
    """Show the notifications that the articles stored in the last days would have caused. Sends nothing."""
    if not 1 <= days <= 36500:
        raise ConfigError("--days: must be from 1 to 36500")
    _config, store = store_from_config(config_path, database)
    with store:
        asked = store.watches.get(name)
        told = 0
        for answer in _past_answers(store, asked, datetime.now(UTC) - timedelta(days=days)):
            message = article_message(asked.name, answer.article, answer.match)
            formats.say([message.title, *message.body.splitlines(), ""])
            told += 1
    click.echo(
        f"presswatch: {told} articles of the last {days} days would have been notified; nothing was sent", err=True
    )


def _past_answers(store: Store, asked: Watch, since: datetime) -> Iterator[Answer]:
    question, seen = parse(asked.query), 0
    while articles := store.watches.stored_since(since, seen, ARTICLES):
        yield from answers(question, articles)
        seen = articles[-1].id


@watch.command()
@click.argument("name", type=NAME)
@config_options
def ping(name: str, config_path: str | None, database: str | None) -> None:
    """Send a test message to the target now; say whether it was delivered, or why not."""
    _config, store = store_from_config(config_path, database)
    with store:
        asked = store.watches.get(name)
    error = send_now(asked.target, trial_message(asked.name, asked.query, datetime.now(UTC)), timeout=TIMEOUT)
    if error is not None:
        raise PresswatchError(f"watch {safe(name)}: {redact_target(asked.target)} {error}; nothing was delivered")
    click.echo(f"watch {safe(name)}: delivered to {redact_target(asked.target)}")
