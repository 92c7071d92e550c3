"""The commands that ask: query, show, runs, explain; and db, which looks after the database."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from storage.console import CommandGroup, config_options, open_configured, refuse_value
from storage.errors import ConfigError, PresswatchError
from storage.filters import ArticleFilter, Sort

if TYPE_CHECKING:
    from storage.answers import ArticleStory

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 50
MAX_COUNT = 2**31 - 1
"""The largest INTEGER that every database takes."""

COUNT = click.IntRange(0, MAX_COUNT)
TIME = '"7d" (that long ago), "2026-11-01" or "2026-11-01T08:00Z"; UTC'
CSV_NOTE = (
    "CSV is as RFC 4180 has it: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula gets an "
    "apostrophe before it, and control characters are replaced; --raw leaves both as they are."
)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Ask what was stored."""


def limit_option(command: F) -> F:
    return click.option("--limit", type=COUNT, help=f"At most so many (default {DEFAULT_LIMIT}; 0: all).")(command)


def list_options(command: F) -> F:
    """Adds --limit, --format and --raw."""
    formats = click.Choice(["table", "json", "jsonl", "csv"])
    command = click.option("--raw", is_flag=True, help="CSV: leave formulas and control characters as they are.")(
        command
    )
    command = click.option("--format", "form", type=formats, default="table", show_default=True, help="What it is.")(
        command
    )
    return limit_option(command)


def story_format(command: F) -> F:
    forms = click.Choice(["text", "json"])
    return click.option("--format", "form", type=forms, default="text", show_default=True, help="In what shape.")(
        command
    )


