"""What alerts say: plain text with nothing in it that could steer a terminal or call a whole room.

What comes from the web is put on one line. Targets that show HTML or Markdown get it escaped when it is sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage.durations import format_duration, format_time
from storage.events import Event
from storage.matching import Match
from storage.printable import fit, safe
from storage.watches import WatchedArticle

TITLE = 200
"""Columns of a title: mail programs show less, and Discord takes 256 characters."""
SENTENCE = 500
EXAMPLES = 3
"""Addresses that are named as evidence of an event."""
MESSAGE = 3500
"""Characters of a digest's message; Telegram, the narrowest of the usual targets, takes 4,096."""

# What Slack and Discord take for a call to everybody or to somebody: <!channel>, <@U123>, @everyone.
_CALL = re.compile(r"(?i)(@)(?=everyone|here|channel|all\b)|(<)(?=[@#!&])")
WORD_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody is told."""

    title: str
    body: str


def harmless(text: str) -> str:
    """Text from the web on one line, unable to steer a terminal or to call a room."""
    return _CALL.sub(lambda call: call[0] + WORD_JOINER, safe(text))


def article_message(watch: str, article: WatchedArticle, match: Match) -> Message:
    """An article that a watch found: title, source, address, when published, the sentence that matched, the terms."""
    sentence = fit(harmless(match.sentence), SENTENCE)
    published = format_time(article.published_at, article.published_precision)
    return Message(
        fit(f"{harmless(article.source_title)}: {harmless(article.title)}", TITLE),
        "\n".join(
            (
                *((sentence, "") if sentence else ()),
                safe(article.url),
                f"Published {published} UTC" if article.published_at else "Published: not said",
                f"Watch: {harmless(watch)}",
                f"{harmless(article.source_title)}: {harmless(article.terms)}",
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
        if parts[-1] and length + size > MESSAGE:
            parts.append([])
            length = 0
        parts[-1].append(message)
        length += size
    return parts


def _digest(watch: str, part: Sequence[Message], number: int, of: int) -> Message:
    many = "1 article" if len(part) == 1 else f"{len(part)} articles"
    which = f" ({number} of {of})" if of > 1 else ""
    body = "\n\n\n".join(f"{message.title}\n\n{message.body}" for message in part)
    return Message(fit(f"{harmless(watch)}: {many}{which}", TITLE), body)


def event_message(event: Event, source_title: str) -> Message:
    """Describe an event's beginning, or its end if it has one: what, where, since when, and the evidence."""
    return (_recovered if event.has_ended else _opened)(event, source_title)


def _opened(event: Event, source_title: str) -> Message:
    return Message(
        fit(f"{harmless(source_title)} {event.kind.traits.begun}", TITLE),
        "\n".join([*_evidence(event), f"Since {format_time(event.opened_at)} UTC"]),
    )


def _recovered(event: Event, source_title: str) -> Message:
    assert event.closed_at is not None
    took = format_duration(event.closed_at - event.opened_at)
    return Message(
        fit(f"{harmless(source_title)} {event.kind.traits.ended}, after {took}", TITLE),
        "\n".join([*_evidence(event), f"From {format_time(event.opened_at)} to {format_time(event.closed_at)} UTC"]),
    )


def _evidence(event: Event) -> list[str]:
    sentence = event.details.get("sentence")
    examples = event.details.get("examples")
    about = [f"{event.kind}: {harmless(event.subject)}"] if event.subject else [str(event.kind)]
    said = [fit(harmless(sentence), SENTENCE)] if isinstance(sentence, str) and sentence else []
    return [*said, *about, *_examples(examples)]


def _examples(examples: Any) -> list[str]:
    if not isinstance(examples, list | tuple):
        return []
    return [fit(harmless(str(example)), SENTENCE) for example in examples[:EXAMPLES]]


def trial_message(watch: str, query: str, now: datetime) -> Message:
    """What `watch ping` sends."""
    return Message(
        fit(f"Presswatch: a trial of {harmless(watch)}", TITLE),
        f"Alerts of articles that answer {harmless(query)} will arrive here.\nSent {format_time(now)} UTC",
    )
