"""Whether a source's pages are read differently from before: fields no longer filled, bodies cut, dates astray.

Each sign is a yes or no a page (the field is filled; the date is not in the future; …). The newest 10, 20 and 40 pages
are compared with those before by the exact test of two proportions (Fisher 1935, one-sided): under "nothing changed"
the number of good pages among the newest n is hypergeometric, and its lower tail is the chance of such a sample::

    P(X <= good) = sum over i <= good of C(K, i) * C(N - K, n - i) / C(N, n),   N pages in all, K of them good

Drift begins when the chance is under 1e-6 AND the share fell by at least 0.5, 0.35 or 0.25 (of 10, 20, 40 pages): the
first so that noise does not alarm, the second so that a true but small change does not. A source with 50 pages a day
and 10 signs is tested 45 000 times a month, so if every test stood alone there would be at most 0.045 false alarms a
source-month; windows overlap and chances come in steps, so it is far less (tests/scheduler/test_drift_histories.py
measures it). A field that fewer than a quarter of the pages had can vanish unnoticed.

Drift ends when the newest 20 pages are within 0.15 of what was normal before it began and no longer differ at 5 %.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb

from scheduler.findings import Finding, Json, OpenEvent, iso
from scheduler.lengths import length_drift
from storage.records import EventKind

LEAST_DROP = {10: 0.5, 20: 0.35, 40: 0.25}
"""Newest pages looked at, and how far the share must have fallen among them."""
CHANCE = 1e-6
LEAST_BEFORE = 40
"""Earlier pages needed to say what is normal."""
RECOVERY = 20
RECOVERED_DROP = 0.15
RECOVERED_CHANCE = 0.05
EXAMPLES = 3
CLOCKS_DIFFER = timedelta(minutes=10)
"""How far ahead of ours a site's clock may be before its dates count as lying in the future."""
OLD = timedelta(weeks=2)
"""A new article dated earlier than this before its first fetch is of an archive, or its date was misread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the first fetch of an article gave (a re-look's date would be old by right)."""

    url: str
    fetched_at: datetime
    filled: Mapping[str, bool]  # by field; a field that the source does not have is left out
    body_length: int  # characters
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some pages were good."""

    good: int
    pages: int

    @property
    def rate(self) -> float:
        return self.good / self.pages if self.pages else 1.0

    def details(self) -> Mapping[str, Json]:
        return {"good": self.good, "pages": self.pages, "rate": round(self.rate, 3)}


@dataclass(frozen=True, slots=True)
class Sign:
    """One yes or no a page, oldest first, of the pages that can say it."""

    subject: str
    words: str  # what a good page is
    pages: tuple[tuple[PageFacts, bool], ...]

    def share(self, newest: int | None = None) -> Share:
        pages = self.pages if newest is None else self.pages[-newest:]
        return Share(sum(good for _, good in pages), len(pages))


def drifts(
    recent: Sequence[PageFacts], before: Sequence[PageFacts], *, open_events: Collection[OpenEvent] = ()
) -> list[Finding]:
    """Drift of each field, of the length of bodies and of the range of dates.

    `recent` are the newest 40 pages of the source, `before` up to some 300 fetched before those, each in any order.
    Take them by number, not by time. An event among `open_events` is judged against what was normal when it opened, so
    a drift does not become the norm by lasting. Findings with `opens=False` keep an event open and open none: too few
    pages to judge, or not recovered.
    """
    now, earlier = sorted(recent, key=_fetched), sorted(before, key=_fetched)
    opened = {event.subject: event for event in open_events if event.kind is EventKind.DRIFT}
    normal = {sign.subject: sign.share() for sign in signs(earlier)}
    found = [
        share_drift(sign, _normal(opened.get(sign.subject)) or normal.get(sign.subject, Share(0, 0)))
        for sign in signs(now, after=earlier)
    ]
    length = length_drift(
        [(page.url, page.fetched_at, page.body_length) for page in now],
        [page.body_length for page in earlier],
        opened=opened.get("body length"),
    )
    return [finding for finding in (*found, length) if finding is not None]


def _fetched(page: PageFacts) -> tuple[datetime, str]:
    return page.fetched_at, page.url


def _normal(event: OpenEvent | None) -> Share | None:
    """What was normal when an event opened, from its details; None if they do not say."""
    said = event.details.get("before") if event else None
    if not isinstance(said, Mapping):
        return None
    good, pages = said.get("good"), said.get("pages")
    return Share(good, pages) if isinstance(good, int) and isinstance(pages, int) and 0 <= good <= pages else None


def signs(pages: Sequence[PageFacts], *, after: Sequence[PageFacts] = ()) -> list[Sign]:
    """Every sign of these pages, oldest first; `after` are the pages before them, which name further fields."""
    fields = dict.fromkeys(name for page in (*after, *pages) for name in page.filled if name != "body")
    filled = [Sign(name, "have it", _answers(pages, name)) for name in fields]
    body = Sign("body", "have one", tuple((page, page.body_length > 0) for page in pages))
    return [*filled, body, *_date_signs(pages)]


def _answers(pages: Sequence[PageFacts], name: str) -> tuple[tuple[PageFacts, bool], ...]:
    return tuple((page, page.filled[name]) for page in pages if name in page.filled)


def _date_signs(pages: Sequence[PageFacts]) -> list[Sign]:
    dated = [(page, page.published_at) for page in pages if page.published_at is not None]
    times = [at for _, at in dated]
    follow = zip(dated, [None, *times], strict=False)
    return [
        Sign("dates in the future", "are not", tuple((p, at <= p.fetched_at + CLOCKS_DIFFER) for p, at in dated)),
        Sign("dates weeks old", "are not", tuple((p, at >= p.fetched_at - OLD) for p, at in dated)),
        Sign("dates all equal", "differ from the page before", tuple((p, at != last) for (p, at), last in follow)),
    ]


def share_drift(sign: Sign, normal: Share) -> Finding | None:
    """Drift of one sign against what is normal, or None when it is as before."""
    if len(sign.pages) < min(LEAST_DROP) or normal.pages < LEAST_BEFORE:
        return _finding(sign, len(sign.pages), normal, opens=False)
    latest = min(RECOVERY, len(sign.pages))
    if _is_over(sign.share(latest), normal):
        return None
    begun = [newest for newest in LEAST_DROP if newest <= len(sign.pages) and _has_begun(sign, newest, normal)]
    if begun:
        return _finding(sign, begun[0], normal, opens=True)
    return _finding(sign, latest, normal, opens=False)


def _has_begun(sign: Sign, newest: int, normal: Share) -> bool:
    share = sign.share(newest)
    return normal.rate - share.rate >= LEAST_DROP[newest] and chance_of(share, normal) < CHANCE


def _is_over(share: Share, normal: Share) -> bool:
    return normal.rate - share.rate < RECOVERED_DROP and chance_of(share, normal) >= RECOVERED_CHANCE


def chance_of(share: Share, normal: Share) -> float:
    """The chance of so few good pages in a sample if nothing changed (one-sided Fisher test, exact)."""
    total, good = share.pages + normal.pages, share.good + normal.good
    ways = sum(
        comb(good, i) * comb(total - good, share.pages - i) for i in range(share.good + 1) if share.pages - i >= 0
    )
    return ways / comb(total, share.pages)


def _finding(sign: Sign, newest: int, normal: Share, *, opens: bool) -> Finding:
    share = sign.share(newest)
    bad = [page for page, good in sign.pages[-newest:] if not good] if newest else []
    sentence = (
        f"{sign.subject}: {share.good} of the newest {share.pages} pages {sign.words}, "
        f"before {normal.good} of {normal.pages}; open an example and compare it with the page reader"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "before": normal.details(),
        "newest": share.details(),
        "chance": chance_of(share, normal) if normal.pages and share.pages else None,
        "first_at": iso(bad[0].fetched_at) if bad else None,
        "examples": [page.url for page in reversed(bad[-EXAMPLES:])],
    }
    return Finding(kind=EventKind.DRIFT, subject=sign.subject, details=details, opens=opens)
