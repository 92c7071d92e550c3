"""The manners every command shares: one-line errors, exit codes, where the configuration comes from, safe output."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from storage.errors import ConfigError, PresswatchError

if TYPE_CHECKING:
    from storage.config import Config
    from storage.store import Store

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Command:
    """Where a command lives and what it says of itself, so that `--help` need not load it."""

    module: str
    summary: str


class CommandGroup(click.Group):
    """Commands that are imported when they are asked for, and errors that end as one line and an exit code."""

    def __init__(self, *args: Any, lazy: Mapping[str, Command] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module = import_module(self.lazy[cmd_name].module)
        return module.commands.get_command(ctx, cmd_name)  # type: ignore[no-any-return]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.summary) for name, command in self.lazy.items()]
        rows += [
            (name, command.get_short_help_str(limit=90))
            for name in super().list_commands(ctx)
            if (command := super().get_command(ctx, name)) is not None
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def main(self, *args: Any, **options: Any) -> Any:
        """Run and leave with an exit code: 0 done, 1 failed, 2 usage or configuration, 3 already running."""
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except click.exceptions.Exit as leaving:
            code = leaving.exit_code
        except click.Abort:
            code = fail("interrupted", 130)
        except click.ClickException as error:
            error.show()
            code = error.exit_code
        except PresswatchError as error:
            code = fail(str(error), error.exit_code)
        except BrokenPipeError:
            # The reader (head, less) has gone; what is left in the buffer must not raise at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except OSError as error:
            code = fail(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
        sys.exit(code if isinstance(code, int) else 0)


def fail(message: str, code: int) -> int:
    """Say on stderr, in one line, what went wrong and what to do; return the exit code."""
    context = click.get_current_context(silent=True)
    if "--debug" in sys.argv or (context and context.find_root().params.get("debug")):
        traceback.print_exc()
    click.echo(f"presswatch: {' '.join(message.split())}", err=True)
    return code


def debug_option(command: F) -> F:
    return click.option("--debug", is_flag=True, help="Show the trace of an error.", expose_value=False)(command)


def config_options(command: F) -> F:
    """Adds --config, --database and --debug."""
    command = debug_option(command)
    command = click.option(
        "--database", metavar="URL", help="Where articles are kept, such as sqlite:///presswatch.db."
    )(command)
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="Configuration file (default: presswatch.toml, if there).",
    )(command)


def open_configured(config_path: str | None, database: str | None) -> tuple[Config, Store]:
    """Load the configuration and open the store it names."""
    from storage.config import load_config
    from storage.store import open_store

    config = load_config(config_path, database=database)
    return config, open_store(config.storage.database, busy_timeout=config.storage.busy_timeout)


def refuse_value(option: str, error: ValueError) -> ConfigError:
    return ConfigError(f"{option}: {error}")
