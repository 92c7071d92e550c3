"""Test batches of saves: one transaction for concurrent saves, and a failing save does not affect others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from scraper.crawl.store_thread import StoreThread
from scraper.crawl.write_batcher import MAX_BATCH, WriteBatcher
from storage.crawling.fetches import FetchAttempt
from storage.model.errors import StoreError
from storage.model.records import ArticleData, DatePrecision, FetchPurpose, SaveOutcome
from storage.saving.requests import SaveRequest, SaveResult
from tests.support.patience import patient
from tests.support.rows import NOON, Rows


@pytest.fixture
def rows(database: str) -> Iterator[Rows]:
    made = Rows(database)
    yield made
    made.store.close()


def save_of(rows: Rows, slug: str, *, is_listed: bool = True) -> SaveRequest:
    url = f"https://caliber.az/en/post/{slug}"
    if is_listed:
        rows.store.links.ensure("caliber", [url], now=NOON)
    data = ArticleData(
        source="caliber",
        url=url,
        language="en",
        sections=("politics",),
        title=slug,
        body=f"All of {slug}.",
        author=None,
        published_at=NOON - timedelta(hours=1),
        published_raw="x",
        published_precision=DatePrecision.MINUTE,
        parser_version=1,
        fetched_at=NOON,
        view_count=5,
    )
    return SaveRequest(
        data=data,
        attempt=FetchAttempt(url=url, purpose=FetchPurpose.NEW, fetched_at=NOON, run_id=None),
        section="politics",
    )


def run(
    rows: Rows, saves: Sequence[SaveRequest], *, apart: float = 0.0, window: float | None = None
) -> tuple[list[SaveResult | BaseException], list[int]]:
    """Return what became of each, and how many were in each transaction.

    The window is by default so long that a busy machine has begun all saves before its end.
    """
    window = patient(0.5) if window is None else window
    groups: list[int] = []
    writer = StoreThread()

    async def save_all(group: Sequence[SaveRequest]) -> Sequence[SaveResult]:
        groups.append(len(group))
        return await writer(rows.store.saving.save_all, group)

    async def together() -> list[SaveResult | BaseException]:
        commits = WriteBatcher(save_all, window=window)
        tasks = []
        for save in saves:
            tasks.append(asyncio.create_task(commits.save(save)))
            await asyncio.sleep(apart)
        return await asyncio.gather(*tasks, return_exceptions=True)

    try:
        return asyncio.run(together()), groups
    finally:
        writer.close()


def titles(rows: Rows) -> list[str]:
    return sorted(article.title for article in rows.store.articles.find())


def test_what_comes_together_is_one_transaction(rows: Rows) -> None:
    results, groups = run(rows, [save_of(rows, f"a{number}") for number in range(5)])
    assert groups == [5]
    assert [saved.outcome for saved in results if isinstance(saved, SaveResult)] == [SaveOutcome.NEW] * 5
    assert [saved.article_id for saved in results if isinstance(saved, SaveResult)] == [1, 2, 3, 4, 5]
    assert titles(rows) == ["a0", "a1", "a2", "a3", "a4"]


def test_a_transaction_stays_short(rows: Rows) -> None:
    results, groups = run(rows, [save_of(rows, f"a{number}") for number in range(2 * MAX_BATCH + 3)])
    assert groups == [MAX_BATCH, MAX_BATCH, 3]
    assert len(titles(rows)) == len(results) == 2 * MAX_BATCH + 3


def test_a_save_waits_for_others_no_longer_than_the_window(rows: Rows) -> None:
    _, groups = run(rows, [save_of(rows, slug) for slug in ("one", "two", "three")], apart=0.2, window=0.01)
    assert groups == [1, 1, 1]


def test_one_that_cannot_be_kept_spoils_none_of_the_others(rows: Rows) -> None:
    saves = [save_of(rows, "one"), save_of(rows, "never-listed", is_listed=False), save_of(rows, "two")]
    results, groups = run(rows, saves)
    assert groups == [3, 1, 1, 1]
    assert isinstance(results[1], StoreError)
    assert [type(result) for result in (results[0], results[2])] == [SaveResult, SaveResult]
    assert titles(rows) == ["one", "two"]


def test_the_same_article_twice_in_a_group(rows: Rows) -> None:
    once = save_of(rows, "one")
    results, groups = run(rows, [once, once])
    assert groups == [2]
    assert [saved.outcome for saved in results if isinstance(saved, SaveResult)] == [
        SaveOutcome.NEW,
        SaveOutcome.UNCHANGED,
    ]


def test_a_save_that_nobody_waits_for_any_more_is_kept_all_the_same(rows: Rows) -> None:
    async def cancelled() -> None:
        async def save_all(group: Sequence[SaveRequest]) -> Sequence[SaveResult]:
            return rows.store.saving.save_all(group)

        commits = WriteBatcher(save_all)
        task = asyncio.create_task(commits.save(save_of(rows, "one")))
        other = asyncio.create_task(commits.save(save_of(rows, "two")))
        await asyncio.sleep(0)
        task.cancel()
        assert (await other).outcome is SaveOutcome.NEW

    asyncio.run(cancelled())
    assert titles(rows) == ["one", "two"]
