"""Open read and write transactions on one database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from storage.database.engine import file_identity, identity_of, transaction
from storage.database.sqlite_file import refuse_emptied
from storage.model.errors import StoreError


class Database:
    """An engine and its transactions, usable from any thread: the part of a store that every repository needs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._file = file_identity(engine)

    @property
    def is_in_place(self) -> bool:
        """Return whether the file of an SQLite database is still the one that was opened.

        Rows written to a file that was moved or deleted are lost to everyone else.
        """
        return file_identity(self.engine) == self._file

    def is_file_of(self, file: Path) -> bool:
        """Return whether `file` is the file of this SQLite database, under any name."""
        found = identity_of(file)
        return found is not None and found == file_identity(self.engine)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only transaction: one snapshot, which never waits for a writer. Raises StoreError."""
        return transaction(self.engine, writes=False)

    def write(self) -> AbstractContextManager[Connection]:
        """Open a write transaction: committed whole at its end, or rolled back. Raises StoreError.

        Nothing is written to a file that was moved, deleted or replaced: nobody would read it. Nor to one that was
        emptied, of which a connection still knows pages.
        """
        if not self.is_in_place:
            raise StoreError(
                f"database {self.engine.url.database}: the file was moved, deleted or replaced; put it back or restore"
                " it from a backup, and start again"
            )
        if self._file is not None:
            refuse_emptied(Path(self.engine.url.database or ""))
        return transaction(self.engine)

    def close(self) -> None:
        """Close the pooled connections."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()
