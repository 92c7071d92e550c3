"""Remove from every answer what a reader does not see: control characters and hidden ones."""

from __future__ import annotations

import re
from typing import Any

from storage.text.sanitize import sanitize

# Tags and variation selectors of the supplementary planes: nothing is shown of them, and a model reads them as text.
_HIDDEN = re.compile("[\U000e0000-\U000e007f\U000e0100-\U000e01ef]")


def plain_text(text: str) -> str:
    """Return text without hidden characters; other control characters than line ends and tabs become U+FFFD.

    Stable under repetition.
    """
    return sanitize(_HIDDEN.sub("", text), lines=True)


def plain_values(value: Any) -> Any:
    """Return a JSON value with the texts in it as `plain_text` gives them."""
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, list):
        return [plain_values(one) for one in value]
    if isinstance(value, dict):
        return {name: plain_values(one) for name, one in value.items()}
    return value


def cut(text: str, length: int) -> str:
    """Return the beginning of a text; an ellipsis says that it was cut."""
    return text if len(text) <= length else f"{text[:length].rstrip()} …"
