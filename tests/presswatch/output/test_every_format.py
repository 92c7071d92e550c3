"""Every listing command offers and writes every output format of the registry."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from presswatch import main
from presswatch.output.formats import FORMATS, RECORD_FORMATS
from tests.conftest import Ask
from tests.support.rows import Rows

LISTINGS = (
    ("query",),
    ("query", "--count"),
    ("query", "--group-by", "source"),
    ("runs",),
    ("coverage",),
    ("first", "one", "--since", "2026-11-01"),
    ("events",),
    ("sources", "list"),
    ("watch", "list"),
    ("watch", "undelivered"),
    ("views", "--top", "5"),
    ("views", "1"),
    ("history", "1"),
    ("config",),
    ("db", "info"),
    ("sql", "select 1 as one"),
)


def commands(group: click.Group, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*names, name))
        else:
            yield (*names, name), command


def formats_of(command: click.Command) -> set[str]:
    return {
        str(choice)
        for option in command.params
        if option.name == "form" and isinstance(option.type, click.Choice)
        for choice in option.type.choices
    }


def test_a_command_that_has_tables_has_every_format_of_records() -> None:
    listing = {names: formats_of(command) for names, command in commands(main) if "table" in formats_of(command)}
    assert all(found >= set(RECORD_FORMATS) for found in listing.values())
    assert set(listing) == {words[: 2 if words[0] in {"watch", "db", "sources"} else 1] for words in LISTINGS}
    assert formats_of(dict(commands(main))["query",]) == set(FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_has_its_writer(form: str) -> None:
    assert callable(FORMATS[form].writer())


@pytest.mark.parametrize("words", LISTINGS, ids=" ".join)
@pytest.mark.long_after(8)
def test_a_listing_writes_every_format(words: tuple[str, ...], rows: Rows, ask: Ask) -> None:
    rows.article("one", title="A | title")
    for form in RECORD_FORMATS:
        asked = [*words, "--format", form]
        done = CliRunner().invoke(main, asked) if words == ("sources", "list") else ask(*asked)  # it has no database
        assert done.exit_code == 0, done.stderr
        if form == "json":
            assert isinstance(json.loads(done.stdout), list | dict)
        if form == "jsonl":
            assert all(isinstance(json.loads(line), dict) for line in done.stdout.splitlines())
        if form == "csv":
            assert len({len(row) for row in csv.reader(io.StringIO(done.stdout))}) == 1
        if form in {"tsv", "md"}:
            assert done.stdout.splitlines()[0].strip()
