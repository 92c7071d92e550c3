"""Ours and the same by hand, one right after the other, several times: only ratios within a pair mean anything."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PAIRS = 7
WIDE = 62

Ask = Callable[[], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One question asked both ways; `wanted` is the ratio it may have at most, `plain` None where nothing compares."""

    name: str
    ours: Ask
    plain: Ask | None = None
    wanted: float | None = None
    most: float | None = None
    """Milliseconds it may take at most."""
    rounds: int = 1
    """How often it is asked within one measurement: what takes a tenth of a millisecond is measured in tens."""


HEAD = f"{'':<{WIDE}}{'ours ms':>10}{'plain ms':>10}{'ratio':>8}{'min':>6}{'max':>6}  wanted"


def line(compared: Compared) -> str:
    """Medians of the pairs, and of their ratios; who goes first alternates. One more round before warms both."""
    ours, plain, ratios = [], [], []
    for number in range(PAIRS + 1):
        first, second = compared.ours, compared.plain or (lambda: None)
        if number % 2:
            other, own = _timed(second, compared.rounds), _timed(first, compared.rounds)
        else:
            own, other = _timed(first, compared.rounds), _timed(second, compared.rounds)
        if number:
            ours.append(own)
            plain.append(other)
            ratios.append(own / other)
    return _written(compared, ours, plain, ratios)


def _written(compared: Compared, ours: list[float], plain: list[float], ratios: list[float]) -> str:
    own, ratio = statistics.median(ours), statistics.median(ratios)
    beside = f"{statistics.median(plain):>10.2f}{ratio:>8.2f}{min(ratios):>6.2f}{max(ratios):>6.2f}"
    limits = [] if compared.wanted is None else [f"{compared.wanted:.2f}"]
    limits += [] if compared.most is None else [f"{compared.most:.0f} ms"]
    too_much = (compared.wanted is not None and ratio > compared.wanted) or (compared.most or own) < own
    said = f"  {', '.join(limits)}{' MISSED' if too_much else ''}" if limits else ""
    return f"{compared.name:<{WIDE}}{own:>10.2f}{beside if compared.plain else '':<{len(beside)}}{said}"


def _timed(ask: Ask, rounds: int) -> float:
    """Milliseconds an answer."""
    began = time.perf_counter()
    for _ in range(rounds):
        ask()
    return 1000 * (time.perf_counter() - began) / rounds
