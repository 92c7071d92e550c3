"""Declare what can be asked: path, method, parameters, maker and the shape of its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from presswatch.web.api.parameters import Parameter
from presswatch.web.api.request import ApiMaker
from presswatch.web.api.schemas import Schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One path with one method. `path` stands below /api; `result` is None for an answer without a body."""

    path: str
    name: str
    summary: str
    maker: ApiMaker
    result: Schema | None
    method: str = "GET"
    parameters: Sequence[Parameter] = ()
    body: Schema | None = None
    status: HTTPStatus = HTTPStatus.OK

    @property
    def is_change(self) -> bool:
        """Return whether it writes, which needs a token."""
        return self.method != "GET"
