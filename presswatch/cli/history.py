"""`presswatch history`: the text versions of an article and their differences."""

from __future__ import annotations

import os
import sys

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import NAME, id_or_address, text_or_records_options
from presswatch.output import formats
from presswatch.output.history_text import as_one, history_lines
from presswatch.output.records import field_names, write_records
from storage.errors import PresswatchError
from storage.history import SeenWording, wordings
from storage.printable import safe

VERSION_OF = ("id", "source", "source_title", "url", "fetched_at", "terms")
"""Fields of the article that stand before each of its text versions."""


@click.command()
@click.argument("article", metavar="ID|URL", type=NAME)
@click.option(
    "--diff", "with_diff", is_flag=True, help="Word by word: in colour on a terminal, else [-gone-] {+come+}."
)
@text_or_records_options
@config_options
def history(
    article: str, *, with_diff: bool, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """Show the text versions of an article, oldest first: when each was seen, the kind of edit that led to it.

    A stealth edit changes the text and leaves the date on the page as it was.
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
    elif form != "text":
        facts = {name: getattr(found, name) for name in VERSION_OF}
        rows = ({**facts, **formats.record(one)} for one in told)
        write_records(rows, (*VERSION_OF, *field_names(SeenWording)), form, raw=raw)
    else:
        formats.say(history_lines(found, told, with_diff=with_diff, colour=is_coloured()))


def is_coloured() -> bool:
    """Whether standard output is a terminal that shows colours and a person who wants them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
