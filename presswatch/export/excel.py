"""Write articles to Excel files with XlsxWriter.

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
from storage.articles.export_rows import ISO_DATE_LENGTH
from storage.database.tables import articles
from storage.text.sanitize import ELLIPSIS, sanitize

MAX_CELL_LENGTH = 32_767
MAX_LINKS = 65_530
MAX_LINK_LENGTH = 2_079
MIN_EXCEL_YEAR = 1900
TIME_WIDTH = 19
FILTER_BUTTON_WIDTH = 4
WIDE_COLUMNS = {"title": 60, "subtitle": 40, "url": 50, "body": 60, "description": 40, "terms": 30, "image_url": 30}
"""Width in characters of the columns of long texts, which their first words tell apart."""
TRUNCATED_NOTE = "cells longer than Excel's limit of 32,767 characters were truncated"
LINKS_DROPPED_NOTE = "URLs are plain text: Excel has a limit of 65,530 links"


def write_workbook(
    output: IO[bytes], rows: Iterable[Sequence[Any]], columns: Sequence[str], notes: ExportNotes
) -> None:
    """Write one sheet with a frozen header, widths and a filter. Text is never made a formula, number or link."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "use_zip64": True}
    file = AbandonableFile(output)
    try:
        with xlsxwriter.Workbook(file, options) as book:
            SheetWriter(book, columns, notes).write_rows(rows)
    except BaseException as error:
        file.is_abandoned = True
        if isinstance(error, FileCreateError) and isinstance(error.args[0], OSError):
            raise error.args[0] from error
        raise


class AbandonableFile:
    """File that ignores writes after an error.

    ZipFile writes the end of the archive when it is deleted, where its exceptions cannot be caught.
    """

    def __init__(self, output: IO[bytes]) -> None:
        self._output = output
        self.is_abandoned = False

    def write(self, data: bytes) -> int:
        return len(data) if self.is_abandoned else self._output.write(data)

    def tell(self) -> int:
        return 0 if self.is_abandoned else self._output.tell()

    def seek(self, column: int, whence: int = 0) -> int:
        return 0 if self.is_abandoned else self._output.seek(column, whence)

    def flush(self) -> None:
        if not self.is_abandoned:
            self._output.flush()


class SheetWriter:
    """Write a sheet row by row in constant memory: earlier rows cannot be changed."""

    def __init__(self, book: Any, columns: Sequence[str], notes: ExportNotes) -> None:
        self._sheet = book.add_worksheet("articles")
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._head = book.add_format({"bold": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._times = set(column_positions(columns, *(name for name in columns if name.endswith("_at"))))
        self._links = set(column_positions(columns, "url"))
        self._numbers = set(column_positions(columns, *(c.name for c in articles.c if c.type.python_type is int)))
        self._columns = columns
        self._notes = notes
        self._links_left = MAX_LINKS

    def write_rows(self, rows: Iterable[Sequence[Any]]) -> None:
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._columns):
            self._sheet.write_string(0, column, name, self._head)
            self._sheet.set_column(column, column, self._width(name))
        number = 0
        for number, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if value is not None and value != ():
                    self._cell(number, column, value)
        self._sheet.autofilter(0, 0, number, len(self._columns) - 1)

    def _width(self, name: str) -> int:
        """Return the width of a column in characters: rows are written as they come, and no width is known then."""
        if name in WIDE_COLUMNS:
            return WIDE_COLUMNS[name]
        return max(len(name) + FILTER_BUTTON_WIDTH, TIME_WIDTH if name.endswith("_at") else 0)

    def _cell(self, row: int, column: int, value: Any) -> None:
        if column in self._numbers:
            self._sheet.write_number(row, column, value)
        elif column in self._times and int(value[:4]) >= MIN_EXCEL_YEAR:
            form = self._day if len(value) == ISO_DATE_LENGTH else self._time
            self._sheet.write_datetime(row, column, datetime.fromisoformat(value).replace(tzinfo=None), form)
        elif column in self._links and self._is_link(value):
            self._sheet.write_url(row, column, value)
        else:
            self._sheet.write_string(row, column, self._truncate(sanitize(value_as_text(value), lines=True)))

    def _is_link(self, url: str) -> bool:
        if not url.startswith(("http://", "https://")) or len(url) > MAX_LINK_LENGTH:
            return False
        self._links_left -= 1
        if self._links_left < 0:
            self._notes.notes[LINKS_DROPPED_NOTE] += 1
        return self._links_left >= 0

    def _truncate(self, text: str) -> str:
        """Truncate text to the limit of a cell in UTF-16 code units."""
        if len(text) * 2 <= MAX_CELL_LENGTH or len(text.encode("utf-16-le")) <= MAX_CELL_LENGTH * 2:
            return text
        self._notes.notes[TRUNCATED_NOTE] += 1
        truncated = text.encode("utf-16-le")[: (MAX_CELL_LENGTH - 1) * 2].decode("utf-16-le", "ignore")
        return truncated + ELLIPSIS
