"""`presswatch views`: the view counts of an article, and the articles that gained most in a period."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import (
    NAME_PARAM,
    TIME_HELP,
    IntRangeParam,
    article_filter,
    format_options,
    id_or_url,
    parse_time_option,
    source_option,
)
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.views_rows import GainRow, ViewRow, gain_row, to_json, view_rows
from presswatch.output.views_text import render_top_gains, render_views
from storage.articles.details import article_views
from storage.articles.view_gains import top_gains
from storage.config.parsers import duration
from storage.model.errors import ConfigError, PresswatchError
from storage.text.sanitize import sanitize

MAX_TOP = 1_000
DEFAULT_TOP = 20
DEFAULT_WINDOW = "24h"
LIST_ONLY_OPTIONS = ("window", "as_of", "source", "section", "language", "since")


@click.command()
@click.argument("article", metavar="[ID|URL]", required=False, type=NAME_PARAM)
@click.option(
    "--top",
    metavar="N",
    type=IntRangeParam(1, MAX_TOP),
    help=f"List the N articles that gained most views (maximum {MAX_TOP}).",
)
@click.option(
    "--window",
    metavar="LENGTH",
    help=f'With --top: length of the period, such as "6 h" or "7d" (default {DEFAULT_WINDOW}).',
)
@click.option(
    "--as-of", "as_of", metavar="TIME", help="With --top: end of the period, with the state known at that time."
)
@source_option
@click.option("--section", metavar="NAME", type=NAME_PARAM, help="With --top: only this section.")
@click.option("--language", metavar="CODE", type=NAME_PARAM, help="With --top: only this language.")
@click.option("--since", metavar="TIME", help=f"With --top: published at or after: {TIME_HELP}.")
@format_options
@config_options
def views(
    article: str | None,
    top: int | None,
    form: str,
    raw: bool,
    config_path: str | None,
    database: str | None,
    **options: Any,
) -> None:
    """Show the view counts of an article over time, or with --top the articles that gained most views.

    Views at an age are interpolated between the readings before and after it; the gap is the time between the two.
    Nothing is extrapolated. A count lower than the one before was reset: a new series begins, and nothing was gained.
    """
    _refuse_mixed_options(article, top, options)
    if article is not None:
        _print_article_views(article, form, raw=raw, config_path=config_path, database=database)
    else:
        _print_top_gains(top or DEFAULT_TOP, options, form, raw=raw, config_path=config_path, database=database)


def _refuse_mixed_options(article: str | None, top: int | None, options: dict[str, Any]) -> None:
    if article is None and top is None:
        raise ConfigError(f"give the id or URL of an article, or --top {DEFAULT_TOP} for the articles that gained most")
    listed = [name for name in LIST_ONLY_OPTIONS if options[name] is not None]
    if article is not None and (top is not None or listed):
        option = "top" if top is not None else listed[0].replace("_", "-")
        raise ConfigError(f"--{option} cannot be used with an article")


def _print_article_views(article: str, form: str, *, raw: bool, config_path: str | None, database: str | None) -> None:
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            counts = article_views(store, id_or_url(article))
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
    if counts is None:
        raise PresswatchError(f"no article {sanitize(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.write_stdout([formats.as_json(to_json(counts), indent=2), "\n"])
    else:
        rows: Iterator[Any] = iter([counts]) if form == "table" else view_rows(counts)
        write_list(rows, form, kind=ViewRow, as_table=render_views, raw=raw)


def _print_top_gains(
    top: int, options: dict[str, Any], form: str, *, raw: bool, config_path: str | None, database: str | None
) -> None:
    now = datetime.now(UTC)
    window = options.pop("window")
    length = _parse_window(DEFAULT_WINDOW if window is None else window)
    until = min(parse_time_option("--as-of", options.pop("as_of"), now=now) or now, now)
    since = _period_start(until, length)
    selection = article_filter(now=now, **options)
    _config, store = store_from_config(config_path, database)
    with store:
        gains = top_gains(store, selection, since=since, until=until, limit=top)
    rows: Iterator[Any] = iter(gains) if form == "table" else map(gain_row, gains)
    if not write_list(rows, form, kind=GainRow, as_table=render_top_gains, raw=raw):
        print_notice("no article gained views in the period; try a longer --window")


def _parse_window(typed: str) -> timedelta:
    try:
        window = duration(typed)
    except ValueError as error:
        raise invalid_option("--window", error) from error
    if not window:
        raise ConfigError("--window: must be longer than zero")
    return window


def _period_start(until: datetime, length: timedelta) -> datetime:
    try:
        return until - length
    except OverflowError as error:
        raise ConfigError(
            "--as-of: the period begins before the year 1; use a later time or a shorter --window"
        ) from error
