"""Hold the configuration in force: the one of the start, or of the last valid load, for the daemon and its crawls."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from storage.config.settings import DEFAULT_FILE, Config
from storage.config.source_files import stamp_of_folder
from storage.model.errors import ConfigError

logger = logging.getLogger(__name__)

FileStamp: TypeAlias = "tuple[object, ...]"


class Configuration:
    """The configuration in force, and the problem of the file if it can no longer be loaded."""

    def __init__(self, config: Config, load: Callable[[], Config] | None, *, now: datetime) -> None:
        self.config = config
        self.problem: str | None = None
        self._load = load or (lambda: config)
        self._loaded_at = now
        self._stamp = self._stamp_of_file()

    def read(self) -> Config:
        """Load the configuration, without putting it in force. Raises ConfigError."""
        self._stamp = self._stamp_of_file()
        config = self._load()
        if config.storage != self.config.storage:
            raise ConfigError(f"{config.path}: [storage] is read at the start only: restart the daemon to change it")
        return config

    def use(self, config: Config, *, now: datetime) -> None:
        """Put a configuration in force."""
        self.config, self.problem, self._loaded_at = config, None, now
        logger.info("configuration loaded again from %s", config.path or "the defaults")

    def keep(self, error: ConfigError) -> None:
        """Keep the configuration in force because the one of the file is invalid."""
        since = f"{self._loaded_at:%Y-%m-%d %H:%M:%S} UTC"
        self.problem = f"configuration not loaded: {error}; the one loaded at {since} stays in force"
        logger.error("%s", self.problem)

    def check_file(self) -> None:
        """Log a change of the file, which takes effect with SIGHUP, and keep its problem if it is invalid."""
        if self._stamp_of_file() == self._stamp:
            return
        try:
            self.read()
        except ConfigError as error:
            self.keep(error)
        else:
            self.problem = None
            logger.info("the configuration file has changed: load it with kill -HUP %d", os.getpid())

    def _stamp_of_file(self) -> FileStamp:
        file = self.config.path or Path(DEFAULT_FILE)
        folder = stamp_of_folder(file)
        try:
            found = file.stat()
        except OSError:
            return folder
        return found.st_ino, found.st_size, found.st_mtime_ns, folder
