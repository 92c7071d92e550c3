"""Sending one message through Apprise: the only module that imports it, and only when something is sent.

Neither Apprise's words nor those of the libraries below it reach a log or an error: they may hold an address with its
tokens (urllib3 logs every path it asks for).
"""

from __future__ import annotations

import logging
import re
import warnings
from datetime import timedelta
from functools import cache
from importlib import import_module
from threading import Lock
from types import ModuleType
from typing import TYPE_CHECKING, Any

from scheduler.notifications.messages import Message

if TYPE_CHECKING:
    from apprise import Apprise

NOISY_LOGGERS = ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib", "charset_normalizer")
"""Loggers of what sends."""

_HTTP_CODE = re.compile(r"error[= ](\d{3})\b|\b(?:code|status)[= :]+(\d{3})\b", re.IGNORECASE)
# What Apprise writes of a failure, and what of it may be told.
_FAILURE_SIGNS = {
    "connection error": "could not be reached",
    "socket": "could not be reached",
    "throttl": "asks to be sent less",
    "limit": "asks to be sent less",
    "unauthorized": "refused the login",
    "authenticat": "refused the login",
    "i/o": "could not be written to",
}
_MARKDOWN = re.compile(r"[\\`*_\[\]()#~|<>!]")


def send(target: str, message: Message, *, timeout: timedelta) -> str | None:
    """Send a message; None when it was taken, else in a few words why not, without anything of the target's.

    Returns within `timeout`, even if the other side never answers. Never raises.
    """
    try:
        service = _service(target)
        if service is None:
            return INVALID_TARGET_TEXT
        _set_timeout(service[0], timeout.total_seconds())
        fitted = _truncate_body(message, service[0])
        result = service.notify(
            title=fitted.title,
            body=fitted.body,
            body_format="text",
            interpret_escapes=False,
            timeout=timeout.total_seconds(),
        )
        return None if result else _failure_reason(result, timeout)
    except Exception as error:  # noqa: BLE001  (a plugin may raise anything, and its words may hold the target)
        return f"failed inside its plugin ({type(error).__name__})"


INVALID_TARGET_TEXT = "is no address that Apprise can use"


def is_valid_target(target: str) -> bool:
    """Whether Apprise can make something of the address. Nothing is sent."""
    return _service(target) is not None


def _service(target: str) -> Apprise | None:
    apprise = load_apprise()
    # In memory: a plugin's own files would outlive the daemon, with tokens in them.
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY, secure_logging=True)
    plugin = apprise.Apprise.instantiate(target, asset=asset)
    if plugin is None:
        return None
    plugin.overflow_mode = apprise.OverflowMode.SPLIT
    service: Apprise = apprise.Apprise(asset=asset)
    service.add(plugin)
    return service


_apprise_lock = Lock()


def load_apprise() -> ModuleType:
    """Apprise, imported when it is first asked for, and silenced with all it is built on."""
    with _apprise_lock:
        return _load_apprise()


@cache
def _load_apprise() -> ModuleType:
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
    with warnings.catch_warnings():
        # Its mail plugin tries a module that Python deprecates, and does without where it is gone.
        warnings.simplefilter("ignore", DeprecationWarning)
        library = import_module("apprise")
        library.Apprise.instantiate("mailto://localhost")  # plugins are imported with the first address
    return library


def _set_timeout(plugin: Any, seconds: float) -> None:
    """Let a slow answer come in: Apprise waits 4 s unless the address says otherwise, and what arrived after that
    would be sent again."""
    if plugin.socket_read_timeout == type(plugin).socket_read_timeout:
        plugin.socket_read_timeout = max(seconds, plugin.socket_read_timeout)


def _truncate_body(message: Message, plugin: Any) -> Message:
    """The message as the plugin is to be given it. Apprise escapes what becomes HTML, but not what becomes Markdown."""
    if str(plugin.resolve_format("text").value) != "markdown":
        return message
    title = without_markdown(message.title) if plugin.title_maxlen <= 0 else message.title
    return Message(title, without_markdown(message.body))


def without_markdown(text: str) -> str:
    """Text that Markdown shows as it is; addresses stay whole, so that they lead somewhere."""
    pieces = re.split(r"(\s+)", text)
    plain = (piece.startswith(("http://", "https://")) and not re.search(r"[\[\]()<>]", piece) for piece in pieces)
    return "".join(
        piece if is_plain else _MARKDOWN.sub(r"\\\g<0>", piece) for piece, is_plain in zip(pieces, plain, strict=True)
    )


def _failure_reason(result: Any, timeout: timedelta) -> str:
    """A failure in words of ours: a code, or what Apprise's words are a sign of."""
    if any(outcome.status.name == "TIMEOUT" for outcome in (result, *result)):
        return f"gave no answer in {timeout.total_seconds():g} s"
    said = " ".join(entry.message for entry in result.logs())
    code = _HTTP_CODE.search(said)
    if code:
        return f"answered with HTTP {code[1] or code[2]}"
    return next((words for sign, words in _FAILURE_SIGNS.items() if sign in said.lower()), "did not take it")
