"""`presswatch watch`: saved questions, and who is told of what answers them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from presswatch.cli.group import CommandGroup, config_options, open_configured, refuse_value
from presswatch.cli.options import COUNT, NAME
from storage.errors import ConfigError, PresswatchError

if TYPE_CHECKING:
    from presswatch.output.watch_tables import ListedWatch
    from scheduler.watching import Answer
    from storage.store import Store
    from storage.watches import NewWatch, Watch

DEFAULT_DAYS = 30
LONGEST_NAME = 100


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Look on time."""


@commands.group()
def watch() -> None:
    """Save questions and be told of new articles that answer them."""


@watch.command()
@click.argument("name", type=NAME)
@click.argument("query", type=NAME)
@click.option("--to", "target", metavar="URL", type=NAME, required=True, help="Who is told: an Apprise address.")
@click.option("--digest", metavar="LENGTH", help='Tell so often at most, all in one message: "1 d", "6 h".')
@click.option("--quiet", metavar="FROM-UNTIL", help="Tell nothing between these local times: 22:00-07:00.")
@click.option("--timezone", metavar="ZONE", default="UTC", show_default=True, help="Whose local times: Asia/Baku.")
@config_options
def add(config_path: str | None, database: str | None, **asked: Any) -> None:
    """Save a question; each article stored from now on that answers it is told once.

    QUERY is words in any of their forms, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with
    title, subtitle, body, section, source or language.
    """
    new = _new_watch(**asked)
    _config, store = open_configured(config_path, database)
    from scheduler.targets import masked
    from storage.printable import safe

    with store:
        made = store.watches.add(new, datetime.now(UTC))
    click.echo(f"watch {safe(made.name)}: tells {masked(made.target)} {manner(made)}")


def _new_watch(*, name: str, query: str, target: str, digest: str | None, quiet: str | None, timezone: str) -> NewWatch:
    """The watch from the words that were typed. Raises ConfigError, naming the option."""
    from scheduler.wishes import digest_length, quiet_times, zone_name
    from storage.questions import parse
    from storage.records import Telling
    from storage.watches import NewWatch

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
            raise refuse_value(option, error) from error
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
    from scheduler.sending import UNUSABLE, is_usable
    from scheduler.targets import masked

    if not is_usable(target):
        known = "such as mailtos://user:password@example.org, tgram://token/chat or json://host/path"
        raise ConfigError(f"--to: {masked(target)} {UNUSABLE}; write one {known}")


def manner(asked: Watch) -> str:
    """How somebody is told, in words."""
    from scheduler.telling import written

    often = f"every {written(asked.digest_every)}" if asked.digest_every else "at once"
    quiet = f", not {asked.quiet_from}-{asked.quiet_until} {asked.timezone}" if asked.quiet else ""
    return often + quiet


@watch.command("list")
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "json", "jsonl", "csv"]),
    default="table",
    show_default=True,
    help="In what shape.",
)
@config_options
def list_watches(form: str, config_path: str | None, database: str | None) -> None:
    """List the saved questions, who is told, and what was not delivered yet."""
    _config, store = open_configured(config_path, database)
    from presswatch.output.records import give, say_nothing
    from presswatch.output.watch_tables import ListedWatch, watch_lines

    with store:
        found = iter([_listed(store, asked) for asked in store.watches.list()])
        if not give(found, form, kind=ListedWatch, as_table=watch_lines, raw=False):
            say_nothing('no watches are saved; presswatch watch add "NAME" QUERY --to URL saves one')


def _listed(store: Store, asked: Watch) -> ListedWatch:
    from presswatch.output.watch_tables import ListedWatch
    from scheduler.targets import masked

    waiting = store.alerts.waiting(asked.id)
    return ListedWatch(
        name=asked.name,
        query=asked.query,
        target=masked(asked.target),
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
    """Forget a saved question and what it has not told yet."""
    _config, store = open_configured(config_path, database)
    from storage.printable import safe

    with store:
        unsent = store.watches.remove(name)
    dropped = f"; {unsent} undelivered alerts dropped" if unsent else ""
    click.echo(f"watch {safe(name)}: removed{dropped}")


@watch.command()
@click.argument("name", type=NAME)
@click.option("--days", metavar="N", type=COUNT, default=DEFAULT_DAYS, show_default=True, help="So far back.")
@config_options
def test(name: str, days: int, config_path: str | None, database: str | None) -> None:
    """Show what would have been told of the articles stored in the last days. Sends nothing."""
    if not 1 <= days <= 36500:
        raise ConfigError("--days: must be from 1 to 36500")
    _config, store = open_configured(config_path, database)
    from presswatch.output import formats
    from scheduler.telling import article_message

    with store:
        asked = store.watches.get(name)
        told = 0
        for answer in _past_answers(store, asked, datetime.now(UTC) - timedelta(days=days)):
            message = article_message(asked.name, answer.article, answer.match)
            formats.say([message.title, *message.body.splitlines(), ""])
            told += 1
    click.echo(f"presswatch: {told} articles of the last {days} days would have been told; nothing was sent", err=True)


def _past_answers(store: Store, asked: Watch, since: datetime) -> Iterator[Answer]:
    from scheduler.delivery import ARTICLES
    from scheduler.watching import answers
    from storage.questions import parse

    question, seen = parse(asked.query), 0
    while articles := store.watches.stored_since(since, seen, ARTICLES):
        yield from answers(question, articles)
        seen = articles[-1].id


@watch.command()
@click.argument("name", type=NAME)
@config_options
def send(name: str, config_path: str | None, database: str | None) -> None:
    """Send a test message to who is told, now; say whether it was taken, or why not."""
    _config, store = open_configured(config_path, database)
    from scheduler.delivery import TIMEOUT
    from scheduler.sending import send as send_now
    from scheduler.targets import masked
    from scheduler.telling import trial_message
    from storage.printable import safe

    with store:
        asked = store.watches.get(name)
    error = send_now(asked.target, trial_message(asked.name, asked.query, datetime.now(UTC)), timeout=TIMEOUT)
    if error is not None:
        raise PresswatchError(f"watch {safe(name)}: {masked(asked.target)} {error}; nothing was delivered")
    click.echo(f"watch {safe(name)}: delivered to {masked(asked.target)}")
