"""Make the token of readers, keep its hash alone, and compare in constant time; sign the forms of a process."""

from __future__ import annotations

import hashlib
import hmac
import secrets

TOKEN_BYTES = 32
"""Random bytes of a token: no number of guesses finds it, so that a plain hash of it is enough at rest."""
HASH_PREFIX = "sha256:"


def new_token() -> str:
    """Make a token of letters, digits, - and _."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Hash a token as the setting `web.token_hash` has it."""
    return HASH_PREFIX + hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_token(candidate: str, stored_hash: str) -> bool:
    """Return whether this is the token of a hash, in a time that does not tell how much of it is right."""
    return bool(stored_hash) and hmac.compare_digest(hash_token(candidate), stored_hash)


class FormTokens:
    """Sign the value of a cookie, so that only a page of this process can send its forms (double submit, signed).

    The key ends with the process: a form that was open over a restart must be loaded again.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(TOKEN_BYTES)

    def issue(self, cookie: str) -> str:
        """Return the value of the hidden field of a form for a browser with this cookie."""
        return hmac.new(self._key, cookie.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

    def is_valid(self, cookie: str, field: str) -> bool:
        """Return whether a form was made for a browser with this cookie."""
        return bool(cookie) and hmac.compare_digest(self.issue(cookie).encode(), field.encode("utf-8", "replace"))
