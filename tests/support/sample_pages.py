"""Seeded pages of invented sources, as ExtractionSample."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from storage.scheduling.health_queries import ExtractionSample
from tests.support.synthetic_histories import MONDAY

RATES = {"title": 1.0, "published_at": 0.99, "author": 0.8, "image_url": 0.95, "subtitle": 0.5, "view_count": 0.3}
EVERY = timedelta(minutes=30)


def page(
    number: int, *, rates: Mapping[str, float] = RATES, chance: random.Random, typical: float = 2000
) -> ExtractionSample:
    """The page of an article published some minutes before it was fetched; lengths are lognormal."""
    fetched_at = MONDAY + number * EVERY
    return ExtractionSample(
        url=f"https://news.example/{number}",
        stored_at=fetched_at,
        filled={name: chance.random() < rate for name, rate in rates.items()},
        body_length=0 if chance.random() < 0.02 else int(typical * chance.lognormvariate(0, 0.6)) + 1,
        published_at=fetched_at - timedelta(minutes=chance.randrange(1, 40)),
    )


def normal(count: int, *, start: int = 0, seed: int = 1, rates: Mapping[str, float] = RATES) -> list[ExtractionSample]:
    chance = random.Random(f"{seed} {start}")
    return [page(start + number, rates=rates, chance=chance) for number in range(count)]


def without(pages: list[ExtractionSample], field: str) -> list[ExtractionSample]:
    """The same pages with a field that is no longer read."""
    return [replace(one, filled={**one.filled, field: False}) for one in pages]


def dated(pages: list[ExtractionSample], at: datetime | timedelta) -> list[ExtractionSample]:
    """The same pages with one date for all, or each so long after its fetch."""
    return [replace(one, published_at=at if isinstance(at, datetime) else one.stored_at + at) for one in pages]
