"""What of an address may be shown."""

from __future__ import annotations

import re

STARS = "***"

# To the last @, not the first: a password that was not quoted may have some of its own.
_PASSWORD = re.compile(r"(?s)(://[^/@:]*:).*@")
_PARAMETER = re.compile(r"(?is)([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*")


def without_password(address: str) -> str:
    """An address of a database or a site with `***` for its password, before its host or among its parameters."""
    return _PARAMETER.sub(rf"\1{STARS}", _PASSWORD.sub(rf"\1{STARS}@", address))
