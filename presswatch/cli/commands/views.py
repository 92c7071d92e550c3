"""`presswatch views`: the view counts of an article, and the articles that gained most in a period."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import (
    NAME_PARAM,
    TIME_HELP,
    IntRangeParam,
    addresses_option,
    article_filter,
    format_options,
    id_or_url,
    not_stored,
    parse_time_option,
    source_option,
    zone_option,
)
from presswatch.output import formats
from presswatch.output.records import print_notice, write_list
from presswatch.output.views_rows import AtAgeRow, GainRow, ViewRow, at_age_row, gain_row, to_json, view_rows
from presswatch.output.views_text import render_top_at_age, render_top_gains, render_views
from storage.articles.details import article_views
from storage.articles.view_gains import top_at_age, top_gains
from storage.config.parsers import duration
from storage.model.errors import ConfigError
from storage.text.durations import format_duration

MAX_TOP = 1_000
DEFAULT_TOP = 20
DEFAULT_WINDOW = "24h"
LIST_ONLY_OPTIONS = ("window", "at_age", "as_of", "source", "section", "language", "since")


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
    "--at-age",
    metavar="LENGTH",
    help='With --top: list those with most views at this age after publication, such as "24h".',
)
@click.option(
    "--as-of", "as_of", metavar="TIME", help="With --top: what was known at that time, at which the period ends."
)
@source_option
@click.option("--section", metavar="NAME", type=NAME_PARAM, help="With --top: only this section.")
@click.option("--language", metavar="CODE", type=NAME_PARAM, help="With --top: only this language.")
@click.option("--since", metavar="TIME", help=f"With --top: published at or after: {TIME_HELP}.")
@addresses_option
@format_options
@zone_option
@config_options
def views(
    article: str | None,
    top: int | None,
    addresses: bool,
    form: str,
    raw: bool,
    config_path: str | None,
    database: str | None,
    **options: Any,
) -> None:
    """Show the view counts of an article over time, or with --top the articles that gained most views, or had most.

    Views at an age are interpolated between the readings before and after it; the gap is the time between the two.
    Nothing is extrapolated. A count lower than the one before was reset: a new series begins, and nothing was gained.
    """
    _refuse_mixed_options(article, top, options)
    if article is not None:
        _print_article_views(article, form, raw=raw, config_path=config_path, database=database)
        return
    asked = _Ranking(
        limit=top or DEFAULT_TOP, form=form, raw=raw, addresses=addresses, config_path=config_path, database=database
    )
    age = options.pop("at_age")
    if age is not None:
        _print_top_at_age(asked, age, options)
    else:
        _print_top_gains(asked, options)


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
        raise not_stored(article)
    if form == "json":
        formats.write_stdout([formats.as_json(to_json(counts), indent=2), "\n"])
    else:
        rows: Iterator[Any] = iter([counts]) if form == "table" else view_rows(counts)
        write_list(rows, form, kind=ViewRow, as_table=render_views, raw=raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranking:
    """Options of a ranking, beside those that select its articles."""

    limit: int
    form: str
    raw: bool
    addresses: bool
    config_path: str | None
    database: str | None


def _print_top_gains(asked: _Ranking, options: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    window = options.pop("window")
    length = _parse_length("--window", DEFAULT_WINDOW if window is None else window)
    as_of = parse_time_option("--as-of", options.pop("as_of"), now=now)
    until = min(as_of or now, now)
    since = _period_start(until, length)
    selection = replace(article_filter(now=now, **options), as_of=as_of)
    _config, store = store_from_config(asked.config_path, asked.database, options)
    with store:
        gains = top_gains(store, selection, since=since, until=until, limit=asked.limit)
    rows: Iterator[Any] = iter(gains) if asked.form == "table" else map(gain_row, gains)
    table = partial(render_top_gains, with_addresses=asked.addresses)
    if not write_list(rows, asked.form, kind=GainRow, as_table=table, raw=asked.raw):
        print_notice("no article gained views in the period; try a longer --window")


def _print_top_at_age(asked: _Ranking, typed_age: str, options: dict[str, Any]) -> None:
    if options.pop("window") is not None:
        raise ConfigError("--window cannot be used with --at-age")
    age = _parse_length("--at-age", typed_age)
    selection = article_filter(now=datetime.now(UTC), **options)
    _config, store = store_from_config(asked.config_path, asked.database, options)
    with store:
        ranked = top_at_age(store, selection, age=age, limit=asked.limit)
    rows: Iterator[Any] = iter(ranked) if asked.form == "table" else map(at_age_row, ranked)
    table = partial(render_top_at_age, with_addresses=asked.addresses)
    if not write_list(rows, asked.form, kind=AtAgeRow, as_table=table, raw=asked.raw):
        print_notice(f"no article has a view count near the age of {format_duration(age)} yet")


def _parse_length(option: str, typed: str) -> timedelta:
    try:
        length = duration(typed)
    except ValueError as error:
        raise invalid_option(option, error) from error
    if not length:
        raise ConfigError(f"{option}: must be longer than zero")
    return length


def _period_start(until: datetime, length: timedelta) -> datetime:
    try:
        return until - length
    except OverflowError as error:
        raise ConfigError(
            "--as-of: the period begins before the year 1; use a later time or a shorter --window"
        ) from error
