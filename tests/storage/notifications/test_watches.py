"""Store saved searches with the last article they were matched with."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.model.errors import PresswatchError
from storage.notifications.outbox import NewAlert
from tests.support.expected import new_watch
from tests.support.rows import HOUR, NOON, Rows

ALERT = NewAlert(key="x", target_hash="hash", title="", body="", created_at=NOON, next_attempt_at=NOON)


@pytest.mark.dialect
def test_a_watch_begins_after_the_articles_stored_before_it(rows: Rows) -> None:
    rows.article("before")
    watch = rows.store.watches.add(new_watch(), NOON)
    after = rows.article("after")
    assert [article.id for article in rows.store.watches.articles_after(watch, 9)] == [after]
    assert [article.title for article in rows.store.watches.stored_since(NOON - HOUR, 0, 9)] == ["Before", "After"]


@pytest.mark.dialect
def test_of_two_processes_the_first_commits_its_checkpoint(rows: Rows) -> None:
    watch = rows.store.watches.add(new_watch(), NOON)
    assert rows.store.watches.commit_checkpoint(watch, 98, [ALERT]) == 1
    assert rows.store.watches.commit_checkpoint(watch, 99, [replace(ALERT, key="y")]) == 0
    assert rows.store.watches.get("Gas").last_article_id == 98
    assert rows.store.alerts.counts(NOON).waiting == 1


@pytest.mark.dialect
def test_a_removed_watch_takes_its_undelivered_alerts_along(rows: Rows) -> None:
    watch = rows.store.watches.add(new_watch(), NOON)
    rows.store.watches.commit_checkpoint(watch, 1, [replace(ALERT, saved_search_id=watch.id)])
    assert rows.store.watches.remove("Gas") == 1
    assert rows.store.alerts.counts(NOON).waiting == 0
    with pytest.raises(PresswatchError, match="no watch is named Gas"):
        rows.store.watches.remove("Gas")


def test_a_name_is_taken_once(rows: Rows) -> None:
    rows.store.watches.add(new_watch(), NOON)
    with pytest.raises(PresswatchError, match="a watch named Gas already exists"):
        rows.store.watches.add(new_watch(), NOON)
