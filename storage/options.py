"""The options that the asking commands share, and the filter that is made of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from storage.console import refuse_value
from storage.errors import ConfigError
from storage.filters import ArticleFilter, Sort

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 50
MAX_COUNT = 2**31 - 1
"""The largest INTEGER that every database takes."""
TIME = '"7d" (that long ago), "2026-11-01" or "2026-11-01T08:00Z"; UTC'


class Count(click.ParamType[int]):
    """A whole number that a database can hold."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not value.isdecimal() or len(value) > 10 or int(value) > MAX_COUNT:
            self.fail(f"{value!r} is no whole number from 0 to {MAX_COUNT}", param, ctx)
        return int(value)


class Name(click.ParamType[str]):
    """A word to compare with; bytes that are no UTF-8 reach Python as surrogates, which no database takes."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            self.fail(f"{value!r} is not UTF-8", param, ctx)
        return str(value)


COUNT = Count()
NAME = Name()


def limit_option(command: F) -> F:
    limit = f"At most so many (default {DEFAULT_LIMIT}; 0: all)."
    return click.option("--limit", metavar="N", type=COUNT, help=limit)(command)


def source_option(command: F) -> F:
    return click.option("--source", metavar="NAME", type=NAME, help="Of this source.")(command)


def list_options(command: F) -> F:
    """Adds --limit, --format and --raw."""
    formats = click.Choice(["table", "json", "jsonl", "csv"])
    for option in (
        click.option("--raw", is_flag=True, help="CSV: leave formulas and control characters as they are."),
        click.option("--format", "form", type=formats, default="table", show_default=True, help="In what shape."),
        limit_option,
    ):
        command = option(command)
    return command


def story_format(command: F) -> F:
    """Adds the --format of a story."""
    forms = click.Choice(["text", "json"])
    shape = click.option("--format", "form", type=forms, default="text", show_default=True, help="In what shape.")
    return shape(command)


def question_options(command: F) -> F:
    """Adds QUERY, --sort and --highlight."""
    sorting = (
        "Newest first (undated last), most viewed first (uncounted last), last stored first, or the best answers to "
        "QUERY first. Without it by rank where there is a QUERY, else by date."
    )
    marking = "Show the sentence by which an article answers QUERY, its hits marked."
    for option in (
        click.option("--highlight", is_flag=True, help=marking),
        click.option("--sort", type=click.Choice([str(sort) for sort in Sort]), help=sorting),
        click.argument("question", metavar="[QUERY]", type=NAME, required=False),
    ):
        command = option(command)
    return command


def filter_options(command: F) -> F:
    """Adds the options that make an ArticleFilter."""
    options = (
        click.option(
            "--since",
            metavar="TIME",
            help=f"Published at or after: {TIME}. An article without a date counts from when it was first seen.",
        ),
        click.option("--until", metavar="TIME", help="Published before, in the same way."),
        click.option(
            "--section", metavar="NAME", type=NAME, help="Of this section, be it the first of its sections or not."
        ),
        click.option("--language", "--lang", metavar="CODE", type=NAME, help="In this language: en, ru, az …"),
        source_option,
        click.option("--min-views", metavar="N", type=COUNT, help="With at least so many views."),
        click.option("--max-views", metavar="N", type=COUNT, help="With at most so many views."),
        click.option("--edited-since", metavar="TIME", help="Edited at or after."),
        click.option("--gone/--not-gone", default=None, help="Only what is gone from the site, or only what is not."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def article_filter(*, now: datetime, question: str | None = None, **asked: Any) -> ArticleFilter:
    """The filter from the options as they were typed. Raises ConfigError, naming the option."""
    from storage.questions import parse
    from storage.values import moment

    for name in ("since", "until", "edited_since"):
        if asked[name] is not None:
            try:
                asked[name] = moment(asked[name], now=now)
            except ValueError as error:
                raise refuse_value(f"--{name.replace('_', '-')}", error) from error
    try:
        understood = None if question is None else parse(question)
    except ValueError as error:
        raise refuse_value("QUERY", error) from error
    try:
        return ArticleFilter(question=understood, **asked)
    except ValueError as error:
        raise ConfigError(str(error)) from error
