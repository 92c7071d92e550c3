"""Rank as of a moment: the list, and the scores, that the index itself gave at that moment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.articles import as_of_listing
from storage.articles.filters import ArticleFilter, Sort
from storage.articles.results import ArticleSummary, ScoredArticle
from storage.articles.view_gains import top_at_age
from storage.model.errors import ConfigError
from storage.model.records import DatePrecision
from storage.search.query import parse
from tests.support.examples import examples
from tests.support.revision_histories import clear
from tests.support.rows import DAY, HOUR, NOON, Rows

MINUTE = timedelta(minutes=1)
MOMENT = NOON + 30 * MINUTE
WORDS = ("gas", "oil", "routes", "route", "exporting", "Baku", "Реформы", "qazın")
QUERIES = ("gas", "gas oil", "gas OR route", '"gas route"', "export* OR gas", "title:gas OR oil", "gas -oil", "реформа")


@dataclass(frozen=True, slots=True)
class Told:
    """An article: minutes from NOON at which each of its texts began, and the texts."""

    began: Sequence[int]
    texts: Sequence[dict[str, Any]]
    language: str

    def at(self, moment: datetime) -> int:
        """Return how many of its texts had begun by a moment."""
        return sum(NOON + minute * MINUTE <= moment for minute in self.began)


@st.composite
def told(draw: st.DrawFn) -> Told:
    began = sorted(draw(st.sets(st.integers(0, 60), min_size=1, max_size=3)))
    words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)
    text = st.fixed_dictionaries({"title": words, "subtitle": st.none() | words, "body": words})
    texts = draw(st.lists(text, min_size=len(began), max_size=len(began)))
    return Told(began, texts, draw(st.sampled_from(["en", "ru", "az"])))


def keep(rows: Rows, article: Told, slug: str, texts: int) -> None:
    """The rows of an article with its first texts, of which the last is the current one."""
    times = [NOON + minute * MINUTE for minute in article.began[:texts]]
    stored = {"stored_at": times[0], "first_seen_at": times[0], "fetched_at": times[-1], "language": article.language}
    edited = times[-1] if texts > 1 else None
    article_id = rows.article(slug, **article.texts[texts - 1], **stored, revised_at=edited)
    for number in range(1, texts):
        seen = {"seen_from": times[number - 1], "seen_until": times[number]}
        rows.revision(article_id, number, **article.texts[number - 1], **seen)


def scores(found: Sequence[ArticleSummary]) -> list[tuple[str, Any]]:
    return [(one.url, pytest.approx(one.score)) for one in found if isinstance(one, ScoredArticle)]


def ranked(rows: Rows, text: str, moment: datetime | None = None, **page: Any) -> list[ArticleSummary]:
    return list(rows.store.articles.find(ArticleFilter(query=parse(text), as_of=moment), sort=Sort.RANK, **page))


@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(told(), min_size=1, max_size=5), st.sampled_from(QUERIES))
def test_the_rank_of_a_moment_is_that_of_the_index_then(rows: Rows, written: list[Told], text: str) -> None:
    written.sort(key=lambda one: one.began[0])
    clear(rows)
    for place, one in enumerate(written):
        if count := one.at(MOMENT):
            keep(rows, one, f"a{place}", count)
    then = ranked(rows, text)
    clear(rows)
    for place, one in enumerate(written):
        keep(rows, one, f"a{place}", len(one.began))
    found = ranked(rows, text, MOMENT)
    assert [(one.url, one.title) for one in sorted(found, key=by_url)] == [
        (one.url, one.title) for one in sorted(then, key=by_url)
    ]
    assert dict(scores(found)) == dict(scores(then))
    paged: list[ArticleSummary] = []
    for _ in found:
        paged += ranked(rows, text, MOMENT, limit=1, after=paged[-1].cursor(Sort.RANK) if paged else None)
    assert paged == found
    assert [-one.score for one in found if isinstance(one, ScoredArticle) and one.score is not None] == sorted(
        -one.score for one in found if isinstance(one, ScoredArticle) and one.score is not None
    )


def by_url(article: ArticleSummary) -> str:
    return article.url


def test_of_very_many_matches_the_last_stored_are_ranked(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_of_listing, "RANKED_LIMIT", 2)
    for body in ("gas gas gas", "gas", "oil, and some gas", "gas gas"):
        rows.article(f"a{body}", title="A", body=body)
    rows.article("later", body="gas gas gas", stored_at=NOON + HOUR)
    found = ranked(rows, "gas", NOON)
    assert [(one.id, one.score is None) for one in found if isinstance(one, ScoredArticle)] == [
        (4, False),
        (3, False),
        (2, True),
        (1, True),
    ]
    paged: list[ArticleSummary] = []
    for _ in found:
        paged += ranked(rows, "gas", NOON, limit=1, after=paged[-1].cursor(Sort.RANK) if paged else None)
    assert paged == found
    assert ranked(rows, "gas", NOON, limit=0) == []
    assert ranked(rows, "gas", NOON - HOUR) == []


def test_nothing_but_the_matches_of_one_version_has_a_rank(rows: Rows) -> None:
    for wanted in (ArticleFilter(as_of=NOON), ArticleFilter(query=parse("gas"), ever=True)):
        with pytest.raises(ConfigError, match="rank"):
            rows.store.articles.find(wanted, sort=Sort.RANK)


@pytest.mark.dialect
def test_views_at_an_age_are_those_known_at_the_moment(rows: Rows) -> None:
    published = {"published_at": NOON, "published_precision": DatePrecision.MINUTE}
    for slug, counts in (("slow", (0, 10, 20, 900)), ("fast", (0, 60, 90))):
        rows.readings(rows.article(slug, **published), *counts)
    moved = rows.article("moved", published_at=NOON + DAY, published_precision=DatePrecision.MINUTE)
    rows.readings(moved, 0, 30, 70)
    rows.revision(moved, 1, published_at=NOON, seen_from=NOON, seen_until=NOON + DAY)
    dayless = rows.article("day", **published)
    rows.readings(dayless, 0, 500)
    midnight = NOON.replace(hour=0)
    day = {"published_at": midnight, "published_raw": f"{midnight:%d.%m.%Y}", "seen_from": NOON}
    rows.revision(dayless, 1, **day, seen_until=NOON + DAY)
    rows.readings(rows.article("later", **published, stored_at=NOON + DAY), 0, 9_000)

    def known(moment: datetime | None, age: timedelta) -> list[tuple[str, int | None]]:
        found = top_at_age(rows.store, ArticleFilter(as_of=moment), age=age, limit=9)
        return [(one.article.url.rpartition("/")[2], one.at_age.views.view_count) for one in found]

    assert known(NOON + HOUR, HOUR) == [("fast", 60), ("moved", 30), ("slow", 10)]
    assert known(NOON + HOUR, 2 * HOUR) == []  # as of then, nobody had looked at that age
    assert known(NOON + 2 * HOUR, 2 * HOUR) == [("fast", 90), ("moved", 70), ("slow", 20)]
    assert known(NOON + 3 * HOUR, 3 * HOUR) == [("slow", 900)]
    assert known(None, HOUR) == [("later", 9_000), ("day", 500), ("fast", 60), ("slow", 10)]
