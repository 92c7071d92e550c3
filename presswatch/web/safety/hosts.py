"""Know the names by which browsers may ask, and tell requests of our own pages from those of others. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from storage.config.web_settings import WebSettings

LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost"})


def is_local(host: str) -> bool:
    """Return whether a host is this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in LOCAL_NAMES


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """Names of this server. An address of numbers is always one: no other site can lead a browser here by it."""

    names: frozenset[str]
    public_origin: str

    @classmethod
    def of(cls, settings: WebSettings, host: str) -> KnownHosts:
        """Collect the names that the settings give."""
        public = urlsplit(settings.public_url).hostname or ""
        names = {host.lower(), public, *(name.lower() for name in settings.allowed_hosts)}
        return cls(frozenset(names | LOCAL_NAMES) - {""}, settings.public_url)

    def accepts(self, host_header: str) -> bool:
        """Return whether a request for this host is meant for us (else a site had its name lead here)."""
        name = host_name(host_header)
        return name is not None and (name in self.names or _is_address(name) or name.endswith(".localhost"))

    def is_own_origin(self, origin: str, host_header: str) -> bool:
        """Return whether the page that sent a request is one of ours."""
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"}:
            return False
        if self.public_origin and origin.lower() == self.public_origin:
            return True
        return parts.scheme == "http" and parts.netloc.lower() == host_header.lower()


def host_name(host_header: str) -> str | None:
    """Return the name in a Host header without its port; None if it is none."""
    try:
        parts = urlsplit(f"//{host_header}")
        _ = parts.port
    except ValueError:
        return None
    is_plain = not (parts.path or parts.query or parts.fragment or parts.username)
    return parts.hostname if is_plain else None


SAFE_METHODS: Collection[str] = frozenset({"GET", "HEAD"})


def foreign_request(method: str, headers: Mapping[str, str], hosts: KnownHosts) -> str | None:
    """Return why a request is refused as that of another site; None if it may be one of our own pages.

    A change needs an Origin of ours; a page of another site may link here, and embed or fetch nothing.
    """
    site, mode = headers.get("sec-fetch-site", "same-origin"), headers.get("sec-fetch-mode", "navigate")
    if method in SAFE_METHODS:
        is_foreign = site not in {"same-origin", "none"} and mode != "navigate"
        return "another site may link to these pages, not load from them" if is_foreign else None
    origin = headers.get("origin", "")
    if not origin:
        return "a change needs an Origin header"
    if not hosts.is_own_origin(origin, headers.get("host", "")) or site not in {"same-origin", "none"}:
        return "a change must come from these pages"
    return None
