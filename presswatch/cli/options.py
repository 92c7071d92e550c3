"""Options shared by the commands that read articles, and the ArticleFilter built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar

import click

from presswatch.cli.group import invalid_option
from presswatch.output.formats import FORMATS, RECORD_FORMATS
from storage.articles.filters import ArticleFilter, Sort
from storage.config.parsers import point_in_time
from storage.model.errors import ConfigError
from storage.model.records import EditKind
from storage.search.query import Query, parse

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 50
MAX_COUNT_VALUE = 2**31 - 1
"""The largest INTEGER that every database takes."""
TIME_HELP = '"7d" (that long ago), "2026-11-01" or "2026-11-01T08:00Z"; UTC'


class IntRangeParam(click.ParamType[int]):
    """A whole number, by default one that a database can hold."""

    name = "number"

    def __init__(self, least: int = 0, most: int = MAX_COUNT_VALUE) -> None:
        self.least = least
        self.most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not value.isdecimal() or len(value) > 10 or not self.least <= int(value) <= self.most:
            self.fail(f"{value!r} is not a whole number from {self.least} to {self.most}", param, ctx)
        return int(value)


class Utf8Param(click.ParamType[str]):
    """A word to compare with; bytes that are no UTF-8 reach Python as surrogates, which no database takes."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            self.fail(f"{value!r} is not UTF-8", param, ctx)
        return str(value)


class EditKindsParam(click.ParamType[tuple[EditKind, ...]]):
    """Kinds of edit, parted by commas; a hyphen or an underscore will do for the blank of `date moved`."""

    name = "kinds"
    known = ", ".join(kind for kind in EditKind if kind is not EditKind.FORMAT)  # which is never stored

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[EditKind, ...]:
        if isinstance(value, tuple):
            return value
        words = [" ".join(word.replace("-", " ").replace("_", " ").casefold().split()) for word in value.split(",")]
        for word in words:
            if word not in self.known.split(", "):
                self.fail(f"{word!r} is not a kind of edit: {self.known}", param, ctx)
        return tuple(EditKind(word) for word in dict.fromkeys(words))


COUNT_PARAM = IntRangeParam()
NAME_PARAM = Utf8Param()
EDIT_KINDS_PARAM = EditKindsParam()


def limit_option(command: F) -> F:
    limit = f"Maximum number of rows (default {DEFAULT_LIMIT}; 0: all)."
    return click.option("--limit", metavar="N", type=COUNT_PARAM, help=limit)(command)


def source_option(command: F) -> F:
    return click.option("--source", metavar="NAME", type=NAME_PARAM, help="Only this source.")(command)


def raw_option(command: F) -> F:
    return click.option(
        "--no-escape", "raw", is_flag=True, help="CSV, TSV: do not escape formulas and control characters."
    )(command)


