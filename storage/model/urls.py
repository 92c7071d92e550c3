"""The canonical form of an address, by which an article is known, and the spelling in which it is requested.

Two spellings of one address must become one text, or an article is stored twice; two addresses must never
become one, or an article is lost. So only what cannot carry meaning is folded. The canonical form is only compared:
a host may answer one spelling and not the other (a final slash, an escaped comma), so the listed one is requested.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

MAX_URL_LENGTH = 2_000
"""Longer addresses are refused: PostgreSQL cannot index a text beyond 2,704 bytes, and no article has one."""

DEFAULT_PORTS = {"http": 80, "https": 443}

TRACKING_PARAMS = frozenset(
    {
        *("_ga", "_gl", "_openstat", "dclid", "fbclid", "gad_source", "gbraid", "gclid", "gclsrc", "igsh", "igshid"),
        *("li_fat_id", "mc_cid", "mc_eid", "msclkid", "ttclid", "twclid", "wbraid", "wickedid", "yclid", "ysclid"),
    }
)
"""Query parameters that say where a reader came from, never what is shown; `utm_*` besides."""

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_BLANK = " \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200C))) + "\u202f\u205f\u2060\u3000\ufeff"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}\Z")
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}\Z", re.ASCII)
_PLAIN_PATH = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+\Z")
_PIECE = re.compile(r"%[0-9A-Fa-f]{2}|[^A-Za-z0-9._~!$&'()*+,;=:@/?\[\]-]")
_REFERENCE = re.compile(r"(?:(https?):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?", re.IGNORECASE)
_OTHER_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=/|\Z)", re.IGNORECASE)
_DOTS = {".": ".", "%2e": ".", "..": "..", ".%2e": "..", "%2e.": "..", "%2e%2e": ".."}
# What a browser escapes before it sends a path or a query (URL Standard, path and query percent-encode sets).
_UNSENDABLE_IN_PATH = re.compile(r"[^\x21-\x7e]|[\"<>^`{}]")
_UNSENDABLE_IN_QUERY = re.compile(r"[^\x21-\x7e]|[\"<>]")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class Origin(NamedTuple):
    """Web origin in canonical spelling; `port` is None when it is the scheme's default."""

    scheme: str
    host: str
    port: int | None

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}" if self.port is None else f"{self.scheme}://{self.host}:{self.port}"


def canonicalize(url: str) -> str | None:
    """The one spelling of `url` under which it is stored; None if it is no usable http(s) address.

    Without fragment, tracking parameters, default port, `www.` and trailing slash; host in lower case and IDNA,
    percent-encoding normalised, white space around it and control characters dropped. `http` becomes `https`
    unless a port is named or the host is no public name (an IP address, one word, `.localhost`). An address
    with a user name is refused, as is anything a browser and this function could understand differently.
    Never raises, and `canonical(canonical(url)) == canonical(url)`.
    """
    try:
        split = _split(url)
        where = _origin(split.scheme, split.netloc)
        cleaned = None if where is None else f"{where}{_path(split.path)}{_query(split.query)}"
    except ValueError:  # broken brackets, ports and host names, lone surrogates
        return None
    return cleaned if cleaned is not None and len(cleaned) <= MAX_URL_LENGTH else None


class RequestUrl(NamedTuple):
    """URL as it is requested: its origin, with `www.` and the scheme as written, and its path with query."""

    origin: Origin
    target: str

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


def request_url(reference: str, page: str = "") -> RequestUrl | None:
    """Resolve a reference on the page at `page` to the URL that a browser requests; None if it is no http(s) URL.

    Path and query are sent as they are written, escapes, final slash, empty query and parameters included. Only what
    no request line can hold is escaped, dot segments are resolved, and the fragment is dropped (URL Standard,
    https://url.spec.whatwg.org). Never raises.
    """
    try:
        resolved = _resolve(_clean(reference), page)
        if resolved is None:
            return None
        scheme, netloc, path, query = resolved
        where = _request_origin(scheme.lower(), netloc)
        target = _sent(resolve_dots(path), _UNSENDABLE_IN_PATH) + _sent(query, _UNSENDABLE_IN_QUERY)
    except ValueError:  # as in canonicalize
        return None
    return None if where is None else RequestUrl(where, target)


def _resolve(reference: str, page: str) -> tuple[str, str, str, str] | None:
    """Return scheme, authority, path and query of a reference, resolved on a page (RFC 3986 §5.2).

    Not urljoin, which drops an empty query and the semicolon at the end of a path.
    """
    before_query = re.split("[?#]", reference, maxsplit=1)[0]
    reference = before_query.replace("\\", "/") + reference[len(before_query) :]  # as browsers read it
    match = _REFERENCE.match(reference)
    if match is None or (match[1] is None and _OTHER_SCHEME.match(reference)):
        return None
    scheme, netloc, path, query = match[1], match[2], match[3], match[4]
    if netloc is not None and (scheme or page):
        scheme = scheme or page.partition(":")[0]
    elif scheme is not None:  # "https:path", which browsers and this function could understand differently
        return None
    else:
        base = _REFERENCE.match(page)
        if base is None or base[1] is None or base[2] is None:
            return None
        scheme, netloc = base[1], base[2]
        if not path:
            path, query = base[3], base[4] if query is None else query
        elif not path.startswith("/"):
            path = f"{base[3].rpartition('/')[0]}/{path}"
    return scheme, netloc, path or "/", query or ""


