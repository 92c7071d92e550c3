"""The errors of Presswatch. Each reaches a person as one line that says what to do."""

from __future__ import annotations


class PresswatchError(Exception):
    """Anything Presswatch refuses or fails at. `exit_code` is what the command line answers with."""

    exit_code = 1


class ConfigError(PresswatchError):
    """A setting, an option or an address that cannot be used."""

    exit_code = 2


class StoreError(PresswatchError):
    """The database refused; the message names it and says what to do."""


class RefusedRowError(StoreError):
    """The database refused a row for its values; another row may be written. `reason` is one line without its name."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class AlreadyRunningError(PresswatchError):
    """A crawl of this source is already running."""

    exit_code = 3
