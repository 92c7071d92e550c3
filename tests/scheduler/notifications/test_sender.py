"""One message to a real webhook: taken, refused, hanging, not there; and no secret in what is said of it."""

from __future__ import annotations

import logging
from datetime import timedelta
from io import StringIO

import pytest

from scheduler.notifications.messages import Message
from scheduler.notifications.sender import INVALID_TARGET_TEXT, _escape_for, is_valid_target, load_apprise, send
from storage.config import logging_setup
from tests.support.patience import patient_duration
from tests.support.webhook_server import PASSWORD, TOKEN, WebhookServer, refusing_port

MESSAGE = Message("Caliber.az: Gas <b>flows</b> & *more*", "Gas flows.\nhttps://caliber.az/en/post/gas")
PATIENCE = patient_duration(10)


def test_a_message_that_is_taken_arrives_as_it_was_written(webhook: WebhookServer) -> None:
    assert send(webhook.target, MESSAGE, timeout=PATIENCE) is None
    (received,) = webhook.received
    assert (received["title"], received["message"]) == (MESSAGE.title, MESSAGE.body)


def test_backslashes_and_smileys_are_left_alone(webhook: WebhookServer) -> None:
    assert send(webhook.target, Message(r"C:\new :smile:", r"\t ${HOME} {x}"), timeout=PATIENCE) is None
    (received,) = webhook.received
    assert (received["title"], received["message"]) == (r"C:\new :smile:", r"\t ${HOME} {x}")


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_refusal_says_with_which_code(webhook: WebhookServer, status: int) -> None:
    webhook.answer(status)
    assert send(webhook.target, MESSAGE, timeout=PATIENCE) == f"answered with HTTP {status}"
    assert webhook.received == []


@pytest.mark.parametrize("level", ["info", "error"])
def test_a_refusal_says_its_code_whatever_is_logged(webhook: WebhookServer, level: str) -> None:
    """A daemon configures its log before it sends; the code is read from what Apprise logs."""
    root = logging.getLogger()
    handlers, root_level = root.handlers[:], root.level
    logging_setup.configure(level=level, form="text")
    try:
        webhook.answer(503)
        assert send(webhook.target, MESSAGE, timeout=PATIENCE) == "answered with HTTP 503"
    finally:
        root.handlers[:] = handlers
        root.setLevel(root_level)


def test_nobody_there() -> None:
    target = f"json://user:{PASSWORD}@127.0.0.1:{refusing_port()}/{TOKEN}"
    assert send(target, MESSAGE, timeout=PATIENCE) == "could not be reached"


def test_one_who_never_answers_is_left(webhook: WebhookServer) -> None:
    webhook.answer(0)
    assert send(webhook.target, MESSAGE, timeout=timedelta(seconds=1)) == "did not answer within 1 s"


def test_a_slow_answer_is_waited_for(webhook: WebhookServer) -> None:
    webhook.slow = 4.5  # Apprise by itself gives up after 4 s
    assert send(webhook.target, MESSAGE, timeout=PATIENCE) is None


@pytest.mark.parametrize("target", ["", "nonsense", "odd://host", "tgram://", f"json://{TOKEN}:{PASSWORD}@"])
def test_what_is_no_address_is_said_to_be_none(target: str) -> None:
    assert send(target, MESSAGE, timeout=PATIENCE) == INVALID_TARGET_TEXT
    assert not is_valid_target(target)


@pytest.mark.parametrize(
    "target",
    ["tgram://123456789:abcdefg_hijklmnop/12315544/", "mailtos://user:pw@gmail.com", "json://h", "ntfy://topic"],
)
def test_what_is_an_address_is_taken(target: str) -> None:
    assert is_valid_target(target)


def test_no_secret_reaches_a_log_or_an_error(webhook: WebhookServer, everything_logged: StringIO) -> None:
    logging.getLogger("daemon").debug("as low as this")
    for status in (200, 401, 500, 0):
        webhook.answer(status)
        error = send(webhook.target, MESSAGE, timeout=timedelta(seconds=1))
        assert not any(secret in (error or "") for secret in (TOKEN, PASSWORD))
    for target in (f"tgram://{TOKEN}", f"json://a:{PASSWORD}@127.0.0.1:{refusing_port()}/{TOKEN}"):
        error = send(target, MESSAGE, timeout=PATIENCE)
        assert not any(secret in (error or "") for secret in (TOKEN, PASSWORD))
    assert "as low as this" in everything_logged.getvalue()
    assert not any(secret in everything_logged.getvalue() for secret in (TOKEN, PASSWORD))


def test_a_service_that_shows_only_markdown_gets_it_escaped() -> None:
    plugin = load_apprise().Apprise.instantiate(f"rocket://user:{PASSWORD}@localhost/#room")
    assert _escape_for(MESSAGE, plugin).body == "Gas flows.\nhttps://caliber.az/en/post/gas"
    assert r"\*more\*" in _escape_for(Message("x", MESSAGE.title), plugin).body


def test_a_service_that_shows_html_gets_it_escaped(webhook: WebhookServer) -> None:
    assert send(webhook.target + "&format=html", Message("x", "<b>Gas</b> & <!channel>"), timeout=PATIENCE) is None
    assert "&lt;b&gt;Gas" in webhook.received[0]["message"]
