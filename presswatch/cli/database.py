"""Open the store or the database that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from storage.config.settings import Config, load_config
from storage.database.engine import Engine, create_store_engine
from storage.store import Store, open_store


def store_from_config(config_path: str | None, database: str | None) -> tuple[Config, Store]:
    """Load the configuration and open the store it names. Raises ConfigError, StoreError."""
    config = load_config(config_path, database=database)
    return config, open_store(config.storage.database, busy_timeout=config.storage.busy_timeout)


@contextmanager
def engine_from_config(config_path: str | None, database: str | None) -> Iterator[Engine]:
    """Connect to the database the configuration names, whatever the version of its tables."""
    settings = load_config(config_path, database=database).storage
    engine = create_store_engine(settings.database, busy_timeout=settings.busy_timeout)
    try:
        yield engine
    finally:
        engine.dispose()
