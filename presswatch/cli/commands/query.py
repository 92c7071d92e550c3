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
from storage.database.engine import shown_url
from storage.store import Store

CSV_NOTE = (
    "CSV follows RFC 4180: UTF-8, CRLF line ends. A cell that a spreadsheet would run as a formula is prefixed with an "
    "apostrophe, and control characters are replaced; --no-escape disables both."
)


@click.command(epilog=CSV_NOTE)
@filter_options
@as_of_option
@page_options
@counting_options
@config_options
def query(
    page: ListOptions, counted: bool, by: str | None, config_path: str | None, database: str | None, **options: Any
) -> None:
    """List or count stored articles.

    QUERY: words in any inflected form, "phrases", prefix*, AND, OR, NOT or -word, parentheses, and field:word with the
    fields title, subtitle, body, section, source and language. Every output format includes the source, URL, fetch time
    and terms of use of each article.
    """
    now = datetime.now(UTC)
    selection = article_filter(now=now, **options)
    _config, store = store_from_config(config_path, database)
    with store:
        if counted or by:
            found = article_list.print_counts(store, selection, by, page)
        else:
            typed = {name: value for name, value in options.items() if value is not None and value != ()}
            found = article_list.print_page(store, selection, page, typed=typed, now=now)
        if not found:
            print_notice(_explain_no_results(store))


def _explain_no_results(store: Store) -> str:
    if list(store.articles.find(limit=1)):
        return "no articles match"
    database = shown_url(store.engine)
    return f"no articles are stored in {database} yet; run presswatch crawl"
