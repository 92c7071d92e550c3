"""The site's feed: RSS 2.0 in the way its style says, with validators."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from html import escape
from typing import TYPE_CHECKING

from tests.support.site.answers import FEED, Answer
from tests.support.site.articles import Article, description, image_path, section_label
from tests.support.site.styles import ETags, FeedDates, FeedStyle, Guids
from tests.support.site.words import BAKU

if TYPE_CHECKING:
    from tests.support.site.newsroom import Newsroom

_STUCK = '"caliber-1"'
_YEAR = timedelta(days=365)


class Feed:
    """The feed as it stands; its Last-Modified moves on, by a second at least, whenever its bytes change."""

    def __init__(self) -> None:
        self._revision = -1
        self._bytes = b""
        self._modified: datetime | None = None

    def answer(self, newsroom: Newsroom, headers: Mapping[str, str]) -> Answer:
        """The feed, or an honest 304 for a request (header names in lower case) that already has it."""
        self._renew(newsroom)
        style = newsroom.feed_style
        validators = self._validators(style)
        if style.conditions and _has_it(validators, headers):
            return Answer(304, b"", validators)
        return Answer(200, self._bytes, {"Content-Type": FEED, **validators})

    def _renew(self, newsroom: Newsroom) -> None:
        if self._revision == newsroom.revision:
            return
        self._revision = newsroom.revision
        made = render(newsroom)
        if made != self._bytes:
            now = newsroom.now().replace(microsecond=0)
            self._modified = max(now, self._modified + timedelta(seconds=1)) if self._modified else now
            self._bytes = made

    def _validators(self, style: FeedStyle) -> dict[str, str]:
        found = {}
        if style.etags is ETags.STUCK:
            found["ETag"] = _STUCK
        elif style.etags is ETags.HONEST:
            found["ETag"] = f'"{hashlib.sha256(self._bytes).hexdigest()[:16]}"'
        if style.last_modified and self._modified:
            found["Last-Modified"] = format_datetime(self._modified, usegmt=True)
        return found


def render(newsroom: Newsroom) -> bytes:
    """The bytes of the feed."""
    style = newsroom.feed_style
    chosen = [
        article for article in newsroom.newest() if article.in_feed and style.language in {None, article.language}
    ]
    entries = "\n".join(_entry(article, newsroom) for article in chosen[: style.limit])
    blank = "\n" if style.blank_before else ""
    return (
        f'{blank}<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>\n'
        f"<title>Caliber.az</title><link>{newsroom.link_base}/</link>"
        f"<description>Caliber.az</description><language>ru</language>\n{entries}\n</channel></rss>\n"
    ).encode("utf-8", "surrogatepass")


def _entry(article: Article, newsroom: Newsroom) -> str:
    style, base = newsroom.feed_style, newsroom.link_base
    link = escape(article.path if style.relative_links else base + article.path)
    parts = [f"<title>{escape(article.title, quote=False)}</title><link>{link}</link>"]
    if style.guids is not Guids.NONE:
        parts.append(f"<guid>{link if style.guids is Guids.OWN else base}</guid>")
    if article.published_at and style.dates is not FeedDates.NONE:
        at = article.published_at + (_YEAR if style.dates is FeedDates.FUTURE else timedelta())
        parts.append(f"<pubDate>{format_datetime(at.astimezone(BAKU).replace(second=0))}</pubDate>")
    if style.sections:
        labels = (section_label(slug, article.language) for slug in article.sections)
        parts.extend(f"<category>{escape(label)}</category>" for label in labels)
    if style.descriptions:
        text = description(article).replace("]]>", "]] >")
        picture = f"{base}{image_path(article)}"
        parts.append(f"<description><![CDATA[{text}]]></description>")
        parts.append(f'<enclosure url="{picture}" type="image/webp" length="0"/>')
    return f"<item>{''.join(parts)}</item>"


def _has_it(validators: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Return whether the request's conditions name these validators; an ETag outranks a date (RFC 9110, 13.2.2)."""
    if (asked := headers.get("if-none-match")) is not None:
        known = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
        return "ETag" in validators and (validators["ETag"] in known or "*" in known)
    since = _date(headers.get("if-modified-since"))
    modified = _date(validators.get("Last-Modified"))
    return bool(since and modified and modified <= since)


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
