"""The full-text index is kept in step with the articles, and can be made anew at any moment."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from storage.articles.filters import ArticleFilter
from storage.database.tables import search_index_state
from storage.model.errors import StoreError
from storage.model.records import SaveOutcome
from storage.saving import saving
from storage.search import index
from storage.search.index import ReindexProgress, reindex
from storage.search.indexed_languages import IS_STATE
from storage.search.query import parse
from storage.store import open_store
from tests.storage.saving.test_saving import URL, save
from tests.support.rows import Rows


def found(rows: Rows, text: str) -> list[int]:
    return [article.id for article in rows.store.articles.find(ArticleFilter(query=parse(text)))]


def entries(rows: Rows) -> list[tuple[Any, ...]]:
    """Everything that the index holds, entry by entry with its places."""
    with rows.store.write() as connection:
        if connection.dialect.name != "sqlite":
            return [tuple(row) for row in connection.exec_driver_sql("SELECT * FROM articles_fts ORDER BY article_id")]
        connection.exec_driver_sql("CREATE VIRTUAL TABLE temp.entries USING fts5vocab(main, articles_fts, instance)")
        held = connection.exec_driver_sql("SELECT * FROM temp.entries ORDER BY term, doc, col, offset").all()
        connection.exec_driver_sql("DROP TABLE temp.entries")
        return [tuple(row) for row in held]


def assert_in_step(rows: Rows) -> None:
    kept = entries(rows)
    reindex(rows.store, anew=True)
    assert kept == entries(rows) != []


@pytest.mark.dialect
def test_a_new_article_is_found_at_once_by_each_of_its_fields(rows: Rows) -> None:
    saved = save(rows, 0, subtitle="Переговоры", sections=("Foreign policy", "politics"))
    for text in ("talks", "переговоров", "meet OR met", 'section:"foreign policy"', "source:caliber", "lang:en"):
        assert found(rows, text) == [saved.article_id]
    assert_in_step(rows)


@pytest.mark.dialect
def test_an_edited_article_is_found_by_what_it_says_now(rows: Rows) -> None:
    saved = save(rows, 0)
    assert save(rows, 1, title="Talks fail", body="They left Baku.").outcome is SaveOutcome.REVISED
    assert found(rows, "met") == []
    assert found(rows, "left") == found(rows, "title:fail") == [saved.article_id]
    assert_in_step(rows)


def test_what_another_reader_reads_is_found(rows: Rows) -> None:
    saved = save(rows, 0)
    assert save(rows, 1, body="They met in Baku. And more.", parser_version=2).outcome is SaveOutcome.REPARSED
    assert found(rows, "more") == [saved.article_id]
    assert_in_step(rows)


def test_sections_and_language_follow_the_page(rows: Rows) -> None:
    saved = save(rows, 0)
    assert save(rows, 1, sections=("economics", "a|b"), language="ru").outcome is SaveOutcome.UNCHANGED
    assert found(rows, "section:politics") == found(rows, "lang:en") == []
    assert found(rows, "section:economics lang:ru") == found(rows, "section:a-b") == [saved.article_id]
    assert (
        save(rows, 2, sections=(), language=None).outcome is SaveOutcome.UNCHANGED
    )  # nothing could be read: what was, stays
    assert found(rows, "section:economics lang:ru") == [saved.article_id]
    assert_in_step(rows)


@pytest.mark.dialect
def test_an_article_whose_language_changes_is_found_by_its_new_stems(rows: Rows) -> None:
    saved = save(rows, 0, body="Nazirlərin görüşü.")
    assert found(rows, "nazir") == []
    save(rows, 1, body="Nazirlərin görüşü.", language="az")
    assert found(rows, "nazir") == found(rows, '"nazirin görüş"') == [saved.article_id]
    save(rows, 2, body="Nazirlərin görüşü.", language="en")
    assert found(rows, "nazir") == []
    assert_in_step(rows)


def test_a_subtitle_that_can_be_read_now_is_found(rows: Rows) -> None:
    saved = save(rows, 0)
    save(rows, 1, subtitle="Premier")
    assert found(rows, "premier") == [saved.article_id]
    assert_in_step(rows)


def test_an_article_that_cannot_be_stored_is_not_indexed(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_values: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(saving, "_close_links", full)
    with pytest.raises(OSError, match="disk full"):
        save(rows, 0)
    monkeypatch.undo()
    assert entries(rows) == []
    saved = save(rows, 1)
    assert found(rows, "talks") == [saved.article_id]


def as_if_old(rows: Rows, **values: Any) -> None:
    with rows.store.write() as connection:
        connection.execute(update(search_index_state).where(IS_STATE).values(**values))


def clear(rows: Rows) -> None:
    with rows.store.write() as connection:
        index.clear(connection)


@pytest.mark.dialect
def test_an_index_that_lacks_something_is_refused_until_it_is_whole(rows: Rows) -> None:
    old = rows.article("Old")
    clear(rows)
    with pytest.raises(StoreError, match="presswatch db reindex"):
        found(rows, "old")
    assert reindex(rows.store) == ReindexProgress(1, 1)
    assert found(rows, "old") == [old]


@pytest.mark.dialect
def test_indexing_goes_on_where_it_was_ended(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [rows.article(f"gas {number}") for number in range(7)]
    clear(rows)
    monkeypatch.setattr(index, "REINDEX_BATCH_SIZE", 2)

    def end(done: ReindexProgress) -> None:
        if done.indexed_count == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reindex(rows.store, progress=end)
    with pytest.raises(StoreError, match="presswatch db reindex"):
        found(rows, "gas")
    saved = save(rows, 0)  # a crawl that goes on meanwhile
    said: list[ReindexProgress] = []
    assert reindex(rows.store, progress=said.append) == ReindexProgress(3, 3)
    assert said == [ReindexProgress(0, 3), ReindexProgress(2, 3), ReindexProgress(3, 3)]
    assert sorted(found(rows, "gas")) == ids
    assert found(rows, "talks") == [saved.article_id]
    assert reindex(rows.store) == ReindexProgress(0, 0)
    assert_in_step(rows)


def test_an_edit_of_what_is_not_indexed_yet_indexes_it(rows: Rows) -> None:
    saved = save(rows, 0)
    clear(rows)
    save(rows, 1, body="They left Baku.")
    assert reindex(rows.store) == ReindexProgress(0, 0)
    assert found(rows, "left") == [saved.article_id]
    assert_in_step(rows)


def test_an_index_of_another_analyser_is_left_alone_and_refused(rows: Rows) -> None:
    saved = save(rows, 0)
    as_if_old(rows, analyser_version=0)
    before = entries(rows)
    save(rows, 1, title="Talks fail", body="They left Baku.")
    save(rows, 2, requested_url=f"{URL}-2", url=f"{URL}-2", title="Other")
    assert entries(rows) == before
    with pytest.raises(StoreError, match="presswatch db reindex"):
        found(rows, "talks")
    assert reindex(rows.store) == ReindexProgress(2, 2)
    assert found(rows, "left -other") == [saved.article_id]
    assert_in_step(rows)


@pytest.mark.dialect
def test_an_article_of_any_size_can_be_stored(rows: Rows) -> None:
    words = " ".join(f"word{number}" for number in range(60_000))
    saved = save(rows, 0, body=f"{words} {'again ' * 1000}", sections=("long " * 2000,))
    assert found(rows, '"word9 word10"') == found(rows, "word50") == [saved.article_id]


def test_an_edit_of_the_title_alone_changes_what_it_is_found_by(rows: Rows) -> None:
    saved = save(rows, 0, title="Talks on reforms")
    save(rows, 1, title="Talks on gas", subtitle=None)
    assert found(rows, "title:reforms") == found(rows, "reforms*") == []
    assert found(rows, "title:gas met") == found(rows, '"met in baku"') == [saved.article_id]
    assert_in_step(rows)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "—!?", "_ _", "ªº ʼ", "\u0301\u200b", "gas\tgas\x1cgas", "İIıi Qarabağ", "ёлка елка Ёлка"),
        *("مرحبا بالعالم שלום", "中文字" * 50, "x" * 1_500_000, "reforms _ reforms", "'gas' : * | & !"),
    ],
    ids=lambda text: repr(text[:12]),
)
def test_whatever_is_stored_can_be_taken_out_again(rows: Rows, text: str) -> None:
    save(rows, 0, title=text or "-", subtitle=text, body=f"{text} gas {text}", sections=(text[:100],))
    save(rows, 1, title="Other", subtitle=None, body="Other words.", sections=("other",))
    assert_in_step(rows)


def crawl(database: str, number: int, folder: str) -> None:
    """Store 20 articles and edit each, in another process."""
    made = Rows.__new__(Rows)
    made.store = open_store(database)
    with made.store:
        for article in range(20):
            url = f"{URL}-{number}-{article}"
            save(made, 0, requested_url=url, url=url, body=f"Reforms of {number}.")
            save(made, 1, requested_url=url, url=url, body=f"Reformed {number}, visited.")
    (Path(folder) / f"done-{number}").touch()


@pytest.mark.dialect
@pytest.mark.long
def test_two_crawls_while_all_is_indexed_anew(rows: Rows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(index, "REINDEX_BATCH_SIZE", 3)
    for number in range(20):
        rows.article(f"old-{number}")
    crawls = [get_context("spawn").Process(target=crawl, args=(rows.database, part, str(tmp_path))) for part in (1, 2)]
    for process in crawls:
        process.start()
    while any(process.is_alive() for process in crawls):
        reindex(rows.store, anew=True)
    assert [process.exitcode for process in crawls] == [0, 0]
    assert (tmp_path / "done-1").exists()
    assert len(found(rows, "reform visited")) == 40
    assert len(found(rows, "old")) == 20
    assert_in_step(rows)
