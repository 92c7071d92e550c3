"""`presswatch history`: every wording of an article, and what was edited."""

from __future__ import annotations

import os
import sys

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import NAME, details_format_option, id_or_address
from presswatch.output import formats
from presswatch.output.history_text import as_one, history_lines
from storage.errors import PresswatchError
from storage.history import wordings
from storage.printable import safe


@click.command()
@click.argument("article", metavar="ID|URL", type=NAME)
@click.option(
    "--diff", "with_diff", is_flag=True, help="Word by word: in colour on a terminal, else [-gone-] {+come+}."
)
@details_format_option
@config_options
def history(article: str, *, with_diff: bool, form: str, config_path: str | None, database: str | None) -> None:
    """Show every wording of an article, oldest first: when it was seen, what sort of edit led to it.

    An edit is undeclared when the text moved and the page's own date did not.
    """
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            found = store.articles.get(id_or_address(article))
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
        if found is None:
            raise PresswatchError(f"no article {safe(article)} is stored; presswatch query lists those that are")
        told = wordings(found, store.articles.revisions(found.id))
    if form == "json":
        formats.emit([formats.as_json(as_one(found, told, with_diff=with_diff), indent=2), "\n"])
    else:
        formats.say(history_lines(found, told, with_diff=with_diff, colour=is_coloured()))


def is_coloured() -> bool:
    """Whether standard output is a terminal that shows colours and a person who wants them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
