"""Write the messages of alerts: plain text without control characters and without mentions of a whole channel.

Text from the web is put on one line. The sender escapes it for targets that show HTML or Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.crawling.events import Event
from storage.model.records import DatePrecision
from storage.notifications.watches import SearchableArticle
from storage.search.matcher import Match
from storage.text.durations import format_duration, format_time
from storage.text.sanitize import sanitize, truncate

MAX_TITLE_LENGTH = 200
"""Columns of a title: mail programs show less, and Discord accepts 256 characters."""
MAX_SENTENCE_LENGTH = 500
MAX_EXAMPLES = 3
"""Maximum number of example URLs of an event."""
MAX_MESSAGE_LENGTH = 3500
"""Characters of a digest message; Telegram, the narrowest of the usual targets, accepts 4,096."""

# Mentions in Slack and Discord: <!channel>, <@U123>, @everyone.
_MENTION = re.compile(r"(?i)(@)(?=everyone|here|channel|all\b)|(<)(?=[@#!&])")
WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Message:
    """Title and body of a message."""

    title: str
    body: str


def sanitize_message(text: str) -> str:
    """Put text from the web on one line, without control characters and mentions."""
    return _MENTION.sub(lambda call: call[0] + WORD_JOINER, sanitize(text))


def article_message(watch: str, article: SearchableArticle, match: Match) -> Message:
    """Write the message of a matching article: source and title, matching sentence, URL, date, watch and terms."""
    sentence = truncate(sanitize_message(match.sentence), MAX_SENTENCE_LENGTH)
    return Message(
        truncate(f"{sanitize_message(article.source_title)}: {sanitize_message(article.title)}", MAX_TITLE_LENGTH),
        "\n".join(
            (
                *((sentence, "") if sentence else ()),
                sanitize(article.url),
                _published(article),
                f"Watch: {sanitize_message(watch)}",
                f"{sanitize_message(article.source_title)}: {sanitize_message(article.terms)}",
            )
        ),
    )


def _published(article: SearchableArticle) -> str:
    if article.published_at is None:
        return "Published: no date"
    published = format_time(article.published_at, article.published_precision)
    return (
        f"Published {published}" if article.published_precision is DatePrecision.DAY else f"Published {published} UTC"
    )


def digest_messages(
    watch: str, messages: Sequence[Message], max_length: int = MAX_MESSAGE_LENGTH
) -> list[tuple[Message, int]]:
    """Combine messages into few, each with the number of those it contains; one that stays alone stays unchanged.

    A combined one has at most `max_length` characters.
    """
    parts = _parts(messages, min(max_length, MAX_MESSAGE_LENGTH))
    return [
        (part[0] if len(part) == 1 else _digest(watch, part, number, len(parts)), len(part))
        for number, part in enumerate(parts, start=1)
    ]


def _parts(messages: Sequence[Message], max_length: int) -> list[list[Message]]:
    parts: list[list[Message]] = [[]]
    length = 0
    for message in messages:
        size = len(message.title) + len(message.body) + 4
        if parts[-1] and length + size > max_length:
            parts.append([])
            length = 0
        parts[-1].append(message)
        length += size
    return parts


def _digest(watch: str, part: Sequence[Message], number: int, of: int) -> Message:
    part_number = f" ({number} of {of})" if of > 1 else ""
    body = "\n\n\n".join(f"{message.title}\n\n{message.body}" for message in part)
    title = f"{sanitize_message(watch)}: {len(part)} articles{part_number}"
    return Message(truncate(title, MAX_TITLE_LENGTH), body)


def event_message(event: Event, source_title: str) -> Message:
    """Write the message of an opened or closed event: kind, subject, period, sentence and examples."""
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
    sentences = (
        [truncate(sanitize_message(sentence), MAX_SENTENCE_LENGTH)] if isinstance(sentence, str) and sentence else []
    )
    return [*sentences, *about, *_examples(examples)]


def _examples(examples: Any) -> list[str]:
    if not isinstance(examples, list | tuple):
        return []
    return [truncate(sanitize_message(str(example)), MAX_SENTENCE_LENGTH) for example in examples[:MAX_EXAMPLES]]


def test_message(watch: str, query: str, now: datetime) -> Message:
    """Write the test message of `watch ping`."""
    return Message(
        truncate(f"Presswatch: test of {sanitize_message(watch)}", MAX_TITLE_LENGTH),
        f"Alerts of articles that match {sanitize_message(query)} will arrive here.\nSent {format_time(now)} UTC",
    )
