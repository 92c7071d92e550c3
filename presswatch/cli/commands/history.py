"""`presswatch history`: the text versions of an article and their differences."""

from __future__ import annotations

import os
import sys

import click

from presswatch.cli.database import store_from_config
from presswatch.cli.group import config_options, invalid_option
from presswatch.cli.options import NAME_PARAM, id_or_url, not_stored, text_or_records_options, zone_option
from presswatch.output import formats
from presswatch.output.history_text import render_history, to_json
from presswatch.output.records import field_names, write_records
from storage.articles.revision_history import TextVersion, text_versions

ARTICLE_FIELDS = ("id", "source", "source_title", "url", "fetched_at", "terms")
"""Fields of the article, repeated in each row of its text versions."""


@click.command()
@click.argument("article", metavar="ID|URL", type=NAME_PARAM)
@click.option(
    "--diff", "with_diff", is_flag=True, help="Show word diffs: coloured on a terminal, else [-deleted-] {+inserted+}."
)
@text_or_records_options
@zone_option
@config_options
def history(
    article: str, *, with_diff: bool, form: str, raw: bool, config_path: str | None, database: str | None
) -> None:
    """Show the text versions of an article, oldest first: when each was seen and the kind of edit before it.

    A stealth edit changes the text, but not the date on the page.
    """
    _config, store = store_from_config(config_path, database)
    with store:
        try:
            stored = store.articles.get(id_or_url(article))
        except ValueError as error:
            raise invalid_option("ID|URL", error) from error
        if stored is None:
            raise not_stored(article)
        versions = text_versions(stored, store.articles.revisions(stored.id))
    if form == "json":
        formats.write_stdout([formats.as_json(to_json(stored, versions, with_diff=with_diff), indent=2), "\n"])
    elif form != "text":
        fields = {name: getattr(stored, name) for name in ARTICLE_FIELDS}
        rows = ({**fields, **formats.as_dict(version)} for version in versions)
        write_records(rows, (*ARTICLE_FIELDS, *field_names(TextVersion)), form, raw=raw)
    else:
        formats.print_lines(render_history(stored, versions, with_diff=with_diff, colour=use_colour()))


def use_colour() -> bool:
    """Return True if stdout is a terminal with colours and the user did not disable them (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
