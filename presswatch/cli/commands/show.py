"""`presswatch show` and `open`: one article with all its fields, views and revisions, or its page in a browser."""

from __future__ import annotations

import webbrowser
from datetime import UTC, datetime
from itertools import chain

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import (
    as_of_option,
    details_format_option,
    id_or_url,
    not_stored,
    parse_time_option,
    zone_option,
)
from presswatch.output import formats
from presswatch.output.article_text import as_of_fields, flatten, render_article, render_as_of
from presswatch.output.display_zone import format_time, zone_label
from presswatch.output.records import print_notice
from storage.articles.as_of_details import article_as_of
from storage.articles.details import article_details
from storage.model.errors import PresswatchError
from storage.text.sanitize import sanitize


@click.command()
@click.argument("article", metavar="ID|URL")
@as_of_option
@details_format_option
@zone_option
@config_options
def show(article: str, as_of: str | None, form: str, config_path: str | None, database: str | None) -> None:
    """Show one article: all fields, its view readings and its revisions."""
    at_time = parse_time_option("--as-of", as_of, now=datetime.now(UTC))
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            key = id_or_url(article)
            past = None if at_time is None else article_as_of(store, key, at_time)
            details = article_details(store, key) if past is None else past.details
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
    if past is not None and details is None:
        at = f"{format_time(past.as_of)} {zone_label()}"
        raise PresswatchError(f"article {sanitize(article)} was {past.presence} at {at}")
    if details is None:
        raise not_stored(article)
    if form == "json":
        formats.write_stdout([formats.as_json({**as_of_fields(past), **flatten(details)}, indent=2), "\n"])
    else:
        formats.print_lines(chain(render_as_of(past), render_article(details)))


@click.command("open")
@click.argument("article", metavar="ID|URL")
@config_options
def open_article(article: str, config_path: str | None, database: str | None) -> None:
    """Open the page of a stored article in a browser, and print its URL; where no browser is, only print it."""
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            found = store.articles.get(id_or_url(article))
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
        if found is None:
            raise not_stored(article)
        url = store.links.request_url(found.url)  # some sites answer with the final slash alone
    formats.print_lines([sanitize(url)])
    # Of http alone: a browser runs what some other schemes name.
    if not url.startswith(("http://", "https://")) or not _has_opened(url):
        print_notice("no browser is here to open it")


def _has_opened(url: str) -> bool:
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
