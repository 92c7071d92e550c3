"""What a channel or a page can fail at. Each knows its address and its stage, and what to do about it."""

from __future__ import annotations

from storage.model.errors import PresswatchError
from storage.model.records import FailureStage


class ChannelError(PresswatchError):
    """A look at a channel that brought no links; `reason` is one line a person can act on."""

    def __init__(self, url: str, stage: FailureStage, reason: str) -> None:
        super().__init__(f"{url}: {stage}: {reason}")
        self.url = url
        self.stage = stage
        self.reason = reason


class PageError(PresswatchError):
    """An answer at an article's address that is no article: no HTML, or no title."""

    def __init__(self, url: str, reason: str, stage: FailureStage = FailureStage.PARSE) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.stage = stage
