"""`presswatch show`: one article whole."""

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
    """Show one article whole: its views and its earlier wordings."""
    moment = parse_time_option("--as-of", as_of, now=datetime.now(UTC))
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            asked = id_or_url(article)
            then = None if moment is None else article_as_of(store, asked, moment)
            story = article_details(store, asked) if then is None else then.details
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
    if then is not None and story is None:
        raise PresswatchError(f"article {sanitize(article)} was {then.presence} at {then.as_of:%Y-%m-%d %H:%M} UTC")
    if story is None:
        raise PresswatchError(f"no article {sanitize(article)} is stored; presswatch query lists those that are")
    if form == "json":
        formats.write_stdout([formats.as_json({**as_of_fields(then), **flatten(story)}, indent=2), "\n"])
    else:
        formats.print_lines(chain(render_as_of(then), render_article(story)))
