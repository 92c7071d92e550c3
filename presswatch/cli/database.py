"""Open the store or the database that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from presswatch.cli.group import command_config
from presswatch.cli.known_names import check_names
from storage.config.config_file import load_config
from storage.config.settings import Config
from storage.database.engine import Engine, create_store_engine
from storage.store import Store, open_store


def store_from_config(
    config_path: str | None, database: str | None, options: Mapping[str, Any] | None = None, *, create: bool = False
) -> tuple[Config, Store]:
    """Load the configuration and open the store it names, which must exist unless `create`.

    `options` are the filters of the command: a source, section or language that nothing has is refused. Raises
    ConfigError, StoreError.
    """
    config = command_config(config_path, database)
    store = open_store(config.storage.database, busy_timeout=config.storage.busy_timeout, create=create)
    try:
        check_names(store, config, options or {})
    except BaseException:
        store.close()
        raise
    return config, store


@contextmanager
def engine_from_config(config_path: str | None, database: str | None) -> Iterator[Engine]:
    """Connect to the database the configuration names, whatever the version of its tables."""
    settings = load_config(config_path, database=database).storage
    engine = create_store_engine(settings.database, busy_timeout=settings.busy_timeout)
    try:
        yield engine
    finally:
        engine.dispose()
