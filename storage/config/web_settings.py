"""The settings table `[web]`: where the pages are served, to whom, and within which limits."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from storage.config.parsers import boolean, int_between, positive_duration, size, string_list, text
from storage.config.setting_row import setting

_TOKEN_HASH = re.compile(r"sha256:[0-9a-f]{64}")


def token_hash(value: Any) -> str:
    """Parse the hash of a token; empty: there is none. The value is not in the error."""
    if value == "" or (isinstance(value, str) and _TOKEN_HASH.fullmatch(value)):
        return str(value)
    raise ValueError("must be the line that `presswatch serve --new-token` prints")


def web_address(value: Any) -> str:
    """Parse scheme and host of a web address, without a path; empty: there is none."""
    address = (text(value) or "").rstrip("/")
    parts = urlsplit(address)
    if address and (parts.scheme not in {"http", "https"} or not parts.hostname or address.count("/") != 2):
        raise ValueError("must be scheme and host such as https://press.example.org")
    return address.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Settings of the table `[web]`: the pages of `presswatch serve`."""

    host: str = setting("127.0.0.1", text, "address to listen on; beyond this machine a token is needed")
    port: int = setting(8765, int_between(1, 65_535), "port to listen on")
    token_hash: str = setting(
        "",
        token_hash,
        "hash of the token that readers sign in with; `presswatch serve --new-token` makes one",
        secret=True,
    )
    allow_anonymous: bool = setting(False, boolean, "serve without a token also beyond this machine")
    public_url: str = setting(
        "", web_address, "address at which a proxy in front serves the pages; with https, cookies go over https alone"
    )
    allowed_hosts: tuple[str, ...] = setting(
        [], string_list, "further host names by which browsers may ask; that of `host` and `public_url` are known"
    )
    query_timeout: timedelta = setting("10 s", positive_duration, "timeout of the queries of one page")
    max_queries: int = setting(4, int_between(1, 64), "maximum number of pages that are made at once")
    searches_per_minute: int = setting(60, int_between(1, 100_000), "maximum number of searches of a reader a minute")
    max_body_size: int = setting("64 KB", size, "maximum size of what a browser sends, such as a note")
