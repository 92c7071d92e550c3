"""Convert exceptions and error responses into fetch failures: a stage and a one-line reason."""

from __future__ import annotations

import errno

import aiohttp
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response

from storage.model.records import FailureStage, FetchFailure

BLOCKED_STATUSES = frozenset({401, 402, 403, 429, 451})
BLOCKED_REASONS = {
    402: "answered 402 (payment required): crawlers need a licence here, ask the site for one",
    451: "answered 451 (unavailable for legal reasons): it may be readable from another country, ask the site",
}
"""Reasons with advice of their own: no waiting ends these."""

REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class RequestRejected(IgnoreRequest):
    """Raised for a request that is not sent, or a response that is not accepted, by a rule of the crawl."""

    def __init__(self, stage: FailureStage, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason


def from_exception(url: str, error: BaseException) -> FetchFailure:
    """Return the failure of a request that got no response."""
    if isinstance(error, RequestRejected):
        return FetchFailure(url=url, failure_stage=error.stage, reason=error.reason)
    if isinstance(error.__cause__, aiohttp.ClientError) and (reason := _client_reason(error.__cause__)):
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=reason)
    if isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):  # raised for compressed bodies
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=TOO_LARGE_TEXT)
    for exception_type, stage, reason in FAILURE_CAUSES:
        if isinstance(error, exception_type):
            return FetchFailure(url=url, failure_stage=stage, reason=reason)
    line = (str(error).strip().splitlines() or [""])[0][:200]
    return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=line or type(error).__name__)


def _client_reason(error: aiohttp.ClientError) -> str | None:
    """Return the reason of a failure of the connection or the HTTP client; None if its Scrapy exception names it."""
    text = next((text for error_type, text in CLIENT_REASONS if isinstance(error, error_type)), None)
    if text is None or (isinstance(error, aiohttp.ClientConnectorError) and error.os_error.errno == errno.ECONNREFUSED):
        return None
    detail = getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)
    return text.format(first_line=(str(detail).strip().splitlines() or [""])[0][:200])


CLIENT_REASONS: tuple[tuple[type[aiohttp.ClientError], str | None], ...] = (
    (aiohttp.ClientConnectorCertificateError, "its certificate cannot be verified"),
    (aiohttp.ClientConnectorSSLError, "no TLS connection with the host ({first_line})"),
    (aiohttp.ClientConnectorDNSError, None),
    (aiohttp.ClientProxyConnectionError, "the proxy cannot be reached ({first_line})"),
    (aiohttp.ClientConnectorError, "the host cannot be reached ({first_line})"),
    (aiohttp.ClientHttpProxyError, "the proxy refuses the request ({first_line})"),
    (aiohttp.ClientResponseError, "the answer cannot be read: {first_line}"),  # its status 400 is not the host's
    (aiohttp.ServerDisconnectedError, "the host closed the connection without an answer"),
    (aiohttp.ClientOSError, "the connection was lost ({first_line})"),
)
"""Reasons by exception, subclasses first."""


TOO_LARGE_TEXT = "the body is larger than scraper.max_response_size"
BROKE_OFF_TEXT = "the answer broke off before its end"
DAMAGED_TEXT = "the answer was damaged on its way: its compressed body has errors"
BROKEN_BODY_TEXTS = frozenset({BROKE_OFF_TEXT, DAMAGED_TEXT})
"""Reasons of bodies that a second request may bring whole; a response with one of them as a flag has such a body."""

FAILURE_CAUSES: tuple[tuple[type[BaseException], FailureStage, str], ...] = (
    (DownloadTimeoutError, FailureStage.TIMEOUT, "no full answer in time"),
    (CannotResolveHostError, FailureStage.NETWORK, "the host's name cannot be resolved"),
    (DownloadConnectionRefusedError, FailureStage.NETWORK, "the host refuses connections"),
    (ResponseDataLossError, FailureStage.NETWORK, BROKE_OFF_TEXT),
    (DownloadCancelledError, FailureStage.NETWORK, TOO_LARGE_TEXT),
)


def from_response(url: str, response: Response) -> FetchFailure | None:
    """Return the failure of a response; None for a 2xx."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status in REDIRECT_STATUSES and "Location" not in response.headers:
        reason = f"redirects to nowhere: answered {status} without an address"
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=reason, http_status=status)
    if status in BLOCKED_STATUSES:
        stage = FailureStage.BLOCKED
    elif status < 400:  # an unexpected 304, a 300: not client errors
        stage = FailureStage.NETWORK
    elif status >= 500:
        stage = FailureStage.HTTP_5XX
    else:
        stage = FailureStage.HTTP_4XX
    reason = BLOCKED_REASONS.get(status, f"answered {status}")
    return FetchFailure(url=url, failure_stage=stage, reason=reason, http_status=status)