def format_option(*forms: str) -> Callable[[F], F]:
    """Adds --format; the first form is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help="Output format."
    )


def list_options(command: F) -> F:
    """Adds --limit, --format and --no-escape."""
    return limit_option(format_options(command))


def format_options(command: F) -> F:
    """Adds --format and --no-escape."""
    return format_option(*RECORD_FORMATS)(raw_option(command))


def text_or_records_options(command: F) -> F:
    """Adds --format, text by default, and --no-escape: for a command whose rows also read as prose."""
    return format_option("text", *RECORD_FORMATS)(raw_option(command))


def fields_option(command: F) -> F:
    return click.option(
        "--fields",
        metavar="NAMES",
        type=NAME_PARAM,
        help="Only these fields, such as title,url,view_count; the attribution fields are always added.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Which part of a list of articles is given, and in what shape, as it was typed."""

    sort: Sort | None
    limit: int | None
    after: str | None
    form: str
    fields: str | None
    raw: bool
    highlight: bool


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds --sort, --limit, --cursor, --highlight, --format, --fields and --no-escape, handed on together as `page`."""

    @wraps(command)
    def bundled(*, sort: str | None, **rest: Any) -> Any:
        own = {name: rest.pop(name) for name in ("limit", "after", "form", "fields", "raw", "highlight")}
        return command(page=ListOptions(sort=None if sort is None else Sort(sort), **own), **rest)

    options: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
        click.option(
            "--sort",
            type=click.Choice([str(sort) for sort in Sort]),
            help="Sort order: newest first (undated last), most viewed first (uncounted last), last stored first, best "
            "match of QUERY, or most views gained in 24 hours. Default: rank with a QUERY, else date.",
        ),
        click.option("--highlight", is_flag=True, help="Show the sentence that matches QUERY, with the hits marked."),
        limit_option,
        click.option("--cursor", "after", metavar="CURSOR", help="Continue after a page, which prints its cursor."),
        format_option(*FORMATS),
        fields_option,
        raw_option,
    )
    taking: Callable[..., Any] = bundled
    for option in reversed(options):
        taking = option(taking)
    return taking


def counting_options(command: F) -> F:
    """Adds --count and --group-by."""
    ways = click.Choice(["day", "source", "section", "language"])
    command = click.option("--group-by", "by", type=ways, help="Count articles by this; days are UTC.")(command)
    return click.option("--count", "counted", is_flag=True, help="Count articles.")(command)


def details_format_option(command: F) -> F:
    """Adds the --format of a story."""
    forms = click.Choice(["text", "json"])
    shape = click.option("--format", "form", type=forms, default="text", show_default=True, help="Output format.")
    return shape(command)


def as_of_option(command: F) -> F:
    help_text = "State known at that time: text, views and presence, without what was stored later."
    return click.option("--as-of", "as_of", metavar="TIME", help=help_text)(command)


def filter_options(command: F) -> F:
    """Adds QUERY and the options that make an ArticleFilter."""
    options = (
        click.argument("question", metavar="[QUERY]", type=NAME_PARAM, required=False),
        click.option(
            "--since",
            metavar="TIME",
            help=f"Published at or after: {TIME_HELP}. An article without a date counts from when it was first seen.",
        ),
        click.option("--until", metavar="TIME", help="Published before."),
        click.option("--section", metavar="NAME", type=NAME_PARAM, help="Only this section, first or not."),
        click.option("--language", "--lang", metavar="CODE", type=NAME_PARAM, help="Only this language: en, ru, az …"),
        source_option,
        click.option("--min-views", metavar="N", type=COUNT_PARAM, help="Minimum number of views."),
        click.option("--max-views", metavar="N", type=COUNT_PARAM, help="Maximum number of views."),
        click.option("--edited-since", metavar="TIME", help="Edited at or after."),
        click.option(
            "--edit-kind",
            "edit_kinds",
            metavar="KINDS",
            type=EDIT_KINDS_PARAM,
            default=(),
            help=f"Kind of edit: {EDIT_KINDS_PARAM.known}.",
        ),
        click.option(
            "--stealth",
            "is_stealth",
            is_flag=True,
            default=None,
            help="Edited, but the date on the page is the same.",
        ),
        click.option("--gone/--not-gone", default=None, help="Only articles gone from the site, or only the others."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def article_filter(*, now: datetime, question: str | None = None, **asked: Any) -> ArticleFilter:
    """The filter from the options as they were typed. Raises ConfigError, naming the option."""
    for name in ("since", "until", "edited_since", "as_of"):
        asked[name] = parse_time_option(f"--{name.replace('_', '-')}", asked.get(name), now=now)
    try:
        return ArticleFilter(query=None if question is None else _parse_query(question), **asked)
    except ValueError as error:
        raise ConfigError(str(error)) from error


def _parse_query(question: str) -> Query:
    try:
        return parse(question)
    except ValueError as error:
        raise invalid_option("QUERY", error) from error


def parse_time_option(option: str, typed: str | None, *, now: datetime) -> datetime | None:
    """The moment that an option names. Raises ConfigError, naming the option."""
    try:
        return None if typed is None else point_in_time(typed, now=now)
    except ValueError as error:
        raise invalid_option(option, error) from error


def id_or_url(typed: str) -> int | str:
    """The id, or the address as it was typed; 0, which is nobody's, for more digits than an id has."""
    if not typed.isdecimal():
        return typed
    return int(typed) if len(typed) <= 10 else 0  # Python reads no more than 4,300 digits
