"""Complete names with blanks in bash, which takes what it is offered as it would be typed."""

from __future__ import annotations

import os
import re
import shlex
from typing import Any

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

_SPECIAL = re.compile(r"([^\w@%+=:,./-])")


class QuotedBashComplete(BashComplete):
    """Offers names to bash with a backslash before each character that would end or change a word."""

    def format_completion(self, item: CompletionItem[Any]) -> str:
        """Return the type and the name; behind an open quotation mark nothing needs a backslash."""
        value = item.value if _has_open_quote(os.environ.get("COMP_WORDS", "")) else _SPECIAL.sub(r"\\\1", item.value)
        escaped = value.replace("\\", r"\\")  # the script reads it with `read`, which takes one away
        return f"{item.type},{escaped}"


def _has_open_quote(words: str) -> bool:
    try:
        shlex.split(words)
    except ValueError:
        return True
    return False


def register() -> None:
    """Use it wherever bash asks for completions."""
    add_completion_class(QuotedBashComplete)
