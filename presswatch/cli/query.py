"""The commands that ask: query, show, runs, explain."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from presswatch.cli.group import CommandGroup, config_options, open_configured, refuse_value
from presswatch.cli.options import (
    DEFAULT_LIMIT,
    Page,
    article_filter,
    as_of_option,
    counting_options,
    filter_options,
    list_options,
    moment_of,
    page_options,
    source_option,
    story_format,
)
from presswatch.output.records import give, say_nothing
from storage.errors import PresswatchError

if TYPE_CHECKING:
    from storage.answers import ArticleStory
    from storage.store import Store

T = TypeVar("T")

CSV_NOTE = (
    "CSV is as RFC 4180 has it: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula gets an "
    "apostrophe before it, and control characters are replaced; --raw leaves both as they are."
)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Ask what was stored."""


@commands.command(epilog=CSV_NOTE)
@filter_options
@as_of_option
@page_options
@counting_options
@config_options
def query(
    page: Page, counted: bool, by: str | None, config_path: str | None, database: str | None, **asked: Any
) -> None:
    """Ask for stored articles.

    QUERY is words in any of their forms, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with
    title, subtitle, body, section, source or language. Every format carries the source of each article, its address,
    when it was fetched and the terms of its use.
    """
    now = datetime.now(UTC)
    wanted = article_filter(now=now, **asked)
    _config, store = open_configured(config_path, database)
    from presswatch.cli import article_list as article_pages

    with store:
        if counted or by:
            given = article_pages.give_counts(store, wanted, by, page)
        else:
            typed = {name: value for name, value in asked.items() if value is not None and value != ()}
            given = article_pages.give_page(store, wanted, page, typed=typed, now=now)
        if not given:
            say_nothing(_why_nothing(store))


def _why_nothing(store: Store) -> str:
    if list(store.articles.find(limit=1)):
        return "no articles match"
    where = store.engine.url.render_as_string(hide_password=True)
    return f"nothing is stored in {where} yet; presswatch crawl fills it"


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


@commands.command()
@click.argument("article", metavar="ID|URL")
@as_of_option
@story_format
@config_options
def show(article: str, as_of: str | None, form: str, config_path: str | None, database: str | None) -> None:
    """Show one article whole: its views and its earlier wordings."""
    moment = moment_of("--as-of", as_of, now=datetime.now(UTC))
    _config, store = open_configured(config_path, database)
    from presswatch.output import formats
    from presswatch.output.article_text import article_text
    from presswatch.output.as_of_text import then_lines, then_record
    from storage.past import story_then
    from storage.printable import safe
    from storage.stories import article_story

    with store:
        try:
            asked = id_or_address(article)
            then = None if moment is None else story_then(store, asked, moment)
            story = article_story(store, asked) if then is None else then.story
        except ValueError as error:
            raise refuse_value("ID|URL", error) from error
    if then is not None and story is None:
        raise PresswatchError(f"article {safe(article)} was {then.presence} at {then.moment:%Y-%m-%d %H:%M} UTC")
    if story is None:
        raise PresswatchError(f"no article {safe(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.emit([formats.as_json({**then_record(then), **flat(story)}, indent=2), "\n"])
    else:
        formats.say(chain(then_lines(then), article_text(story)))


def id_or_address(typed: str) -> int | str:
    """The id, or the address as it was typed; 0, which is nobody's, for more digits than an id has."""
    if not typed.isdecimal():
        return typed
    return int(typed) if len(typed) <= 10 else 0  # Python reads no more than 4,300 digits


def flat(story: ArticleStory) -> dict[str, Any]:
    """An article's story as one mapping: its fields, and beside them what it counted and said before."""
    from presswatch.output.formats import record

    parts = record(story)
    return {**record(parts.pop("article")), **parts}


@commands.command()
@source_option
@list_options
@config_options
def runs(
    source: str | None, limit: int | None, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """Show past crawls, the latest first."""
    _config, store = open_configured(config_path, database)
    from presswatch.output.tables import run_lines
    from storage.answers import PastRun
    from storage.run_history import past_runs

    with store:
        found = past_runs(store, source=source, limit=_asked_for(limit))
        if not give(_limited(found, limit), form, kind=PastRun, as_table=run_lines, raw=raw):
            say_nothing("no crawls are recorded")


@commands.command()
@click.argument("url")
@story_format
@config_options
def explain(url: str, form: str, config_path: str | None, database: str | None) -> None:
    """Tell the whole story of one address: where it was listed, each try, the outcome and why."""
    _config, store = open_configured(config_path, database)
    from presswatch.output import formats
    from presswatch.output.article_text import address_text
    from storage.printable import safe
    from storage.stories import address_story

    with store:
        try:
            story = address_story(store, url)
        except ValueError as error:
            raise refuse_value("URL", error) from error
    if story is None:
        raise PresswatchError(f"{safe(url)} was never listed nor asked for")
    if form == "json":
        told = {**formats.record(story), "article": flat(story.article) if story.article else None}
        formats.emit([formats.as_json(told, indent=2), "\n"])
    else:
        formats.say(address_text(story))