def filter_options(command: F) -> F:
    """Adds the options that make an ArticleFilter."""
    options = (
        click.option(
            "--since",
            metavar="TIME",
            help=f"Published at or after: {TIME}. An article without a date counts from when it was first seen.",
        ),
        click.option("--until", metavar="TIME", help="Published before, in the same way."),
        click.option("--section", metavar="NAME", help="Of this section, whichever of its sections it is."),
        click.option("--language", metavar="CODE", help="In this language: en, ru, az …"),
        click.option("--source", metavar="NAME", help="Of this source."),
        click.option("--min-views", type=COUNT, help="With at least so many views."),
        click.option("--max-views", type=COUNT, help="With at most so many views."),
        click.option("--edited-since", metavar="TIME", help="Edited at or after."),
        click.option("--gone/--not-gone", default=None, help="Only what is gone from the site, or only what is not."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@commands.command(epilog=CSV_NOTE)
@filter_options
@click.option(
    "--sort",
    type=click.Choice([str(sort) for sort in Sort]),
    default=str(Sort.DATE),
    show_default=True,
    help="Newest first (undated last), most viewed first (uncounted last), or last stored first.",
)
@list_options
@config_options
def query(
    sort: str, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None, **asked: Any
) -> None:
    """Ask for stored articles."""
    wanted = article_filter(now=datetime.now(UTC), **asked)
    _config, store = open_configured(config_path, database)
    from storage.answers import ArticleSummary
    from storage.lists import article_lines

    with store:
        found = store.articles.find(wanted, sort=Sort(sort), limit=_asked_for(limit))
        give(
            _limited(found, limit), form, kind=ArticleSummary, as_table=article_lines, none="no articles match", raw=raw
        )


def article_filter(*, now: datetime, **asked: Any) -> ArticleFilter:
    """The filter from the options as they were typed. Raises ConfigError, naming the option."""
    from storage.values import moment

    for name in ("since", "until", "edited_since"):
        if asked[name] is not None:
            try:
                asked[name] = moment(asked[name], now=now)
            except ValueError as error:
                raise refuse_value(f"--{name.replace('_', '-')}", error) from error
    try:
        return ArticleFilter(**asked)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _asked_for(limit: int | None) -> int | None:
    """How many rows to ask the database for; one more than the default shows, to know whether there are more."""
    return DEFAULT_LIMIT + 1 if limit is None else limit or None


def _limited(found: Iterator[T], limit: int | None) -> Iterator[T]:
    if limit is not None:
        yield from found
        return
    yield from islice(found, DEFAULT_LIMIT)
    if next(found, None) is not None:
        click.echo(f"presswatch: these are the first {DEFAULT_LIMIT}; --limit 0 gives all", err=True)


def give(
    found: Iterable[Any], form: str, *, kind: type[Any], as_table: Callable[..., Iterable[str]], none: str, raw: bool
) -> None:
    """Write a list in the form that was asked for. `kind` is the dataclass of its entries; it makes the CSV header."""
    from dataclasses import fields

    from storage import formats

    if form == "table":
        rows = list(found)
        if rows:
            formats.say(as_table(rows, columns_wide=shutil.get_terminal_size().columns))
        else:
            click.echo(f"presswatch: {none}", err=True)
        return
    records = map(formats.record, found)
    if form == "csv":
        formats.emit(formats.csv_pieces(records, [field.name for field in fields(kind)], raw=raw))
    else:
        formats.emit(formats.json_pieces(records) if form == "json" else formats.jsonl_pieces(records))


@commands.command()
@click.argument("article", metavar="ID|URL")
@story_format
@config_options
def show(article: str, form: str, config_path: str | None, database: str | None) -> None:
    """Show one article whole: its views and its earlier wordings."""
    _config, store = open_configured(config_path, database)
    from storage import formats
    from storage.narration import article_text
    from storage.stories import article_story

    with store:
        try:
            story = article_story(store, int(article) if article.isdecimal() else article)
        except ValueError as error:
            raise refuse_value("ID|URL", error) from error
    if story is None:
        raise PresswatchError(f"no article {_typed(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.emit([formats.as_json(flat(story), indent=2), "\n"])
    else:
        formats.say(article_text(story))


def flat(story: ArticleStory) -> dict[str, Any]:
    """An article's story as one mapping: its fields, and beside them what it counted and said before."""
    from storage.formats import record

    parts = record(story)
    return {**record(parts.pop("article")), **parts}


def _typed(argument: str) -> str:
    from storage.printable import one_line

    return one_line(argument)


@commands.command()
@click.option("--source", metavar="NAME", help="Of this source.")
@list_options
@config_options
def runs(
    source: str | None, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """Show past crawls, the latest first."""
    _config, store = open_configured(config_path, database)
    from storage.answers import PastRun
    from storage.lists import run_lines
    from storage.run_history import past_runs

    with store:
        found = past_runs(store, source=source, limit=_asked_for(limit))
        give(_limited(found, limit), form, kind=PastRun, as_table=run_lines, none="no crawls yet", raw=raw)


@commands.command()
@click.argument("url")
@story_format
@config_options
def explain(url: str, form: str, config_path: str | None, database: str | None) -> None:
    """Tell the whole story of one address: where it was listed, each try, the outcome and why."""
    _config, store = open_configured(config_path, database)
    from storage import formats
    from storage.narration import address_text
    from storage.stories import address_story

    with store:
        try:
            story = address_story(store, url)
        except ValueError as error:
            raise refuse_value("URL", error) from error
    if story is None:
        raise PresswatchError(f"{_typed(url)} was never listed nor asked for")
    if form == "json":
        told = {**formats.record(story), "article": flat(story.article) if story.article else None}
        formats.emit([formats.as_json(told, indent=2), "\n"])
    else:
        formats.say(address_text(story))


@commands.group()
def db() -> None:
    """Look after the database."""


@db.command()
@config_options
def upgrade(config_path: str | None, database: str | None) -> None:
    """Bring the tables of an older Presswatch to this one's."""
    from storage import schema
    from storage.config import load_config
    from storage.engine import create_store_engine

    settings = load_config(config_path, database=database).storage
    engine = create_store_engine(settings.database, busy_timeout=settings.busy_timeout)
    try:
        before = schema.upgrade(engine)
    finally:
        engine.dispose()
    done = {None: "tables made", schema.SCHEMA_VERSION: "nothing to do"}.get(before, f"upgraded from {before}")
    click.echo(f"database {engine.url.render_as_string(hide_password=True)}: {done}, now {schema.SCHEMA_VERSION}")
