"""Group of lazily loaded commands, with one-line errors, exit codes and the options every command shares."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from presswatch.cli.arguments import CommandGroup
from storage.config.logging_setup import DEBUG, print_error
from storage.model.errors import ConfigError, PresswatchError
from storage.model.redaction import redact_usage

if TYPE_CHECKING:
    from storage.config.settings import Config

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG = "presswatch.config"
"""Key of the configuration among the objects of a running command."""


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Module that defines a command, and its summary for a `--help` that loads no module.

    `function` is the name of the command in the module, if it is not its own.
    """

    module: str
    summary: str
    function: str | None = None


class LazyGroup(CommandGroup):
    """Import a command when it is called; turn an exception into one line on stderr and an exit code."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        lazy = self.lazy[cmd_name]
        return getattr(import_module(lazy.module), lazy.function or cmd_name)  # type: ignore[no-any-return]

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without loading its module."""
        named = [
            CompletionItem(name, help=command.summary)
            for name, command in self.lazy.items()
            if name.startswith(incomplete)
        ]
        return [*named, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, command.summary) for name, command in self.lazy.items()]
        # Not super() within a comprehension: before Python 3.12 that is another function, without self.
        rows += [(name, command.get_short_help_str(limit=90)) for name, command in sorted(self.commands.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _discard_unwritten()  # the consumer (head, less) has exited
            return 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run as the whole program: tune garbage collection, then call `main`."""
        gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
        try:
            return super().__call__(*args, **options)
        finally:
            gc.freeze()  # the collection at interpreter exit takes 40 ms when SQLAlchemy is loaded

    def main(self, *args: Any, **options: Any) -> Any:
        """Run and exit with a code: 0 success, 1 failure, 2 usage or configuration, 3 already running."""
        before = DEBUG.set(False)
        typed = TYPED.set(tuple(options.get("args") or (args[0] if args else None) or sys.argv[1:]))
        _fill_closed_streams()
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except Exception as error:  # noqa: BLE001  (outermost handler: one line instead of a traceback)
            if isinstance(error, OSError):
                _discard_unwritten()
            code = _print_exception(error)
        finally:
            DEBUG.reset(before)
            TYPED.reset(typed)
        sys.exit(code if isinstance(code, int) else 0)


TYPED: ContextVar[Sequence[str]] = ContextVar("presswatch_typed", default=())
"""Words of the command line after the name of the program."""

GC_THRESHOLD = 50_000
"""Allocations before a garbage collection, instead of Python's 700: while modules are imported nothing is garbage, and
the collections are an eighth of the import time."""


def _fill_closed_streams() -> None:
    """Open /dev/null for a standard stream that was closed before the start.

    Python sets such a stream to None, and the next file opened would get its descriptor. stdout is opened read-only, so
    that writing to it fails; what goes to stderr is discarded.
    """
    for name, flags in (("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), "w", encoding="utf-8"))


def _discard_unwritten() -> None:
    """Redirect a broken stdout to /dev/null, so that its unflushed buffer does not raise at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_exception(error: Exception) -> int:
    """Print an exception as one line; return the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    return print_error(*_explain_error(error))


def _explain_error(error: Exception) -> tuple[str, int]:
    if isinstance(error, click.Abort):
        return "interrupted", 130
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        hint = f" (see {context.command_path} --help)" if context else ""
        return redact_usage(error.format_message()) + hint, error.exit_code
    if isinstance(error, PresswatchError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        return f"{error.filename or 'system error'}: {error.strerror or error}", 1
    hint = "" if DEBUG.get() else "; run with --debug for the traceback"
    return f"unexpected {type(error).__name__}: {error}{hint}", 1


def _debug(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        DEBUG.set(True)


def debug_option(command: F) -> F:
    """Add --debug."""
    option = click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_debug,
        help="Show tracebacks.",
    )
    return option(command)


def config_options(command: F) -> F:
    """Add --config, --database and --debug."""
    command = debug_option(command)
    command = click.option(
        "--database", metavar="URL|FILE", help="Database: a SQLite file, such as presswatch.db, or a URL."
    )(command)
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="Configuration file (default: presswatch.toml, if it exists).",
    )(command)


def command_config(config_path: str | None, database: str | None) -> Config:
    """Load the configuration of the running command, once. Raises ConfigError."""
    from storage.config.config_file import load_config  # noqa: PLC0415  (start-up time of --help: 10 ms)

    context = click.get_current_context(silent=True)
    if context is None:
        return load_config(config_path, database=database)
    if _CONFIG not in context.meta:
        context.meta[_CONFIG] = load_config(config_path, database=database)
    config: Config = context.meta[_CONFIG]
    return config


def invalid_option(option: str, error: ValueError) -> ConfigError:
    """Return the ConfigError of an invalid value of an option or argument."""
    return ConfigError(f"{option}: {error}")
