"""Score what a reader found on pages of which the truth is known: title, date, authors, body, pieces of the body.

Texts are compared as bags of words; a character of Chinese, Japanese or Korean is a word.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_WIDE = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = re.compile(f"[{_WIDE}]|[^\\W{_WIDE}]+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_TYPOGRAPHY = str.maketrans(
    {"’": "'", "‘": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "…": "..."}
)
DAY_LENGTH = len("2026-05-04")
SAME_INSTANT = timedelta(minutes=1)
TENTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Fields that a reader found on a page, and the CPU time it took in milliseconds; `headlines` are all it found."""

    title: str = ""
    headlines: Sequence[str] = ()
    date: datetime | None = None
    authors: Sequence[str] = ()
    body: str = ""
    cpu_ms: float = 0.0


NOTHING = Reading()
"""Reading of a page that could not be read."""

Scores = Mapping[str, float]
"""Figures of one page from 0 to 1, of what is known of it, and counts of pieces."""


def score(expected: Mapping[str, Any], found: Reading) -> Scores:
    """Compare a reading with what is known of a page."""
    scores: dict[str, float] = {}
    if "title" in expected:
        headlines = {loose(text) for text in (found.title, *found.headlines)}
        scores["title"] = plain(found.title) == plain(expected["title"])
        scores["headline"] = loose(expected["title"]) in headlines
    if "date" in expected:
        dates = _date_scores(str(expected["date"]), found.date)
        scores = {**scores, **dates} if dates else {}  # a set with no valid date says nothing of the heading either
    if "authors" in expected:
        wanted, names = _names(expected["authors"]), _names(found.authors)
        scores["authors"] = wanted == names
        scores["any author"] = bool(wanted & names)
    if "body" in expected:
        scores["body F1"] = f1(expected["body"], found.body)
    if "with" in expected:
        text = plain(found.body)
        scores["wanted found"] = sum(plain(piece) in text for piece in expected["with"])
        scores["wanted"] = len(expected["with"])
        scores["unwanted found"] = sum(plain(piece) in text for piece in expected["without"])
    return scores


def total(scores: Sequence[Scores]) -> dict[str, float]:
    """Return the figures of many pages in percent: means, the lowest decile of the body, F1 of pieces."""
    figures: dict[str, float] = {}
    for name in ("title", "headline", "day", "instant", "authors", "any author", "body F1"):
        values = _of(scores, name)
        if values:
            figures[name] = 100 * statistics.mean(values)
    bodies = sorted(_of(scores, "body F1"))
    if bodies:
        figures["p10"] = 100 * bodies[len(bodies) // TENTH]
    wanted, found = sum(_of(scores, "wanted")), sum(_of(scores, "wanted found"))
    if found:
        figures["pieces F1"] = 100 * 2 * found / (wanted + found + sum(_of(scores, "unwanted found")))
    return figures


def _of(scores: Iterable[Scores], name: str) -> list[float]:
    return [one[name] for one in scores if name in one]


def f1(expected: str, found: str) -> float:
    """Return the harmonic mean of precision and recall of the words of a text."""
    wanted, have = Counter(words(expected)), Counter(words(found))
    if not wanted:
        return 0.0 if have else 1.0
    common = sum((wanted & have).values())
    return 2 * common / (sum(wanted.values()) + sum(have.values()))


def words(text: str) -> list[str]:
    """Split a text into words, without case."""
    return _WORD.findall(text.lower())


def plain(text: str) -> str:
    """Return a text with single spaces, composed characters and nothing invisible."""
    composed = unicodedata.normalize("NFC", text)
    return " ".join(composed.replace("\u200b", "").replace("\u00ad", "").split())


def loose(text: str) -> str:
    """Return a text without case and typography."""
    return plain(text).translate(_TYPOGRAPHY).casefold()


def _names(value: str | Iterable[str]) -> set[str]:
    return {loose(name) for name in ((value,) if isinstance(value, str) else value) if name}


def _date_scores(expected: str, found: datetime | None) -> Scores:
    wanted = _moment(expected)
    if wanted is None:
        return {}
    is_instant = len(expected) > DAY_LENGTH and wanted.tzinfo is not None
    hit = is_instant and found is not None and found.tzinfo is not None and abs(wanted - found) < SAME_INSTANT
    days = set() if found is None else {found.date()}
    if found is not None and found.tzinfo is not None and wanted.tzinfo is not None:
        days.add(found.astimezone(wanted.tzinfo).date())
    scores = {"day": float(hit or wanted.date() in days)}
    return scores | {"instant": float(hit)} if is_instant else scores


def _moment(text: str) -> datetime | None:
    day = _DAY.match(text)
    for form in (text, *([day[0]] if day else [])):
        with suppress(ValueError):
            return datetime.fromisoformat(form)
    return None
