"""Hold what the handlers of pages and of the API share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from anyio import CapacityLimiter

from presswatch.web.pages.request import BadFormError, NotFoundError, Site
from presswatch.web.safety.guard import Rules
from presswatch.web.safety.tokens import FormTokens
from storage.model.errors import ConfigError, QueryTimeoutError

STATUSES: Mapping[type[BaseException], HTTPStatus] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    BadFormError: HTTPStatus.BAD_REQUEST,
    ConfigError: HTTPStatus.BAD_REQUEST,
    QueryTimeoutError: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Status of an answer that tells an error; of any other, what is stored stands against it."""


def status_of(error: Exception) -> HTTPStatus:
    """Return the status of the answer to an error."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), HTTPStatus.CONFLICT)


@dataclass(slots=True)
class Server:
    """Hold what handlers share: the site, the rules, the key of forms, and the number of answers made at once."""

    site: Site
    rules: Rules
    forms: FormTokens = field(default_factory=FormTokens)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _limiter: CapacityLimiter | None = None

    @property
    def limiter(self) -> CapacityLimiter:
        """Return the limiter; it belongs to the event loop, and is made when that runs."""
        if self._limiter is None:
            self._limiter = CapacityLimiter(self.rules.settings.max_queries)
        return self._limiter
