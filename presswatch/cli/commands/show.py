"""`presswatch show`: one article with all its fields, views and revisions."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import as_of_option, details_format_option, id_or_url, parse_time_option
from presswatch.output import formats
from presswatch.output.article_text import flatten, render_article
from presswatch.output.as_of_text import as_of_fields, render_as_of
from storage.articles.as_of_details import article_as_of
from storage.articles.details import article_details
from storage.model.errors import PresswatchError
from storage.text.sanitize import sanitize


@click.command()
@click.argument("article", metavar="ID|URL")
@as_of_option
@details_format_option
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
        raise PresswatchError(f"article {sanitize(article)} was {past.presence} at {past.as_of:%Y-%m-%d %H:%M} UTC")
    if details is None:
        raise PresswatchError(f"no article {sanitize(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.write_stdout([formats.as_json({**as_of_fields(past), **flatten(details)}, indent=2), "\n"])
    else:
        formats.print_lines(chain(render_as_of(past), render_article(details)))
