"""Redact the secrets of URLs before they are shown: passwords of databases and sites, targets of alerts."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

REDACTED = "***"

# To the last @, not the first: a password that was not quoted may have some of its own.
_PASSWORD = re.compile(r"(?s)(://[^/@:]*:).*@")
_PARAMETER = re.compile(r"(?is)([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*")

# Of these the host is a host; of every other scheme it may be a token (tgram, slack) or a secret topic (ntfy).
_WITH_HOST = frozenset(
    {
        *("http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos"),
        *("gotify", "gotifys", "matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets", "mqtt", "mqtts"),
        *("syslog", "rsyslog", "nctalk", "nctalks", "xmpp", "xmpps"),
    }
)
_TARGET = re.compile(r"(?s)\s*(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,19})://(?P<rest>.*)")
_HOST = re.compile(r"(?P<host>[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*(?::\d{1,5})?)")


def redact_password(address: str) -> str:
    """Redact the password of a database or site URL, before its host or among its parameters."""
    return _PARAMETER.sub(rf"\1{REDACTED}", _PASSWORD.sub(rf"\1{REDACTED}@", address))


def redact_target(target: str) -> str:
    """Redact an Apprise URL but for its scheme, and its host where a host can hold no secret.

    Users, passwords, tokens, paths and parameters become `***`. Apprise's own `url(privacy=True)` is not enough: it
    leaves paths, topics, receivers and added headers as they are.
    """
    match = _TARGET.fullmatch(target)
    if match is None:
        return REDACTED
    scheme = match["scheme"].lower()
    authority = re.split(r"[/?#]", match["rest"], maxsplit=1)[0]
    host = _HOST.fullmatch(authority.rpartition("@")[2])
    # An @ behind the host's end may belong to a password that was not quoted: then nothing is known for certain.
    if scheme not in _WITH_HOST or host is None or "@" in match["rest"][len(authority) :].partition("?")[0]:
        return f"{scheme}://{REDACTED}"
    user = f"{REDACTED}@" if "@" in authority else ""
    more = f"/{REDACTED}" if match["rest"][len(authority) :].strip("/") else ""
    return f"{scheme}://{user}{host['host']}{more}"


@lru_cache(maxsize=256)
def fingerprint(target: str) -> str:
    """Hash an Apprise URL into 32 hexadecimal digits, which name its target in the database.

    By scrypt: a URL may hold a password that is short enough to be guessed from a fast hash.
    """
    text = target.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(text, salt=b"presswatch target", n=2**13, r=8, p=1, dklen=16).hex()
