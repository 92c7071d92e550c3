"""Share databases of both kinds, Hypothesis profiles and scaled time-outs among all tests."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests.postgres.server import Server
from tests.storage.rows import address_of, empty_database
from tests.support import examples
from tests.support.patience import patient

examples.register()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the long run what says on PostgreSQL only what it says on SQLite: all that is not marked `dialect`."""
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "postgres" in parameters.values() and item.get_closest_marker("dialect") is None:
            item.add_marker(pytest.mark.long)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Scale the time-out of a test, its own or the one of pyproject.toml, before pytest-timeout reads it."""
    own = item.get_closest_marker("timeout")
    seconds = float(own.args[0]) if own is not None else float(item.config.getini("timeout"))
    item.add_marker(pytest.mark.timeout(patient(seconds)), append=False)
    return (yield)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """The one PostgreSQL server of a run; it starts when the first test asks for it."""
    server = Server()
    yield server
    server.stop()


@pytest.fixture
def postgres_database(postgres: Server) -> Iterator[str]:
    """The address of a PostgreSQL database with our tables."""
    with postgres.database() as made:
        yield made.address


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The address of a SQLite file with our tables."""
    (tmp_path / "news.db").write_bytes(empty_database())
    return address_of(tmp_path)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a database with our tables; each test that asks for it runs on both kinds."""
    return str(request.getfixturevalue(f"{request.param}_database"))
