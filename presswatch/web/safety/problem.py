"""Tell a program why its request failed, as RFC 9457 has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import Response

API = "/api"
PROBLEM_TYPE = "application/problem+json"


def is_api(path: str) -> bool:
    """Return whether a path is one of programs, which read problems instead of pages."""
    return path == API or path.startswith(f"{API}/")


def problem(status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return the response of an error; `detail` is one sentence that says what to do."""
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
    text = json.dumps(body, ensure_ascii=True)  # of what was typed, nothing but ASCII goes back as it came
    return Response(text, status_code=status, media_type=PROBLEM_TYPE, headers=dict(headers or {}))
