"""Fill a database with what the pages show: three weeks of three invented sites, with edits, gaps, troubles."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.model.records import (
    DatePrecision,
    EditKind,
    FetchPurpose,
    FetchResult,
    Outcome,
    Problem,
    RunStatus,
    Trigger,
)
from storage.notifications.watches import NewSavedSearch
from storage.store import Store
from tests.support.rows import Rows
from tests.support.site import Article, demo_articles, later_articles
from tests.support.site.articles import Block

NOW = datetime(2026, 11, 24, 14, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
SITES: Mapping[str, str] = {"caliber": "Caliber.az", "strait": "The Strait Herald", "orrin": "Orrin Gazette"}
TERMS = "Reuse with a link to the page."
AGES = (0.25, 1, 3, 6, 12, 24, 48, 168)
"""Hours after publication at which views are read."""


@dataclass(slots=True)
class Showcase:
    """Writes the rows; `now` is the time at which the pages are looked at."""

    rows: Rows
    now: datetime = NOW

    def fill(self) -> None:
        """Write everything."""
        for name, title in SITES.items():
            if name != "caliber":
                self.rows.source(name, title=title, terms=TERMS)
        runs = [self._run(hours) for hours in range(400, 0, -2)]
        for number, (story, at) in enumerate(self._stories()):
            self._story(number, story, at, runs[-1 - number % len(runs)])
        self._troubles()
        self.rows.store.watches.add(
            NewSavedSearch(name="gas", query="gas -sport", target="json://hook.example/path"), self.now
        )

    def _stories(self) -> Sequence[tuple[Article, datetime]]:
        told = [*later_articles(self.now), *demo_articles(self.now)]
        return [
            (
                told[number % len(told)],
                self.now - timedelta(hours=1.5 * number + (number * 7 % 5), minutes=number * 13 % 60),
            )
            for number in range(150)
        ]

    def _story(self, number: int, story: Article, at: datetime, run_id: int) -> None:
        source = list(SITES)[0 if number % 3 else 1 + number % 2]
        slug = story.slug if number < 33 else f"{story.slug}-{number}"
        url = f"https://{source}.example/en/post/{slug}"
        body = "\n\n".join(_text(part) for part in story.body)
        stored = min(self.now, at + timedelta(minutes=4 + number % 9))
        readings = self._readings(number, at)
        values: dict[str, Any] = {
            "source": source,
            "url": url,
            "title": story.title,
            "subtitle": story.subtitle or None,
            "language": story.language,
            "section": story.sections[0] if story.sections else None,
            "sections": story.sections,
            "body": body,
            "author": ("Ilin Marr, Sael Brandt", "Vera Holm", None)[number % 3],
            "authors": (("Ilin Marr", "Sael Brandt"), ("Vera Holm",), ())[number % 3],
            "published_at": at,
            "published_raw": f"{at:%d %B %Y %H:%M}",
            "published_precision": DatePrecision.MINUTE,
            "view_count": readings[-1][1] if readings else None,
            "content_hash": hashlib.sha256(body.encode()).hexdigest() if number < 40 else f"hash {number}",
            "problems": (Problem("image_url", "no picture on the page"),) if number % 4 == 0 else (),
            "first_seen_at": stored,
            "last_seen_at": min(self.now, stored + 20 * HOUR),
            "stored_at": stored,
            "fetched_at": min(self.now, max([stored, *(read_at for read_at, _ in readings)])),
            "recrawl_at": self.now + HOUR,
        }
        if number in {2, 5, 11}:
            values |= {"revised_at": at + 2 * HOUR}
        if number == 8:
            values |= {"gone_at": self.now - 5 * HOUR}
        article_id = self.rows.article(slug, **values)
        for read_at, count in readings:
            self._insert("view_readings", {"article_id": article_id, "measured_at": read_at, "view_count": count})
        link = self.rows.link(
            url,
            source=source,
            title=story.title,
            article_id=article_id,
            outcome=Outcome.STORED,
            first_listed_at=stored,
            last_listed_at=values["last_seen_at"],
        )
        page = {"run_id": run_id, "http_status": 200, "byte_count": 61_000}
        self.rows.fetch(link, fetched_at=stored, view_count=readings[0][1], **page)
        for read_at, count in readings[1:]:
            self.rows.fetch(
                link,
                fetched_at=read_at,
                purpose=FetchPurpose.RECRAWL,
                result=FetchResult.UNCHANGED,
                view_count=count,
                **page,
            )
        if number < 4:
            self.rows.listing(
                link, f"https://{source}.example/feed{number}.xml", first_listed_at=stored, last_listed_at=self.now
            )
        if number in {2, 5, 11}:
            self._edits(number, article_id, url, story, body, at, source)
        if number in {8, 9}:
            kind = "gone" if number == 8 else "restored"
            self._event(kind, url, source, self.now - 5 * HOUR, f"{story.title}: {kind}", lasts=False)

    def _readings(self, number: int, at: datetime) -> Sequence[tuple[datetime, int]]:
        """Counts that grow fast at first; of one article no reading for two days, another is reset."""
        size = 300 + number * 97 % 2400
        found = []
        for age in AGES:
            read_at = at + timedelta(hours=age)
            if read_at > self.now or (number % 7 == 3 and 6 < age < 48):
                continue
            count = round(size * (1 - math.exp(-age / 9)))
            found.append((read_at, count // 3 if number == 12 and age >= 48 else count))
        return found or [(min(self.now, at + timedelta(minutes=5)), 3)]

    def _edits(
        self, number: int, article_id: int, url: str, story: Article, body: str, at: datetime, source: str
    ) -> None:
        is_stealth = number != 11
        older = body.replace("per cent", "percent").replace(" has ", " had ", 1).replace("15", "1.5", 1)
        first = older.rpartition("\n\n")[0] or older
        texts = [(first, at, at + HOUR, EditKind.SUBSTANTIVE), (older, at + HOUR, at + 2 * HOUR, EditKind.NUMBERS)]
        for place, (text, since, until, kind) in enumerate(texts, 1):
            self.rows.revision(
                article_id,
                place,
                title=f"{story.title}, say officials" if place == 1 else story.title,
                subtitle=story.subtitle or None,
                body=text,
                seen_from=since + timedelta(minutes=5),
                seen_until=until,
                edit_kind=kind,
                is_stealth=is_stealth,
                published_at=at,
                published_raw=f"{at:%d %B %Y %H:%M}",
                author="Ilin Marr",
            )
        sentence = f"{story.title}: edited: numbers"
        details = {"article_id": article_id, "is_stealth": is_stealth, "sentence": sentence}
        self._event("edited", url, source, at + 2 * HOUR, "", lasts=False, details=details)

    def _run(self, hours: int) -> int:
        began = self.now - hours * HOUR
        source = list(SITES)[hours % 3]
        failed = hours == 8
        return self.rows.run(
            source=source,
            trigger=Trigger.SCHEDULED,
            status=RunStatus.FAILED if failed else RunStatus.SUCCEEDED,
            started_at=began,
            finished_at=began + timedelta(seconds=20 + hours % 17),
            heartbeat_at=began,
            channels_read=not failed,
            listed_count=0 if failed else 30,
            new_count=0 if failed else hours % 6,
            view_update_count=0 if failed else hours % 11,
            unchanged_count=0 if failed else 12,
            request_count=3 if failed else 26,
            byte_count=0 if failed else 640_000,
            error="HTTP 503 from https://caliber.example/feed.xml, three times" if failed else None,
            stderr_tail="WARNING caliber: feed.xml answered 503\nERROR caliber: no channel could be read"
            if failed
            else None,
        )

    def _troubles(self) -> None:
        self._event(
            "silent",
            "",
            "orrin",
            self.now - 4 * HOUR,
            "no article for 9 h 10 min, though 3 an hour are usual",
            lasts=True,
        )
        self._event(
            "gap", "https://strait.example/feed1.xml", "strait", self.now - 30 * HOUR, "up to 6 articles", lasts=False
        )

    def _event(
        self,
        kind: str,
        subject: str,
        source: str,
        at: datetime,
        sentence: str,
        *,
        lasts: bool,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        given = details or {"sentence": sentence}
        if lasts:
            self.rows.store.events.open(source=source, kind=kind, subject=subject, details=given, now=at)
        else:
            self.rows.store.events.add(source=source, kind=kind, subject=subject, details=given, now=at)

    def _insert(self, table: str, values: Mapping[str, Any]) -> None:
        self.rows._insert(table, dict(values))


def _text(part: Block | str) -> str:
    return part if isinstance(part, str) else " ".join(part.texts)


def fill_showcase(database: str, now: datetime = NOW) -> Store:
    """Fill an empty database and return its store."""
    rows = Rows(database)
    Showcase(rows, now).fill()
    return rows.store


def recent() -> datetime:
    """Return this minute: pages show what happened up to it."""
    return datetime.now(UTC).replace(second=0, microsecond=0)
