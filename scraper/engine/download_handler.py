"""Download with aiohttp: send requests as they are spelled, read responses as browsers read them."""

from __future__ import annotations

import functools
import os
import re
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.http_writer import StreamWriter
from scrapy.core.downloader.handlers._aiohttp import AiohttpDownloadHandler, _ClientResponse
from scrapy.core.downloader.handlers._base_streaming import BaseStreamingDownloadHandler
from scrapy.exceptions import DownloadConnectionRefusedError
from scrapy.http import Headers
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.ssl import _make_ssl_context

from scraper.engine.addresses import AddressRule
from scraper.engine.failures import RequestRejected
from scraper.engine.response_body import ResponseBodyError
from scraper.engine.response_head import MAX_HEAD_SIZE, ResponseBody, ResponseHead, ResponseHeadError
from storage.model.records import FailureStage
from storage.model.urls import authority_of

if TYPE_CHECKING:
    from aiohappyeyeballs import AddrInfoType
    from aiohttp.connector import Connection
    from scrapy import Request
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from scraper.crawl.session import SourceContext

_TARGET = ":path"  # the pseudo-header in which HTTP/2 sends it (RFC 9113 §8.3.1)
_AFTER_AUTHORITY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*([^#]*)")
_UNSENDABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class BrowserLikeHandler(AiohttpDownloadHandler):
    """Scrapy's aiohttp handler without its normalizations and limits.

    The request target and every header are sent as the bytes that they are; a GET has no Content-Length. The response
    head is rewritten before it is parsed (scraper.engine.response_head), its headers are kept as raw bytes. A request
    that fails on an open connection is not sent a second time: RetryWithDelay does that, waits before and counts it.
    Cookies of the host are kept until the end of the crawl. Before each connection its address is checked
    (scraper.engine.addresses), the one that is connected to and no earlier answer of the resolver.
    """

    experimental = False  # no warning at every crawl: Scrapy calls its handler so, and the version is pinned
    lazy = True  # one handler per scheme: each loads certificates in 25 ms, and most crawls use one scheme

    def __init__(self, crawler: Crawler) -> None:
        BaseStreamingDownloadHandler.__init__(self, crawler)  # not that of the class between, which opens a session
        self._ssl_context = _shared_ssl_context(crawler.settings)
        # None in scrapy shell and scrapy fetch.
        self._context: SourceContext | None = getattr(crawler.spider, "context", None)
        named_hosts = frozenset[str]() if self._context is None else self._context.named_hosts
        self._addresses = AddressRule(named_hosts)
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                resolver=_Resolver(self._addresses),
                socket_factory=_checked_socket,
                local_addr=self._bind_address,
                limit=self._pool_size_total,
                limit_per_host=self._pool_size_per_host,
            ),
            # "Unsafe" are cookies of a host without a name; they are sent to that host only.
            cookie_jar=aiohttp.CookieJar(unsafe=True, quote_cookie=False),
            auto_decompress=False,
            request_class=_VerbatimRequest,
            response_class=_ClientResponse,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            max_line_size=MAX_HEAD_SIZE,
            max_field_size=MAX_HEAD_SIZE,
            max_headers=MAX_HEAD_SIZE,
        )
        self._session._retry_connection = False  # noqa: SLF001  (aiohttp has no argument for it)

    @asynccontextmanager
    async def _make_request(
        self,
        request: Request,
        timeout: float,  # noqa: ASYNC109  (the signature of Scrapy)
    ) -> AsyncIterator[_ClientResponse]:
        """Send a request. Raises RequestRejected if every address of its host is refused."""
        proxy = self._extract_proxy_url_with_creds(request)
        # The address of a proxy is the operator's choice; the proxy resolves the host.
        is_free = proxy is not None or self._context is None
        addresses = None if is_free else self._addresses
        attempt = _Attempt(urlparse_cached(request).hostname or "", addresses, self._slot(request))
        _attempt.set(attempt)
        self._sign(request)
        try:
            async with super()._make_request(request, timeout) as response:
                yield response
        except DownloadConnectionRefusedError as error:
            if attempt.refusal is None or attempt.has_connected:
                raise
            raise RequestRejected(FailureStage.NETWORK, attempt.refusal) from error

    def _slot(self, request: Request) -> Slot | None:
        return self.crawler.engine.downloader.slots.get(request.meta.get("download_slot", ""))

    def _sign(self, request: Request) -> None:
        """Sign a request if the crawl has an identity: now, since it may have waited in the queue, or be a retry."""
        if self._context is not None and self._context.identity is not None:
            signed = self._context.identity.sign(authority_of(request.url), now=datetime.now(UTC))
            for name, value in signed.items():
                request.headers[name] = value

    @staticmethod
    def _request_headers(request: Request) -> Headers:
        headers = _RawHeaders(request.headers)
        headers.pop(b"Proxy-Authorization", None)
        match = _AFTER_AUTHORITY.match(request.url)
        target = match[1] if match else ""
        headers[_TARGET] = target if target.startswith("/") else f"/{target}"
        return headers

    @staticmethod
    def _extract_headers(response: aiohttp.ClientResponse) -> Headers:
        return Headers(list(response.raw_headers))


_ssl_contexts: dict[tuple[object, ...], ssl.SSLContext] = {}
"""TLS context of this process by what it was made of: the crawls of a worker share it, for it takes 20 ms."""
_TLS_SETTINGS = (
    "DOWNLOAD_VERIFY_CERTIFICATES",
    "DOWNLOADER_CLIENT_TLS_CIPHERS",
    "DOWNLOAD_TLS_MIN_VERSION",
    "DOWNLOAD_TLS_MAX_VERSION",
)


