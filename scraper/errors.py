"""What a channel or a page can fail at. Each knows its address and its stage, and what to do about it."""

from __future__ import annotations

from storage.errors import PresswatchError
from storage.records import Stage


class ChannelError(PresswatchError):
    """A look at a channel that brought no links; `reason` is one line a person can act on."""

    def __init__(self, url: str, stage: Stage, reason: str) -> None:
        super().__init__(f"{url}: {stage}: {reason}")
        self.url = url
        self.stage = stage
        self.reason = reason


class PageError(PresswatchError):
    """An answer at an article's address that is no article: no HTML, or no title."""

    def __init__(self, url: str, reason: str, stage: Stage = Stage.PARSE) -> None:
        super().__init__(f"{url}: {reason}")
        self.url = url
        self.reason = reason
        self.stage = stage
