"""Define reservations of rights that a site declares to machines, and their stored form."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

RESERVED = "reserved: "
"""Start of the reason of a link that is filtered because its page is reserved."""

MAX_RESERVATIONS = 20
MAX_VALUE_LENGTH = 200


class Reservation(NamedTuple):
    """A signal as the site wrote it, such as `tdm-reservation` with the value 1, and its origin, such as `header`."""

    signal: str
    value: str
    origin: str

    def __str__(self) -> str:
        return f"{self.signal}={self.value} ({self.origin})"


def stored_reservations(reservations: Iterable[Reservation], *, now: datetime, before: str | None = None) -> str | None:
    """Return reservations as a JSON list of signal, value, origin and `since`, the time of the first fetch with it.

    `before` is the list of the fetch before, whose times are kept. None if there are no reservations.
    """
    since = {(one["signal"], one["value"], one["origin"]): one["since"] for one in json.loads(before or "[]")}
    cut = dict.fromkeys(one._replace(value=one.value[:MAX_VALUE_LENGTH]) for one in reservations)
    rows = [
        {**one._asdict(), "since": since.get((one.signal, one.value, one.origin), now.isoformat(timespec="seconds"))}
        for one in list(cut)[:MAX_RESERVATIONS]
    ]
    return json.dumps(rows, ensure_ascii=False) if rows else None


def reservation_lines(stored: str | None) -> list[str]:
    """Return one line for each stored reservation: what it says, where, and since when."""
    rows = json.loads(stored or "[]")
    return [f"{Reservation(row['signal'], row['value'], row['origin'])} since {row['since'][:10]}" for row in rows]
