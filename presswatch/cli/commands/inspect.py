"""`presswatch inspect`: the history of one URL."""

from __future__ import annotations

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import details_format_option, id_or_url, not_stored, zone_option
from presswatch.output import formats
from presswatch.output.article_text import flatten, render_link
from storage.articles.details import link_details
from storage.model.errors import PresswatchError
from storage.store import Store
from storage.text.sanitize import sanitize


def _url_of(store: Store, typed: str) -> str:
    """Return the URL of the article whose id was typed; a URL as it is. Raises PresswatchError for an unknown id."""
    key = id_or_url(typed)
    if isinstance(key, str):
        return key
    if (article := store.articles.get(key)) is None:
        raise not_stored(typed)
    return article.url


@click.command()
@click.argument("typed", metavar="ID|URL")
@details_format_option
@zone_option
@config_options
def inspect(typed: str, form: str, config_path: str | None, database: str | None) -> None:
    """Show the history of a URL, or of the ID of its article: listings, each fetch, the outcome and its reason."""
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            url = _url_of(store, typed)
            link = link_details(store, url)
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
    if link is None:
        raise PresswatchError(f"{sanitize(url)} is not known: no channel has listed it")
    if form == "json":
        document = {**formats.as_dict(link), "article": flatten(link.article) if link.article else None}
        formats.write_stdout([formats.as_json(document, indent=2), "\n"])
    else:
        formats.print_lines(render_link(link))
