"""What went wrong with a request, as a stage and a line that a person can act on."""

from __future__ import annotations

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

BLOCKED_STATUSES = frozenset({401, 403, 429})
REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})


class RequestRejected(IgnoreRequest):
    """A request that we did not make, or an answer that we did not take, by a rule of ours."""

    def __init__(self, stage: FailureStage, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason


def from_exception(url: str, error: BaseException) -> FetchFailure:
    """The failure of a request that brought no answer."""
    if isinstance(error, RequestRejected):
        return FetchFailure(url=url, failure_stage=error.stage, reason=error.reason)
    if isinstance(error.__cause__, aiohttp.ClientConnectorCertificateError):
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason="its certificate cannot be verified")
    if isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):  # how a compressed body says it
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=TOO_LARGE_TEXT)
    for kind, stage, reason in FAILURE_CAUSES:
        if isinstance(error, kind):
            return FetchFailure(url=url, failure_stage=stage, reason=reason)
    line = (str(error).strip().splitlines() or [""])[0][:200]
    return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=line or type(error).__name__)


TOO_LARGE_TEXT = "the body is larger than scraper.max_response_size"
FAILURE_CAUSES: tuple[tuple[type[BaseException], FailureStage, str], ...] = (
    (DownloadTimeoutError, FailureStage.TIMEOUT, "no full answer in time"),
    (CannotResolveHostError, FailureStage.NETWORK, "the host's name cannot be resolved"),
    (DownloadConnectionRefusedError, FailureStage.NETWORK, "the host refuses connections"),
    (ResponseDataLossError, FailureStage.NETWORK, "the answer broke off before its end"),
    (DownloadCancelledError, FailureStage.NETWORK, TOO_LARGE_TEXT),
)


def from_response(url: str, response: Response) -> FetchFailure | None:
    """The failure that an answer means; None for a 2xx."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status in REDIRECT_STATUSES and "Location" not in response.headers:
        reason = f"redirects to nowhere: answered {status} without an address"
        return FetchFailure(url=url, failure_stage=FailureStage.NETWORK, reason=reason, http_status=status)
    if status in BLOCKED_STATUSES:
        stage = FailureStage.BLOCKED
    elif status < 400:  # a 304 that nobody asked for, a 300: nothing that a client does wrong
        stage = FailureStage.NETWORK
    elif status >= 500:
        stage = FailureStage.HTTP_5XX
    else:
        stage = FailureStage.HTTP_4XX
    return FetchFailure(url=url, failure_stage=stage, reason=f"answered {status}", http_status=status)
