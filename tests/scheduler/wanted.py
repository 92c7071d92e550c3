"""Watches and articles for the tests of alerts; what a test does not care about has a default."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from storage.alerts import DueAlert
from storage.records import Precision, Telling
from storage.watches import NewWatch, Watch, WatchedArticle
from tests.storage.rows import HOUR, NOON, TERMS

TARGET = "json://127.0.0.1:9/hook"


def new_watch(**values: Any) -> NewWatch:
    return NewWatch(**{"name": "Gas", "query": "gas", "target": TARGET, **values})


def a_watch(**values: Any) -> Watch:
    facts = {"id": 1, "name": "Gas", "query": "gas", "target": TARGET, "created_at": NOON, "told_at": None}
    return Watch(**{**facts, "seen_article_id": 0, **values})


def an_article(**values: Any) -> WatchedArticle:
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
        "published_precision": Precision.MINUTE,
        "stored_at": NOON,
    }
    return WatchedArticle(**{**facts, **values})


def a_due_alert(number: int, **values: Any) -> DueAlert:
    alert = DueAlert(
        id=number,
        key=f"watch:1:article:{number}",
        target=TARGET,
        title=f"Title {number}",
        body=f"Body {number}",
        attempts=0,
        created_at=NOON,
        watch_id=1,
        watch="Gas",
        telling=Telling.INSTANTLY,
        quiet=None,
    )
    return replace(alert, **values)
