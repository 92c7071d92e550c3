"""Decode the bytes of a page, whatever charset is declared."""

from __future__ import annotations

import codecs
import re

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
# Charsets that browsers decode as a superset of the declared one (WHATWG Encoding standard, table of labels).
_SUPERSETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "big5": "big5hkscs",
}
# Labels of that table which Python does not know or takes for another charset.
_LABELS = {
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "x-gbk": "gb18030",
    "gb_2312": "gb18030",
    "gb_2312-80": "gb18030",
    "csgb2312": "gb18030",
    "cn-big5": "big5hkscs",
    "x-x-big5": "big5hkscs",
    "windows-949": "cp949",
    "ks_c_5601-1989": "cp949",
    "ksc5601": "cp949",
    "ksc_5601": "cp949",
    "csksc56011987": "cp949",
    "x-euc-jp": "euc-jp",
    "dos-874": "cp874",
    "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8",
    "logical": "iso8859-8",
    "visual": "iso8859-8",
    "sun_eu_greek": "iso8859-7",
    "koi": "koi8-r",
    "koi8": "koi8-r",
    "koi8-ru": "koi8-u",
    "x-cp1250": "cp1250",
    "x-cp1251": "cp1251",
    "x-cp1252": "cp1252",
    "x-cp1253": "cp1253",
    "x-cp1254": "cp1254",
    "x-cp1255": "cp1255",
    "x-cp1256": "cp1256",
    "x-cp1257": "cp1257",
    "x-cp1258": "cp1258",
    "x-mac-cyrillic": "mac-cyrillic",
    "x-mac-roman": "mac-roman",
    "mac": "mac-roman",
    "unicode-1-1-utf-8": "utf-8",
    "x-unicode20utf8": "utf-8",
}

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


def as_utf8(body: bytes, content_type: str | None = None) -> bytes:
    """Return a body in UTF-8, as `decode` decodes it: the body itself if it is that; never raises."""
    if not body.startswith(tuple(mark for mark, _ in _BOMS)) and _declared(body, content_type) in {None, "utf-8"}:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return body
    return decode(body, content_type).encode("utf-8", "replace")  # lone surrogates cannot be encoded


def _declared(body: bytes, content_type: str | None) -> str | None:
    """Return the Python name of the charset in the header or meta tag; None if neither is known."""
    header = _HEADER_CHARSET.search(content_type or "")
    meta = _META_CHARSET.search(body[:_META_SEARCH_BYTES])
    name = _known(header[1]) if header else None
    if name is None and meta is not None:
        name = _known(meta[1].decode("ascii", "replace"))
        # A page whose declaration could be read is not in UTF-16 (HTML Standard, prescan of the encoding).
        name = "utf-8" if name is not None and name.startswith("utf-16") else name
    return name


def _known(label: str) -> str | None:
    folded = label.lower()
    try:
        name = codecs.lookup(_LABELS.get(folded, label)).name
        is_ascii = b"<a>".decode(name, "replace") == "<a>"  # raises for codecs that do not decode to text
    except (LookupError, ValueError):
        return None
    if not is_ascii and not name.startswith("utf-16"):
        return None
    return None if name.replace("_", "-") in _NO_CHARSETS else _SUPERSETS.get(name, name)


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
