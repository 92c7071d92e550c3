"""What alerts say: plain text with nothing in it that could steer a terminal or call a whole room.

What comes from the web is put on one line. Targets that show HTML or Markdown get it escaped when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.crawling.events import Event
from storage.notifications.watches import SearchableArticle
from storage.search.matcher import Match
from storage.text.durations import format_duration, format_time
from storage.text.sanitize import sanitize, truncate

MAX_TITLE_LENGTH = 200
"""Columns of a title: mail programs show less, and Discord takes 256 characters."""
MAX_SENTENCE_LENGTH = 500
MAX_EXAMPLES = 3
"""Addresses that are named as evidence of an event."""
MAX_MESSAGE_LENGTH = 3500
"""Characters of a digest's message; Telegram, the narrowest of the usual targets, takes 4,096."""

# What Slack and Discord take for a call to everybody or to somebody: <!channel>, <@U123>, @everyone.
_MENTION = re.compile(r"(?i)(@)(?=everyone|here|channel|all\b)|(<)(?=[@#!&])")
WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is told."""

    title: str
    body: str


def sanitize_message(text: str) -> str:
    """Text from the web on one line, unable to steer a terminal or to call a room."""
    return _MENTION.sub(lambda call: call[0] + WORD_JOINER, sanitize(text))


def article_message(watch: str, article: SearchableArticle, match: Match) -> Message:
    """An article that a watch found: title, source, address, when published, the sentence that matched, the terms."""
    sentence = truncate(sanitize_message(match.sentence), MAX_SENTENCE_LENGTH)
    published = format_time(article.published_at, article.published_precision)
    return Message(
        truncate(f"{sanitize_message(article.source_title)}: {sanitize_message(article.title)}", MAX_TITLE_LENGTH),
        "\n".join(
            (
                *((sentence, "") if sentence else ()),
                sanitize(article.url),
                f"Published {published} UTC" if article.published_at else "Published: not said",
                f"Watch: {sanitize_message(watch)}",
                f"{sanitize_message(article.source_title)}: {sanitize_message(article.terms)}",
            )
        ),
    )


def digest_messages(watch: str, messages: Sequence[Message]) -> list[tuple[Message, int]]:
    """Several messages as few, each with how many of them it holds; one alone stays as it is."""
    if len(messages) == 1:
        return [(messages[0], 1)]
    parts = _parts(messages)
    return [(_digest(watch, part, number, len(parts)), len(part)) for number, part in enumerate(parts, start=1)]


def _parts(messages: Sequence[Message]) -> list[list[Message]]:
    parts: list[list[Message]] = [[]]
    length = 0
    for message in messages:
        size = len(message.title) + len(message.body) + 4
        if parts[-1] and length + size > MAX_MESSAGE_LENGTH:
            parts.append([])
            length = 0
        parts[-1].append(message)
        length += size
    return parts


def _digest(watch: str, part: Sequence[Message], number: int, of: int) -> Message:
    many = "1 article" if len(part) == 1 else f"{len(part)} articles"
    which = f" ({number} of {of})" if of > 1 else ""
    body = "\n\n\n".join(f"{message.title}\n\n{message.body}" for message in part)
    return Message(truncate(f"{sanitize_message(watch)}: {many}{which}", MAX_TITLE_LENGTH), body)


def event_message(event: Event, source_title: str) -> Message:
    """Describe an event's beginning, or its end if it has one: what, where, since when, and the evidence."""
    return (_closed_message if event.has_ended else _opened_message)(event, source_title)


def _opened_message(event: Event, source_title: str) -> Message:
    return Message(
        truncate(f"{sanitize_message(source_title)} {event.kind.traits.begun}", MAX_TITLE_LENGTH),
        "\n".join([*_event_details(event), f"Since {format_time(event.opened_at)} UTC"]),
    )


def _closed_message(event: Event, source_title: str) -> Message:
    assert event.closed_at is not None
    took = format_duration(event.closed_at - event.opened_at)
    return Message(
        truncate(f"{sanitize_message(source_title)} {event.kind.traits.ended}, after {took}", MAX_TITLE_LENGTH),
        "\n".join(
            [*_event_details(event), f"From {format_time(event.opened_at)} to {format_time(event.closed_at)} UTC"]
        ),
    )


def _event_details(event: Event) -> list[str]:
    sentence = event.details.get("sentence")
    examples = event.details.get("examples")
    about = [f"{event.kind}: {sanitize_message(event.subject)}"] if event.subject else [str(event.kind)]
    said = [truncate(sanitize_message(sentence), MAX_SENTENCE_LENGTH)] if isinstance(sentence, str) and sentence else []
    return [*said, *about, *_examples(examples)]


def _examples(examples: Any) -> list[str]:
    if not isinstance(examples, list | tuple):
        return []
    return [truncate(sanitize_message(str(example)), MAX_SENTENCE_LENGTH) for example in examples[:MAX_EXAMPLES]]


def test_message(watch: str, query: str, now: datetime) -> Message:
    """What `watch ping` sends."""
    return Message(
        truncate(f"Presswatch: a trial of {sanitize_message(watch)}", MAX_TITLE_LENGTH),
        f"Alerts of articles that answer {sanitize_message(query)} will arrive here.\nSent {format_time(now)} UTC",
    )
