"""The API keeps to its OpenAPI document, whatever is asked: Schemathesis over the real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from presswatch.web.api.openapi import document
from presswatch.web.api.routes import OPERATIONS
from presswatch.web.safety.problem import API
from presswatch.web.safety.tokens import hash_token, new_token
from tests.support.rows import address_of, empty_database
from tests.support.showcase import fill_showcase, recent
from tests.support.web_server import WebServer

FEW, MANY = 2, 30
"""Requests an operation, in every run and in the long one."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]
# Not positive_data_acceptance: no schema says what a query or a time may be, nor which sources there are.
SCHEMA = schemathesis.openapi.from_dict(dict(document()))
ASKED = [(f"{API}{one.path}", one.method) for one in OPERATIONS]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The address of a server with a token, and the token."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "news.db").write_bytes(empty_database())
    fill_showcase(address_of(folder), recent()).close()
    token = new_token()
    limits = f'[web]\ntoken_hash = "{hash_token(token)}"\nsearches_per_minute = 100000\n'
    with WebServer(folder, address_of(folder), settings=limits) as server:
        yield server.address, token


def ask(operation: APIOperation, count: int, address: str, headers: dict[str, str]) -> None:
    """Make so many requests of an operation, the same ones each time, and check the answers."""

    @settings(
        max_examples=count,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)

    check()


@pytest.mark.parametrize(("path", "method"), ASKED)
def test_answers_are_as_the_document_says_without_a_token(path: str, method: str, server: WebServer) -> None:
    ask(SCHEMA[path][method], FEW, server.address, {})


@pytest.mark.long
@pytest.mark.parametrize(("path", "method"), ASKED)
def test_every_answer_is_as_the_document_says(path: str, method: str, served: tuple[str, str]) -> None:
    address, token = served
    ask(SCHEMA[path][method], MANY, address, {"Authorization": f"Bearer {token}"})
