"""Send a message through Apprise, imported only when one is sent.

No text of Apprise or of the libraries below it reaches a log or an error: it may contain a target URL with its tokens
(urllib3 logs every path it requests).
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
"""Loggers of Apprise and the libraries below it."""

_HTTP_CODE = re.compile(r"error[= ](\d{3})\b|\b(?:code|status)[= :]+(\d{3})\b", re.IGNORECASE)
# Words in the log of Apprise, and the text shown instead.
_FAILURE_SIGNS = {
    "connection error": "could not be reached",
    "socket": "could not be reached",
    "throttl": "asks for fewer messages",
    "limit": "asks for fewer messages",
    "unauthorized": "refused the login",
    "authenticat": "refused the login",
    "i/o": "could not be written to",
}
_MARKDOWN = re.compile(r"[\\`*_\[\]()#~|<>!]")


def send(target: str, message: Message, *, timeout: timedelta) -> str | None:
    """Send a message; return None if it was accepted, else the reason as a predicate, without text of the target.

    Returns within `timeout`, even without an answer. Never raises.
    """
    try:
        service = _service(target)
        if service is None:
            return INVALID_TARGET_TEXT
        _set_timeout(service[0], timeout.total_seconds())
        escaped = _escape_for(message, service[0])
        result = service.notify(
            title=escaped.title,
            body=escaped.body,
            body_format="text",
            interpret_escapes=False,
            timeout=timeout.total_seconds(),
        )
        return None if result else _failure_reason(result, timeout)
    except Exception as error:  # noqa: BLE001  (a plugin may raise anything, and its text may contain the target)
        return f"failed inside its plugin ({type(error).__name__})"


INVALID_TARGET_TEXT = "is not a URL that Apprise can use"


def is_valid_target(target: str) -> bool:
    """Return whether Apprise accepts a target URL; nothing is sent."""
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
    """Import Apprise at the first call, with its loggers silenced."""
    with _apprise_lock:
        return _load_apprise()


@cache
def _load_apprise() -> ModuleType:
    for name in NOISY_LOGGERS:
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())
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


def _failure_reason(result: Any, timeout: timedelta) -> str:
    """Describe a failure by its HTTP status or by known words in the log of Apprise."""
    if any(outcome.status.name == "TIMEOUT" for outcome in (result, *result)):
        return f"did not answer within {timeout.total_seconds():g} s"
    log = " ".join(entry.message for entry in result.logs())
    code = _HTTP_CODE.search(log)
    if code:
        return f"answered with HTTP {code[1] or code[2]}"
    return next((text for sign, text in _FAILURE_SIGNS.items() if sign in log.lower()), "did not accept it")
