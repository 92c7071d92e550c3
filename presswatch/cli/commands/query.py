"""`presswatch query`: list or count stored articles."""

from __future__ import annotations

import re
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli import article_list
from presswatch.cli.arguments import QueryCommand
from presswatch.cli.completion import complete_watch
from presswatch.cli.covering import coverage_beside, coverage_option
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.known_names import watch_named
from presswatch.cli.options import (
    NAME_PARAM,
    ListOptions,
    article_filter,
    as_of_option,
    counting_options,
    filter_options,
    page_options,
    zone_option,
)
from presswatch.output.records import print_notice
from storage.database.engine import shown_url
from storage.model.errors import ConfigError
from storage.store import Store

CSV_NOTE = (
    "CSV follows RFC 4180: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula is prefixed with an "
    "apostrophe, and control characters are replaced; --no-escape disables both."
)


@click.command(cls=QueryCommand, epilog=CSV_NOTE)
@filter_options
@as_of_option
@page_options
@counting_options
@click.option(
    "--watch",
    metavar="NAME",
    type=NAME_PARAM,
    shell_complete=complete_watch,
    help="Take the QUERY of this watch (presswatch watch list).",
)
@coverage_option
@zone_option
@config_options
def query(
    page: ListOptions,
    watch: str | None,
    counted: bool,
    with_coverage: bool,
    by: tuple[str, ...],
    config_path: str | None,
    database: str | None,
    **options: Any,
) -> None:
    """List or count stored articles.

    QUERY: words in any inflected form, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with the
    fields title, subtitle, body, section, source and language. A table ends with the sources and their terms of use;
    with --addresses it has the URL and the fetch time of each article, which every other format has in each row. With
    --coverage the list is followed by what could not be seen.
    """
    now = datetime.now(UTC)
    if watch is not None:
        options["query"] = _saved_query(watch, options["query"], config_path, database)
    selection = article_filter(now=now, **options)
    _config, store = store_from_config(config_path, database, options)
    with store, coverage_beside(store, selection, page.form, now=now) if with_coverage else nullcontext():
        if counted or by:
            found = article_list.print_counts(store, selection, by, page, now=now)
        else:
            typed = {name: value for name, value in options.items() if value is not None and value != ()}
            found = article_list.print_page(store, selection, page, typed=typed, now=now)
        if not found:
            print_notice(_explain_no_results(store, options["query"]))


def _saved_query(watch: str, query: str | None, config_path: str | None, database: str | None) -> str:
    if query is not None:
        raise ConfigError("--watch has a QUERY of its own: give one of both")
    _config, store = store_from_config(config_path, database)
    with store:
        return watch_named(store, watch).query


def _explain_no_results(store: Store, query: str | None) -> str:
    if list(store.articles.find(limit=1)):
        written = re.search(r"(?<=\S\s)(?:or|not)(?=\s+\S)", query or "")
        operator = f"; {written[0]} is a word: the operator is {written[0].upper()}" if written else ""
        return f"no articles match{operator}"
    database = shown_url(store.engine)
    return f"no articles are stored in {database} yet; run presswatch crawl"
