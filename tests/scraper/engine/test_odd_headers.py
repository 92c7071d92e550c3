"""Test response headers with arbitrary bytes, sent from a raw socket because server libraries refuse them."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from storage.model.records import RunStatus
from tests.support.crawl_env import CrawlEnv

LATIN_1 = b'ETag: "\xff\xe9"\r\nX-Powered-By: caf\xe9\r\n'
PAGE = b"<html><body><div class='post'><h1 class='post_title'>Title</h1></div></body></html>"
FEED = b'<rss version="2.0"><channel><item><link>%s/en/post/one</link></item></channel></rss>'
LIST = b"<html><body><div class='float_block'><a href='/en/post/one'>One</a></div></body></html>"


class Answer(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        path = self.rfile.readline().split()[1]
        host = b""
        while (line := self.rfile.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            host = value.strip() if name.lower() == b"host" else host
        bodies = {b"/rss.xml": FEED % (b"http://" + host), b"/en/category/politics": LIST, b"/en/post/one": PAGE}
        status = b"200 OK" if path in bodies else b"404 Not Found"
        body = bodies.get(path, b"")
        length = b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
        self.wfile.write(b"HTTP/1.1 " + status + b"\r\n" + LATIN_1 + length + body)


@pytest.fixture
def odd_site() -> Iterator[str]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_an_answer_is_kept_whatever_its_headers_hold(odd_site: str, tmp_path: Any) -> None:
    env = CrawlEnv(tmp_path, cast("Any", SimpleNamespace(url=odd_site)))
    run = env.crawl()
    assert (run.status, run.new, run.failed) == (RunStatus.SUCCEEDED, 1, 0)
    assert {row.etag for row in env.rows("channels")} == {'"ÿé"'}
    assert env.crawl().status is RunStatus.SUCCEEDED  # the validator goes back as well as it can
