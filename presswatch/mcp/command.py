"""`presswatch mcp`: answer an assistant's questions about what is stored."""

from __future__ import annotations

from importlib.util import find_spec

import click

from presswatch.cli.group import config_options
from storage.config import logging_setup
from storage.config.config_file import load_config
from storage.config.logging_setup import DEBUG
from storage.model.errors import ConfigError
from storage.model.extras import Extra, missing_extra

LIBRARY = "mcp"


@click.command()
@config_options
def mcp(*, config_path: str | None, database: str | None) -> None:
    """Answer an assistant over stdin and stdout (Model Context Protocol) until stdin ends.

    It is started by the program of the assistant, in whose configuration this command is written. Its tools read and
    change nothing; stdout is the protocol's, the log goes to stderr.
    """
    if find_spec(LIBRARY) is None:
        raise ConfigError(missing_extra(f"presswatch mcp needs the library {LIBRARY}", Extra.MCP))
    if config_path == "-":
        raise ConfigError("--config: a file is needed here, since stdin is the protocol's")
    config = load_config(config_path, database=database)
    logging_setup.configure(level=config.log.level, form=config.log.format, traces=DEBUG.get())
    from presswatch.mcp.server import serve  # noqa: PLC0415  (the library of the extra)

    serve(config)
