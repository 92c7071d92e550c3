"""The invented news of the bundled site, and what becomes of it later. Its texts are in demo.json."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.site.articles import Article, Block, BlockKind

_FILE = Path(__file__).with_name("demo.json")
_LATER_STEP = timedelta(minutes=4)


def demo_articles(now: datetime) -> Sequence[Article]:
    """About 30 articles, newest first, dated back from `now` (aware)."""
    articles = (_article(entry, now - timedelta(minutes=entry["minutes_ago"])) for entry in _document()["articles"])
    return sorted(articles, key=lambda article: article.published_at or now, reverse=True)


def later_articles(now: datetime) -> Sequence[Article]:
    """Three articles more, published up to `now`."""
    entries = _document()["later"]
    return [_article(entry, now - _LATER_STEP * number) for number, entry in enumerate(entries)]


def demo_edits(now: datetime) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """Three later edits as slug and changed fields: a title, a number ("1.5" to "15"), a typing error."""
    by_slug = {article.slug: article for article in demo_articles(now)}
    return [(edit["slug"], {edit["field"]: _edited(by_slug[edit["slug"]], edit)}) for edit in _document()["edits"]]


def demo_counts(now: datetime) -> Mapping[str, int]:
    """Later view counts by slug: all have grown, but for one that the site has reset."""
    articles = demo_articles(now)
    grown = {article.slug: article.views + 7 + len(article.title) for article in articles}
    return grown | {articles[-1].slug: 4}


@functools.cache
def _document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return document


def _article(entry: Mapping[str, Any], at: datetime) -> Article:
    return Article(
        slug=entry["slug"],
        title=entry["title"],
        subtitle=entry["subtitle"],
        language=entry["language"],
        sections=tuple(entry["sections"]),
        body=tuple(_block(block) for block in entry["body"]),
        description=entry.get("description"),
        published_at=at,
        views=entry["views"],
    )


def _block(entry: str | Mapping[str, Any]) -> Block | str:
    """A plain string is a paragraph; else one kind with its text, its texts, or nothing."""
    if isinstance(entry, str):
        return entry
    [(kind, value)] = entry.items()
    if kind == BlockKind.PICTURE:
        return Block(BlockKind.PICTURE, (value, ""))
    texts = value if isinstance(value, list) else [value] if isinstance(value, str) else []
    return Block(BlockKind(kind), tuple(texts))


def _edited(article: Article, edit: Mapping[str, str]) -> Any:
    """The new value of the edited field. Raises ValueError when the old words are not there."""
    old, new = edit["old"], edit["new"]
    value = getattr(article, edit["field"])
    changed = value.replace(old, new) if isinstance(value, str) else _replaced(value, old, new)
    if changed == value:
        raise ValueError(f"{article.slug} does not say {old!r}")
    return changed


def _replaced(body: Sequence[Block | str], old: str, new: str) -> tuple[Block | str, ...]:
    return tuple(
        block.replace(old, new)
        if isinstance(block, str)
        else replace(block, texts=tuple(text.replace(old, new) for text in block.texts))
        for block in body
    )
