"""`presswatch query`: list or count stored articles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import click

from presswatch.cli import article_list
from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options
from presswatch.cli.options import (
    ListOptions,
    article_filter,
    as_of_option,
    counting_options,
    filter_options,
    page_options,
)
from presswatch.output.records import print_notice
from storage.store import Store

CSV_NOTE = (
    "CSV is as RFC 4180 has it: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula gets an "
    "apostrophe before it, and control characters are replaced; --no-escape leaves both as they are."
)


@click.command(epilog=CSV_NOTE)
@filter_options
@as_of_option
@page_options
@counting_options
@config_options
def query(
    page: ListOptions, counted: bool, by: str | None, config_path: str | None, database: str | None, **asked: Any
) -> None:
    """Ask for stored articles.

    QUERY is words in any of their forms, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with
    title, subtitle, body, section, source or language. Every format carries the source of each article, its address,
    when it was fetched and the terms of its use.
    """
    now = datetime.now(UTC)
    wanted = article_filter(now=now, **asked)
    _config, store = store_from_config(config_path, database)
    with store:
        if counted or by:
            given = article_list.print_counts(store, wanted, by, page)
        else:
            typed = {name: value for name, value in asked.items() if value is not None and value != ()}
            given = article_list.print_page(store, wanted, page, typed=typed, now=now)
        if not given:
            print_notice(_explain_no_results(store))


def _explain_no_results(store: Store) -> str:
    if list(store.articles.find(limit=1)):
        return "no articles match"
    where = store.engine.url.render_as_string(hide_password=True)
    return f"nothing is stored in {where} yet; presswatch crawl fills it"
