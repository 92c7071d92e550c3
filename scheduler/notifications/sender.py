"""Send a message through Apprise, imported only when one is sent.

No text of Apprise or of the libraries below it reaches a log or an error: it may contain a target URL with its tokens
(urllib3 logs every path it requests).
"""

from __future__ import annotations

import hashlib
import logging
import re
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from importlib import import_module
from threading import Lock, Thread
from types import ModuleType
from typing import Any

from scheduler.notifications.messages import MAX_TITLE_LENGTH, Message

NOISY_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "charset_normalizer")
"""Loggers of Apprise and the libraries below it."""

_HTTP_CODE = re.compile(r"error[= ](\d{3})\b|\b(?:code|status)[= :]+(\d{3})\b", re.IGNORECASE)
_MARKDOWN = re.compile(r"[\\`*_\[\]()#~|<>!]")


class SendStatus(StrEnum):
    """Result of sending a message."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  # for good: the same message will be refused again
    UNREACHABLE = "unreachable"  # no answer, a server error, or a request to wait: the message may be accepted later


# Words in the log of Apprise, and the text shown instead.
_FAILURE_SIGNS = {
    "connection error": (SendStatus.UNREACHABLE, "could not be reached"),
    "connection to": (SendStatus.UNREACHABLE, "could not be reached"),
    "connect to": (SendStatus.UNREACHABLE, "could not be reached"),
    "no response": (SendStatus.UNREACHABLE, "could not be reached"),
    "timed out": (SendStatus.UNREACHABLE, "could not be reached"),
    "timeout": (SendStatus.UNREACHABLE, "could not be reached"),
    "socket": (SendStatus.UNREACHABLE, "could not be reached"),
    "throttl": (SendStatus.UNREACHABLE, "asks for fewer messages"),
    "rate limit": (SendStatus.UNREACHABLE, "asks for fewer messages"),
    "too long": (SendStatus.REFUSED, "says that the message is too long"),
    "too large": (SendStatus.REFUSED, "says that the message is too long"),
    "limit": (SendStatus.UNREACHABLE, "asks for fewer messages"),
    "unauthorized": (SendStatus.REFUSED, "refused the login"),
    "authenticat": (SendStatus.REFUSED, "refused the login"),
    "i/o": (SendStatus.UNREACHABLE, "could not be written to"),
}


@dataclass(frozen=True, slots=True)
class SendResult:
    """Result of sending a message; `reason` is a predicate of the target without text of it, None if accepted.

    `receipts` name the parts and recipients of a target with several that have accepted the message nevertheless.
    """

    status: SendStatus
    reason: str | None = None
    receipts: frozenset[str] = frozenset()


class Service:
    """Send one message to a target at a time; a plugin waits between two that the same instance sends."""

    def __init__(self, target: str, plugin: Any, asset: Any) -> None:
        self._plugin = plugin
        self._asset = asset
        self._key = target.encode("utf-8", "surrogatepass")[:64]

    @property
    def max_length(self) -> int:
        """Return the number of characters that a message may have to be sent in one part."""
        title = MAX_TITLE_LENGTH if self._plugin.title_maxlen <= 0 else 0
        # Escaped Markdown and HTML are longer.
        escaping = 1 if str(self._plugin.resolve_format("text").value) == "text" else 2
        return int(max(self._plugin.body_maxlen // escaping - title, 0))

    def start(
        self,
        message: Message,
        *,
        timeout: timedelta,
        headers: Mapping[str, str] | None = None,
        receipts: frozenset[str] = frozenset(),
        on_receipt: Callable[[str], None] | None = None,
    ) -> Future[SendResult]:
        """Send a message in a thread of its own, which outlives a time-out of the caller but not the process.

        `timeout` is how long an answer is waited for at most, `headers` are added where the target is a webhook.
        Recipients with `receipts` do not get it again; `on_receipt` is called for each other that accepts it while
        others may follow. The future has no exception.
        """
        seconds = timeout.total_seconds()
        accepted = self._record_receipts(receipts, on_receipt)
        _set_timeout(self._plugin, seconds)
        _add_headers(self._plugin, headers or {})

        def work() -> SendResult:
            try:
                result = self._notify(message)
                return SendResult(SendStatus.ACCEPTED) if result else _failure(result, frozenset(accepted))
            except Exception as error:  # noqa: BLE001  (a plugin may raise anything, and its text may contain the target)
                reason = f"failed inside its plugin ({type(error).__name__})"
                return SendResult(SendStatus.REFUSED, reason, frozenset(accepted))

        return _start_thread(work)

    def _notify(self, message: Message) -> Any:
        service = load_apprise().Apprise(asset=self._asset)
        service.add(self._plugin)
        escaped = _escape_for(message, self._plugin)
        return service.notify(title=escaped.title, body=escaped.body, body_format="text", interpret_escapes=False)

    def _record_receipts(self, known: frozenset[str], on_receipt: Callable[[str], None] | None) -> set[str]:
        """Take over the records that a plugin keeps of the recipients that have accepted a message.

        Apprise keeps them for the retries of one call only (is_delivered, mark_delivered of NotifyBase).
        """
        accepted: set[str] = set()
        has_several = len(self._plugin) > 1

        def is_delivered(key: Any, per_message: bool = False) -> bool:
            return self._receipt(key, per_message) in known | accepted

        def mark_delivered(key: Any, per_message: bool = False) -> None:
            receipt = self._receipt(key, per_message)
            accepted.add(receipt)
            if on_receipt is not None and has_several and not receipt.endswith(WHOLE_PART):
                on_receipt(receipt)

        self._plugin.is_delivered, self._plugin.mark_delivered = is_delivered, mark_delivered
        return accepted

    def _receipt(self, key: Any, per_message: bool) -> str:
        """Name a part of a message and a recipient, such as an address, by a hash: it is keyed with the target."""
        part, recipient = self._plugin._slot(key, per_message)  # noqa: SLF001  (the part is told nowhere else)
        if type(key) is object:  # Apprise's mark of a part that all recipients have
            return f"{part}{WHOLE_PART}"
        named = hashlib.blake2b(repr(recipient).encode("utf-8", "replace"), key=self._key, digest_size=8).hexdigest()
        return f"{'' if part is None else part}:{named}"


WHOLE_PART = ":all"
"""End of the receipt of a part that all recipients have accepted."""
FIRST_PART = "0:"
"""Beginning of the receipts of the first part of a message, which usually is the whole."""


def _start_thread(work: Callable[[], SendResult]) -> Future[SendResult]:
    """Run a function in a daemon thread: one that waits for a target must not delay the end of the process."""
    future: Future[SendResult] = Future()
    Thread(target=lambda: future.set_result(work()), daemon=True, name="send").start()
    return future


def send(target: str, message: Message, *, timeout: timedelta) -> str | None:
    """Send a message; return None if it was accepted, else the reason as a predicate, without text of the target.

    Returns within `timeout`, even without an answer. Never raises.
    """
    service = open_service(target)
    if service is None:
        return INVALID_TARGET_TEXT
    try:
        return service.start(message, timeout=2 * timeout).result(timeout.total_seconds()).reason
    except TimeoutError:
        return timeout_text(timeout)


def timeout_text(timeout: timedelta) -> str:
    """Return the reason, a predicate of the target, of an answer that did not come in time."""
    return f"did not answer within {timeout.total_seconds():g} s"


INVALID_TARGET_TEXT = "is not a URL that Apprise can use"


def is_valid_target(target: str) -> bool:
    """Return whether Apprise accepts a target URL; nothing is sent."""
    return open_service(target) is not None


def open_service(target: str) -> Service | None:
    """Return the service of a target; None if Apprise cannot use its URL. Never raises; nothing is sent."""
    try:
        apprise = load_apprise()
        # In memory: a plugin's own files would outlive the daemon, with tokens in them.
        storage = apprise.PersistentStoreMode.MEMORY
        asset = apprise.AppriseAsset(storage_mode=storage, secure_logging=True, async_mode=False)
        plugin = apprise.Apprise.instantiate(target, asset=asset)
    except Exception:  # noqa: BLE001  (a plugin may raise anything, and its text may contain the target)
        return None
    if plugin is None:
        return None
    plugin.overflow_mode = apprise.OverflowMode.SPLIT
    return Service(target, plugin, asset)


_apprise_lock = Lock()


def load_apprise() -> ModuleType:
    """Import Apprise at the first call, with its loggers silenced."""
    with _apprise_lock:
        return _load_apprise()


@cache
def _load_apprise() -> ModuleType:
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
    # Whatever the level of the log: `_failure` reads the warnings of Apprise.
    logging.getLogger("apprise").setLevel(logging.WARNING)
    with warnings.catch_warnings():
        # Its mail plugin imports a deprecated module and works without it.
        warnings.simplefilter("ignore", DeprecationWarning)
        library = import_module("apprise")
        library.Apprise.instantiate("mailto://localhost")  # the first URL imports the plugins
    return library


def _set_timeout(plugin: Any, seconds: float) -> None:
    """Raise the read time-out of a plugin, 4 s unless the URL sets it: a message accepted later would be sent again."""
    if plugin.socket_read_timeout == type(plugin).socket_read_timeout:
        plugin.socket_read_timeout = max(seconds, plugin.socket_read_timeout)


def _add_headers(plugin: Any, headers: Mapping[str, str]) -> None:
    """Set HTTP headers of a webhook (json, xml, form)."""
    if isinstance(getattr(plugin, "headers", None), dict):
        plugin.headers.update(headers)


def _escape_for(message: Message, plugin: Any) -> Message:
    """Escape a message for a plugin that shows Markdown: Apprise escapes HTML, but not Markdown."""
    if str(plugin.resolve_format("text").value) != "markdown":
        return message
    title = without_markdown(message.title) if plugin.title_maxlen <= 0 else message.title
    return Message(title, without_markdown(message.body))


def without_markdown(text: str) -> str:
    """Escape Markdown in a text; URLs stay unchanged, so that they work as links."""
    pieces = re.split(r"(\s+)", text)
    plain = (piece.startswith(("http://", "https://")) and not re.search(r"[\[\]()<>]", piece) for piece in pieces)
    return "".join(
        piece if is_plain else _MARKDOWN.sub(r"\\\g<0>", piece) for piece, is_plain in zip(pieces, plain, strict=True)
    )


def _failure(result: Any, receipts: frozenset[str]) -> SendResult:
    """Classify a failure by its HTTP status or by known words in the log of Apprise.

    One without either is a refusal: of a network that fails Apprise tells in one of these words.
    """
    log = " ".join(entry.message for entry in result.logs())
    code = _HTTP_CODE.search(log)
    if code:
        number = int(code[1] or code[2])
        return SendResult(_status_of(number), f"answered with HTTP {number}", receipts)
    found = next((signs for sign, signs in _FAILURE_SIGNS.items() if sign in log.lower()), None)
    status, reason = found or (SendStatus.REFUSED, "did not accept it")
    return SendResult(status, reason, receipts)


def _status_of(code: int) -> SendStatus:
    """Classify an HTTP status: a 4xx is a refusal for good, except those that ask to try again (RFC 9110, 6585)."""
    if 400 <= code < 500 and code not in TEMPORARY_CODES:
        return SendStatus.REFUSED
    return SendStatus.UNREACHABLE


TEMPORARY_CODES = frozenset({408, 421, 423, 425, 429})
"""Request Timeout, Misdirected Request, Locked, Too Early, Too Many Requests."""
