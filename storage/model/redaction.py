"""Redact the secrets of URLs before they are shown: passwords of databases and sites, targets of alerts."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

REDACTED = "***"

_ADDRESS = re.compile(r"(?s)\s*(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,30})://(?P<rest>.*)")
_FILE = re.compile(r"/(?P<file>[^?@]+)(?P<query>\?[^?@#]*)?")
_SERVER = re.compile(
    r"(?:(?P<user>[^/@:?&=#%\s]+)(?P<password>:[^@]*)?@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+\]|[\w.-]*)(?P<port>:\d{1,5})?(?P<path>(?:/[\w./~-]*)?)(?P<query>\?[^?@#]*)?"
)
_PARAMETER = re.compile(r"(?P<name>[\w.]+)=(?P<value>[\w.,/-]*)")
_SHOWN_PARAMETERS = frozenset(
    {
        *("host", "hostaddr", "port", "dbname", "user", "application_name", "connect_timeout", "target_session_attrs"),
        *("sslmode", "sslrootcert", "client_encoding", "gssencmode", "channel_binding", "mode", "timeout"),
    }
)
"""Parameters of a database URL whose values are no secrets."""

# What a person typed where an address does not belong, or a driver quotes; not the words of an example.
_USER_IN_TEXT = re.compile(
    r"(:/{1,2})(?!user:password@[\w.-]+(?:[/,;\s]|\Z))(?:[^\s/@]*|[^/@:\s]*:(?!\d{1,5}[/\s])\S*)@"
)
_SETTING_IN_TEXT = re.compile(r"(?is)\b(\w*(?:password|passwd|pwd|secret|token)\w*\s*=\s*)('[^']*'|[^\s&;,'\")]+)")

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


def redact_address(address: str) -> str:
    """Redact the URL of a database or site, as somebody typed it, but for what is known to be no secret.

    Scheme, user, host, port, path and harmless parameters are shown, if the URL has the form of one; of any other a
    part may be a piece of the password, and only the scheme is shown.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None:  # the name of a file, forgotten to be made a URL
        return address if re.fullmatch(r"[\w./ -]*", address) else REDACTED
    scheme, rest = match["scheme"], match["rest"]
    if not rest:
        return address
    if scheme.startswith("sqlite"):
        of_file = _FILE.fullmatch(rest)
        return f"{scheme}://{REDACTED if of_file is None else '/' + of_file['file'] + _query(of_file['query'])}"
    parts = _SERVER.fullmatch(rest)
    if parts is None:
        return f"{scheme}://{REDACTED}"
    user = f"{parts['user']}:{REDACTED}@" if parts["password"] else f"{parts['user']}@" if parts["user"] else ""
    return f"{scheme}://{user}{parts['host']}{parts['port'] or ''}{parts['path']}{_query(parts['query'])}"


def _query(query: str | None) -> str:
    return "" if not query else "?" + "&".join(map(_parameter, query[1:].split("&")))


def _parameter(text: str) -> str:
    match = _PARAMETER.fullmatch(text)
    if match is not None and match["name"].lower() in _SHOWN_PARAMETERS:
        return text
    name = text.partition("=")[0]
    return f"{name}={REDACTED}" if re.fullmatch(r"[\w.]+", name) and "=" in text else REDACTED


def redact_text(text: str) -> str:
    """Redact users and passwords of URLs, and values of passwords, within an error or a log line."""
    if ":/" in text and "@" in text:
        text = _USER_IN_TEXT.sub(rf"\1{REDACTED}@", text)
    return _SETTING_IN_TEXT.sub(rf"\1{REDACTED}", text) if "=" in text else text


def redact_usage(text: str) -> str:
    """Redact what follows the scheme of a URL, and values of passwords, within an error about a command line."""
    return _SETTING_IN_TEXT.sub(rf"\1{REDACTED}", re.sub(r"(?s)(:/{1,2}).*", rf"\1{REDACTED}", text))


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
