"""Watches and articles for the tests of alerts; what a test does not care about has a default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.model.records import DatePrecision, DeliveryMode
from storage.notifications.outbox import DueAlert
from storage.notifications.watches import NewSavedSearch, SavedSearch, SearchableArticle
from tests.support.rows import HOUR, NOON, TERMS

TARGET = "json://127.0.0.1:9/hook"


def new_watch(**values: Any) -> NewSavedSearch:
    return NewSavedSearch(**{"name": "Gas", "query": "gas", "target": TARGET, **values})


def a_watch(**values: Any) -> SavedSearch:
    facts = {"id": 1, "name": "Gas", "query": "gas", "target": TARGET, "created_at": NOON, "last_notified_at": None}
    return SavedSearch(**{**facts, "last_article_id": 0, **values})


def an_article(**values: Any) -> SearchableArticle:
    facts: dict[str, Any] = {
        "id": 7,
        "source": "caliber",
        "source_title": "Caliber.az",
        "terms": TERMS,
        "url": "https://caliber.az/en/post/gas",
        "language": "en",
        "section": "politics",
        "sections": ("politics",),
        "title": "Gas flows",
        "subtitle": None,
        "body": "Nothing here. Gas flows from Orrin. The end.",
        "published_at": NOON - HOUR,
        "published_precision": DatePrecision.MINUTE,
        "stored_at": NOON,
    }
    return SearchableArticle(**{**facts, **values})


def a_due_alert(number: int, **values: Any) -> DueAlert:
    alert = DueAlert(
        id=number,
        key=f"watch:1:article:{number}",
        target=TARGET,
        title=f"Title {number}",
        body=f"Body {number}",
        attempts=0,
        created_at=NOON,
        next_attempt_at=NOON,
        refused_since=None,
        saved_search_id=1,
        watch="Gas",
        delivery_mode=DeliveryMode.IMMEDIATE,
        quiet=None,
    )
    return replace(alert, **values)
