"""A certificate that no machine trusts, for the site over TLS."""

from __future__ import annotations

import ssl

import trustme


def untrusted_context() -> ssl.SSLContext:
    """A server context for 127.0.0.1 and localhost, signed by an authority made on the spot."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context
