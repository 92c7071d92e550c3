"""Split the text of a feed into tags and character data, in time linear in its length, well-formed or not.

No XML parser: libxml2 and expat end at the first fault, and the lenient ones cost the square of some inputs (nested
tags, unclosed quotes, runs of line ends). Every regular expression here is possessive, and a terminator that was not
found once is not searched again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.entities import html5
from typing import NamedTuple

MAX_TOKENS = 1_000_000
"""Maximum tags and texts of a feed, some 2 s of work: 5,000 entries with 200 each."""

MAX_ATTRIBUTES = 40
"""Maximum attributes of one tag that are read; no element of a feed has more than ten."""

_PLAIN_TAG = re.compile(r"<(/?+)([A-Za-z_][\w:.-]*+)\s*+(/?+)>")
_TAG_START = re.compile(r"<(/?+)([A-Za-z_][\w:.-]*+)")
# An attribute whose quote is missing ends at the first character that cannot be part of a URL in a tag.
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s=<>/\"']++)(?:\s*+=\s*+(?:\"([^\"<]*+)\"|'([^'<]*+)'|[\"']?+([^\s<>\"']++)[\"']?+))?+"
)
_TAG_END = re.compile(r"[^<>]*+")
_REFERENCE = re.compile(r"&(?:#([0-9]{1,8})|#[xX]([0-9A-Fa-f]{1,7})|([A-Za-z][A-Za-z0-9]{0,31}));")
_ENTITY = re.compile(r"<!ENTITY\b", re.IGNORECASE)
# Entities of some words, as some feeds declare: without a reference in them, they cannot expand without bound.
_SMALL_ENTITY = re.compile(
    r"<!ENTITY\s++([\w.-]++)\s++([\"'])((?:&#x?[0-9A-Fa-f]{1,6};|[^&%<\"']){0,64}+)\2\s*+>", re.IGNORECASE
)
# The default of an attribute xml:base, XML 1.0 §3.3.2.
_DEFAULT_BASE = re.compile(
    r"<!ATTLIST\s++([\w:.-]++)\s++(?:xml:)?+base\s++\w++\s++(?:#FIXED\s++)?+[\"']([^\"'<]*+)[\"']", re.IGNORECASE
)
_SUBSET_END = re.compile(r"\]\s*+>")


class UnboundedEntitiesError(ValueError):
    """Raised for a document type that declares entities which could expand without end."""


class StartTag(NamedTuple):
    """Start tag; `is_empty`: it ends itself. Names of attributes are in lower case, values without references."""

    name: str
    attributes: Mapping[str, str]
    is_empty: bool


class EndTag(NamedTuple):
    """End tag."""

    name: str


class Text(NamedTuple):
    """Character data; `is_literal`: of a CDATA section, in which no reference is one."""

    text: str
    is_literal: bool


Token = StartTag | EndTag | Text

_NO_ATTRIBUTES: Mapping[str, str] = {}


def decode_references(text: str, entities: Mapping[str, str] = _NO_ATTRIBUTES) -> str:
    """Replace references that end with a semicolon by their characters; any other ampersand is itself.

    Names are those of `entities`, else of HTML 5. A reference to a character that XML forbids is dropped.
    """
    if "&" not in text:
        return text

    def character(found: re.Match[str]) -> str:
        decimal, hexadecimal, name = found.groups()
        if name is not None:
            return entities[name] if name in entities else html5.get(f"{name};", found[0])
        code = int(decimal) if decimal is not None else int(hexadecimal, 16)
        is_allowed = (
            code in _WHITE_SPACE or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0xFFFF < code < 0x110000
        )
        return chr(_WINDOWS_1252.get(code, code)) if is_allowed else ""

    return _REFERENCE.sub(character, text)


_WHITE_SPACE = frozenset({0x9, 0xA, 0xD})
# References to control characters are meant in windows-1252 (HTML standard, numeric character reference end state).
_WINDOWS_1252 = {
    code: ord(bytes([code]).decode("cp1252"))
    for code in range(0x80, 0xA0)
    if code not in {0x81, 0x8D, 0x8F, 0x90, 0x9D}
}


@dataclass(slots=True)
class FeedTokens:
    """Iterate over the tokens of a feed.

    `entities` and `default_bases` are what its document type declared so far: small entities by name, defaults of
    xml:base by element. Raises UnboundedEntitiesError. `is_cut` tells that the feed had more than MAX_TOKENS.
    """

    text: str
    entities: dict[str, str] = field(default_factory=dict)
    default_bases: dict[str, str] = field(default_factory=dict)
    is_cut: bool = False
    _absent: set[str] = field(default_factory=set)  # terminators of which there are no more
    _has_document_type: bool = False

    def __iter__(self) -> Iterator[Token]:
        text, position, count = self.text, 0, 0
        while (start := text.find("<", position)) >= 0:
            count += 1 + (start > position)
            if count > MAX_TOKENS:
                self.is_cut = True
                return
            if start > position:
                yield Text(text[position:start], is_literal=False)
            if text.startswith(("<!", "<?"), start):
                literal, position = self._declaration(start)
                if literal:
                    yield Text(literal, is_literal=True)
                continue
            tag, position = self._tag(start)
            yield tag
        if position < len(text):
            yield Text(text[position:], is_literal=False)

    def _tag(self, start: int) -> tuple[Token, int]:
        plain = _PLAIN_TAG.match(self.text, start)
        if plain is not None:
            name = plain[2].lower()
            return (EndTag(name) if plain[1] else StartTag(name, _NO_ATTRIBUTES, bool(plain[3]))), plain.end()
        begun = _TAG_START.match(self.text, start)
        if begun is None:
            return Text("<", is_literal=True), start + 1
        if begun[1]:
            return EndTag(begun[2].lower()), self._end_of_tag(begun.end())[0]
        attributes, position = self._attributes(begun.end())
        end, is_empty = self._end_of_tag(position)
        return StartTag(begun[2].lower(), attributes, is_empty), end

    def _attributes(self, position: int) -> tuple[dict[str, str], int]:
        attributes: dict[str, str] = {}
        for _ in range(MAX_ATTRIBUTES):
            found = _ATTRIBUTE.match(self.text, position)
            if found is None:
                break
            position = found.end()
            value = next((one for one in found.groups()[1:] if one is not None), "")
            attributes.setdefault(found[1].lower(), decode_references(value, self.entities))
        return attributes, position

    def _end_of_tag(self, position: int) -> tuple[int, bool]:
        """Return the position behind the end of a tag, and whether it ends itself; an unclosed one ends at a `<`."""
        found = _TAG_END.match(self.text, position)
        end = position if found is None else found.end()
        return end + self.text.startswith(">", end), self.text[position:end].rstrip().endswith("/")

    def _declaration(self, start: int) -> tuple[str, int]:
        """Return the text of a CDATA section, else "", and the position behind the section, comment or declaration."""
        if self.text.startswith("<![CDATA[", start):
            end = self._find("]]>", start + 9)
            # A section that nobody ended ends with its element, so that the entries behind it are read.
            return (self.text[start + 9 : end], end + 3) if end >= 0 else self._until(("</", "<"), start + 9)
        if self.text.startswith("<!--", start):
            return "", self._behind("-->", start + 4)
        if self.text.startswith("<?", start):
            return "", self._behind("?>", start + 2)
        if self.text[start : start + 9].upper() == "<!DOCTYPE" and not self._has_document_type:
            self._has_document_type = True  # a document has one; to search the end of each would cost the square
            return "", self._document_type(start)
        return "", self._behind(">", start + 2)

    def _document_type(self, start: int) -> int:
        end, subset = self._find(">", start), self._find("[", start)
        if subset < 0 or end < 0 or end < subset:
            return self._behind(">", start)
        closed = _SUBSET_END.search(self.text, subset)
        stop = end + 1 if closed is None else closed.end()
        declared = self.text[subset:stop]
        small = {name: value for name, _quote, value in _SMALL_ENTITY.findall(declared)}
        if len(_ENTITY.findall(declared)) > len(_SMALL_ENTITY.findall(declared)):
            raise UnboundedEntitiesError
        self.entities |= {name: decode_references(value) for name, value in small.items()}
        self.default_bases |= {name.lower(): base for name, base in _DEFAULT_BASE.findall(declared)}
        return stop

    def _behind(self, terminator: str, position: int) -> int:
        """Return the position behind a terminator; without one, that behind the next `>`."""
        end = self._find(terminator, position)
        if end >= 0:
            return end + len(terminator)
        end = self._find(">", position)
        return len(self.text) if end < 0 else end + 1

    def _until(self, marks: tuple[str, ...], position: int) -> tuple[str, int]:
        ends = (self._find(mark, position) for mark in marks)
        end = next((one for one in ends if one >= 0), len(self.text))
        return self.text[position:end], end

    def _find(self, terminator: str, position: int) -> int:
        if terminator in self._absent:
            return -1
        found = self.text.find(terminator, position)
        if found < 0:
            self._absent.add(terminator)
        return found
