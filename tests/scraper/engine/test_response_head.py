"""Test that responses are rewritten the same in whatever pieces they arrive, and that any bytes end in an answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scraper.engine.response_body import ResponseBodyError
from scraper.engine.response_head import MAX_HEAD_SIZE, ResponseHead, ResponseHeadError

HEADERS = b"Server: x\r\nContent-Type: text/html\r\n"
RESPONSES = {
    "strict": b"HTTP/1.1 200 OK\r\n" + HEADERS + b"Content-Length: 4\r\n\r\nbody",
    "strict chunks": b"HTTP/1.1 200 OK\r\n"
    + HEADERS
    + b"Transfer-Encoding: chunked\r\n\r\n3\r\nbod\r\n1\r\ny\r\n0\r\n\r\n",
    "loose": b"\r\nhttp/1.1 200\nServer : x\n y\nContent-Length: 4\nContent-Length: 4\n\nbody, and more",
    "loose chunks": b"HTTP/1.1 200 OK\nTransfer-Encoding: CHUNKED\nContent-Length: 1\n\n03 ;a\nbod\n1\ny\n0\nX: y\n\n",
    "interim": b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 No\r\n\r\nbody",
    "no body": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n",
}


def rewritten(pieces: tuple[bytes, ...]) -> tuple[bytes, bytes]:
    """Return the rewritten head and body of a response that arrives in these pieces."""
    head, body, is_read = ResponseHead(), b"", False
    for piece in pieces:
        following = piece if is_read else head.feed(piece)
        if following is not None:
            is_read = True
            body += following if head.body is None else head.body.feed(following)
    return head.rewritten, body


@pytest.mark.parametrize("response", RESPONSES.values(), ids=RESPONSES)
def test_pieces_make_no_difference(response: bytes) -> None:
    whole = rewritten((response,))
    assert {rewritten((response[:at], response[at:]))[1] for at in range(len(response))} == {whole[1]}
    assert rewritten(tuple(bytes([byte]) for byte in response))[1] == whole[1]


PIECES = (b"HTTP/1.1 200 OK", b"\r\n", b"\n", b"A: b", b"Content-Length: ", b"5", b"-1", b" ", b"\0")


@given(st.lists(st.sampled_from(PIECES)))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    for response in (b"".join(pieces), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(pieces)):
        try:
            head, _ = rewritten((response,))
        except (ResponseHeadError, ResponseBodyError):
            continue
        assert head == b"" or (head.startswith(b"HTTP/1.") and head.endswith(b"\r\n\r\n"))


@pytest.mark.parametrize("endless", [b"A: b\r\n", b" ", b"a", b"\xff"])
def test_a_head_has_a_maximum_size(endless: bytes) -> None:
    head = ResponseHead()

    def arrive() -> None:
        for _ in range(MAX_HEAD_SIZE // 1000 + 1):
            head.feed(b"HTTP/1.1 200 OK\r\nX: " + endless * 1000)

    with pytest.raises(ResponseHeadError, match="larger than 256 KB"):
        arrive()
