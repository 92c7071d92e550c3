"""What the token lets programs change: schedules, watches and tags; and that nothing is changed without it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from presswatch.web.safety.tokens import hash_token, new_token
from storage.scheduling.schedules import Schedule
from tests.support.rows import HOUR, NOON, Rows
from tests.support.web_server import Answer, WebServer


@dataclass(frozen=True, slots=True)
class Guarded:
    """A server with a token, and the rows behind it: one article of a source with a schedule."""

    server: WebServer
    rows: Rows
    token: str

    def send(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Answer:
        """Send a request with the token."""
        headers = {"authorization": f"Bearer {self.token if token is None else token}"}
        if body is not None:
            headers["content_type"] = "application/json"
        sent = None if body is None else json.dumps(body).encode()
        return self.server.ask(f"/api{path}", method=method, body=sent, **headers)

    def read(self, path: str) -> Any:
        """Return the JSON of an answer."""
        got = self.send("GET", path)
        assert got.status == 200, got.text
        return json.loads(got.text)

    def schedule(self) -> Schedule:
        """Return the stored schedule of the source."""
        return self.rows.store.schedules.all()["caliber"]


@pytest.fixture
def guarded(rows: Rows, tmp_path: Path) -> Iterator[Guarded]:
    rows.article("one")
    rows.store.schedules.set(Schedule(source="caliber", next_poll_at=NOON, interval=HOUR, reason="regular"))
    token = new_token()
    settings = f'[web]\ntoken_hash = "{hash_token(token)}"\nsearches_per_minute = 100000\n'
    with WebServer(tmp_path, rows.database, settings=settings) as server:
        yield Guarded(server, rows, token)


def test_the_token_alone_changes_schedules_watches_and_tags(guarded: Guarded) -> None:
    assert_nothing_changes_without(guarded)
    assert_schedules_change(guarded)
    assert_watches_change(guarded)
    assert_tags_change(guarded)


def assert_schedules_change(guarded: Guarded) -> None:
    assert guarded.send("POST", "/sources/caliber/pause").status == 204
    assert guarded.schedule().paused_at is not None
    assert guarded.read("/sources/caliber")["state"] == "paused"
    assert guarded.send("POST", "/sources/caliber/resume").status == 204
    assert guarded.schedule().paused_at is None
    assert [one["kind"] for one in guarded.read("/events")["events"]] == ["paused"]
    assert guarded.send("POST", "/sources/caliber/trigger").status == 202
    assert guarded.schedule().crawl_requested_at is not None
    for change in ("pause", "resume", "trigger"):
        assert guarded.send("POST", f"/sources/calibre/{change}").status == 404
    guarded.rows.clear("schedules")
    refused = guarded.send("POST", "/sources/caliber/pause")
    assert (refused.status, json.loads(refused.text)["status"]) == (409, 409)


def assert_watches_change(guarded: Guarded) -> None:
    made = guarded.send("POST", "/watches", {"name": "pipelines", "query": "gas OR oil"})
    assert (made.status, json.loads(made.text)["query"]) == (201, "gas OR oil")
    secret = {"name": "hook", "query": "gas", "target": "json://user:password@hook.example/path", "digest": "1h"}
    assert "password" not in guarded.send("POST", "/watches", secret).text
    listed = guarded.read("/watches")["watches"]
    assert [one["name"] for one in listed] == ["hook", "pipelines"]
    assert "password" not in json.dumps(listed)
    assert guarded.send("POST", "/watches", {"name": "pipelines", "query": "gas"}).status == 409
    for body in ({"name": "x"}, {"name": 5, "query": "x"}, {"name": "x", "query": "gas AND"}, ["x"], "x" * 5_000):
        assert guarded.send("POST", "/watches", body).status == 400, body
    for method, path, body, status in (
        ("POST", "/watches", {"name": "x", "query": "x" * 100_000}, 413),
        ("DELETE", "/articles", None, 405),
        ("DELETE", "/watches/none", None, 404),
    ):
        got = guarded.send(method, path, body)
        assert (got.status, got.headers["content-type"]) == (status, "application/problem+json"), path
    assert guarded.send("DELETE", "/watches/pipelines").status == 204
    assert guarded.send("DELETE", "/watches/pipelines").status == 404


def assert_tags_change(guarded: Guarded) -> None:
    assert guarded.send("PUT", "/articles/1/tags/energy").status == 204
    assert guarded.send("PUT", "/articles/1/tags/energy").status == 204  # and once more changes nothing
    assert guarded.read("/articles/1/tags") == {"tags": ["energy"]}
    assert guarded.send("DELETE", "/articles/1/tags/energy").status == 204
    assert guarded.read("/articles/1/tags") == {"tags": []}
    assert guarded.send("PUT", "/articles/99999/tags/energy").status == 404


def assert_nothing_changes_without(guarded: Guarded) -> None:
    before = guarded.schedule()
    for method, path in (
        ("POST", "/sources/caliber/pause"),
        ("POST", "/sources/caliber/resume"),
        ("POST", "/sources/caliber/trigger"),
        ("POST", "/watches"),
        ("DELETE", "/watches/hook"),
        ("PUT", "/articles/1/tags/energy"),
        ("DELETE", "/articles/1/tags/energy"),
        ("GET", "/articles"),
    ):
        got = guarded.send(method, path, token="wrong")
        assert (got.status, got.headers["content-type"]) == (401, "application/problem+json"), path
        assert guarded.server.ask(f"/api{path}", method=method).status == 401
    assert guarded.schedule() == before
    assert guarded.read("/watches") == {"watches": []}
    assert guarded.read("/articles/1/tags") == {"tags": []}
