"""Lay out charts in a square of 100 by 100, which the page stretches: bars, curves and lines. Pure.

A chart has no text of its own: its title, its scale and its table stand beside it, where they can be read at any width.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from storage.articles.results import ViewReading

HEADROOM = 4.0
"""Free part above the highest value and below zero, so that no dot is cut."""
LONG_GAP = timedelta(days=1)
"""Time between two readings from which their line is dashed: nobody looked in between."""
SCALE_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, with its place and what it stands for."""

    x: float
    width: float
    y: float
    height: float
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Shade:
    """A stretch of a chart in which not everything could be seen."""

    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BarChart:
    """Bars in a row; `top` is the value of the upper edge, `ticks` are labels from left to right."""

    title: str
    bars: tuple[Bar, ...]
    top: int
    ticks: tuple[str, ...]
    shades: tuple[Shade, ...] = ()

    @property
    def total(self) -> int:
        """Return the sum of all bars."""
        return sum(bar.value for bar in self.bars)


def bar_chart(
    title: str,
    rows: Sequence[tuple[str, int]],
    *,
    ticks: Sequence[str] = (),
    top: int | None = None,
    shades: Sequence[Shade] = (),
) -> BarChart:
    """Lay out bars for labelled values, in their order; a gap of a fifth parts them.

    `top` is the value of the upper edge, by default a round number above the largest.
    """
    top = top or scale_top(max((value for _, value in rows), default=0))
    step = 100 / max(1, len(rows))
    bars = [
        Bar(
            x=round(place * step + step * 0.1, 2),
            width=round(step * 0.8, 2),
            y=round(100 - 100 * value / top, 2),
            height=round(100 * value / top, 2),
            label=label,
            value=value,
        )
        for place, (label, value) in enumerate(rows)
    ]
    return BarChart(title=title, bars=tuple(bars), top=top, ticks=tuple(ticks), shades=tuple(shades))


def scale_top(largest: float) -> int:
    """Return a round number that is no less than the largest value, and at least 1."""
    power = 1
    while power * 10 <= largest:
        power *= 10
    steps = (round(step * power) for step in SCALE_STEPS if (step * power) % 1 == 0)
    return max(1, next((top for top in steps if top >= largest), power * 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A curve over time: paths of what was read closely, and of gaps, and a path with a dot for each reading."""

    title: str
    solid: str
    dashed: str
    dots: str
    top: int
    since: datetime
    until: datetime
    first: int
    last: int

    @property
    def middle(self) -> datetime:
        """Return the time in the middle of the scale."""
        return self.since + (self.until - self.since) / 2


def view_curve(title: str, readings: Sequence[ViewReading], *, since: datetime | None = None) -> Curve | None:
    """Lay out view readings, oldest first; None if there are none. A fall of the count parts the curve.

    The scale begins at zero, and at `since` or the first reading.
    """
    if not readings:
        return None
    begin = min(readings[0].measured_at, since or readings[0].measured_at)
    end = max(readings[-1].measured_at, begin + timedelta(minutes=1))
    top = scale_top(max(reading.view_count for reading in readings))

    def place(reading: ViewReading) -> tuple[float, float]:
        return _x(reading.measured_at, begin, end), _y(reading.view_count, top)

    pairs = [(a, b) for a, b in pairwise(readings) if b.view_count >= a.view_count]
    far = [(a, b) for a, b in pairs if b.measured_at - a.measured_at > LONG_GAP]
    near = [(a, b) for a, b in pairs if b.measured_at - a.measured_at <= LONG_GAP]
    return Curve(
        title=title,
        solid=_segments((place(a), place(b)) for a, b in near),
        dashed=_segments((place(a), place(b)) for a, b in far),
        dots="".join(f"M{x:g} {y:g}h0" for x, y in map(place, readings)),
        top=top,
        since=begin,
        until=end,
        first=readings[0].view_count,
        last=readings[-1].view_count,
    )


def _x(at: datetime, begin: datetime, end: datetime) -> float:
    return round(1 + 98 * ((at - begin) / (end - begin)), 2)


def _y(value: float, top: float) -> float:
    return round(100 - HEADROOM - (100 - 2 * HEADROOM) * max(0.0, value) / top, 2)


def _segments(pairs: Iterable[tuple[tuple[float, float], tuple[float, float]]]) -> str:
    return "".join(_joined(pairs))


def _joined(pairs: Iterable[tuple[tuple[float, float], tuple[float, float]]]) -> Iterator[str]:
    at: tuple[float, float] | None = None
    for begin, end in pairs:
        if begin != at:
            yield f"M{begin[0]:g} {begin[1]:g}"
        yield f"L{end[0]:g} {end[1]:g}"
        at = end


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a chart of several."""

    name: str
    path: str
    dots: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """Lines over the same labels, such as days."""

    title: str
    series: tuple[Series, ...]
    labels: tuple[str, ...]
    top: int
    ticks: tuple[str, ...]
    shades: tuple[Shade, ...] = ()


def line_chart(
    title: str,
    labels: Sequence[str],
    rows: Sequence[tuple[str, Sequence[int]]],
    *,
    ticks: Sequence[str],
    shades: Sequence[Shade] = (),
) -> LineChart:
    """Lay out one line for each named row of values, which has a value for each label."""
    top = scale_top(max((value for _, values in rows for value in values), default=0))
    step = 98 / max(1, len(labels) - 1)

    def points(values: Sequence[int]) -> list[tuple[float, float]]:
        return [(round(1 + place * step, 2), _y(value, top)) for place, value in enumerate(values)]

    series = [
        Series(
            name=name,
            path=_segments(pairwise(points(values))),
            dots="".join(f"M{x:g} {y:g}h0" for x, y in points(values)),
            values=tuple(values),
        )
        for name, values in rows
    ]
    return LineChart(
        title=title, series=tuple(series), labels=tuple(labels), top=top, ticks=tuple(ticks), shades=tuple(shades)
    )


def end_ticks(labels: Sequence[str], count: int = 4) -> tuple[str, ...]:
    """Pick labels at even places for the scale below a chart, the first and the last among them."""
    if len(labels) <= count:
        return tuple(labels)
    return tuple(labels[round(place * (len(labels) - 1) / (count - 1))] for place in range(count))
