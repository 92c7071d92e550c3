"""Options shared by the commands that read articles, and the ArticleFilter built from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from itertools import chain
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from presswatch.cli.arguments import one_query
from presswatch.cli.completion import complete_source
from presswatch.cli.group import command_config
from presswatch.output.display_zone import shown_in
from presswatch.output.formats import FORMATS, RECORD_FORMATS
from presswatch.output.typed_filter import typed_filter, typed_time
from storage.articles.filters import ArticleFilter, By, Sort
from storage.config.parsers import nearest_key, timezone_name
from storage.model.errors import PresswatchError
from storage.model.records import EditKind
from storage.model.time_zones import zone_named, zone_names
from storage.text.sanitize import sanitize

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_LIMIT = 50
MAX_COUNT_VALUE = 2**31 - 1
"""Largest INTEGER of every supported database."""
TIME_HELP = 'today, yesterday, "7d" (7 days ago), "2026-11", "2026-11-01" or "2026-11-01T08:00Z"; in --timezone'


class IntRangeParam(click.ParamType[int]):
    """Integer from `minimum` to `maximum`, by default one that fits an INTEGER column."""

    name = "number"

    def __init__(self, minimum: int = 0, maximum: int = MAX_COUNT_VALUE) -> None:
        self.minimum = minimum
        self.maximum = maximum

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        if not value.isdecimal() or len(value) > 10 or not self.minimum <= int(value) <= self.maximum:
            self.fail(f"{value!r} is not an integer from {self.minimum} to {self.maximum}", param, ctx)
        return int(value)


class Utf8Param(click.ParamType[str]):
    """Text that is valid UTF-8: Python decodes invalid bytes to surrogates, which no database accepts."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            self.fail(f"{value!r} is not UTF-8", param, ctx)
        return str(value)


class EditKindsParam(click.ParamType[tuple[EditKind, ...]]):
    """Kinds of edit, separated by commas; `date-moved` and `date_moved` are accepted for `date moved`."""

    name = "kinds"
    known = ", ".join(kind for kind in EditKind if kind is not EditKind.FORMAT)  # never stored

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[EditKind, ...]:
        if isinstance(value, tuple):
            return value
        words = [" ".join(word.replace("-", " ").replace("_", " ").casefold().split()) for word in value.split(",")]
        for word in words:
            if word not in self.known.split(", "):
                nearest = nearest_key(word, self.known.split(", "))
                self.fail(f"{word!r} is not a kind of edit: {self.known}{nearest}", param, ctx)
        return tuple(EditKind(word) for word in dict.fromkeys(words))


class GroupsParam(click.ParamType[tuple[str, ...]]):
    """Groups of counts, separated by commas."""

    name = "groups"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        known = [str(way) for way in By]
        words = [word.strip().lower() for word in value.split(",")]
        for word in words:
            if word not in known:
                self.fail(f"{word!r} is no group: {', '.join(known)}{nearest_key(word, known)}", param, ctx)
        return tuple(words)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(str(way)) for way in By if way.startswith(incomplete)]


class TimeZoneParam(click.ParamType[str]):
    """Name of a time zone."""

    name = "zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip():
            self.fail(f"{value!r} must not be empty", param, ctx)
        try:
            return timezone_name(value) or "UTC"
        except ValueError as error:
            self.fail(f"{str(value)[:100]!r} {error}", param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in zone_names() if name.startswith(incomplete)]


COUNT_PARAM = IntRangeParam()
TIMEZONE_PARAM = TimeZoneParam()
GROUPS_PARAM = GroupsParam()
NAME_PARAM = Utf8Param()
EDIT_KINDS_PARAM = EditKindsParam()


def limit_option(command: F) -> F:
    limit = f"Maximum number of rows (default {DEFAULT_LIMIT}; 0: all)."
    return click.option("--limit", metavar="N", type=COUNT_PARAM, help=limit)(command)


def source_option(command: F) -> F:
    return click.option(
        "--source", metavar="NAME", type=NAME_PARAM, shell_complete=complete_source, help="Only this source."
    )(command)


def raw_option(command: F) -> F:
    return click.option(
        "--no-escape", "raw", is_flag=True, help="CSV, TSV: do not escape formulas and control characters."
    )(command)


def bom_option(command: F) -> F:
    return click.option(
        "--bom", is_flag=True, help="CSV: begin with a byte order mark, by which spreadsheets know UTF-8."
    )(command)


def format_option(*forms: str) -> Callable[[F], F]:
    """Add --format with these choices; the first is the default."""
    return click.option(
        "--format", "form", type=click.Choice(forms), default=forms[0], show_default=True, help="Output format."
    )


def list_options(command: F) -> F:
    """Add --limit, --format and --no-escape."""
    return limit_option(format_options(command))


def format_options(command: F) -> F:
    """Add --format and --no-escape."""
    return format_option(*RECORD_FORMATS)(raw_option(command))


def text_or_records_options(command: F) -> F:
    """Add --format, text by default, and --no-escape."""
    return format_option("text", *RECORD_FORMATS)(raw_option(command))


def addresses_option(command: F) -> F:
    return click.option(
        "--addresses", is_flag=True, help="Table: show when each article was fetched, and its URL; other formats do."
    )(command)


