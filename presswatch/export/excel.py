"""Articles as an Excel file, through XlsxWriter.

The limits are those of "Excel specifications and limits" at support.microsoft.com: 32,767 characters a cell (as UTF-16
counts them), 65,530 links a sheet. Links are 2,079 characters at most, or XlsxWriter leaves them out with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO, Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from presswatch.export.export import ExportNotes, column_positions
from presswatch.output.formats import value_as_text
from storage.database.tables import articles
from storage.text.sanitize import ELLIPSIS, sanitize

MAX_CELL_LENGTH = 32_767
MAX_LINKS = 65_530
MAX_LINK_LENGTH = 2_079
MIN_EXCEL_YEAR = 1900
TRUNCATED_NOTE = "cells longer than Excel's 32,767 characters were cut"
LINKS_DROPPED_NOTE = "addresses are plain text: Excel has room for 65,530 links"


def write_workbook(
    output: IO[bytes], rows: Iterable[Sequence[Any]], columns: Sequence[str], tally: ExportNotes
) -> None:
    """One sheet with a header that stays in view. No text is ever taken for a formula, a number or a link."""
    safest = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "use_zip64": True}
    file = AbandonableFile(output)
    try:
        with xlsxwriter.Workbook(file, safest) as book:
            SheetWriter(book, columns, tally).fill(rows)
    except BaseException as error:
        file.given_up = True
        if isinstance(error, FileCreateError) and isinstance(error.args[0], OSError):
            raise error.args[0] from error
        raise


class AbandonableFile:
    """A file that takes what comes after it was given up: the archive in it writes its end even then, when nobody can
    catch what that raises."""

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self.given_up = False

    def write(self, data: bytes) -> int:
        return len(data) if self.given_up else self._output.write(data)

    def tell(self) -> int:
        return 0 if self.given_up else self._output.tell()

    def seek(self, place: int, whence: int = 0) -> int:
        return 0 if self.given_up else self._output.seek(place, whence)

    def flush(self) -> None:
        if not self.given_up:
            self._output.flush()


class SheetWriter:
    """The sheet while it is written, row by row: what was written is on the disk and cannot be touched again."""

    def __init__(self, book: Any, columns: Sequence[str], tally: ExportNotes) -> None:
        self._sheet = book.add_worksheet("articles")
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._times = set(column_positions(columns, *(name for name in columns if name.endswith("_at"))))
        self._links = set(column_positions(columns, "url"))
        self._numbers = set(column_positions(columns, *(c.name for c in articles.c if c.type.python_type is int)))
        self._columns = columns
        self._tally = tally
        self._left = MAX_LINKS

    def fill(self, rows: Iterable[Sequence[Any]]) -> None:
        self._sheet.freeze_panes(1, 0)
        for place, name in enumerate(self._columns):
            self._sheet.write_string(0, place, name)
        for number, row in enumerate(rows, start=1):
            for place, value in enumerate(row):
                if value is not None and value != ():
                    self._cell(number, place, value)

    def _cell(self, row: int, place: int, value: Any) -> None:
        if place in self._numbers:
            self._sheet.write_number(row, place, value)
        elif place in self._times and int(value[:4]) >= MIN_EXCEL_YEAR:
            self._sheet.write_datetime(row, place, datetime.fromisoformat(value).replace(tzinfo=None), self._time)
        elif place in self._links and self._is_link(value):
            self._sheet.write_url(row, place, value)
        else:
            self._sheet.write_string(row, place, self._fitting(sanitize(value_as_text(value), lines=True)))

    def _is_link(self, address: str) -> bool:
        if not address.startswith(("http://", "https://")) or len(address) > MAX_LINK_LENGTH:
            return False
        self._left -= 1
        if self._left < 0:
            self._tally.notes[LINKS_DROPPED_NOTE] += 1
        return self._left >= 0

    def _fitting(self, text: str) -> str:
        """The text as long as a cell may be; a character beyond the first 65,536 counts twice."""
        if len(text) * 2 <= MAX_CELL_LENGTH or len(text.encode("utf-16-le")) <= MAX_CELL_LENGTH * 2:
            return text
        self._tally.notes[TRUNCATED_NOTE] += 1
        kept = text.encode("utf-16-le")[: (MAX_CELL_LENGTH - 1) * 2].decode("utf-16-le", "ignore")
        return kept + ELLIPSIS
