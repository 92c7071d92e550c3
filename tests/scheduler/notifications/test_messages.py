"""Build messages of articles and events with any content."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.notifications.messages import (
    MAX_MESSAGE_LENGTH,
    MAX_TITLE_LENGTH,
    Message,
    article_message,
    digest_messages,
    event_message,
)
from scheduler.notifications.sender import without_markdown
from storage.crawling.events import Event
from storage.model.event_kinds import EventKind
from storage.model.records import DatePrecision
from storage.search.matcher import matches
from storage.search.query import parse
from storage.text.sanitize import display_width, sanitize
from tests.support.expected import an_article
from tests.support.rows import HOUR, NOON


def message_of(query: str = "gas", **values: Any) -> Message:
    article = an_article(**values)
    match = matches(parse(query), article.document)
    assert match is not None
    return article_message("My gas", article, match)


def test_an_article_is_sent_with_all_that_must_go_with_it() -> None:
    assert message_of() == Message(
        "Caliber.az: Gas flows",
        "Gas flows from Orrin.\n\n"
        "https://caliber.az/en/post/gas\n"
        "Published 2026-11-04 11:00 UTC\n"
        "Watch: My gas\n"
        "Caliber.az: Any use of materials is allowed only if there is a hyperlink to Caliber.az",
    )


def test_a_date_is_given_as_exactly_as_it_is_known() -> None:
    assert "Published 2026-11-04\n" in message_of(published_precision=DatePrecision.DAY).body
    assert "Published: no date" in message_of(published_at=None).body


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Gas\x1b[2J\x07 \r\nBcc: all", "Gas\ufffd[2J\ufffd Bcc: all"),
        ("Gas \u202egpj.exe", "Gas \ufffdgpj.exe"),
        ("Gas <!channel> <@U1> @everyone", "Gas <\u2060!channel> <\u2060@U1> @\u2060everyone"),
        ("Gas <b>bold</b> *stars* [here](https://evil)", "Gas <b>bold</b> *stars* [here](https://evil)"),
        ("Gas \ud800", "Gas \ufffd"),
    ],
)
def test_hostile_titles_become_harmless_lines(title: str, shown: str) -> None:
    message = message_of(title=title, body=f"{title}.")
    assert message.title == f"Caliber.az: {shown}"
    assert "\x1b" not in message.body
    assert len(message.body.splitlines()) == 6


@given(st.text(), st.text(max_size=2000))
def test_any_article_is_one_title_and_six_lines(title: str, body: str) -> None:
    message = message_of("lang:en", title=title, body=body)
    assert display_width(message.title) <= MAX_TITLE_LENGTH
    assert "\n" not in message.title
    assert len(message.body.split("\n")) in {4, 6}
    assert all(sanitize(line) == line for line in (message.title.rstrip(), *message.body.split("\n")))


def test_a_digest_holds_all_in_messages_of_a_size_that_is_taken() -> None:
    messages = [Message(f"Title {number}", "x" * 900) for number in range(10)]
    found = digest_messages("Gas", messages)
    assert [count for _, count in found] == [3, 3, 3, 1]
    assert [message.title for message, _ in found[::3]] == ["Gas: 3 articles (1 of 4)", "Title 9"]
    assert all(len(message.body) <= MAX_MESSAGE_LENGTH for message, _ in found)
    assert digest_messages("Gas", messages[:1]) == [(messages[0], 1)]
    assert digest_messages("Gas", messages[:2])[0][0].title == "Gas: 2 articles"


@given(st.lists(st.integers(0, 5000), max_size=30))
def test_no_message_is_left_out_of_a_digest(sizes: list[int]) -> None:
    messages = [Message(f"<{number}>", "x" * size) for number, size in enumerate(sizes)]
    found = digest_messages("Gas", messages)
    assert sum(count for _, count in found) == len(sizes)
    whole = "".join(message.title + message.body for message, _ in found)
    assert all(message.title in whole for message in messages)


EVENT = Event(
    id=9,
    source="caliber",
    kind=EventKind.SILENT,
    subject="https://caliber.az/rss.xml",
    details={"sentence": "Nothing new for 5 h; usually 2 an hour.", "examples": [f"https://a/{n}" for n in range(5)]},
    opened_at=NOON,
    closed_at=None,
)

CALIBER = "Caliber.az"


def test_an_event_is_sent_with_its_details() -> None:
    assert event_message(EVENT, CALIBER) == Message(
        "Caliber.az has gone silent",
        "Nothing new for 5 h; usually 2 an hour.\nsilent: https://caliber.az/rss.xml\n"
        "https://a/0\nhttps://a/1\nhttps://a/2\nSince 2026-11-04 12:00 UTC",
    )


def test_its_end_says_how_long_it_lasted() -> None:
    message = event_message(replace(EVENT, closed_at=NOON + 3.5 * HOUR, details={}), CALIBER)
    assert message.title == "Caliber.az publishes again, after 3 h 30 min"
    assert message.body.endswith("From 2026-11-04 12:00 to 2026-11-04 15:30 UTC")


@pytest.mark.parametrize("kind", EventKind)
@pytest.mark.parametrize(
    "details", [{}, {"sentence": 7, "examples": "no"}, {"sentence": "a\nb\x1b", "examples": [None]}]
)
@pytest.mark.parametrize("closed", [False, True])
def test_every_kind_of_event_has_words(kind: EventKind, details: dict[str, Any], closed: bool) -> None:
    event = replace(EVENT, kind=kind, details=details, closed_at=NOON if closed else None, subject="")
    message = event_message(event, CALIBER)
    assert message.title.startswith("Caliber.az ")
    assert "\x1b" not in message.body


def test_markdown_is_shown_as_it_was_written_and_addresses_stay_whole() -> None:
    text = "*Gas* [here](https://evil) `x`\nhttps://caliber.az/en/post/a_b_c"
    assert without_markdown(text) == (r"\*Gas\* \[here\]\(https://evil\) \`x\`" + "\nhttps://caliber.az/en/post/a_b_c")
    assert without_markdown("https://evil)[x](y") == r"https://evil\)\[x\]\(y"
