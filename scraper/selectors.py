"""Parse the selectors of a source: CSS, with a trailing `@attribute` for the value of an attribute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

MAX_SELECTOR_LENGTH = 1_000
"""Characters of a selector. Lexbor takes the square of their number for nested or listed ones: 7 s for 400 KB."""

_PARENTHESES = re.compile(r":has\(|[()]", re.IGNORECASE)
_WITH_ATTRIBUTE = re.compile(r"(?P<css>.*?)@(?P<attribute>[A-Za-z_:][\w:.-]*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Selector:
    """CSS selector (empty: the element itself), and the attribute that is read; None: the text of the element.

    `text` is the selector as declared, which is shown as the provenance of a value.
    """

    text: str
    css: str
    attribute: str | None = None


@lru_cache(maxsize=1_000)
def parse_selector(text: str) -> Selector:
    """Parse a selector such as `h1.title`, `time@datetime`, `@href` or `:scope`, the element itself.

    Raises ValueError for one that is not valid.
    """
    if len(text) > MAX_SELECTOR_LENGTH:
        raise ValueError(f"{text[:40]!r}… is no selector: it has more than {MAX_SELECTOR_LENGTH:,} characters")
    match = _WITH_ATTRIBUTE.fullmatch(text.strip())
    css, attribute = (match["css"].strip(), match["attribute"].lower()) if match else (text.strip(), None)
    css = "" if css == ":scope" else css
    if css or (attribute is None and ":scope" not in text):
        _validate(text, css)
    return Selector(text, css, attribute)


def _validate(text: str, css: str) -> None:
    from selectolax.lexbor import SelectolaxError  # noqa: PLC0415  (start-up time: --help needs no selector)

    if _has_nested_has(css):
        raise ValueError(f"{text!r} is not a selector: :has() cannot stand within :has() (Selectors Level 4)")

    try:
        _empty_page().css(css)
    except SelectolaxError:
        reason = "write CSS such as h1.title or time@datetime; XPath is not read" if "/" in css else "check its CSS"
        raise ValueError(f"{text!r} is not a selector: {reason}") from None


def _has_nested_has(css: str) -> bool:
    """Return whether `:has()` contains `:has()`, which takes Lexbor a time that grows exponentially with its depth."""
    depth, within = 0, 0  # parentheses that are open, and those from the outermost :has() on
    for token in _PARENTHESES.finditer(css):
        if token[0] == ")":
            depth -= 1
            within = within if depth >= within else 0
            continue
        depth += 1
        if token[0].lower() == ":has(":
            if within:
                return True
            within = depth
    return False


@cache
def _empty_page() -> LexborHTMLParser:
    from selectolax.lexbor import LexborHTMLParser  # noqa: PLC0415  (as above)

    return LexborHTMLParser("")
