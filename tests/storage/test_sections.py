"""The sections of an article are what its page names and what it was stored under, however they are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from storage import rare_sections
from storage.counting import By, count, counts
from storage.excerpts import excerpts
from storage.filters import ArticleFilter, Sort
from storage.models import SearchIndexRow
from storage.questions import parse
from tests.storage.rows import HOUR, NOON, Rows
from tests.storage.test_indexing import assert_in_step
from tests.storage.test_saving import save
from tests.support.examples import examples

pytestmark = pytest.mark.dialect


def asked(rows: Rows, section: str, **values: Any) -> list[int]:
    """What `--section` and `section:` find, which is the same."""
    by_filter = [one.id for one in rows.store.articles.find(ArticleFilter(section=section, **values))]
    question = parse(f'section:"{section}"')
    by_question = list(rows.store.articles.find(ArticleFilter(question=question, **values)))
    assert sorted(one.id for one in by_question) == sorted(by_filter)
    shown = list(excerpts(rows.store, question, by_question, as_of=values.get("as_of")))
    assert [one.snippet for one in shown] == [one.title for one in by_question]
    return by_filter


def test_a_question_knows_the_section_that_an_article_was_stored_under(rows: Rows) -> None:
    saved = save(rows, 0, section="foreign affairs", sections=("siyasət",))
    assert asked(rows, "foreign affairs") == asked(rows, "siyasət") == [saved.article_id]
    assert_in_step(rows)
    [watched] = rows.store.watches.stored_since(NOON, 0, 9)
    assert watched.document.sections == ("siyasət", "foreign affairs")


def test_a_question_knows_it_after_it_has_become_another(rows: Rows) -> None:
    saved = save(rows, 0, section="foreign affairs", sections=("siyasət",))
    save(rows, 1, section="diplomacy", sections=("siyasət",))
    assert asked(rows, "diplomacy") == asked(rows, "siyasət") == [saved.article_id]
    assert asked(rows, "foreign affairs") == []
    assert_in_step(rows)
    save(rows, 2, section="a|b", sections=("a|b", "", "politics"))
    save(rows, 3, section="politics", sections=("politics", "a|b"))
    assert asked(rows, "politics") == [saved.article_id]
    assert_in_step(rows)


def test_an_old_wording_without_sections_belongs_to_the_one_it_was_stored_under(rows: Rows) -> None:
    bare = rows.article("bare", section="economy", sections=("sport",))
    named = rows.article("named", section="economy", sections=("sport",))
    rows.revision(bare, 1, sections=(), title="Then", seen_until=NOON + 2 * HOUR)
    rows.revision(named, 1, sections=("politics",), title="Then", seen_until=NOON + 2 * HOUR)
    assert asked(rows, "economy", as_of=NOON + HOUR) == [bare]
    assert asked(rows, "politics", as_of=NOON + HOUR) == [named]
    assert asked(rows, "sport", as_of=NOON + HOUR) == []
    assert asked(rows, "economy", as_of=NOON + 3 * HOUR) == asked(rows, "sport") == [named, bare]


def listed(rows: Rows, section: str, *, rare: bool = True) -> list[Any]:
    """Everything that is asked of a section: each list, its pages, its counts, its growth."""
    wanted = ArticleFilter(section=section)
    with pytest.MonkeyPatch.context() as patch:
        if not rare:
            patch.setattr(rare_sections, "rare", lambda *_asked: None)
        sorts = [sort for sort in Sort if sort is not Sort.RANK]
        lists = [list(rows.store.articles.find(wanted, sort=sort, now=NOON)) for sort in sorts]
        for sort, whole in zip((Sort.DATE, Sort.VIEWS, Sort.STORED), lists, strict=False):
            for place, article in enumerate(whole[:-1]):
                [behind] = rows.store.articles.find(wanted, sort=sort, limit=1, after=article.cursor(sort))
                assert behind == whole[place + 1]
        return [*lists, count(rows.store, wanted), list(counts(rows.store, wanted, [By.DAY]))]


NAMES = st.text(st.sampled_from("aAbİiIıßé1 _-/|%\\'\"\0\ud800ªя𞤀中*"), max_size=4) | st.text(max_size=6)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NAMES | st.none(), st.lists(NAMES, max_size=2)), min_size=1, max_size=3), st.data())
def test_whether_a_section_is_rare_makes_no_difference_to_what_is_found(
    rows: Rows, stored: list[tuple[str | None, list[str]]], data: st.DataObject
) -> None:
    """Whatever sections are called, what the index gives holds all that are in one."""
    rows.clear("articles")
    for place, (section, sections) in enumerate(stored):
        dated = None if place else NOON
        rows.article(f"a{place}", section=section, sections=tuple(sections), published_at=dated)
    known = [name for section, sections in stored for name in (section, *sections) if name]
    asked = data.draw(NAMES | st.sampled_from(known) if known else NAMES)
    assert listed(rows, asked) == listed(rows, asked, rare=False)


def test_a_rare_section_is_looked_up_and_a_common_one_walked(rows: Rows) -> None:
    for place in range(3):
        rows.article(f"a{place}", section="archive", sections=())
    with rows.store.read() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        assert (rare_sections.rare(connection, "Archive") is not None) == is_sqlite
        for name in ("archived " * 40, "--", "archive|news"):
            assert rare_sections.rare(connection, name) is None
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rare_sections, "FEW", 2)
            assert rare_sections.rare(connection, "archive") is None
        assert rare_sections.rare(connection, "archive") is None  # as was found before
    assert len(list(rows.store.articles.find(ArticleFilter(section="archive")))) == 3


def test_an_index_that_is_not_whole_is_not_asked_for_a_section(rows: Rows) -> None:
    rows.article("one", section="archive", sections=())
    with rows.store.write() as connection:
        connection.execute(update(SearchIndexRow).values(complete=False))
        assert rare_sections.rare(connection, "archive") is None
    assert len(listed(rows, "archive")[0]) == 1
