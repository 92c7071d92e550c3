"""Misbehaviour below HTTP, seen on raw connections; and that the server outlives every client."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.site import Article, Framing, Misbehaviour, Site, bad
from tests.support_tests.client import PATIENCE, Reply, ask, dial, get, read_at_least, read_to_end

VOTE = Article(slug="a-vote", title="A vote", body=("The house voted.",))


@pytest.fixture
def misbehaving(site: Site) -> Iterator[Callable[[Misbehaviour], socket.socket]]:
    """Asks for an article that misbehaves, on a raw connection."""
    opened = []

    def start(act: Misbehaviour) -> socket.socket:
        site.publish(VOTE)
        site.misbehave("a-vote", act, times=1)
        opened.append(dial(site, VOTE.path))
        return opened[-1]

    yield start
    for connection in opened:
        connection.close()
    # Whatever was done to a connection, the next one is served, and nothing was complained of.
    assert get(site, VOTE.path).status == 200
    assert site.complaints == ""


Start = Callable[[Misbehaviour], socket.socket]


def content_length(head: bytes) -> int:
    [line] = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    return int(line.partition(b":")[2])


def test_close(misbehaving: Start) -> None:
    assert read_to_end(misbehaving(bad.close())) == b""


def test_reset(misbehaving: Start) -> None:
    connection = misbehaving(bad.reset())
    head, _, body = read_at_least(connection, 4_000).partition(b"\r\n\r\n")
    with pytest.raises(ConnectionResetError):
        read_to_end(connection)
    assert 0 < len(body) < content_length(head)


def test_short_body(misbehaving: Start) -> None:
    head, _, body = read_to_end(misbehaving(bad.short_body())).partition(b"\r\n\r\n")
    assert len(body) == content_length(head) // 2


def test_short_body_as_a_library_sees_it(site: Site) -> None:
    site.misbehave("/", bad.short_body())
    with pytest.raises(http.client.IncompleteRead):
        get(site, "/")


def test_garbage_status(site: Site) -> None:
    site.misbehave("/", bad.garbage_status())
    with pytest.raises(http.client.BadStatusLine):
        get(site, "/")
    assert site.requests[-1].status is None


def test_slow(site: Site) -> None:
    site.publish(VOTE)
    site.misbehave("a-vote", bad.slow(60))
    with dial(site, VOTE.path, timeout=0.2) as connection, pytest.raises(TimeoutError):
        connection.recv(1)
    site.misbehave("a-vote", bad.slow(0.01))
    assert get(site, VOTE.path).words("post_title") == ["A vote"]


@pytest.mark.parametrize("framing", list(Framing))
def test_trickle(misbehaving: Start, framing: Framing) -> None:
    received = read_at_least(misbehaving(bad.trickle(0.001, framing)), 1_500)
    head, _, body = received.partition(b"\r\n\r\n")
    assert (b"chunked" in head) is (framing is Framing.CHUNKED)
    assert (b"Content-Length" in head) is (framing is Framing.LENGTH)
    assert body.count(b"<p>wait</p>") > 10


def test_endless_header(misbehaving: Start) -> None:
    received = read_at_least(misbehaving(bad.endless_header()), 300_000)
    assert received.startswith(b"HTTP/1.1 200 OK\r\nX-Header-0: ")
    assert b"\r\n\r\n" not in received


@pytest.mark.parametrize("framing", list(Framing))
def test_huge(misbehaving: Start, framing: Framing) -> None:
    received = read_at_least(misbehaving(bad.huge(framing=framing)), 500_000)
    head = received.partition(b"\r\n\r\n")[0]
    assert len(received) >= 500_000
    assert (b"Content-Length: 200000000" in head) is (framing is Framing.LENGTH)
    assert (b"Transfer-Encoding: chunked" in head) is (framing is Framing.CHUNKED)


@pytest.mark.parametrize("framing", list(Framing))
def test_huge_is_as_long_as_it_says(site: Site, framing: Framing) -> None:
    site.misbehave("/x", bad.huge(300_000, framing))
    assert len(get(site, "/x").body) == 300_000


def test_refuse_and_listen(site: Site) -> None:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
    assert ask(connection, "/robots.txt").status == 200
    site.refuse()
    with pytest.raises(ConnectionError):
        ask(connection, "/robots.txt")
    with pytest.raises(ConnectionRefusedError):
        get(site, "/robots.txt")
    site.listen()
    assert get(site, "/robots.txt").status == 200


class TestHonestWire:
    def test_keep_alive(self, site: Site) -> None:
        connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
        ask(connection, "/robots.txt")
        used = connection.sock
        assert ask(connection, "/").status == 200
        assert ask(connection, "/nowhere").status == 404
        assert connection.sock is used
        connection.close()

    @pytest.mark.parametrize(
        ("version", "wish", "kept"),
        [("1.1", "", True), ("1.1", "close", False), ("1.0", "", False), ("1.0", "keep-alive", True)],
    )
    def test_what_the_client_wishes(self, site: Site, version: str, wish: str, kept: bool) -> None:
        parts = urlsplit(site.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as connection:
            header = f"Connection: {wish}\r\n" if wish else ""
            connection.sendall(f"HEAD / HTTP/{version}\r\n{header}\r\n".encode())
            head = read_at_least(connection, 100)
        assert (b"Connection: keep-alive" in head) is kept

    def test_requests_in_one_packet(self, site: Site) -> None:
        parts = urlsplit(site.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as connection:
            connection.sendall(b"GET /a HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\nConnection: close\r\n\r\n")
            assert read_to_end(connection).count(b"HTTP/1.1 404") == 2

    def test_other_methods(self, site: Site) -> None:
        site.publish(VOTE)
        whole = get(site, VOTE.path)
        head = get(site, VOTE.path, method="HEAD")
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.body))
        assert post(site, "/", b"x" * 10_000).status == 405

    @pytest.mark.parametrize(
        "words",
        [
            b"nonsense\r\n\r\n",
            b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
            b"GET / HTTP/1.1\r\nX: " + b"x" * 65_540,
        ],
    )
    def test_what_is_no_request(self, site: Site, words: bytes) -> None:
        parts = urlsplit(site.url)
        with socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE) as connection:
            connection.sendall(words)
            assert connection.recv(30).startswith(b"HTTP/1.1 400")


def post(site: Site, path: str, body: bytes) -> Reply:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
    connection.request("POST", path, body)
    response = connection.getresponse()
    reply = Reply(response.status, {}, response.read())
    connection.close()
    return reply


class TestNotes:
    def test_a_request(self, site: Site) -> None:
        get(site, "/a?b=1", {"User-Agent": "Me", "Referer": "x", "If-None-Match": '"1"'})
        get(site, "/robots.txt")
        first, second = site.requests
        assert (first.method, first.target, first.path, first.status) == ("GET", "/a?b=1", "/a", 404)
        wanted = ("user-agent", "referer", "if-none-match")
        assert [first.headers[name] for name in wanted] == ["Me", "x", '"1"']
        assert first.arrived < second.arrived

    def test_bytes_sent(self, site: Site) -> None:
        with dial(site, "/robots.txt") as connection:
            received = read_at_least(connection, 100)
        assert site.requests[0].sent == len(received)

    def test_a_request_without_answer(self, site: Site) -> None:
        site.misbehave("/", bad.close())
        with dial(site, "/") as connection:
            read_to_end(connection)
        assert (site.requests[0].status, site.requests[0].sent) == (None, 0)

    def test_forgotten(self, site: Site) -> None:
        site.publish(VOTE)
        get(site, VOTE.path)
        get(site, "/")
        assert [request.path for request in site.requests_for("a-vote")] == [VOTE.path]
        assert [request.path for request in site.requests_for("/")] == ["/"]
        site.clear_requests()
        assert site.requests == ()

    def test_by_another_name(self, site: Site) -> None:
        port = urlsplit(site.elsewhere).port
        get(site, "/", {"Host": f"localhost:{port}"})
        assert site.requests[0].headers["host"] == urlsplit(site.elsewhere).netloc


def test_tls_that_nobody_vouches_for() -> None:
    with Site.start(tls=True) as site:
        netloc = urlsplit(site.url).netloc
        careful = http.client.HTTPSConnection(netloc, timeout=PATIENCE, context=ssl.create_default_context())
        with pytest.raises(ssl.SSLCertVerificationError):
            careful.request("GET", "/")
        careful.close()
        careless = ssl.create_default_context()
        careless.check_hostname = False
        careless.verify_mode = ssl.CERT_NONE
        trusting = http.client.HTTPSConnection(netloc, timeout=PATIENCE, context=careless)
        assert ask(trusting, "/robots.txt").status == 200
        trusting.close()
        assert site.url.startswith("https://")
        assert site.complaints == ""
