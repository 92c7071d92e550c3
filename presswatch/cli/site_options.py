"""Check the options that describe a site, before anything is requested of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from presswatch.cli.options import TIMEZONE_PARAM
from scraper.declarations.new_source import new_language, new_name, user_agent

F = TypeVar("F", bound=Callable[..., Any])


class SiteParam(click.ParamType[str]):
    """Text that a declaration could hold: `parse` returns it in its usual form, or raises ValueError."""

    def __init__(self, name: str, parse: Callable[[Any], str | None]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not value.strip():
            self.fail(f"{value!r} must not be empty", param, ctx)
        try:
            return self._parse(value) or ""
        except ValueError as error:
            self.fail(f"{str(value)[:100]!r} {error}", param, ctx)


NEW_NAME_PARAM = SiteParam("name", new_name)
LANGUAGE_PARAM = SiteParam("code", new_language)
USER_AGENT_PARAM = SiteParam("text", user_agent)


def timezone_option(help: str) -> Callable[[F], F]:  # noqa: A002  (click's word)
    """Add --timezone, which is UTC by default."""
    return click.option("--timezone", metavar="ZONE", type=TIMEZONE_PARAM, default="UTC", show_default=True, help=help)
