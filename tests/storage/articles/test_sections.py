"""The sections of an article are what its page names and what it was stored under, however they are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from storage.articles.counts import count, counts
from storage.articles.filters import ArticleFilter, By, Sort
from storage.articles.highlight import highlights
from storage.database import article_sections
from storage.database.article_sections import plain_name
from storage.database.column_types import as_utf8
from storage.database.tables import article_sections as table
from storage.search.query import parse
from storage.text.section_names import normalize_section
from tests.storage.saving.test_saving import save
from tests.storage.search.test_index import assert_in_step
from tests.support.examples import examples
from tests.support.rows import HOUR, NOON, Rows

pytestmark = pytest.mark.dialect


def asked(rows: Rows, section: str, **values: Any) -> list[int]:
    """Return the ids found by `--section`, the same as by `section:`."""
    by_filter = [one.id for one in rows.store.articles.find(ArticleFilter(section=section, **values))]
    query = parse(f'section:"{section}"')
    by_query = list(rows.store.articles.find(ArticleFilter(query=query, **values)))
    assert sorted(one.id for one in by_query) == sorted(by_filter)
    shown = list(highlights(rows.store, query, by_query, as_of=values.get("as_of")))
    assert [one.snippet for one in shown] == [one.title for one in by_query]
    return by_filter


def test_a_query_knows_the_section_that_an_article_was_stored_under(rows: Rows) -> None:
    saved = save(rows, 0, section="foreign affairs", sections=("siyasət",))
    assert asked(rows, "foreign affairs") == asked(rows, "siyasət") == [saved.article_id]
    assert_in_step(rows)
    [watched] = rows.store.watches.stored_since(NOON, 0, 9)
    assert watched.document.sections == ("siyasət", "foreign affairs")


def test_a_query_knows_it_after_it_has_become_another(rows: Rows) -> None:
    saved = save(rows, 0, section="foreign affairs", sections=("siyasət",))
    save(rows, 1, section="diplomacy", sections=("siyasət",))
    assert asked(rows, "diplomacy") == asked(rows, "siyasət") == [saved.article_id]
    assert asked(rows, "foreign affairs") == []
    assert_in_step(rows)
    save(rows, 2, section="a|b", sections=("a|b", "", "politics"))
    save(rows, 3, section="politics", sections=("politics", "a|b"))
    assert asked(rows, "politics") == [saved.article_id]
    assert_in_step(rows)


def test_an_old_version_without_sections_belongs_to_the_one_it_was_stored_under(rows: Rows) -> None:
    bare = rows.article("bare", section="economy", sections=("sport",))
    named = rows.article("named", section="economy", sections=("sport",))
    rows.revision(bare, 1, sections=(), title="Then", seen_until=NOON + 2 * HOUR)
    rows.revision(named, 1, sections=("politics",), title="Then", seen_until=NOON + 2 * HOUR)
    assert asked(rows, "economy", as_of=NOON + HOUR) == [bare]
    assert asked(rows, "politics", as_of=NOON + HOUR) == [named]
    assert asked(rows, "sport", as_of=NOON + HOUR) == []
    assert asked(rows, "economy", as_of=NOON + 3 * HOUR) == asked(rows, "sport") == [named, bare]


def listed(rows: Rows, section: str) -> list[Any]:
    """Everything that is asked of a section: each list, its pages, its counts, its growth."""
    wanted = ArticleFilter(section=section)
    sorts = [sort for sort in Sort if sort is not Sort.RANK]
    lists = [list(rows.store.articles.find(wanted, sort=sort, now=NOON)) for sort in sorts]
    for sort, whole in zip((Sort.DATE, Sort.VIEWS, Sort.STORED), lists, strict=False):
        for place, article in enumerate(whole[:-1]):
            [behind] = rows.store.articles.find(wanted, sort=sort, limit=1, after=article.cursor(sort))
            assert behind == whole[place + 1]
    return [*lists, count(rows.store, wanted), list(counts(rows.store, wanted, [By.DAY]))]


NAMES = st.text(st.sampled_from("aAbİiIıßé1 _-/|%\\'\"\0\ud800ªя𞤀中*"), max_size=4) | st.text(max_size=6)


@pytest.mark.long
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES | st.none(), st.lists(NAMES, max_size=2)), min_size=1, max_size=3), st.data())
def test_whether_a_section_is_small_makes_no_difference_to_what_is_found(
    rows: Rows, stored: list[tuple[str | None, list[str]]], data: st.DataObject
) -> None:
    rows.clear("articles")
    for place, (section, sections) in enumerate(stored):
        dated = None if place else NOON
        rows.article(f"a{place}", section=section, sections=tuple(sections), published_at=dated)
    known = [name for section, sections in stored for name in (section, *sections) if name]
    asked = data.draw(NAMES | st.sampled_from(known) if known else NAMES)
    found = listed(rows, asked)
    name = plain_name(normalize_section(asked))
    # As each article says it: compared as the database keeps text, in which some characters are replaced.
    holds = [{as_utf8(plain_name(one)) for one in (section, *sections) if one} for section, sections in stored]
    assert found[-2] == sum(as_utf8(name) in names for names in holds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(article_sections, "FEW", 0)
        assert listed(rows, asked) == found


def test_a_change_of_sections_or_date_is_a_change_of_their_rows(rows: Rows) -> None:
    save(rows, 0, section="politics", sections=("economy", "politics"), published_at=NOON)
    assert _rows(rows) == [("economy", 1, NOON), ("politics", 2, NOON)]
    save(rows, 1, section="politics", sections=("sport", "sport"), published_at=NOON)
    assert _rows(rows) == [("politics", 0, NOON), ("sport", 1, NOON)]
    [article] = rows.store.articles.find(ArticleFilter(section="politics"))
    assert (article.section, article.sections) == ("politics", ("sport",))


def _rows(rows: Rows) -> list[Any]:
    with rows.store.read() as connection:
        statement = select(table.c.section, table.c.position, table.c.published_at).order_by(table.c.section)
        return [tuple(row) for row in connection.execute(statement)]
