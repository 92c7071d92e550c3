"""Group of lazily loaded commands, with one-line errors, exit codes and the options every command shares."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any, TypeVar

import click

from storage.config.logging_setup import DEBUG, print_error
from storage.model.errors import ConfigError, PresswatchError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class LazyCommand:
    """Module and summary of a command, so that `--help` need not load it. The module has the command by its name."""

    module: str
    summary: str


class LazyGroup(click.Group):
    """Import a command when it is called; turn an exception into one line on stderr and an exit code."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.lazy = dict(lazy or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module = import_module(self.lazy[cmd_name].module)
        return getattr(module, cmd_name)  # type: ignore[no-any-return]

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
            _discard_unwritten()  # the reader (head, less) has gone
            return 0

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Run as the program, which ends with it; `main` is for who goes on after it."""
        gc.set_threshold(GC_THRESHOLD, *gc.get_threshold()[1:])
        try:
            return super().__call__(*args, **options)
        finally:
            gc.freeze()  # Python's last look for garbage, at its end, takes 40 ms when SQLAlchemy is loaded

    def main(self, *args: Any, **options: Any) -> Any:
        """Run and leave with an exit code: 0 done, 1 failed, 2 usage or configuration, 3 already running."""
        before = DEBUG.set(False)
        _fill_closed_streams()
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except Exception as error:  # noqa: BLE001  (the last line of defence: a person gets a line, not a trace)
            if isinstance(error, OSError):
                _discard_unwritten()
            code = _run_command(error)
        finally:
            DEBUG.reset(before)
        sys.exit(code if isinstance(code, int) else 0)


GC_THRESHOLD = 50_000
"""New objects before garbage is looked for, instead of Python's 700: modules that are imported are none, and to look
through them again and again is an eighth of the time of importing them."""


def _fill_closed_streams() -> None:
    """Standard streams that were closed before the start are None to Python, and the next file opened has their place.

    What goes to such a standard output fails; what is said on standard error, nobody wanted to hear.
    """
    for name, flags in (("stdout", os.O_RDONLY), ("stderr", os.O_WRONLY)):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), "w", encoding="utf-8"))


def _discard_unwritten() -> None:
    """What is left in the buffer of a standard output that takes nothing must not raise at exit."""
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _run_command(error: Exception) -> int:
    """Say in one line what went wrong; return the exit code."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        error.show()
        return error.exit_code
    return print_error(*_explain_error(error))


def _explain_error(error: Exception) -> tuple[str, int]:
    if isinstance(error, click.Abort):
        return "interrupted", 130
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        more = f" ({context.command_path} --help says more)" if context else ""
        return error.format_message() + more, error.exit_code
    if isinstance(error, PresswatchError):
        return str(error), error.exit_code
    if isinstance(error, OSError):
        return f"{error.filename or 'the system'}: {error.strerror or error}", 1
    advice = "" if DEBUG.get() else "; run with --debug for the trace"
    return f"unexpected {type(error).__name__}: {error}{advice}", 1


def _debug(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        DEBUG.set(True)


def debug_option(command: F) -> F:
    """Adds --debug."""
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
    """Adds --config, --database and --debug."""
    command = debug_option(command)
    command = click.option("--database", metavar="URL", help="Database URL, such as sqlite:///presswatch.db.")(command)
    return click.option(
        "--config",
        "config_path",
        metavar="FILE",
        help="Configuration file (default: presswatch.toml, if it exists).",
    )(command)


def invalid_option(option: str, error: ValueError) -> ConfigError:
    return ConfigError(f"{option}: {error}")
