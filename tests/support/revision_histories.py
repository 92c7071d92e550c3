"""Made-up histories of articles, consistent as a crawl leaves them, and their rows in a real database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import insert

from storage.articles.as_of import PresenceChanges
from storage.database.tables import events, listings, revisions, view_readings
from storage.model.records import EditKind
from tests.support.rows import NOON, Rows

MINUTE = timedelta(minutes=1)
MOMENTS = st.integers(-1, 62).map(lambda minutes: NOON + minutes * MINUTE)
KINDS = st.sampled_from([EditKind.MINOR, EditKind.NUMBERS, EditKind.TITLE])
SECTIONS = st.sampled_from([(), ("politics",), ("economy",), ("economy", "politics")])


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """One article from its first sight on; `wordings` has one more entry than `edits`."""

    first_seen_at: datetime
    stored_at: datetime
    edits: tuple[datetime, ...]
    wordings: tuple[Mapping[str, Any], ...]
    kinds: tuple[EditKind, ...]
    is_stealth: tuple[bool, ...]
    readings: Mapping[datetime, int]
    comings: PresenceChanges
    listed: tuple[datetime, datetime]
    section: str | None


@st.composite
def histories(draw: st.DrawFn) -> History:
    minutes = sorted(draw(st.lists(st.integers(0, 60), min_size=2, max_size=9)))
    first, stored, *later = [NOON + minute * MINUTE for minute in minutes]
    edits = [at for at in dict.fromkeys(later) if at > stored and draw(st.booleans())]
    turns = [at for at in dict.fromkeys(later) if at > stored and draw(st.booleans())]
    read = [at for at in dict.fromkeys([stored, *later]) if draw(st.booleans())]
    dates = st.none() | st.integers(-3, 2).map(lambda hours: NOON + timedelta(hours=hours))
    wording = st.fixed_dictionaries({"sections": SECTIONS, "published_at": dates})
    return History(
        first_seen_at=first,
        stored_at=stored,
        edits=tuple(edits),
        wordings=tuple(draw(st.lists(wording, min_size=len(edits) + 1, max_size=len(edits) + 1))),
        kinds=tuple(draw(st.lists(KINDS, min_size=len(edits), max_size=len(edits)))),
        is_stealth=tuple(draw(st.lists(st.booleans(), min_size=len(edits), max_size=len(edits)))),
        readings={at: draw(st.integers(0, 5)) for at in read},
        comings=PresenceChanges(gone=tuple(turns[::2]), restored=tuple(turns[1::2])),
        listed=(first, draw(st.sampled_from([first, *later]))),
        section=draw(st.sampled_from([None, "politics", "economy"])),
    )


def keep(rows: Rows, told: History, slug: str) -> int:
    """The rows a crawl would have left; returns the article's id."""
    last = len(told.edits)
    gone, back = told.comings.gone, told.comings.restored
    article_id = rows.article(
        slug,
        **told.wordings[last],
        title=f"{slug} {last}",
        section=told.section,
        view_count=told.readings[max(told.readings)] if told.readings else None,
        first_seen_at=told.first_seen_at,
        last_seen_at=told.listed[1],
        stored_at=told.stored_at,
        fetched_at=max([told.stored_at, *told.edits, *told.readings, *back]),
        revised_at=max(told.edits, default=None),
        gone_at=gone[-1] if len(gone) > len(back) else None,
    )
    _keep_beside(rows, told, slug, article_id)
    return article_id


def _keep_beside(rows: Rows, told: History, slug: str, article_id: int) -> None:
    url = f"https://caliber.az/en/post/{slug}"
    since = (told.stored_at, *told.edits)
    for place, until in enumerate(told.edits):
        facts = {"edit_kind": told.kinds[place], "is_stealth": told.is_stealth[place]}
        seen = {"seen_from": since[place], "seen_until": until, "title": f"{slug} {place}"}
        rows.revision(article_id, place + 1, **told.wordings[place], **facts, **seen)
    listed = {"first_listed_at": told.listed[0], "last_listed_at": told.listed[1]}
    rows.listing(rows.link(url, article_id=article_id, **listed), f"https://caliber.az/{slug}.xml", **listed)
    with rows.store.write() as connection:
        for at, count in told.readings.items():
            connection.execute(insert(view_readings).values(article_id=article_id, measured_at=at, view_count=count))
        for kind, moments in {"gone": told.comings.gone, "restored": told.comings.restored}.items():
            for at in moments:
                facts = {"source": "caliber", "kind": kind, "subject": url, "details": {}}
                connection.execute(insert(events).values(opened_at=at, closed_at=at, **facts))


def clear(rows: Rows) -> None:
    tables = (listings, events, revisions, view_readings)
    for name in (*(table.name for table in tables), "channels", "links", "articles"):
        rows.clear(name)
