"""Detect extraction drift of a source: fields no longer filled, bodies cut, dates out of range.

An indicator is a yes or no per page (the field is filled; the date is not in the future; …). The newest 10, 20 and 40
pages are compared with those before by the exact test of two proportions (Fisher 1935, one-sided): under "nothing
changed" the number of good pages among the newest n is hypergeometric, and its lower tail is the chance of the sample::

    P(X <= good) = sum over i <= good of C(K, i) * C(N - K, n - i) / C(N, n),   N pages in all, K of them good

Drift opens when the chance is under 1e-6 AND the share fell by at least 0.5, 0.35 or 0.25 (of 10, 20, 40 pages): the
first so that noise does not alarm, the second so that a true but small change does not. A source with 50 pages a day
and 10 indicators is tested 45 000 times a month, so if the tests were independent there would be at most 0.045 false
alarms a source-month; windows overlap and chances come in steps, so it is far less
(tests/scheduler/health/test_drift_histories.py measures it). A field that fewer than a quarter of the pages had can
vanish unnoticed.

Drift closes when the newest 20 pages are within 0.15 of the baseline and no longer differ at 5 %.

The length of bodies is a number, not a yes or no: a parser may extract half an article, or the boxes too. The newest
10, 20 and 40 bodies that are not empty are compared with those before by the rank-sum test (Wilcoxon 1945; Mann and
Whitney 1947), with the normal approximation and the variance corrected for ties::

    z = (U - m n / 2) / sqrt(m n / 12 * ((N + 1) - sum(t^3 - t) / (N (N - 1)))),   N = m + n

It drifts at |z| >= 4.9 (a chance of 1e-6, both sides together) AND a median under half or over twice the one before.
The approximation errs on the safe side here: the exact chance of ten bodies below all of 300 is 7e-19, and z is only
5.4. It ends when the median of the newest 20 is within 0.7 to 1/0.7 of what it was before it began.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import comb, sqrt
from statistics import median

from scheduler.health.findings import Finding, Json, iso
from storage.crawling.events import Event
from storage.model.event_kinds import EventKind
from storage.model.published import is_in_future
from storage.scheduling.health_queries import ExtractionSample

MIN_DROP = {10: 0.5, 20: 0.35, 40: 0.25}
"""Minimum fall of the share of good pages, by the number of newest pages compared."""
WINDOW_SIZES = tuple(MIN_DROP)
P_VALUE = 1e-6
MIN_BASELINE_PAGES = 40
"""Minimum number of earlier pages."""
RECOVERY_PAGES = 20
MAX_RECOVERED_DROP = 0.15
RECOVERED_P_VALUE = 0.05
MAX_EXAMPLES = 3
BODY_LENGTH_SUBJECT = "body length"
MIN_Z = 4.9
MIN_LENGTH_RATIO = 2.0
RECOVERED_LENGTH_RATIO = 1 / 0.7
OLD_DATE_AGE = timedelta(weeks=2)
"""Age of a date at the first fetch from which the article is of an archive, or its date was parsed wrongly."""

Body = tuple[str, datetime, int]
"""URL, time of storage, characters."""


@dataclass(frozen=True, slots=True)
class Proportion:
    """Number of good pages among some pages."""

    filled: int
    pages: int

    @property
    def rate(self) -> float:
        return self.filled / self.pages if self.pages else 1.0

    def details(self) -> Mapping[str, Json]:
        return {"good": self.filled, "pages": self.pages, "rate": round(self.rate, 3)}


@dataclass(frozen=True, slots=True)
class Indicator:
    """A yes or no per page, oldest first, of the pages that it applies to."""

    subject: str
    predicate: str  # true of a good page
    pages: tuple[tuple[ExtractionSample, bool], ...]

    def share(self, newest: int | None = None) -> Proportion:
        pages = self.pages if newest is None else self.pages[-newest:]
        return Proportion(sum(good for _, good in pages), len(pages))


def detect_drift(
    recent: Sequence[ExtractionSample], before: Sequence[ExtractionSample], *, open_events: Collection[Event] = ()
) -> list[Finding]:
    """Detect drift of each field, of the length of bodies and of the range of dates.

    `recent` are the newest 40 pages of the source, `before` up to some 300 fetched before those, each in any order.
    Select them by number, not by time. An event among `open_events` is compared with the baseline at its opening, so
    a lasting drift does not become the norm. Findings with `opens=False` keep an event open and open none: too few
    pages to compare, or not recovered.
    """
    now, earlier = sorted(recent, key=_when_stored), sorted(before, key=_when_stored)
    opened = {event.subject: event for event in open_events if event.kind is EventKind.DRIFT}
    baseline = {indicator.subject: indicator.share() for indicator in indicators(earlier)}
    found = [
        proportion_drift(
            indicator, _baseline(opened.get(indicator.subject)) or baseline.get(indicator.subject, Proportion(0, 0))
        )
        for indicator in indicators(now, after=earlier)
    ]
    length = length_drift(
        [(page.url, page.stored_at, page.body_length) for page in now],
        [page.body_length for page in earlier],
        opened=opened.get(BODY_LENGTH_SUBJECT),
    )
    return [finding for finding in (*found, length) if finding is not None]


def _when_stored(page: ExtractionSample) -> tuple[datetime, str]:
    return page.stored_at, page.url


def _baseline(event: Event | None) -> Proportion | None:
    """Read the baseline at the opening of an event from its details; None if they have none."""
    stored = event.details.get("before") if event else None
    if not isinstance(stored, Mapping):
        return None
    good, pages = stored.get("good"), stored.get("pages")
    return Proportion(good, pages) if isinstance(good, int) and isinstance(pages, int) and 0 <= good <= pages else None


def indicators(pages: Sequence[ExtractionSample], *, after: Sequence[ExtractionSample] = ()) -> list[Indicator]:
    """Compute every indicator of some pages, oldest first; `after` are earlier pages, which may have further fields."""
    fields = dict.fromkeys(name for page in (*after, *pages) for name in page.filled if name != "body")
    filled = [Indicator(name, "have it", _fill_indicators(pages, name)) for name in fields]
    body = Indicator("body", "have one", tuple((page, page.body_length > 0) for page in pages))
    return [*filled, body, *_date_indicators(pages)]


def _fill_indicators(pages: Sequence[ExtractionSample], name: str) -> tuple[tuple[ExtractionSample, bool], ...]:
    return tuple((page, page.filled[name]) for page in pages if name in page.filled)


def _date_indicators(pages: Sequence[ExtractionSample]) -> list[Indicator]:
    dated = [(page, page.published_at) for page in pages if page.published_at is not None]
    times = [at for _, at in dated]
    follow = zip(dated, [None, *times], strict=False)
    return [
        Indicator(
            "dates in the future",
            "are not",
            tuple((p, not is_in_future(at, p.precision, p.stored_at)) for p, at in dated),
        ),
        Indicator("dates weeks old", "are not", tuple((p, at >= p.stored_at - OLD_DATE_AGE) for p, at in dated)),
        Indicator("dates all equal", "differ from the page before", tuple((p, at != last) for (p, at), last in follow)),
    ]


def proportion_drift(indicator: Indicator, baseline: Proportion) -> Finding | None:
    """Detect drift of one indicator from its baseline; None if it is as before."""
    if len(indicator.pages) < min(WINDOW_SIZES) or baseline.pages < MIN_BASELINE_PAGES:
        return _finding(indicator, len(indicator.pages), baseline, opens=False)
    latest = min(RECOVERY_PAGES, len(indicator.pages))
    if _has_recovered(indicator.share(latest), baseline):
        return None
    drifted = [
        newest for newest in MIN_DROP if newest <= len(indicator.pages) and _has_drifted(indicator, newest, baseline)
    ]
    if drifted:
        return _finding(indicator, drifted[0], baseline, opens=True)
    return _finding(indicator, latest, baseline, opens=False)


def _has_drifted(indicator: Indicator, newest: int, baseline: Proportion) -> bool:
    share = indicator.share(newest)
    return baseline.rate - share.rate >= MIN_DROP[newest] and fisher_p_value(share, baseline) < P_VALUE


def _has_recovered(share: Proportion, baseline: Proportion) -> bool:
    return baseline.rate - share.rate < MAX_RECOVERED_DROP and fisher_p_value(share, baseline) >= RECOVERED_P_VALUE


def fisher_p_value(share: Proportion, baseline: Proportion) -> float:
    """Compute the chance of so few good pages if nothing changed (one-sided exact Fisher test)."""
    total, good = share.pages + baseline.pages, share.filled + baseline.filled
    ways = sum(
        comb(good, i) * comb(total - good, share.pages - i) for i in range(share.filled + 1) if share.pages - i >= 0
    )
    return ways / comb(total, share.pages)


def _finding(indicator: Indicator, newest: int, baseline: Proportion, *, opens: bool) -> Finding:
    share = indicator.share(newest)
    bad = [page for page, good in indicator.pages[-newest:] if not good] if newest else []
    sentence = (
        f"{indicator.subject}: {share.filled} of the newest {share.pages} pages {indicator.predicate}, "
        f"before {baseline.filled} of {baseline.pages}; open an example and compare it with the page parser"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "before": baseline.details(),
        "newest": share.details(),
        "chance": fisher_p_value(share, baseline) if baseline.pages and share.pages else None,
        "first_at": iso(bad[0].stored_at) if bad else None,
        "examples": [page.url for page in reversed(bad[-MAX_EXAMPLES:])],
    }
    return Finding(kind=EventKind.DRIFT, subject=indicator.subject, details=details, opens=opens)


def length_drift(recent: Sequence[Body], before: Sequence[int], *, opened: Event | None = None) -> Finding | None:
    """Detect drift of the length of bodies, or None; `recent` oldest first. Empty bodies are ignored here."""
    bodies = [body for body in recent if body[2] > 0]
    earlier = [length for length in before if length > 0]
    baseline = _usual_length(opened) or (median(earlier) if len(earlier) >= MIN_BASELINE_PAGES else None)
    if len(bodies) < min(WINDOW_SIZES) or baseline is None:
        return _length_finding(bodies, baseline, z=None, opens=False)
    latest = bodies[-RECOVERY_PAGES:]
    is_over = _length_ratio(latest, baseline) <= RECOVERED_LENGTH_RATIO
    for newest in list(MIN_DROP)[
        : 1 if is_over else None
    ]:  # six short ones of ten drift before the median of twenty moves
        z = rank_sum([length for _, _, length in bodies[-newest:]], earlier)
        if newest <= len(bodies) and abs(z) >= MIN_Z and _length_ratio(bodies[-newest:], baseline) >= MIN_LENGTH_RATIO:
            return _length_finding(bodies[-newest:], baseline, z=z, opens=True)
    return None if is_over else _length_finding(latest, baseline, z=None, opens=False)


def rank_sum(sample: Sequence[int], others: Sequence[int]) -> float:
    """Compute z of the rank-sum test: the standard errors of the sample above (+) or below (-) the others.

    0 if either is empty or all values are equal.
    """
    m, n, ordered = len(sample), len(others), sorted(others)
    total = m + n
    ties = sum(t**3 - t for t in Counter((*sample, *others)).values())
    spread = m * n / 12 * ((total + 1) - ties / (total * (total - 1))) if m and n else 0.0
    if spread <= 0:
        return 0.0
    above = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in sample)
    return (above - m * n / 2) / sqrt(spread)


def _length_ratio(bodies: Sequence[Body], baseline: float) -> float:
    """Compute the ratio of the median to the baseline or its inverse, whichever is at least 1."""
    ratio = median(length for _, _, length in bodies) / baseline
    return max(ratio, 1 / ratio)


def _usual_length(event: Event | None) -> float | None:
    stored = event.details.get("median_before") if event else None
    return float(stored) if isinstance(stored, int | float) and stored > 0 else None


def _length_finding(bodies: Sequence[Body], baseline: float | None, *, z: float | None, opens: bool) -> Finding:
    latest = median(length for _, _, length in bodies) if bodies else None
    examples = _examples(bodies, latest, baseline)
    sentence = (
        f"{BODY_LENGTH_SUBJECT}: the median of the newest {len(bodies)} bodies is {latest or 0:.0f} characters, "
        f"before {baseline or 0:.0f}; open an example and compare it with what is stored"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "median_before": baseline,
        "median_newest": latest,
        "pages": len(bodies),
        "z": None if z is None else round(z, 2),
        "first_at": iso(examples[-1][1]) if examples else None,
        "examples": [url for url, _, _ in examples[:MAX_EXAMPLES]],
    }
    return Finding(kind=EventKind.DRIFT, subject=BODY_LENGTH_SUBJECT, details=details, opens=opens)


def _examples(bodies: Sequence[Body], latest: float | None, baseline: float | None) -> list[Body]:
    """Select the bodies nearer to the new median than to the old one, by ratio, newest first."""
    if not latest or not baseline:
        return []
    middle, shorter = sqrt(latest * baseline), latest < baseline
    return [body for body in reversed(bodies) if (body[2] < middle) == shorter]
