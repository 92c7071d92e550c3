"""Test that answers which browsers read are read, and that a failure names its true reason."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from storage.model.records import FetchResult, RunStatus
from tests.support.crawl_env import CrawlEnv
from tests.support.raw_server import RawAnswer, RawServer, answer
from tests.support.raw_site import FEED, feed, page, raw_env, site
from tests.support.webhook_server import refusing_port

# Dated: undated pages of one text are taken for the site's "not found".
PAGE = page("Read").replace(b"</h1>", b"</h1><div class='post_time'>4 November 2025 12:00</div>")
LENGTH = b"Content-Length: %d" % len(PAGE)
LONG_POLICY = b"Content-Security-Policy: default-src " + b" ".join(b"https://cdn%d.example" % n for n in range(1_500))
MANY = [b"X-Header-%d: %d" % (n, n) for n in range(300)]
HTML = b"Content-Type: text/html; charset=utf-8"


def raw(*lines: bytes, body: bytes = PAGE, end: bytes = b"\r\n", closes: bool = False) -> RawAnswer:
    return RawAnswer((end.join([*lines, b"", b""]) + body,), closes)


def chunks(*pieces: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    sized = [b"%X%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces]
    return b"".join(sized) + b"0\r\n" + trailer + b"\r\n"


OK = b"HTTP/1.1 200 OK"
CHUNKED = b"Transfer-Encoding: chunked"
WHOLE = b"\r\n".join([OK, LENGTH, HTML, b"", PAGE])
READ = {
    "headers of 30 KB": raw(OK, LENGTH, LONG_POLICY),
    "300 headers": raw(OK, LENGTH, *MANY),
    "a long Link in pieces": RawAnswer(
        (OK + b"\r\nLink: " + b"a" * 9_000, b"a" * 9_000 + b"\r\n" + LENGTH + b"\r\n\r\n", PAGE)
    ),
    "two equal lengths": raw(OK, LENGTH, LENGTH),
    "equal lengths in one header": raw(OK, LENGTH + b", %d" % len(PAGE)),
    "a length beside chunks": raw(OK, b"Content-Length: 3", CHUNKED, body=chunks(PAGE)),
    "a length that is no number": raw(OK, b"Content-Length: none", closes=True),
    "a blank before the colon": raw(OK, b"Content-Length : %d" % len(PAGE), b"Server\t: x"),
    "bare line feeds": raw(OK, LENGTH, HTML, end=b"\n"),
    "mixed line ends": RawAnswer((OK + b"\n" + LENGTH + b"\r\n" + HTML + b"\n\r\n" + PAGE,)),
    "a folded header": raw(OK, b"X-Folded: a", b"  b", b"\tc", LENGTH),
    "a line without a colon": raw(OK, b"garbage", LENGTH),
    "an empty name": raw(OK, b": x", LENGTH),
    "a name with a blank": raw(OK, b"X Y: z", LENGTH),
    "control characters in a value": raw(OK, b"X-Control: a\x00b\x01c\rd", LENGTH),
    "no reason phrase": raw(b"HTTP/1.1 200", LENGTH),
    "a reason beyond ASCII": raw("HTTP/1.1 200 Хорошо".encode("cp1251"), LENGTH),
    "a lower-case version": raw(b"http/1.1 200 ok", LENGTH),
    "names and values in other cases": raw(
        OK, b"TRANSFER-ENCODING: CHUNKED", b"content-TYPE: Text/HTML", body=chunks(PAGE)
    ),
    "empty lines before the answer": RawAnswer((b"\r\n\n" + WHOLE,)),
    "100 Continue before it": RawAnswer((b"HTTP/1.1 100 Continue\r\n\r\n" + WHOLE,)),
    "103 Early Hints in pieces": RawAnswer((b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n", b"\r\nHTTP", WHOLE[4:])),
    "HTTP/1.0 to the end of the connection": raw(b"HTTP/1.0 200 OK", closes=True),
    "HTTP/1.1 to the end of the connection": raw(OK, closes=True),
    "chunk extensions": raw(OK, CHUNKED, body=chunks(PAGE[:50], PAGE[50:], extension=b';a=b; c="d"')),
    "chunk extensions in other spellings": raw(
        OK, CHUNKED, body=chunks(PAGE[:9], PAGE[9:], extension=b' ; a; b = "c;"')
    ),
    "chunks with bare line feeds": raw(OK, CHUNKED, body=chunks(PAGE).replace(b"\r\n", b"\n"), end=b"\n"),
    "sizes with zeros and blanks": raw(OK, CHUNKED, body=b"000%x  \r\n%s\r\n000\r\n\r\n" % (len(PAGE), PAGE)),
    "chunks without the last line": raw(OK, CHUNKED, body=chunks(PAGE)[:-2], closes=True),
    "chunks in pieces": RawAnswer(
        (OK + b"\r\n" + CHUNKED + b"\r\n\r\n", *(bytes([b]) for b in chunks(PAGE)[:9]), chunks(PAGE)[9:])
    ),
    "bytes after the chunks": raw(OK, CHUNKED, body=chunks(PAGE) + b"\r\njunk"),
    "odd trailers": raw(OK, CHUNKED, body=chunks(PAGE, trailer=b"X : 1\r\ngarbage\r\n")),
    "trailers": raw(OK, CHUNKED, b"Trailer: X-Sum", body=chunks(PAGE, trailer=b"X-Sum: 1\r\n")),
    "one byte at a time": RawAnswer((*(bytes([byte]) for byte in WHOLE[: len(WHOLE) - len(PAGE)]), PAGE)),
    "bytes after the length": raw(OK, LENGTH, body=PAGE + b"\r\n<!-- later -->"),
    "an upgrade to HTTP/2 offered": raw(OK, LENGTH, b"Upgrade: h2,h2c", b"Connection: Upgrade"),
    "gzip": raw(OK, b"Content-Encoding: gzip", body=gzip.compress(PAGE), closes=True),
    "x-gzip": raw(OK, b"Content-Encoding: x-gzip", body=gzip.compress(PAGE), closes=True),
    "gzip twice": raw(OK, b"Content-Encoding: gzip, GZIP", body=gzip.compress(gzip.compress(PAGE)), closes=True),
    "two headers of gzip": raw(
        OK, b"Content-Encoding: gzip", b"Content-Encoding: gzip", body=gzip.compress(gzip.compress(PAGE)), closes=True
    ),
    "deflate": raw(OK, b"Content-Encoding: deflate", body=zlib.compress(PAGE), closes=True),
    "identity": raw(OK, b"Content-Encoding: identity", LENGTH),
    "an empty coding": raw(OK, b"Content-Encoding: ", LENGTH),
    "gzip and identity": raw(OK, b"Content-Encoding: gzip, identity", body=gzip.compress(PAGE), closes=True),
}

REFUSED = {
    "a body shorter than its length": (raw(OK, b"Content-Length: 5000", closes=True), "broke off"),
    "chunks without an end": (raw(OK, CHUNKED, body=b"5\r\nhello\r\n", closes=True), "broke off"),
    "chunks of another length": (raw(OK, CHUNKED, body=b"zz\r\nhello\r\n", closes=True), "a chunk has no size"),
    "a chunk longer than its size": (raw(OK, CHUNKED, body=b"2\r\nhello\r\n", closes=True), "a chunk is longer"),
    "two lengths": (raw(OK, LENGTH, b"Content-Length: 7"), "two different lengths"),
    "headers of 300 KB": (raw(OK, b"X: " + b"a" * 300_000), "headers are larger than 256 KB"),
    "no HTTP": (RawAnswer((b"SSH-2.0-OpenSSH_9.6\r\n",), closes=True), "does not begin with a status line"),
    "HTTP without a status": (raw(b"HTTP/1.1 OK"), "does not begin with a status line"),
    "HTTP with an endless version": (raw(b"HTTP/" + b"1" * 5000 + b".1 200 OK"), "does not begin with a status line"),
    "half a head": (RawAnswer((OK + b"\r\nContent-",), closes=True), "closed the connection without an answer"),
    "nothing": (RawAnswer((), closes=True), "closed the connection without an answer"),
    "an unknown coding": (raw(OK, b"Content-Encoding: compress", LENGTH), "Content-Encoding compress"),
    "no gzip": (raw(OK, b"Content-Encoding: gzip", LENGTH), "Content-Encoding gzip"),
    "a real 400": (answer(b"", status=b"400 Bad Request"), "answered 400"),
}


@pytest.fixture
def env(tmp_path: Path, server: RawServer) -> CrawlEnv:
    env = raw_env(tmp_path, server)
    env.slow_down(obey_robots_txt=False)
    return env


def targets_of(cases: Sequence[Any]) -> list[str]:
    return [f"/en/post/case-{number}" for number in range(len(cases))]


def test_answers_that_browsers_read_are_read(env: CrawlEnv, server: RawServer) -> None:
    targets = targets_of(tuple(READ))
    server.answer_with(site(targets, []) | dict(zip(targets, READ.values(), strict=True)))
    run = env.crawl()
    outcomes = {
        row.url.removeprefix(server.url): row.outcome_reason for row in env.rows("links") if row.article_id is None
    }
    failed = {name: outcomes[target] for name, target in zip(READ, targets, strict=True) if target in outcomes}
    assert failed == {}
    assert (run.status, run.new) == (RunStatus.SUCCEEDED, len(READ))
    assert sorted(server.targets) == sorted([FEED, *targets])  # each with one request
    assert {row.title for row in env.rows("articles")} == {"Read"}


def test_a_failure_names_its_true_reason(env: CrawlEnv, server: RawServer) -> None:
    targets = targets_of(tuple(REFUSED))
    answers = [scripted for scripted, _ in REFUSED.values()]
    server.answer_with(site(targets, []) | dict(zip(targets, answers, strict=True)))
    assert env.crawl().failed == len(REFUSED)
    reasons = {row.url.removeprefix(server.url): row.outcome_reason for row in env.rows("links")}
    unnamed = {
        name: reasons[target]
        for (name, (_, named)), target in zip(REFUSED.items(), targets, strict=True)
        if named not in reasons[target]
    }
    assert unnamed == {}
    assert {row.result for row in env.rows("fetches")} == {FetchResult.FAILED}
    assert sorted(server.targets) == sorted([FEED, *targets])  # the client sends nothing a second time


@pytest.mark.parametrize(
    "etag", [b'"plain"', b'W/"caf\xe9"', '"caf\u00e9"'.encode(), b'"\xff\xfe\xd0"', b'""', b'unquoted "x"']
)
def test_an_etag_goes_back_as_it_came(etag: bytes, env: CrawlEnv, server: RawServer) -> None:
    server.answer_with({FEED: answer(feed(["/en/post/one"]), b"ETag: " + etag)})
    env.crawl()
    env.crawl()
    head = [head for head in server.heads if b"GET /rss.xml" in head][-1]
    assert b"\r\nIf-None-Match: " + etag + b"\r\n" in head


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/en/post/caf\xe9", "/en/post/caf%E9"),
        ("/en/post/Баку?q=Баку".encode(), "/en/post/%D0%91%D0%B0%D0%BA%D1%83?q=%D0%91%D0%B0%D0%BA%D1%83"),
        (b"/en/post/a%27b%2C%2f", "/en/post/a%27b%2C%2f"),
        (b"?page=%27&a", "/en/post/one?page=%27&a"),
        (b" ../post/two/?#top ", "/en/post/two/?"),
        (b"/en/post/two words", "/en/post/two%20words"),
        (b"/en/x/%2e%2e/post/two", "/en/post/two"),
    ],
)
def test_a_location_is_followed_as_browsers_do(location: bytes, target: str, env: CrawlEnv, server: RawServer) -> None:
    moved = {"/en/post/one": answer(b"", b"Location: " + location, status=b"302 Found")}
    server.answer_with(site(["/en/post/one"], [target]) | moved)
    assert env.crawl().new == 1
    assert server.targets[-2:] == ["/en/post/one", target]


def test_a_get_has_no_length_and_a_connection_is_used_again(env: CrawlEnv, server: RawServer) -> None:
    targets = [f"/en/post/{number}" for number in range(4)]
    server.answer_with(site(targets, targets))
    env.slow_down(concurrency=1)
    assert env.crawl().new == 4
    heads = server.heads
    assert not [head for head in heads if b"content-length" in head.lower() or b"transfer-encoding" in head.lower()]
    assert all(head.count(b"\r\nHost: 127.0.0.1:") == 1 and b"\r\nUser-Agent: Presswatch/" in head for head in heads)
    assert server.connections == 1


def test_cookies_are_kept_for_one_crawl(env: CrawlEnv, server: RawServer) -> None:
    given = b"Set-Cookie: visit=a\xc3\xa9b=,{}; Path=/; Max-Age=99999"
    answers = {**site(["/en/post/one"], ["/en/post/one"]), FEED: answer(feed(["/en/post/one"]), given)}
    server.answer_with(answers)
    env.crawl()
    env.crawl()
    sent = [(head.split(b" ")[1], b"\r\nCookie: visit=a\xc3\xa9b=,{}\r\n" in head) for head in server.heads]
    assert sent == [(b"/rss.xml", False), (b"/en/post/one", True), (b"/rss.xml", False)]


def test_a_proxy_of_the_environment_is_asked(env: CrawlEnv, server: RawServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    env.site = cast("Any", SimpleNamespace(url="http://news.example"))
    targets = ["/en/post/it%27s", "/en/post/two/?"]
    server.answer_with({f"http://news.example{target}": whole for target, whole in site(targets, targets).items()})
    assert env.crawl().new == 2
    assert sorted(server.targets)[:2] == [f"http://news.example{target}" for target in targets]


def test_a_host_that_refuses_or_speaks_no_tls_is_named_so(env: CrawlEnv, server: RawServer) -> None:
    server.answer_with({})
    reasons = {
        f"http://127.0.0.1:{refusing_port()}": "the host refuses connections",
        server.url.replace("http:", "https:"): "no TLS connection with the host",
    }
    for url, reason in reasons.items():
        env.site = cast("Any", SimpleNamespace(url=url))
        assert reason in (env.crawl().error or "")
