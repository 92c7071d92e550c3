"""Where alerts go to: addresses as Apprise takes them, and what of one may be shown."""

from __future__ import annotations

import re

STARS = "***"

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


def masked(target: str) -> str:
    """What of a target may be shown: its scheme, and its host where a host can hold no secret.

    Users, passwords, tokens, paths and parameters become `***`. Apprise's own `url(privacy=True)` is not enough: it
    leaves paths, topics, receivers and added headers as they are.
    """
    found = _TARGET.fullmatch(target)
    if found is None:
        return STARS
    scheme = found["scheme"].lower()
    authority = re.split(r"[/?#]", found["rest"], maxsplit=1)[0]
    host = _HOST.fullmatch(authority.rpartition("@")[2])
    # An @ behind the host's end may belong to a password that was not quoted: then nothing is known for certain.
    if scheme not in _WITH_HOST or host is None or "@" in found["rest"][len(authority) :].partition("?")[0]:
        return f"{scheme}://{STARS}"
    user = f"{STARS}@" if "@" in authority else ""
    more = f"/{STARS}" if found["rest"][len(authority) :].strip("/") else ""
    return f"{scheme}://{user}{host['host']}{more}"
