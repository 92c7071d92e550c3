"""Attack /healthz and /metrics: it takes nothing from the crawls, and other clients are still answered."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus

import psutil
import pytest

from scheduler.daemon.http_server import BoundedHttpServer, HttpAnswer, HttpLimits
from tests.support.daemon_env import free_port
from tests.support.daemon_process import DaemonRunner
from tests.support.paths import ROOT
from tests.support.patience import patient, wait_until
from tests.support.plain_articles import plain_article
from tests.support.site import Site

LONG = timedelta(hours=1)
LIMITS = HttpLimits(connections=8, per_peer=6, head=1024, request_time=LONG, answer_time=LONG)
BODY = b"fine\n" * 2
HUGE = b"x" * 32_000_000
"""More than both ends of a connection keep in their buffers, so that an answer nobody reads is unsent."""


async def _fine() -> HttpAnswer:
    return HttpAnswer(body=BODY, content_type="text/plain")


async def _huge() -> HttpAnswer:
    return HttpAnswer(body=HUGE, content_type="text/plain")


def talk(speak: Callable[[int], object], limits: HttpLimits = LIMITS) -> None:
    """Run a server, and a blocking client that is told its port, in a thread."""

    async def run() -> None:
        server = BoundedHttpServer({"/healthz": _fine, "/huge": _huge}, limits)
        port = free_port()
        await server.start("127.0.0.1", port)
        try:
            await asyncio.to_thread(speak, port)
        finally:
            await server.stop()

    asyncio.run(run())


def dial(port: int, sent: bytes = b"") -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), patient(20))
    client.sendall(sent)
    return client


def read_all(client: socket.socket) -> bytes:
    with client:
        return b"".join(iter(lambda: client.recv(65536), b""))


def ask(port: int, sent: bytes) -> bytes:
    return read_all(dial(port, sent))


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", HTTPStatus.OK),
        (b"HEAD /healthz?x=1 HTTP/1.0\r\n\r\n", HTTPStatus.OK),
        (b"GET /nosuch HTTP/1.1\r\n\r\n", HTTPStatus.NOT_FOUND),
        (b"POST /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b"GET /healthz\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", HTTPStatus.NOT_FOUND),
        (b"GET /healthz HTTP/1.1\r\nCookie: " + b"a" * 2000, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 300 + b"\r\n", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (b"G" * 5000, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
    ],
)
def test_a_request_is_answered_and_its_connection_closed(sent: bytes, status: HTTPStatus) -> None:
    answers: list[bytes] = []
    talk(lambda port: answers.append(ask(port, sent)))
    head, _, body = answers[0].partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode())
    assert b"Connection: close" in head
    expected = BODY if status is HTTPStatus.OK else f"{status.phrase}\n".encode()
    assert body == (b"" if sent.startswith(b"HEAD") else expected)


def test_of_pipelined_requests_the_first_is_answered() -> None:
    answers: list[bytes] = []
    talk(lambda port: answers.append(ask(port, b"GET /healthz HTTP/1.1\r\n\r\n" * 100)))
    assert answers[0].count(b"HTTP/1.1 200") == 1


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET /healthz HTTP/1.1\r\nHost:", b"GET /huge HTTP/1.1\r\n\r\n"],
    ids=["silent", "half", "unread"],
)
def test_idle_connections_make_room_for_another(sent: bytes) -> None:
    def speak(port: int) -> None:
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(dial(port, sent)) for _ in range(50)]
            assert ask(port, b"GET /healthz HTTP/1.1\r\n\r\n").endswith(BODY)
            closed = sum(_is_closed(client) for client in clients)
            assert closed >= len(clients) - LIMITS.per_peer

    talk(speak)


def _is_closed(client: socket.socket) -> bool:
    client.settimeout(patient(0.05))
    try:
        while client.recv(1_000_000):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


def test_a_request_that_drips_is_ended_in_its_time() -> None:
    def speak(port: int) -> None:
        with dial(port) as client, contextlib.suppress(ConnectionError):
            for byte in b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 20:
                client.sendall(bytes([byte]))
                client.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    assert client.recv(1) == b""
                    return
            client.settimeout(patient(20))
            assert client.recv(1) == b""

    talk(speak, HttpLimits(request_time=timedelta(seconds=0.5), answer_time=LONG))


def test_an_answer_that_nobody_reads_is_ended_in_its_time() -> None:
    def speak(port: int) -> None:
        with dial(port, b"GET /huge HTTP/1.1\r\n\r\n") as client:
            client.settimeout(patient(20))
            wait_until(lambda: _connections_of(port))
            wait_until(lambda: not _connections_of(port))
            with contextlib.suppress(ConnectionError):
                assert len(read_all(client)) < len(HUGE)

    talk(speak, HttpLimits(request_time=LONG, answer_time=timedelta(seconds=0.5)))


def _connections_of(port: int) -> list[object]:
    return [
        connection
        for connection in psutil.Process().net_connections("tcp")
        if connection.laddr.port == port and connection.status == psutil.CONN_ESTABLISHED
    ]


HANDLES = 128
HALF = b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A:"
ATTACKS = {
    "idle half-requests": HALF,
    "silent connections": b"",
    "huge headers": b"GET /healthz HTTP/1.1\r\nCookie: " + b"a" * 60_000,
    "pipelined requests nobody reads": b"GET /metrics HTTP/1.1\r\n\r\n" * 1000,
}


@pytest.fixture
def few_handles(runner: DaemonRunner) -> DaemonRunner:
    """A runner whose daemons may open few files."""
    runner.handles = HANDLES
    return runner


@pytest.mark.long
@pytest.mark.parametrize("attack", ATTACKS)
def test_crawls_go_on_and_health_is_answered_under_attack(few_handles: DaemonRunner, site: Site, attack: str) -> None:
    runner, port = few_handles, free_port()
    runner.settle(schedule='interval = "1 s"', listen=f"127.0.0.1:{port}")
    daemon = runner.start()
    runner.wait(lambda: "answering /healthz" in runner.log)
    with contextlib.ExitStack() as stack:
        for number in range(300):
            with contextlib.suppress(ConnectionError):
                client = stack.enter_context(socket.create_connection(("127.0.0.1", port), patient(20)))
                client.settimeout(0.05)
                with contextlib.suppress(TimeoutError):
                    client.sendall(ATTACKS[attack])
            if number % 100 == 0:
                site.publish(plain_article(f"story-{number}"))
        runner.wait_for("articles", 3)
        assert psutil.Process(daemon.pid).num_fds() < HANDLES * 3 // 4
        runner.wait(lambda: is_healthy(port))
    assert "Too many open files" not in runner.log
    assert "Traceback" not in runner.log


def is_healthy(port: int) -> bool:
    """Return the answer of /healthz; False if this connection was one of those that were closed."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=patient(20)) as answer:
            return bool(json.load(answer)["healthy"])
    except (ConnectionError, urllib.error.URLError):
        return False


@pytest.mark.parametrize(("soft", "hard", "raised"), [(64, 200, 200), (200, 200, 200), (100, 70_000, 65_536)])
def test_the_limit_of_handles_is_raised_to_the_hard_one(soft: int, hard: int, raised: int) -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[1] < hard:
        pytest.skip("this process may not open as many")
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from scheduler.daemon.file_handles import handle_limit, raise_handle_limit\n"
        "raise_handle_limit(); print(handle_limit())"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == raised
