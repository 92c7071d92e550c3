"""Define a row of a settings table: a field with its default as written, its parser and its help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any


def setting(
    default: Any,
    parse: Callable[[Any], Any],
    help: str,  # noqa: A002
    *,
    secret: bool = False,
) -> Any:
    """A row of a settings table; `default` is written as a person would write it in the file.

    The value of a `secret` one may hold a password or a token: it is shown nowhere as it is.
    """
    metadata = {"default": default, "parse": parse, "help": help, "secret": secret}
    return field(default_factory=lambda: parse(default), metadata=metadata)