def _shared_ssl_context(settings: BaseSettings) -> ssl.SSLContext:
    """Return the TLS context of some settings, with the certificate authorities that the system has now."""
    paths = ssl.get_default_verify_paths()
    changed_at = []
    for path in (paths.cafile, paths.capath):
        with suppress(OSError):
            changed_at.append(Path(path or "").stat().st_mtime_ns)
    made_of = (*map(settings.get, _TLS_SETTINGS), paths, *changed_at, os.environ.get("SSLKEYLOGFILE"))
    if made_of not in _ssl_contexts:
        _ssl_contexts.clear()
        _ssl_contexts[made_of] = _make_ssl_context(settings)
    return _ssl_contexts[made_of]


@dataclass(slots=True)
class _Attempt:
    """Connection attempts of one request: to its host, by a rule; None: to any address."""

    host: str
    addresses: AddressRule | None
    slot: Slot | None
    refusal: str | None = None
    has_connected: bool = False  # or tried to

    def sent(self) -> None:
        """Count the delay to the next request from now: Scrapy counts it from before the connection is opened."""
        if self.slot is not None:
            self.slot.lastseen = max(self.slot.lastseen, time.monotonic())  # later: after a Retry-After


_attempt: ContextVar[_Attempt] = ContextVar("attempt")
"""Of the request whose connection is opened: a socket factory is told the address but not the host."""


def _checked_socket(address: AddrInfoType) -> socket.socket:
    """Create the socket of a connection. Raises PermissionError for an address that must not be connected to."""
    attempt = _attempt.get()
    host = attempt.host.rstrip(".").lower()
    refusal = attempt.addresses and attempt.addresses.refusal(host, str(address[4][0]))
    if refusal:
        attempt.refusal = refusal
        raise PermissionError(refusal)
    attempt.has_connected = True
    return socket.socket(family=address[0], type=address[1], proto=address[2])


class _Resolver(AbstractResolver):
    """Resolver of aiohttp that notes which hosts had public addresses."""

    def __init__(self, addresses: AddressRule) -> None:
        self._addresses = addresses
        self._resolver = aiohttp.DefaultResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a host name. Raises OSError."""
        results = await self._resolver.resolve(host, port, family)
        self._addresses.resolved(host.rstrip(".").lower(), [result["host"] for result in results])
        return results

    async def close(self) -> None:
        """Close the resolver of aiohttp."""
        await self._resolver.close()


class _RawHeaders(Headers):
    """Headers whose bytes survive the text that aiohttp wants."""

    def to_tuple_list(self) -> list[tuple[str, str]]:
        return [(_text(name), _text(value)) for name, values in self.items() for value in values]


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


class _VerbatimRequest(aiohttp.ClientRequest):
    """Request without a body that sends its target and headers as they were given."""

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        """Treat an empty body as none, for which a GET has no Content-Length (RFC 9110 §8.6)."""
        super().update_body_from_data(body or None, _stacklevel)

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        """Write the request head. Raises ValueError for a control character in a header."""
        protocol = conn.protocol
        if protocol is None or protocol.transport is None:
            raise aiohttp.ClientConnectionResetError("the connection is closed")
        if self._body:
            raise NotImplementedError("a crawl sends no bodies")
        target = "".join(self.headers.popall(_TARGET))
        if self.proxy is not None and not self.is_ssl():
            target = f"{self.url.origin()}{target}"
        lines = [f"{self.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        if any(map(_UNSENDABLE.search, lines)):
            raise ValueError("a header has a control character")
        protocol.transport.write("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
        _attempt.get().sent()
        protocol.start_timeout()
        response = self.response_class(
            self.method,
            self.original_url,
            writer=None,
            continue100=None,
            timer=self._timer,
            request_info=self.request_info,
            traces=[],
            loop=self.loop,
            session=self._session,
            stream_writer=StreamWriter(protocol, self.loop),
        )
        self.response = response  # type: ignore[assignment]
        return response


class _Connector(aiohttp.TCPConnector):
    """Connection pool whose connections read responses as browsers do."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = functools.partial(_ResponseReader, loop=self._loop)  # type: ignore[assignment]


class _ResponseReader(ResponseHandler):
    """Protocol of a connection that rewrites each response before it is parsed.

    Bytes beyond the end of a body are dropped, and the connection is not used again.
    """

    _head: ResponseHead | None = None
    _body: ResponseBody | None = None  # None: it ends with the connection

    def set_response_params(self, **params: Any) -> None:
        """Expect the response of a new request."""
        self._head, self._body = ResponseHead(), None
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived of a response."""
        try:
            rewritten = self._rewrite(data)
        except (ResponseHeadError, ResponseBodyError) as error:
            self._fail(error)
            return
        if rewritten or not data:  # without data: aiohttp resumes the reading of what it has
            super().data_received(rewritten)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Fail a response whose connection was lost, instead of ending it, if it has no other end."""
        if exc is not None and self._payload is not None and not self._payload.is_eof():
            self._payload.set_exception(aiohttp.ClientPayloadError(f"the connection was lost: {exc}"))
        super().connection_lost(exc)

    def _rewrite(self, data: bytes) -> bytes:
        head = b""
        if data and self._head is not None:
            following = self._head.feed(data)
            if following is None:
                return b""
            head, self._body, self._head, data = self._head.rewritten, self._head.body, None, following
        if self._body is None:
            return head + data
        body = self._body.feed(data)
        if self._body.is_overrun:
            self.force_close()
            if not head and not body and self.transport is not None:  # it may be in the pool already
                self.transport.close()
        return head + body

    def _fail(self, error: Exception) -> None:
        if self.transport is not None:
            self.transport.close()
        self.set_exception(BadHttpMessage(str(error)), error)
