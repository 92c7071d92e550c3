"""The sections of an article are what its page names and what it was stored under, however they are asked for."""

from __future__ import annotations

from typing import Any

from storage.excerpts import excerpts
from storage.filters import ArticleFilter
from storage.questions import parse
from tests.storage.rows import HOUR, NOON, Rows
from tests.storage.test_indexing import assert_in_step
from tests.storage.test_saving import save


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
