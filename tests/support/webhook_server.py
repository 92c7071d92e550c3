"""Receive notifications on a real HTTP server with configurable responses."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "s3cretT0ken"
PASSWORD = "hunter2word"


class WebhookServer:
    """A webhook; `target` is its URL with a password and a token, `received` the messages answered with 200.

    `answers` are the statuses of the next requests, then what `judge` returns for a message, 200 by default; 0 hangs
    until the server is closed. `slow` is the delay of each response in seconds; while `answering` is clear, there is
    none. `keys` are the identifiers of all requests.
    """

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.request_count = 0
        self.keys: list[str | None] = []
        self.judge: Callable[[dict[str, Any]], int] = lambda message: 200
        self.slow = 0.0
        self.answering = threading.Event()
        self.answering.set()
        self.answers: deque[int] = deque()
        self._closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def target(self) -> str:
        return f"json://user:{PASSWORD}@127.0.0.1:{self.port}/hooks/{TOKEN}?+X-Key={TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.received]

    def answer(self, *statuses: int) -> None:
        self.answers.extend(statuses)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        webhook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                message = json.loads(body)
                webhook.request_count += 1
                webhook.keys.append(self.headers["Idempotency-Key"])
                status = webhook.answers.popleft() if webhook.answers else webhook.judge(message)
                webhook.answering.wait()
                webhook._closing.wait(webhook.slow)
                if status == 0:
                    webhook._closing.wait()
                    return
                if status == 200:
                    webhook.received.append(message)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self.answering.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def refusing_port() -> int:
    """Return a port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
