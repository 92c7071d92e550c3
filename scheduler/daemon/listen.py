"""Parse and check the address at which /healthz and /metrics are served."""

from __future__ import annotations

import asyncio

from scheduler.daemon.http_server import BoundedHttpServer, HttpLimits
from storage.model.errors import ConfigError


def parse_listen(text: str) -> tuple[str, int] | None:
    """Parse host and port; None for an empty text. Raises ConfigError."""
    if not text:
        return None
    host, _, port = text.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfigError(f"scheduler.metrics_listen = {text!r}: write host and port, such as 127.0.0.1:9464")
    return host.strip("[]"), int(port)


def check_listen(text: str) -> None:
    """Raise ConfigError if the text is no host and port, or one that is not available now."""
    if (listen := parse_listen(text)) is not None:
        asyncio.run(_try_to_listen(listen))


async def _try_to_listen(listen: tuple[str, int]) -> None:
    server = BoundedHttpServer({}, HttpLimits())
    await listen_on(server, listen)
    await server.stop()


async def listen_on(server: BoundedHttpServer, listen: tuple[str, int]) -> None:
    """Listen on host and port. Raises ConfigError if they are not available."""
    host, port = listen
    try:
        await server.start(host, port)
    except (OSError, UnicodeError, OverflowError) as error:  # a host that no encoding of names takes
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"scheduler.metrics_listen = {host}:{port}: {reason}; name a free port") from error
