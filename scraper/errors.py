"""Define the errors of channels and pages, each with its URL and failure stage."""

from __future__ import annotations

from typing import Self

from storage.model.errors import PresswatchError
from storage.model.records import FailureStage


class ChannelError(PresswatchError):
    """Raised when a poll of a channel yields no links; `reason` is one line that names the cause or remedy."""

    def __init__(self, url: str, stage: FailureStage, reason: str, http_status: int | None = None) -> None:
        super().__init__(f"{url}: {stage}: {reason}")
        self.url = url
        self.stage = stage
        self.reason = reason
        self.http_status = http_status

    @property
    def is_end_of_list(self) -> bool:
        """Return whether a further page of a list is not there, or has no article: the list ended before it."""
        return self.http_status in {404, 410} or self.stage is FailureStage.EMPTY_LIST

    def __reduce__(self) -> tuple[type[Self], tuple[str, FailureStage, str, int | None]]:
        return type(self), (self.url, self.stage, self.reason, self.http_status)  # raised in a parser process, too


class PageError(PresswatchError):
    """Raised when the response at an article URL is not an article: not HTML, or without a title."""

    def __init__(self, url: str, reason: str, stage: FailureStage = FailureStage.PARSE) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.stage = stage

    def __reduce__(self) -> tuple[type[Self], tuple[str, str, FailureStage]]:
        return type(self), (self.url, self.reason, self.stage)
