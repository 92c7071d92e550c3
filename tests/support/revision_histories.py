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
    """One article from its first sight on; `texts` has one more entry than `edits`."""

    first_seen_at: datetime
    stored_at: datetime
    edits: tuple[datetime, ...]
    texts: tuple[Mapping[str, Any], ...]
    kinds: tuple[EditKind, ...]
    is_stealth: tuple[bool, ...]
    readings: Mapping[datetime, int]
    presence_changes: PresenceChanges
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
    text = st.fixed_dictionaries({"sections": SECTIONS, "published_at": dates})
    return History(
        first_seen_at=first,
        stored_at=stored,
        edits=tuple(edits),
        texts=tuple(draw(st.lists(text, min_size=len(edits) + 1, max_size=len(edits) + 1))),
        kinds=tuple(draw(st.lists(KINDS, min_size=len(edits), max_size=len(edits)))),
        is_stealth=tuple(draw(st.lists(st.booleans(), min_size=len(edits), max_size=len(edits)))),
        readings={at: draw(st.integers(0, 5)) for at in read},
        presence_changes=PresenceChanges(gone=tuple(turns[::2]), restored=tuple(turns[1::2])),
        listed=(first, draw(st.sampled_from([first, *later]))),
        section=draw(st.sampled_from([None, "politics", "economy"])),
    )


def keep(rows: Rows, history: History, slug: str) -> int:
    """The rows a crawl would have left; returns the article's id."""
    last = len(history.edits)
    gone, back = history.presence_changes.gone, history.presence_changes.restored
    article_id = rows.article(
        slug,
        **history.texts[last],
        title=f"{slug} {last}",
        section=history.section,
        view_count=history.readings[max(history.readings)] if history.readings else None,
        first_seen_at=history.first_seen_at,
        last_seen_at=history.listed[1],
        stored_at=history.stored_at,
        fetched_at=max([history.stored_at, *history.edits, *history.readings, *back]),
        revised_at=max(history.edits, default=None),
        gone_at=gone[-1] if len(gone) > len(back) else None,
    )
    _keep_related(rows, history, slug, article_id)
    return article_id


def _keep_related(rows: Rows, history: History, slug: str, article_id: int) -> None:
    url = f"https://caliber.az/en/post/{slug}"
    since = (history.stored_at, *history.edits)
    for place, until in enumerate(history.edits):
        values = {"edit_kind": history.kinds[place], "is_stealth": history.is_stealth[place]}
        seen = {"seen_from": since[place], "seen_until": until, "title": f"{slug} {place}"}
        rows.revision(article_id, place + 1, **history.texts[place], **values, **seen)
    listed = {"first_listed_at": history.listed[0], "last_listed_at": history.listed[1]}
    rows.listing(rows.link(url, article_id=article_id, **listed), f"https://caliber.az/{slug}.xml", **listed)
    with rows.store.write() as connection:
        for at, count in history.readings.items():
            connection.execute(insert(view_readings).values(article_id=article_id, measured_at=at, view_count=count))
        for kind, moments in {
            "gone": history.presence_changes.gone,
            "restored": history.presence_changes.restored,
        }.items():
            for at in moments:
                values = {"source": "caliber", "kind": kind, "subject": url, "details": {}}
                connection.execute(insert(events).values(opened_at=at, closed_at=at, **values))


def clear(rows: Rows) -> None:
    tables = (listings, events, revisions, view_readings)
    for name in (*(table.name for table in tables), "channels", "links", "articles"):
        rows.clear(name)
