"""Refuse a request before any page is made: wrong host, other site, no token, too many searches."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from math import ceil
from typing import Any
from urllib.parse import quote

from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from presswatch.web.safety.hosts import SAFE_METHODS, KnownHosts, foreign_request, is_local
from presswatch.web.safety.limits import RateLimiter
from presswatch.web.safety.problem import API, is_api, problem
from presswatch.web.safety.response_headers import NEVER_STORED, SECURITY_HEADERS
from presswatch.web.safety.tokens import is_token
from storage.config.web_settings import WebSettings

SIGN_IN = "/sign-in"
CHOOSE_ZONE = "/timezone"
OPEN_PATHS = (SIGN_IN, "/static/")
LIMITED_PATHS = ("/search", "/compare", "/absent", "/coverage", "/watches/new", f"{API}/", SIGN_IN)
ACCESS = "presswatch.access"
"""Key of a request's Access in its ASGI scope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Rights of the sender of a request."""

    may_change: bool
    is_signed_in: bool
    has_bearer: bool = False
    """Sent its token in a header, which no other site can make a browser do: needs no form token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The settings by which requests are refused; `clock` gives seconds that never go back."""

    settings: WebSettings
    host: str
    hosts: KnownHosts
    searches: RateLimiter
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(cls, settings: WebSettings, host: str) -> Rules:
        """Make the rules of a server on this host."""
        hosts, searches = KnownHosts.of(settings, host), RateLimiter(settings.searches_per_minute)
        return cls(settings=settings, host=host, hosts=hosts, searches=searches)

    @property
    def cookie_name(self) -> str:
        """Return the name of the cookie of the token; with the prefix, no other host of a domain can set it."""
        return "__Host-presswatch-token" if self.is_secure else "presswatch-token"

    @property
    def is_secure(self) -> bool:
        """Return whether readers come over https."""
        return self.settings.public_url.startswith("https://")

    @property
    def may_change_unsigned(self) -> bool:
        """Return whether a reader without a token may change something: on this machine alone."""
        return not self.settings.token_hash and is_local(self.host) and not self.settings.public_url


class Guard:
    """ASGI middleware around the whole application, the API included."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app = app
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # nothing of ours is a web socket
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        access = self._access(headers)
        refused = self._refusal(scope, headers, access)
        scope[ACCESS] = access
        await (refused or self._app)(scope, receive, _with_headers(send))

    def _access(self, headers: Mapping[str, str]) -> Access:
        stored = self._rules.settings.token_hash
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        has_bearer = scheme.lower() == "bearer" and is_token(bearer.strip(), stored)
        signed_in = has_bearer or is_token(cookie(headers, self._rules.cookie_name), stored)
        may_change = signed_in or self._rules.may_change_unsigned
        return Access(may_change=may_change, is_signed_in=signed_in, has_bearer=has_bearer)

    def _refusal(self, scope: Scope, headers: Mapping[str, str], access: Access) -> Response | None:
        path, method = scope["path"], scope["method"]
        if not self._rules.hosts.accepts(headers.get("host", "")):
            return _refused(path, HTTPStatus.MISDIRECTED_REQUEST, "this host is not served here; see web.allowed_hosts")
        if is_api(path) and method not in SAFE_METHODS and not access.has_bearer:
            return self._token_first(path)
        foreign = None if access.has_bearer else foreign_request(method, headers, self._rules.hosts)
        if foreign is not None:
            return _refused(path, HTTPStatus.FORBIDDEN, foreign)
        if not path.startswith(OPEN_PATHS):
            if self._rules.settings.token_hash and not access.is_signed_in:
                return _sign_in_first(scope)
            # The zone of a reader is kept in his browser: nothing that is stored changes.
            if method not in SAFE_METHODS and path != CHOOSE_ZONE and not access.may_change:
                return _refused(path, HTTPStatus.FORBIDDEN, "these pages can be read, and changed with a token alone")
        return self._too_large(path, headers) or self._too_many(scope, path)

    def _too_large(self, path: str, headers: Mapping[str, str]) -> Response | None:
        """Refuse a body by the length it states; Starlette would by a text, which is no problem of RFC 9457."""
        length = headers.get("content-length", "0")
        is_large = not length.isdecimal() or int(length[:20]) > self._rules.settings.max_body_size
        if not is_api(path) or not is_large:
            return None
        return _refused(path, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "that is more than web.max_body_size allows")

    def _token_first(self, path: str) -> Response:
        """Refuse a change of a program: no cookie of a browser stands for the token in its header."""
        if self._rules.settings.token_hash:
            return _needs_token(path)
        text = "a change needs a token: make one with presswatch serve --new-token, and set web.token_hash"
        return _refused(path, HTTPStatus.FORBIDDEN, text)

    def _too_many(self, scope: Scope, path: str) -> Response | None:
        if not path.startswith(LIMITED_PATHS):
            return None
        reader = (scope.get("client") or ("", 0))[0]
        if not (wait := self._rules.searches.wait(reader, self._rules.clock())):
            return None
        refused = _refused(path, HTTPStatus.TOO_MANY_REQUESTS, "too many searches; try again in a moment")
        refused.headers["retry-after"] = str(ceil(wait))
        return refused


def cookie(headers: Mapping[str, str], name: str) -> str:
    """Return the value of a cookie, empty if there is none."""
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _refused(path: str, status: HTTPStatus, why: str) -> Response:
    if is_api(path):
        return problem(status, why)
    return PlainTextResponse(f"{why}\n", status_code=status)


def _sign_in_first(scope: Scope) -> Response:
    path = scope["path"]
    if scope["method"] not in SAFE_METHODS or is_api(path) or "." in path:
        return _needs_token(path)
    query = scope["query_string"].decode("latin-1")
    wanted = path + (f"?{query}" if query else "")
    return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='')}", status_code=HTTPStatus.SEE_OTHER)


def _needs_token(path: str) -> Response:
    refused = _refused(path, HTTPStatus.UNAUTHORIZED, "a token is needed: Authorization: Bearer TOKEN")
    refused.headers["www-authenticate"] = "Bearer"
    return refused


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            names = {name for name, _ in message["headers"]}
            added: dict[str, Any] = {**SECURITY_HEADERS, "cache-control": NEVER_STORED}
            message["headers"] = [
                *message["headers"],
                *((name.encode(), value.encode()) for name, value in added.items() if name.encode() not in names),
            ]
        await send(message)

    return send_with_headers