def fields_option(command: F) -> F:
    return click.option(
        "--fields",
        metavar="NAMES",
        type=NAME_PARAM,
        help="Only these fields, such as title,url,view_count; the attribution fields are always added.",
    )(command)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOptions:
    """Options of a list of articles: sort order, page, output format and fields, as the user typed them."""

    sort: Sort | None
    limit: int | None
    after: str | None
    form: str
    fields: str | None
    raw: bool
    bom: bool
    highlight: bool
    addresses: bool


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --sort, --highlight, --addresses, --limit, --cursor, --format, --fields, --no-escape and --bom, as `page`."""

    @wraps(command)
    def bundled(*, sort: str | None, **rest: Any) -> Any:
        page = {row.name: rest.pop(row.name) for row in fields(ListOptions) if row.name != "sort"}
        return command(page=ListOptions(sort=None if sort is None else Sort(sort), **page), **rest)

    options: tuple[Callable[[Callable[..., Any]], Callable[..., Any]], ...] = (
        click.option(
            "--sort",
            type=click.Choice([str(sort) for sort in Sort]),
            help="Sort order: date (newest first, undated last), views (most viewed first, unknown last), "
            "stored (latest first), rank (best match of QUERY first) or growth (most views gained in 24 hours). "
            "Default: rank with a QUERY, else date.",
        ),
        click.option(
            "--highlight", is_flag=True, help="Show the sentence that matches QUERY, with the matching words marked."
        ),
        addresses_option,
        limit_option,
        click.option(
            "--cursor", "after", metavar="CURSOR", help="Continue after the previous page, which prints the command."
        ),
        format_option(*FORMATS),
        fields_option,
        raw_option,
        bom_option,
    )
    decorated: Callable[..., Any] = bundled
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def counting_options(command: F) -> F:
    """Add --count and --by."""
    command = click.option(
        "--by",
        "--group-by",
        "by",
        type=GROUPS_PARAM,
        multiple=True,
        callback=lambda _context, _param, groups: tuple(chain.from_iterable(groups)),
        metavar="GROUP",
        help="Count articles per hour, day, week, month, year or weekday (in --timezone), source, section, "
        "language or author; can be repeated, or several separated by commas. Periods without articles are listed.",
    )(command)
    return click.option("--count", "counted", is_flag=True, help="Print the number of articles instead of the list.")(
        command
    )


def zone_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --timezone, and show times in that zone, else in that of the settings, while the command runs."""

    @wraps(command)
    def zoned(*, timezone: str | None, **options: Any) -> Any:
        settings = command_config(options["config_path"], options["database"]).output
        with shown_in(zone_named(timezone or settings.timezone)):
            return command(**options)

    return click.option(
        "--timezone",
        metavar="ZONE",
        type=TIMEZONE_PARAM,
        help="Show times, and count days, in this time zone, such as Asia/Baku (default: output.timezone, UTC). "
        "Formats for programs have times in UTC.",
    )(zoned)


def details_format_option(command: F) -> F:
    """Add --format text or json."""
    return format_option("text", "json")(command)


def as_of_option(command: F) -> F:
    help_text = "Show the state known at this time: text, views and presence, without later changes."
    return click.option("--as-of", "as_of", metavar="TIME", help=help_text)(command)


def filter_options(command: F) -> F:
    """Add QUERY and the options of an ArticleFilter."""
    options = (
        click.argument("query", metavar="[QUERY]", type=NAME_PARAM, nargs=-1, callback=one_query),
        click.option(
            "--since",
            metavar="TIME",
            help=f"Published at or after: {TIME_HELP}. An article without a date counts by the time it was first seen.",
        ),
        click.option("--until", metavar="TIME", help="Published before this time; a day or month is its beginning."),
        click.option(
            "--section", metavar="NAME", type=NAME_PARAM, help="Only articles with this section, primary or not."
        ),
        click.option(
            "--language", "--lang", metavar="CODE", type=NAME_PARAM, help="Only this language, such as en, ru or az."
        ),
        source_option,
        click.option(
            "--author", metavar="NAME", type=NAME_PARAM, help="Only articles with this name, or part of it, as author."
        ),
        click.option("--min-views", metavar="N", type=COUNT_PARAM, help="Minimum number of views."),
        click.option("--max-views", metavar="N", type=COUNT_PARAM, help="Maximum number of views."),
        click.option("--edited-since", metavar="TIME", help="Edited at or after this time."),
        click.option(
            "--edit-kind",
            "edit_kinds",
            metavar="KINDS",
            type=EDIT_KINDS_PARAM,
            default=(),
            help=f"Only articles with such an edit: {EDIT_KINDS_PARAM.known}; separate several by commas.",
        ),
        click.option(
            "--stealth",
            "is_stealth",
            is_flag=True,
            default=None,
            help="Only articles with a stealth edit: the text changed, the date on the page did not.",
        ),
        click.option(
            "--ever",
            is_flag=True,
            default=None,
            help="Match QUERY with every version of the text, also those before an edit.",
        ),
        click.option("--gone/--not-gone", default=None, help="Only articles gone from the site, or only the others."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def article_filter(*, now: datetime, query: str | None = None, **options: Any) -> ArticleFilter:
    """Build the filter from the options of `filter_options`. Raises ConfigError, naming the option."""
    return typed_filter(now=now, label=_option_label, query=query, **options)


def _option_label(name: str) -> str:
    return "QUERY" if name == "query" else f"--{name.replace('_', '-')}"


def parse_time_option(option: str, typed: str | None, *, now: datetime) -> datetime | None:
    """Parse the time of an option, None if it was not given. Raises ConfigError, naming the option."""
    return typed_time(option, typed, now=now)


def id_or_url(typed: str) -> int | str:
    """Return the id as an integer, or the URL as typed; 0, which no article has, for a number with too many digits."""
    if not typed.isdecimal():
        return typed
    return int(typed) if len(typed) <= 10 else 0  # int() refuses more than 4,300 digits


def not_stored(typed: str) -> PresswatchError:
    """Return the error of an id or URL, as typed, that no article has."""
    return PresswatchError(f"no article {sanitize(typed)} is stored; presswatch query lists those that are")
