"""Write the OpenAPI 3.1 document of the declared operations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from presswatch.web.api.operation import Operation
from presswatch.web.api.parameters import Parameter
from presswatch.web.api.routes import OPERATIONS, schemas
from presswatch.web.api.schemas import ref
from storage.model.version import VERSION

DESCRIPTION = (
    "Query what Presswatch stored. Times are UTC. With `as_of` an answer is of what was known at that moment. Each "
    "answer has an `ETag`: sent back as `If-None-Match`, it is answered with 304 while nothing has changed. Changes "
    "need the token of `web.token_hash`, as `Authorization: Bearer TOKEN`."
)
PROBLEMS: Mapping[str, str] = {
    "400": "A parameter cannot be read, or does not fit the others.",
    "401": "A token is needed.",
    "403": "This may not be done.",
    "404": "There is nothing at this address.",
    "429": "Too many requests; Retry-After says in how many seconds to ask again.",
    "503": "The query took too long.",
    "default": "Another failure.",
}


@cache
def document() -> Mapping[str, Any]:
    """Return the document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api{operation.path}", {})[operation.method.lower()] = _operation(operation)
    bearer = {"type": "http", "scheme": "bearer", "description": "The token of web.token_hash."}
    problems = {name: _problem(text) for name, text in PROBLEMS.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Presswatch", "version": VERSION, "description": DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "responses": {f"Problem{name}": one for name, one in problems.items()},
            "securitySchemes": {"token": bearer},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        # A server without a token lets everybody on its machine read: {} is that.
        "security": [{"token": []}] if operation.is_change else [{}, {"token": []}],
        "parameters": [_parameter(one) for one in operation.parameters],
        "responses": _responses(operation),
    }
    if operation.body is not None:
        written["requestBody"] = {"required": True, "content": {"application/json": {"schema": operation.body}}}
    return written


def _parameter(one: Parameter) -> dict[str, Any]:
    written = {
        "name": one.name,
        "in": "path" if one.in_path else "query",
        "description": one.description,
        "required": one.is_required,
        "schema": one.schema,
    }
    is_list = one.schema.get("type") == "array"
    return {**written, "style": "form", "explode": False} if is_list else written


def _responses(operation: Operation) -> dict[str, Any]:
    done: dict[str, Any] = {"description": operation.summary}
    if operation.result is not None:
        done["content"] = {"application/json": {"schema": operation.result}}
    if not operation.is_change:
        done["headers"] = {"ETag": {"description": "Names this state of the answer.", "schema": {"type": "string"}}}
    unchanged = {} if operation.is_change else {"304": {"description": "Nothing has changed since this ETag."}}
    problems = {name: {"$ref": f"#/components/responses/Problem{name}"} for name in PROBLEMS}
    return {str(operation.status.value): done, **unchanged, **problems}


def _problem(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"application/problem+json": {"schema": ref("ProblemDetails")}}}
