"""Whether the bodies of a source became much shorter or longer: a reader that takes half an article, or the boxes too.

The newest 10, 20 and 40 bodies that are not empty are compared with those before by the rank-sum test (Wilcoxon 1945;
Mann and Whitney 1947), with the normal approximation and the variance corrected for ties::

    z = (U - m n / 2) / sqrt(m n / 12 * ((N + 1) - sum(t^3 - t) / (N (N - 1)))),   N = m + n

Drift begins at |z| >= 4.9 (a chance of 1e-6, both sides together) AND a median under half or over twice the one before.
The approximation errs on the safe side here: the exact chance of ten bodies below all of 300 is 7e-19, and z is only
5.4. Drift ends when the median of the newest 20 is within 0.7 to 1/0.7 of what it was before it began.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from math import sqrt
from statistics import median

from scheduler.findings import Finding, Json, OpenEvent, iso
from storage.records import EventKind

SUBJECT = "body length"
WINDOWS = (10, 20, 40)
LEAST_BEFORE = 40
LEAST_Z = 4.9
SHIFT = 2.0
RECOVERY = 20
RECOVERED_SHIFT = 1 / 0.7
EXAMPLES = 3

Body = tuple[str, datetime, int]
"""Address, moment of the fetch, characters."""


def length_drift(recent: Sequence[Body], before: Sequence[int], *, opened: OpenEvent | None = None) -> Finding | None:
    """Drift of the length of bodies, or None; `recent` oldest first. Empty bodies are another sign and left out."""
    bodies = [body for body in recent if body[2] > 0]
    earlier = [length for length in before if length > 0]
    normal = _normal(opened) or (median(earlier) if len(earlier) >= LEAST_BEFORE else None)
    if len(bodies) < min(WINDOWS) or normal is None:
        return _finding(bodies, normal, z=None, opens=False)
    latest = bodies[-RECOVERY:]
    is_over = _shift(latest, normal) <= RECOVERED_SHIFT
    for newest in WINDOWS[:1] if is_over else WINDOWS:  # six short ones of ten are news, and no median of twenty yet
        z = rank_sum([length for _, _, length in bodies[-newest:]], earlier)
        if newest <= len(bodies) and abs(z) >= LEAST_Z and _shift(bodies[-newest:], normal) >= SHIFT:
            return _finding(bodies[-newest:], normal, z=z, opens=True)
    return None if is_over else _finding(latest, normal, z=None, opens=False)


def rank_sum(sample: Sequence[int], others: Sequence[int]) -> float:
    """z of the rank-sum test: how many standard errors the sample lies above (+) or below (-) the others; 0 if either
    is empty or all values are equal."""
    m, n, ordered = len(sample), len(others), sorted(others)
    total = m + n
    ties = sum(t**3 - t for t in Counter((*sample, *others)).values())
    spread = m * n / 12 * ((total + 1) - ties / (total * (total - 1))) if m and n else 0.0
    if spread <= 0:
        return 0.0
    above = sum((bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 for value in sample)
    return (above - m * n / 2) / sqrt(spread)


def _shift(bodies: Sequence[Body], normal: float) -> float:
    """How many times shorter or longer the median is, at least 1."""
    ratio = median(length for _, _, length in bodies) / normal
    return max(ratio, 1 / ratio)


def _normal(event: OpenEvent | None) -> float | None:
    said = event.details.get("median_before") if event else None
    return float(said) if isinstance(said, int | float) and said > 0 else None


def _finding(bodies: Sequence[Body], normal: float | None, *, z: float | None, opens: bool) -> Finding:
    latest = median(length for _, _, length in bodies) if bodies else None
    shown = _examples(bodies, latest, normal)
    sentence = (
        f"{SUBJECT}: the median of the newest {len(bodies)} bodies is {latest or 0:.0f} characters, "
        f"before {normal or 0:.0f}; open an example and compare it with what is stored"
    )
    details: dict[str, Json] = {
        "sentence": sentence,
        "median_before": normal,
        "median_newest": latest,
        "pages": len(bodies),
        "z": None if z is None else round(z, 2),
        "first_at": iso(shown[-1][1]) if shown else None,
        "examples": [url for url, _, _ in shown[:EXAMPLES]],
    }
    return Finding(kind=EventKind.DRIFT, subject=SUBJECT, details=details, opens=opens)


def _examples(bodies: Sequence[Body], latest: float | None, normal: float | None) -> list[Body]:
    """The bodies nearer to the new median than to the old one, by ratio, newest first."""
    if not latest or not normal:
        return []
    middle, shorter = sqrt(latest * normal), latest < normal
    return [body for body in reversed(bodies) if (body[2] < middle) == shorter]
