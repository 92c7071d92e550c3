"""Invented articles of the second source of the examples, in English and Azerbaijani."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from tests.support.site import Article, blocks


def sundar_articles(now: datetime) -> Sequence[Article]:
    """Return the articles of the Sundar News Agency at `now` (aware), the newest first."""
    minute = timedelta(minutes=1)
    return [
        Article(
            slug="energy-minister-gas-prices-stay-until-may",
            title="Energy minister: gas prices stay as they are until May",
            sections=("politics",),
            body=(
                "Energy Minister Sael Brandt has promised the senate that gas will cost 41 crowns until May.",
                blocks.quote("Nobody will pay more this winter."),
                "The opposition asked who would pay in summer.",
            ),
            published_at=now - 35 * minute,
            views=88,
        ),
        Article(
            slug="vareniya-parlamenti-bogaz-haqqinda-qanunu-qebul-etdi",
            title="Vareniya parlamenti boğaz haqqında qanunu qəbul etdi",
            subtitle="Qanunun lehinə 71 deputat səs verib",
            language="az",
            sections=("siyaset",),
            body=("Vareniya parlamenti yük gəmilərinin Halvar boğazından keçməsi haqqında qanunu qəbul edib.",),
            published_at=now - 50 * minute,
            views=64,
            section_text="Siyasət",
        ),
        Article(
            slug="enerji-naziri-qaz-ixraci-artacaq",
            title="Enerji naziri: qaz ixracı artacaq",
            language="az",
            sections=("iqtisadiyyat",),
            body=("Nazir müavini İsmayıl Orxan bildirib ki, gələn il qaz ixracı 12 faiz artacaq.",),
            published_at=now - 130 * minute,
            views=51,
            section_text="İqtisadiyyat",
        ),
        Article(
            slug="gas-corridor-under-the-strait-to-open-in-spring",
            title="Corridor under the strait to open in spring",
            subtitle="Two years late",
            sections=("economics",),
            body=(
                "The energy ministry of Varenia expects the pipe under the Halvar Strait to be filled in April.",
                "It is to carry 2.4 billion cubic metres of gas a year to the Morland Union.",
                "It will be the first export route of Varenia that needs no ships.",
            ),
            published_at=now - 390 * minute,
            views=132,
        ),
        Article(
            slug="gas-company-pays-for-the-stadium-of-teler",
            title="Gas company pays for the stadium of Teler",
            sections=("society",),
            body=("No larger gift to sport was ever made in Teler: the stadium will seat 11,000.",),
            published_at=now - 820 * minute,
            views=240,
            views_text="",
        ),
    ]
