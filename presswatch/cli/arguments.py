"""Explain arguments that a shell has split, and names of commands that are misspelt, with what to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import fields

import click

from storage.articles.filters import ArticleFilter
from storage.config.parsers import nearest_key

FILTERS = frozenset(row.name for row in fields(ArticleFilter))
LABELS = frozenset({"source", "section", "language"})
"""Filters that are fields of a query, too."""


class CommandGroup(click.Group):
    """Group of commands that answers a name it does not know with the nearest and all that it knows."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        typed, known = args[0], self.list_commands(ctx)
        if typed not in known and not typed.startswith("-") and not ctx.resilient_parsing:
            advice = nearest_key(typed, known) or f"; there are: {', '.join(known)}"
            raise click.UsageError(f"no command is called {typed[:100]!r}{advice}", ctx)
        return super().resolve_command(ctx, args)


class QueryCommand(click.Command):
    """Command with a QUERY and filters: explains a QUERY that begins with a minus, and refuses a filter given twice.

    A shell hands on the one like an option; of the other click would take the last value and say nothing.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # A headline may begin with a dash that stands alone, and no option does.
        typed = [f" {word}" if re.match(r"-+\s", word) else word for word in args]
        try:
            rest = super().parse_args(ctx, list(typed))
        except click.NoSuchOption as error:
            negated = next((word for word in typed if re.match(r"-[^\W\d_]", word)), None)
            if negated is None or not error.option_name.startswith("-") or error.option_name.startswith("--"):
                raise
            raise click.UsageError(self._explain_minus(ctx, typed, negated), ctx) from error
        self._refuse_twice(ctx, typed)
        return rest

    def _refuse_twice(self, ctx: click.Context, typed: list[str]) -> None:
        _values, _rest, given = self.make_parser(ctx).parse_args(typed)
        for param in given:
            takes_one = isinstance(param, click.Option) and param.name in FILTERS and not param.multiple
            if takes_one and given.count(param) > 1:
                names = "/".join((*param.opts[:1], *param.secondary_opts))
                advice = f"; for several write QUERY '{param.name}:(A OR B)'" if param.name in LABELS else ""
                raise click.UsageError(f"{names} is given twice, and takes one value{advice}", ctx)

    def _explain_minus(self, ctx: click.Context, typed: Sequence[str], negated: str) -> str:
        options = {name for param in self.params for name in param.opts if name.startswith("--")}
        if f"-{negated.partition('=')[0]}" in options:
            return f"no option is called {negated}: write -{negated}"
        excluded, *words = negated.split()
        words = words or [*self._query_before(ctx, typed[: typed.index(negated)])] or ["WORD"]
        query = shlex.quote(" ".join([*words, excluded]))
        advice = "write it behind a word that must be there, both in quotation marks"
        return f"no option is called {excluded}: {advice}: {query}"

    def _query_before(self, ctx: click.Context, typed: Sequence[str]) -> Sequence[str]:
        """Return the words of the QUERY among these, which stand before the one that was taken for an option."""
        with suppress(click.UsageError):
            values, _rest, _given = self.make_parser(ctx).parse_args(list(typed))
            words = values.get("query")
            return [word for word in words if isinstance(word, str)] if isinstance(words, tuple) else ()
        return ()


def one_query(ctx: click.Context, _argument: click.Parameter, words: tuple[str, ...]) -> str | None:
    """Return the one word of a QUERY, None without any. Raises UsageError with what to type for more."""
    if len(words) > 1:
        query = " ".join(f'"{word}"' if " " in word and '"' not in word else word for word in words)
        command = f"{ctx.command_path} " if ctx.command_path.endswith(("query", "report")) else ""
        raise click.UsageError(f"QUERY is one argument, in quotation marks: {command}{shlex.quote(query)}", ctx)
    return words[0] if words else None
