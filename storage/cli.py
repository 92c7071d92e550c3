"""The commands that ask: query, show, runs, explain."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import click

from storage.console import CommandGroup, config_options, open_configured, refuse_value
from storage.db_cli import db
from storage.errors import ConfigError, PresswatchError
from storage.filters import Sort
from storage.options import (
    DEFAULT_LIMIT,
    article_filter,
    filter_options,
    list_options,
    question_options,
    source_option,
    story_format,
)

if TYPE_CHECKING:
    from storage.answers import ArticleStory, ArticleSummary
    from storage.questions import Question
    from storage.store import Store

T = TypeVar("T")

NO_TERMINAL = 10_000
"""Columns of a table that goes to a file or a pipe: there is nothing it must fit, so nothing is cut."""

CSV_NOTE = (
    "CSV is as RFC 4180 has it: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula gets an "
    "apostrophe before it, and control characters are replaced; --raw leaves both as they are."
)


@click.group(cls=CommandGroup, context_settings={"help_option_names": ["-h", "--help"]})
def commands() -> None:
    """Ask what was stored."""


@commands.command(epilog=CSV_NOTE)
@filter_options
@question_options
@list_options
@config_options
def query(
    sort: str | None,
    highlight: bool,
    limit: int | None,
    form: str,
    raw: bool,
    config_path: str | None,
    database: str | None,
    **asked: Any,
) -> None:
    """Ask for stored articles.

    QUERY is words in any of their forms, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with
    title, subtitle, body, section, source or language. Every format carries the source of each article, its address,
    when it was fetched and the terms of its use.
    """
    wanted = article_filter(now=datetime.now(UTC), **asked)
    order = wanted.usual_sort if sort is None else Sort(sort)
    if wanted.question is None and (highlight or order is Sort.RANK):
        raise ConfigError(f"{'--highlight' if highlight else '--sort rank'} needs a QUERY to answer")
    _config, store = open_configured(config_path, database)
    from storage.answers import ArticleHit, ArticleSummary
    from storage.lists import article_lines

    with store:
        found = _limited(store.articles.find(wanted, sort=order, limit=_asked_for(limit)), limit)
        kind = ArticleHit if order is Sort.RANK else ArticleSummary
        if wanted.question is not None and highlight:
            there = _give_excerpts(store, wanted.question, found, form, raw=raw)
        else:
            there = give(found, form, kind=kind, as_table=article_lines, raw=raw)
        if not there:
            say_nothing(_why_nothing(store))


def _give_excerpts(store: Store, question: Question, found: Iterator[ArticleSummary], form: str, *, raw: bool) -> bool:
    from storage import excerpts
    from storage.answers import ArticleExcerpt
    from storage.matching import Match

    on_paper = excerpts.on_terminal if sys.stdout.isatty() else excerpts.in_table
    paint = on_paper if form == "table" else Match.marked
    found_with = excerpts.excerpts(store, question, found, paint)
    return give(found_with, form, kind=ArticleExcerpt, as_table=excerpts.excerpt_lines, raw=raw)


def _why_nothing(store: Store) -> str:
    if list(store.articles.find(limit=1)):
        return "no articles match"
    where = store.engine.url.render_as_string(hide_password=True)
    return f"nothing is stored in {where} yet; presswatch crawl fills it"


def say_nothing(why: str) -> None:
    """A word to the person; standard output stays what a program expects of an empty list."""
    click.echo(f"presswatch: {why}", err=True)


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
    found: Iterator[Any], form: str, *, kind: type[Any], as_table: Callable[..., Iterable[str]], raw: bool
) -> bool:
    """Write a list in the form that was asked for; return whether there was anything in it.

    `kind` is the dataclass of its entries, which makes the CSV header. An empty table is not written at all.
    """
    from dataclasses import fields

    from storage import formats

    first = list(islice(found, 1))
    rows = chain(first, found)
    if form == "table":
        wide = shutil.get_terminal_size((NO_TERMINAL, 24)).columns
        formats.say(as_table(list(rows), columns_wide=wide) if first else ())
    elif form == "csv":
        records = map(formats.record, rows)
        formats.emit(formats.csv_pieces(records, [field.name for field in fields(kind)], raw=raw))
    else:
        pieces = formats.json_pieces if form == "json" else formats.jsonl_pieces
        formats.emit(pieces(map(formats.record, rows)))
    return bool(first)


@commands.command()
@click.argument("article", metavar="ID|URL")
@story_format
@config_options
def show(article: str, form: str, config_path: str | None, database: str | None) -> None:
    """Show one article whole: its views and its earlier wordings."""
    _config, store = open_configured(config_path, database)
    from storage import formats
    from storage.narration import article_text
    from storage.printable import safe
    from storage.stories import article_story

    with store:
        try:
            story = article_story(store, _as_id(article) if article.isdecimal() else article)
        except ValueError as error:
            raise refuse_value("ID|URL", error) from error
    if story is None:
        raise PresswatchError(f"no article {safe(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.emit([formats.as_json(flat(story), indent=2), "\n"])
    else:
        formats.say(article_text(story))


def _as_id(digits: str) -> int:
    """The id; 0, which is nobody's, for more digits than an id has (Python reads no more than 4,300)."""
    return int(digits) if len(digits) <= 10 else 0


def flat(story: ArticleStory) -> dict[str, Any]:
    """An article's story as one mapping: its fields, and beside them what it counted and said before."""
    from storage.formats import record

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
    from storage.answers import PastRun
    from storage.lists import run_lines
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
    from storage import formats
    from storage.narration import address_text
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


commands.add_command(db)
