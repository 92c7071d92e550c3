"""`presswatch inspect`: the history of one URL."""

from __future__ import annotations

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import details_format_option
from presswatch.output import formats
from presswatch.output.article_text import flatten, render_link
from storage.articles.details import link_details
from storage.model.errors import PresswatchError
from storage.text.sanitize import sanitize


@click.command()
@click.argument("url")
@details_format_option
@config_options
def inspect(url: str, form: str, config_path: str | None, database: str | None) -> None:
    """Show the history of one URL: its listings, each fetch, the outcome and its reason."""
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            link = link_details(store, url)
        except ValueError as error:
            raise invalid_option("URL", error) from error
    if link is None:
        raise PresswatchError(f"{sanitize(url)} is not known: no channel has listed it")
    if form == "json":
        document = {**formats.as_dict(link), "article": flatten(link.article) if link.article else None}
        formats.write_stdout([formats.as_json(document, indent=2), "\n"])
    else:
        formats.print_lines(render_link(link))
