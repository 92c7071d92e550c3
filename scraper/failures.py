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

from storage.records import Failure, Stage

BLOCKED = frozenset({401, 403, 429})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Refused(IgnoreRequest):
    """A request that we did not make, or an answer that we did not take, by a rule of ours."""

    def __init__(self, stage: Stage, reason: str) -> None:
        super().__init__(reason)
        self.stage = stage
        self.reason = reason


def from_exception(url: str, error: BaseException) -> Failure:
    """The failure of a request that brought no answer."""
    if isinstance(error, Refused):
        return Failure(url=url, stage=error.stage, reason=error.reason)
    if isinstance(error.__cause__, aiohttp.ClientConnectorCertificateError):
        return Failure(url=url, stage=Stage.NETWORK, reason="its certificate cannot be verified")
    if isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):  # how a compressed body says it
        return Failure(url=url, stage=Stage.NETWORK, reason=TOO_LARGE)
    for kind, stage, reason in CAUSES:
        if isinstance(error, kind):
            return Failure(url=url, stage=stage, reason=reason)
    line = (str(error).strip().splitlines() or [""])[0][:200]
    return Failure(url=url, stage=Stage.NETWORK, reason=line or type(error).__name__)


TOO_LARGE = "the body is larger than scraper.max_response_size"
CAUSES: tuple[tuple[type[BaseException], Stage, str], ...] = (
    (DownloadTimeoutError, Stage.TIMEOUT, "no full answer in time"),
    (CannotResolveHostError, Stage.NETWORK, "the host's name cannot be resolved"),
    (DownloadConnectionRefusedError, Stage.NETWORK, "the host refuses connections"),
    (ResponseDataLossError, Stage.NETWORK, "the answer broke off before its end"),
    (DownloadCancelledError, Stage.NETWORK, TOO_LARGE),
)


def from_response(url: str, response: Response) -> Failure | None:
    """The failure that an answer means; None for a 2xx."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status in REDIRECTS and "Location" not in response.headers:
        reason = f"redirects to nowhere: answered {status} without an address"
        return Failure(url=url, stage=Stage.NETWORK, reason=reason, http_status=status)
    if status in BLOCKED:
        stage = Stage.BLOCKED
    elif status < 400:  # a 304 that nobody asked for, a 300: nothing that a client does wrong
        stage = Stage.NETWORK
    elif status >= 500:
        stage = Stage.HTTP_5XX
    else:
        stage = Stage.HTTP_4XX
    return Failure(url=url, stage=stage, reason=f"answered {status}", http_status=status)
