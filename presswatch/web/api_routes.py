"""Serve the declared operations below /api: read their parameters, make answers in threads, add ETags."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from presswatch.output.display_zone import shown_in
from presswatch.output.formats import as_json
from presswatch.web.api.openapi import document
from presswatch.web.api.operation import Operation
from presswatch.web.api.parameters import MAX_VALUE_LENGTH, TIMEZONE, Parameter
from presswatch.web.api.request import ApiAnswer, ApiRequest
from presswatch.web.api.routes import OPERATIONS
from presswatch.web.safety.problem import problem
from presswatch.web.serving import Server, status_of
from storage.config.parsers import nearest_key
from storage.database.reader import time_limit
from storage.model.errors import ConfigError, PresswatchError
from storage.model.time_zones import zone_named

MAX_PARAMETERS = 50
JSON = "application/json"
REVALIDATED = "private, no-cache"
"""A client may keep an answer, and asks each time whether it still holds."""


def api_routes(server: Server) -> Sequence[BaseRoute]:
    """Return the routes below /api."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in OPERATIONS:
        by_path.setdefault(operation.path, {})[operation.method] = operation
    made = [Route(path, _handler(server, methods), methods=list(methods)) for path, methods in by_path.items()]
    return [Route("/openapi.json", _document, methods=["GET"]), *made]


async def _document(request: Request) -> Response:
    return _with_etag(request, as_json(document()))


def _handler(server: Server, methods: Mapping[str, Operation]) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        operation = methods["GET" if request.method == "HEAD" else request.method]
        try:
            asked = _asked(server, request, operation, await _body(request, operation))
            answer = await to_thread.run_sync(_made, server, asked, operation, limiter=server.limiter)
        except PresswatchError as error:
            return problem(status_of(error), str(error))
        return _response(request, answer)

    return handle


def _asked(server: Server, request: Request, operation: Operation, body: Mapping[str, Any]) -> ApiRequest:
    now = server.now()
    typed = typed_parameters(request.url.query, operation)
    in_path = {name: str(value) for name, value in request.path_params.items()}
    zone = read_parameter(TIMEZONE, typed.get(TIMEZONE.name), now) or zone_named(server.site.config.output.timezone)
    with shown_in(zone):
        values = {
            one.name: read_parameter(one, (in_path if one.in_path else typed).get(one.name), now)
            for one in operation.parameters
        }
    path = request.url.path
    return ApiRequest(site=server.site, path=path, now=now, values=values, zone=zone, typed=typed, body=body)


def typed_parameters(query: str, operation: Operation) -> Mapping[str, str]:
    """Parse a query. Raises ConfigError for a parameter that is unknown, or stands there twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_PARAMETERS, errors="strict")
    except UnicodeDecodeError as error:
        raise ConfigError("the address is not UTF-8") from error
    except ValueError as error:
        raise ConfigError(f"an address has at most {MAX_PARAMETERS} parameters") from error
    known = [one.name for one in operation.parameters if not one.in_path]
    found: dict[str, str] = {}
    for name, value in pairs:
        if name not in known:
            there = f"; there are: {', '.join(known)}" if known else ""
            raise ConfigError(f"no parameter is called {name[:50]!r}{nearest_key(name, known) or there}")
        if name in found:
            raise ConfigError(f"{name} is given twice, and takes one value")
        found[name] = value
    return found


def read_parameter(one: Parameter, typed: str | None, now: datetime) -> Any:
    """Read the value of a parameter. Raises ConfigError, naming it."""
    if typed is None:
        if one.is_required:
            raise ConfigError(f"{one.name} is needed: {one.description}")
        return one.default
    if not typed or len(typed) > MAX_VALUE_LENGTH or "\0" in typed:
        raise ConfigError(f"{one.name}: give 1 to {MAX_VALUE_LENGTH} characters, without NUL, or leave it out")
    try:
        return one.read(typed, now)
    except ValueError as error:
        raise ConfigError(f"{one.name}: {error}") from error


async def _body(request: Request, operation: Operation) -> Mapping[str, Any]:
    """Read the JSON object of a request, as it is declared. Raises ConfigError."""
    if operation.body is None:
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise ConfigError(f"the body is sent as {JSON}")
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise ConfigError("the body is no JSON") from error
    return checked_body(found, operation.body)


def checked_body(found: Any, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object of texts as its schema has it. Raises ConfigError, naming the field."""
    if not isinstance(found, dict):
        raise ConfigError("the body is no JSON object")
    properties: Mapping[str, Any] = schema["properties"]
    for name in found:
        if name not in properties:
            raise ConfigError(f"no field is called {name[:50]!r}{nearest_key(name, list(properties))}")
    for name, declared in properties.items():
        is_required = name in schema["required"]
        value = found.get(name)
        if value is None and not is_required:
            continue
        most = next(iter(declared.get("anyOf", [declared])))["maxLength"]
        if not isinstance(value, str) or not value.strip() or len(value) > most or "\0" in value:
            raise ConfigError(
                f"{name}: give a text of 1 to {most} characters{'' if is_required else ', or leave it out'}"
            )
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ConfigError(f"{name} is not UTF-8")
    return found


def _made(server: Server, asked: ApiRequest, operation: Operation) -> ApiAnswer:
    with time_limit(server.rules.settings.query_timeout), shown_in(asked.zone):
        return operation.maker(asked)


def _response(request: Request, answer: ApiAnswer) -> Response:
    if answer.body is None:
        return Response(status_code=answer.status)
    text = as_json(answer.body)
    if answer.status is not HTTPStatus.OK:
        return Response(text, status_code=answer.status, media_type=JSON)
    response = _with_etag(request, text)
    if answer.next is not None:
        response.headers["link"] = f'<{answer.next}>; rel="next"'
    return response


def _with_etag(request: Request, text: str) -> Response:
    """Return the response, or 304 if the client has it (RFC 9110, 13.1.2)."""
    body = text.encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": REVALIDATED}
    if is_known(request.headers.get("if-none-match", ""), etag):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(body, media_type=JSON, headers=headers)


def is_known(if_none_match: str, etag: str) -> bool:
    """Return whether a client has the answer of an ETag already; tags are compared weakly."""
    sent = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return etag in sent or "*" in sent
