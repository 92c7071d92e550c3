"""Small clients that see what is on the wire, without a library's kindness."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lxml import html as lxml_html

from tests.support.patience import patient
from tests.support.site import Site

if TYPE_CHECKING:
    from lxml.html import HtmlElement

PATIENCE = patient(10.0)


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to one request."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")

    @property
    def tree(self) -> HtmlElement:
        return lxml_html.fromstring(self.text)

    def words(self, name: str) -> list[str]:
        """The words of every element of this class."""
        return [element.text_content() for element in self.tree.find_class(name)]


def get(site: Site, target: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=PATIENCE)
    try:
        return ask(connection, target, headers, method)
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection,
    target: str,
    headers: Mapping[str, str] | None = None,
    method: str = "GET",
) -> Reply:
    """One request on an open connection."""
    connection.request(method, target, headers=dict(headers or {}))
    response = connection.getresponse()
    named = {name.lower(): value for name, value in response.getheaders()}
    return Reply(response.status, named, response.read())


def dial(site: Site, target: str, timeout: float = PATIENCE) -> socket.socket:
    """A raw connection on which `target` was asked for."""
    parts = urlsplit(site.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=timeout)
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
    return connection


def read_at_least(connection: socket.socket, size: int) -> bytes:
    """The first `size` bytes or more; fewer only when the server ended before."""
    received = b""
    while len(received) < size and (piece := connection.recv(65_536)):
        received += piece
    return received


def read_to_end(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    return read_at_least(connection, 1_000_000_000)
