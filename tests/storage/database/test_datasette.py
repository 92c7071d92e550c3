"""The full-text index as other programs find it in a SQLite file: by its declaration, and by plain words."""

from __future__ import annotations

import pytest

from tests.support.rows import Rows


@pytest.fixture
def database(sqlite_database: str) -> str:
    return sqlite_database


# The query that Datasette 0.65 and sqlite-utils ask (datasette/utils/__init__.py, detect_fts_sql).
DETECT = """
    select name from sqlite_master where rootpage = 0 and (
        sql like '%VIRTUAL TABLE%USING FTS%content="articles"%'
        or sql like '%VIRTUAL TABLE%USING FTS%content=[articles]%'
        or (tbl_name = "articles" and sql like '%VIRTUAL TABLE%USING FTS%'))
"""


def test_datasette_recognises_the_index_and_finds_words_as_they_are_typed(rows: Rows) -> None:
    body = "A corridor for gas. Переговоры идут, газопровод строят."
    article_id = rows.article("a", title="Reforms of İlham", body=body)
    rows.article("b")
    search_in = "select rowid from articles_fts where articles_fts match ?"
    with rows.store.read() as connection:
        assert connection.exec_driver_sql(DETECT).all() == [("articles_fts",)]
        for typed in ("reforms", "REFORMS", "reform", "ilham", "corridor", "Переговоры", "переговор"):
            assert connection.exec_driver_sql(search_in, (f'"{typed}"',)).all() == [(article_id,)], typed
        for typed in ("reforming", "reforms of", "переговоры идут"):  # of phrases stems alone are adjacent
            assert connection.exec_driver_sql(search_in, (f'"{typed}"',)).all() == []


def test_sqlite_can_show_the_positions_of_a_stem(rows: Rows) -> None:
    rows.article("a", title="Reforms come", body="Some say: reforms of gas.")
    shown = "select highlight(articles_fts, 0, '[', ']'), snippet(articles_fts, -1, '[', ']', '', 3) from articles_fts"
    with rows.store.read() as connection:
        row = connection.exec_driver_sql(f"{shown} where articles_fts match ?", ("reform",)).one()
        assert row == ("Some say: [reforms] of gas.", "say: [reforms] of")
        # A word behind the stems has no place in the text; asking for it breaks nothing.
        connection.exec_driver_sql(f"{shown} where articles_fts match ?", ("reforms",)).one()
