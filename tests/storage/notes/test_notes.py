"""Notes and tags stand beside articles, and change nothing of them."""

from __future__ import annotations

import pytest

from storage.model.errors import PresswatchError
from storage.notes.notes import MAX_NOTE_LENGTH, MAX_TAG_LENGTH, tag_name
from tests.support.rows import HOUR, NOON, Rows


@pytest.mark.dialect
def test_what_readers_write_is_kept_beside_an_article(rows: Rows) -> None:
    article, other = rows.article("one"), rows.article("other")
    before = rows.store.articles.get(article)
    notes = rows.store.notes
    notes.add(article, "  Compare with the decree.\n", now=NOON)
    notes.add(article, "Second", now=NOON + HOUR)
    notes.tag(article, " To  Check ", now=NOON + 2 * HOUR)
    notes.tag(article, "to check", now=NOON + 3 * HOUR)
    notes.tag(other, "to check", now=NOON)
    notes.tag(other, "budget", now=NOON)
    kept = notes.of(article)
    assert [note.text for note in kept.notes] == ["Compare with the decree.", "Second"]
    assert kept.tags == ("to check",)
    assert notes.tags() == (("to check", 2), ("budget", 1))
    assert [(row.kind, row.text, row.article_id) for row in notes.list()] == [
        ("tag", "to check", article),
        ("note", "Second", article),
        ("note", "Compare with the decree.", article),
        ("tag", "budget", other),
        ("tag", "to check", other),
    ]
    assert {row.article_id for row in notes.list(tag="budget")} == {other}
    assert len(notes.list(limit=2)) == 2
    notes.remove(other, kept.notes[0].id)
    notes.remove(article, kept.notes[0].id)
    notes.untag(article, "To check")
    assert [note.text for note in notes.of(article).notes] == ["Second"]
    assert notes.of(article).tags == ()
    assert rows.store.articles.get(article) == before


@pytest.mark.parametrize("text", ["", "  \n", "x" * (MAX_NOTE_LENGTH + 1)])
def test_empty_and_long_notes_are_refused(rows: Rows, text: str) -> None:
    with pytest.raises(PresswatchError, match="characters"):
        rows.store.notes.add(rows.article("one"), text, now=NOON)


def test_tags_are_short_names_of_stored_articles(rows: Rows) -> None:
    assert tag_name("  Gas\tDeal ") == "gas deal"
    for tag in ("", "x" * (MAX_TAG_LENGTH + 1)):
        with pytest.raises(PresswatchError, match="characters"):
            tag_name(tag)
    with pytest.raises(PresswatchError, match="no article 99 is stored"):
        rows.store.notes.tag(99, "gas", now=NOON)
    with pytest.raises(PresswatchError, match="no article 99 is stored"):
        rows.store.notes.add(99, "gas", now=NOON)