def resolve_dots(path: str) -> str:
    """Resolve the segments `.` and `..`, escaped or not, and keep everything else."""
    if not _DOT_SEGMENT.search(path):
        return path
    *parents, last = path.split("/")[1:]
    kept: list[str] = []
    for segment in parents:
        if _DOTS.get(segment.lower()) == "..":
            del kept[-1:]
        elif segment.lower() not in _DOTS:
            kept.append(segment)
    if _DOTS.get(last.lower()) == "..":
        del kept[-1:]
    return "/".join(["", *kept, "" if last.lower() in _DOTS else last])


def _sent(text: str, unsendable: re.Pattern[str]) -> str:
    return unsendable.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8"))


def origin(url: str) -> Origin | None:
    """Return the origin of `url` as `canonicalize` spells it; None if it is not a usable http(s) URL. Never raises."""
    try:
        split = _split(url)
        return _origin(split.scheme, split.netloc)
    except ValueError:
        return None


def authority_of(url: str) -> str:
    """Return host and port of a URL as they are signed: in lower case, without the default port (RFC 9421 §2.2.3)."""
    parts = urlsplit(url)
    return parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS.get(parts.scheme)}")


def host_of(url: str | None) -> str | None:
    """Return the host of a URL as it is requested, IPv6 without brackets; None if it is no http(s) URL."""
    sent = None if url is None else request_url(url)
    return None if sent is None else sent.origin.host.strip("[]")


def _clean(url: str) -> str:
    return _CONTROLS.sub("", url).strip(_BLANK)


def _split(url: str) -> SplitResult:
    """Split a URL; a backslash in its path is a slash, as browsers read it, and one before the path is refused."""
    split = urlsplit(_clean(url))
    return split._replace(path=split.path.replace("\\", "/")) if "\\" in split.path else split


# A crawl asks the same few hosts of every address several times, which was half of the work of `canonical`.
@lru_cache(maxsize=256)
def _origin(scheme: str, netloc: str) -> Origin | None:
    sent = _request_origin(scheme, netloc)
    if sent is None:
        return None
    host = without_www(sent.host)
    is_upgraded = scheme == "http" and sent.port is None and is_public_name(host)
    return Origin("https" if is_upgraded else scheme, host, sent.port)


@lru_cache(maxsize=256)
def _request_origin(scheme: str, netloc: str) -> Origin | None:
    split = SplitResult(scheme, netloc, "", "", "")
    host, port = _host(split), split.port
    if host is None or port == 0 or scheme not in DEFAULT_PORTS:
        return None
    return Origin(scheme, host, None if port == DEFAULT_PORTS[scheme] else port)


def is_public_name(host: str) -> bool:
    """Return whether a host is a name of the public DNS, no address or local name, so that https may be assumed."""
    return "." in host and not host.endswith(".localhost") and ":" not in host and not _IPV4.match(host)


def _host(split: SplitResult) -> str | None:
    if "@" in split.netloc or not split.hostname:
        return None
    if "[" in split.netloc or "]" in split.netloc:
        return _ipv6(split.netloc)
    name = split.hostname if split.hostname.isascii() else split.hostname.encode("idna").decode("ascii")
    name = name.lower().removesuffix(".")
    if not _HOST.match(name):
        return None
    # A last label of digits makes browsers read the whole as a number: 127.1 is 127.0.0.1.
    ends_in_number = name.rpartition(".")[2].isdigit() or name.rpartition(".")[2].startswith("0x")
    return name if not ends_in_number or _IPV4.match(name) else None


def without_www(name: str) -> str:
    """Return a host name without its `www.`, as canonical URLs have it; `www.az` stays."""
    while name.startswith("www.") and "." in name[4:]:
        name = name[4:]
    return name


def _ipv6(netloc: str) -> str:
    match = re.fullmatch(r"\[([^\]%]*)\](?::\d*)?", netloc)  # no zone after "%"
    if match is None:
        raise ValueError(f"brackets in {netloc!r}")
    return f"[{IPv6Address(match[1]).compressed}]"


def _path(path: str) -> str:
    """A path from its first slash, without one at its end; "/" for the root."""
    if _PLAIN_PATH.match(path):
        return path
    kept: list[str] = []
    for segment in _percent_encode(path).split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept).rstrip("/")


def _query(query: str) -> str:
    if not query:
        return ""
    kept = [pair for pair in _percent_encode(query).split("&") if pair and not _is_tracking(pair.partition("=")[0])]
    return "?" + "&".join(kept) if kept else ""


def _is_tracking(name: str) -> bool:
    return name.lower().startswith("utm_") or name.lower() in TRACKING_PARAMS


def _percent_encode(text: str) -> str:
    return _PIECE.sub(_normalize_segment, text)


def _normalize_segment(match: re.Match[str]) -> str:
    """An escape with its letters in upper case, or the character it need not have hidden; else an escape."""
    piece = match[0]
    if len(piece) == 3:
        code = int(piece[1:], 16)
        return chr(code) if code in _UNRESERVED else piece.upper()
    return "".join(f"%{byte:02X}" for byte in piece.encode("utf-8"))
