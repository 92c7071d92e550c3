"""Write records as tab-separated values and Markdown tables.

TSV has one line per row and no quotes, for `cut`, `sort` and `awk`: UTF-8, LF line ends; a tab or line end in a text
becomes a space. Markdown is a GitHub table with all markup characters escaped; times are to the minute.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from presswatch.output.display_zone import format_time, zone_note
from presswatch.output.formats import LIST_SEPARATOR, neutralize_formula, value_as_text
from storage.text.sanitize import replace_surrogates, sanitize

_MARKUP = re.compile(r"[\\`*_{}\[\]()#+!|~$^]")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ESCAPED_IN_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def iter_tsv(records: Iterable[Mapping[str, Any]], columns: Sequence[str], *, raw: bool = False) -> Iterator[str]:
    r"""Yield a header and one line per record. Formulas are neutralized; `raw` keeps them and escapes tabs as \t."""
    yield "\t".join(_tsv_text(name, raw=raw) for name in columns) + "\n"
    for record in records:
        yield "\t".join([_tsv_cell(record[name], raw=raw) for name in columns]) + "\n"


def _tsv_cell(value: Any, *, raw: bool) -> str:
    return _tsv_text(value_as_text(value), raw=raw) if isinstance(value, str | tuple | list) else value_as_text(value)


def _tsv_text(text: str, *, raw: bool) -> str:
    return replace_surrogates(text).translate(_ESCAPED_IN_TSV) if raw else neutralize_formula(sanitize(text))


def iter_markdown(records: Iterable[Mapping[str, Any]], columns: Sequence[str], **_options: bool) -> Iterator[str]:
    """Yield a Markdown table; URLs are links, all other text is escaped. The zone of its times is named below it."""
    yield _markdown_row([plain_text(name) for name in columns])
    yield _markdown_row(["---"] * len(columns))
    has_times = False
    for record in records:
        has_times = has_times or any(isinstance(record[name], datetime) for name in columns)
        yield _markdown_row([_markdown_cell(name, record[name]) for name in columns])
    if has_times:
        yield f"\n{zone_note()}\n"


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _markdown_cell(name: str, value: Any) -> str:
    if name == "url" and isinstance(value, str) and re.fullmatch(r"https?://[^\s<>|\\`]+", value):
        return f"<{value}>"
    if isinstance(value, datetime):
        return format_time(value)
    return plain_text(LIST_SEPARATOR.join(map(str, value)) if isinstance(value, tuple) else value_as_text(value))


def plain_text(text: str) -> str:
    """Escape text so that Markdown shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", sanitize(text)).translate(_ENTITIES)
