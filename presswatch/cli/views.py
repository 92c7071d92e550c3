"""`presswatch views`: the view counts of an article, and the articles that gained most in a window."""

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
from storage.articles.article_views import article_views
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
    "--top", metavar="N", type=IntRangeParam(1, MAX_TOP), help=f"What gained most views: so many (to {MAX_TOP})."
)
@click.option(
    "--window", metavar="LENGTH", help=f'With --top: in so long until now, "6 h", "7d" (default {DEFAULT_WINDOW}).'
)
@click.option("--as-of", "as_of", metavar="TIME", help="With --top: as it was known then; the window ends there.")
@source_option
@click.option("--section", metavar="NAME", type=NAME_PARAM, help="With --top: of this section.")
@click.option("--language", metavar="CODE", type=NAME_PARAM, help="With --top: in this language.")
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
    **asked: Any,
) -> None:
    """Show how the views of an article grew, or with --top what gained most.

    Views at an age lie evenly between the two readings around it, whose distance is the gap; outside of the readings
    nothing is told. A count that fell was reset: nothing is gained by it, and a new series begins.
    """
    _refuse_mixed_options(article, top, asked)
    if article is not None:
        _print_article_views(article, form, raw=raw, config_path=config_path, database=database)
    else:
        _print_top_gains(top or DEFAULT_TOP, asked, form, raw=raw, config_path=config_path, database=database)


def _refuse_mixed_options(article: str | None, top: int | None, asked: dict[str, Any]) -> None:
    if article is None and top is None:
        raise ConfigError(f"name an article by id or address, or ask what gained most with --top {DEFAULT_TOP}")
    listed = [name for name in LIST_ONLY_OPTIONS if asked[name] is not None]
    if article is not None and (top is not None or listed):
        option = "top" if top is not None else listed[0].replace("_", "-")
        raise ConfigError(f"--{option} is for lists: leave it out, or leave out the article")


def _print_article_views(article: str, form: str, *, raw: bool, config_path: str | None, database: str | None) -> None:
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            told = article_views(store, id_or_url(article))
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
    if told is None:
        raise PresswatchError(f"no article {sanitize(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.write_stdout([formats.as_json(to_json(told), indent=2), "\n"])
    else:
        shown: Iterator[Any] = iter([told]) if form == "table" else view_rows(told)
        write_list(shown, form, kind=ViewRow, as_table=render_views, raw=raw)


def _print_top_gains(
    top: int, asked: dict[str, Any], form: str, *, raw: bool, config_path: str | None, database: str | None
) -> None:
    now = datetime.now(UTC)
    window = asked.pop("window")
    length = _parse_window(DEFAULT_WINDOW if window is None else window)
    until = min(parse_time_option("--as-of", asked.pop("as_of"), now=now) or now, now)
    since = _ends_at(until, length)
    wanted = article_filter(now=now, **asked)
    _config, store = store_from_config(config_path, database)
    with store:
        found = top_gains(store, wanted, since=since, until=until, limit=top)
    shown: Iterator[Any] = iter(found) if form == "table" else map(gain_row, found)
    if not write_list(shown, form, kind=GainRow, as_table=render_top_gains, raw=raw):
        print_notice(
            "no article that matches was read twice and gained views in the window; --window takes a longer one"
        )


def _parse_window(typed: str) -> timedelta:
    try:
        found = duration(typed)
    except ValueError as error:
        raise invalid_option("--window", error) from error
    if not found:
        raise ConfigError("--window: nothing is gained in no time")
    return found


def _ends_at(until: datetime, length: timedelta) -> datetime:
    try:
        return until - length
    except OverflowError as error:
        raise ConfigError("--as-of: no window of so long lies before that; name a later moment") from error
