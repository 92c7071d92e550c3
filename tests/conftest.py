"""Share databases of both kinds, Hypothesis profiles and scaled time-outs among all tests."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Protocol

import pytest
from click.testing import CliRunner, Result

import presswatch
from tests.support import examples, leftovers
from tests.support.patience import patient
from tests.support.postgres.server import Server
from tests.support.rows import Rows, address_of, empty_database
from tests.support.webhook_server import WebhookServer

examples.register()


def pytest_configure() -> None:
    """Kill the processes of this run at its end; with pytest-xdist each worker is a run of its own."""
    leftovers.kill_at_end_of_run()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave to the long run what says on PostgreSQL only what it says on SQLite: all that is not marked `dialect`.

    Also the parameter sets of a test beyond the number of its mark `long_after`.
    """
    counts: Counter[str] = Counter()
    for item in items:
        if (after := item.get_closest_marker("long_after")) is not None:
            test = item.nodeid.partition("[")[0]
            counts[test] += 1
            if counts[test] > after.args[0]:
                item.add_marker(pytest.mark.long)
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


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Undo what a command of this process has set: after `--log-level error` no later test would see a warning."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


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


class Ask(Protocol):
    """Runs one command on the database of `rows`."""

    def __call__(self, *arguments: str) -> Result: ...


@pytest.fixture
def rows(database: str) -> Iterator[Rows]:
    made = Rows(database)
    yield made
    made.store.close()


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder without a configuration, and an environment that says nothing."""
    monkeypatch.chdir(tmp_path)
    for name in ("PRESSWATCH_CONFIG", "PRESSWATCH_DATABASE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ask(rows: Rows, alone: Path) -> Ask:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(presswatch.main, [*arguments, "--database", rows.database], prog_name="presswatch")

    return run


@pytest.fixture
def webhook() -> Iterator[WebhookServer]:
    """Run an HTTP server as notification target."""
    with WebhookServer() as server:
        yield server
