"""Somebody who is told: a real HTTP server that keeps what it is sent and answers as it is told to."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

TOKEN = "s3cretT0ken"
PASSWORD = "hunter2word"


class Listener:
    """`target` is its address with a password and a token in it; `told` what arrived and was taken.

    `answers` are the statuses of the next requests, then 200; 0 hangs until the listener is closed. `slow` is how many
    seconds each answer takes.
    """

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.asked = 0
        self.slow = 0.0
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
        return f"json://desk:{PASSWORD}@127.0.0.1:{self.port}/hooks/{TOKEN}?+X-Key={TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [told["title"] for told in self.told]

    def answer(self, *statuses: int) -> None:
        self.answers.extend(statuses)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.asked += 1
                status = listener.answers.popleft() if listener.answers else 200
                listener._closing.wait(listener.slow)
                if status == 0:
                    listener._closing.wait()
                    return
                if status == 200:
                    listener.told.append(json.loads(body))
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
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def refusing_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
