"""Say how a list goes on: a command to paste, made of the one that was typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TypeVar

import click

from presswatch.cli.group import TYPED
from presswatch.cli.options import DEFAULT_LIMIT
from storage.model.redaction import redact_address

T = TypeVar("T")


def command_with(option: str, value: str) -> str:
    """Return the command that was typed with another value of an option, quoted for a shell, and without a password."""
    depth = len(click.get_current_context().command_path.split()) - 1
    words = list(_without(option, TYPED.get()))
    return shlex.join(["presswatch", *words[:depth], option, value, *_redacted(words[depth:])])


def _without(option: str, words: Sequence[str]) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == option:
            next(rest, None)
        elif not word.startswith(f"{option}="):
            yield word


def _redacted(words: Sequence[str]) -> Iterator[str]:
    for before, word in zip(("", *words), words, strict=False):
        name, equals, value = word.partition("=")
        if before == "--database":
            yield redact_address(word)
        elif name == "--database" and equals:
            yield f"{name}={redact_address(value)}"
        else:
            yield word


def row_limit(limit: int | None) -> int | None:
    """Return the number of rows to select: one more than the default limit, to know whether there are more."""
    return DEFAULT_LIMIT + 1 if limit is None else limit or None


def shown_rows(rows: Iterator[T], limit: int | None) -> Iterator[T]:
    """Yield the rows up to the default limit; if there are more, print the command that shows all."""
    if limit is not None:
        yield from rows
        return
    yield from islice(rows, DEFAULT_LIMIT)
    if next(rows, None) is not None:
        click.echo(
            f"presswatch: only the first {DEFAULT_LIMIT} are shown; all: {command_with('--limit', '0')}", err=True
        )
