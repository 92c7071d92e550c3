"""Decode the bytes of a page into text and parse it into a tree, whatever charset is declared."""

from __future__ import annotations

import codecs
import re

from lxml import etree

from scraper.parsing.markup_limits import check_depth, check_markup

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_CHARSET = re.compile(rb"<meta\b[^>]*?\bcharset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_SEARCH_BYTES = 4096
"""Bytes searched for a meta charset: more than the 1024 of the HTML standard, which some sites exceed."""

# Python codecs that no page uses: some raise on every text, some warn, one decodes to something else.
_NO_CHARSETS = frozenset({"undefined", "unicode-escape", "raw-unicode-escape", "idna", "punycode", "utf-7"})
# Pages declared as Latin-1 are decoded as Windows-1252 (WHATWG Encoding standard, table of labels).
_WINDOWS = {"iso8859-1": "cp1252", "ascii": "cp1252", "iso8859-9": "cp1254"}

_NO_HTML = (
    (b"%PDF-", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"RIFF", "a picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "compressed data"),
    (b"{", "JSON"),
    (b"[", "JSON"),
)
_CYRILLIC_WORD = re.compile(r"(?<![^\W\d_])[А-Яа-яЁёЇїІіЄєҐґ]{3,}(?![^\W\d_])")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

# huge_tree: without it libxml2 stops at elements nested 256 deep, as unclosed tags make them; with it at 2048.
# Not lxml.html's parser: it asks Python for a class for every element that is accessed.
_PARSER = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)


def sniff_non_html(body: bytes) -> str | None:
    """Name the format of a body that is not HTML, by its first bytes; None if it may be HTML."""
    start = body[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if not start and not body.strip():
        return "empty"
    return next((name for magic, name in _NO_HTML if start.startswith(magic)), None)


def decode(body: bytes, content_type: str | None = None) -> str:
    """Decode a body; never raises.

    The charset is that of a byte order mark, else of `content_type`, else of a meta tag, else UTF-8 if valid, else
    windows-1251 if it yields Cyrillic words, else windows-1252. A body declared as UTF-8 that is not valid UTF-8 is
    treated as undeclared.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace")
    declared = _declared(body, content_type)
    if declared is not None and declared != "utf-8":
        return body.decode(declared, "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the body is cut inside a character
            return body[: error.start].decode("utf-8")
        return _guess(body)


def parse(text: str) -> etree._Element | None:
    """Parse a page into a tree; None if it has no element. Raises MarkupLimitError."""
    # libxml2 may end a document at NUL, and lone surrogates cannot be encoded.
    data = text.replace("\0", "").encode("utf-8", "replace")
    check_markup(data)
    root: etree._Element | None = etree.fromstring(data, parser=_PARSER)
    if root is not None:
        check_depth(root)
    return root


def _declared(body: bytes, content_type: str | None) -> str | None:
    """Return the Python name of the charset in the header or meta tag; None if neither is known."""
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(body[:_META_SEARCH_BYTES])
    labels = (header[1] if header else None, meta[1].decode("ascii", "replace") if meta else None)
    return next((name for label in labels if label and (name := _known(label))), None)


def _known(label: str) -> str | None:
    try:
        name = codecs.lookup(label).name
        b"a".decode(name, "replace")  # raises for codecs that do not decode to text
    except (LookupError, ValueError):
        return None
    return None if name.replace("_", "-") in _NO_CHARSETS else _WINDOWS.get(name, name)


def _guess(body: bytes) -> str:
    """Decode bytes that are not valid UTF-8, by a guess of the charset."""
    damaged = body.decode("utf-8", "replace")
    bad = damaged.count("\ufffd")
    if len(_NOT_ASCII.findall(damaged)) > 3 * bad:  # UTF-8 with a few broken bytes
        return damaged
    cyrillic = body.decode("cp1251", "replace")
    in_words = sum(map(len, _CYRILLIC_WORD.findall(cyrillic)))
    if 2 * in_words >= len(_NOT_ASCII.findall(cyrillic)):
        return cyrillic
    return body.decode("cp1252", "replace")
