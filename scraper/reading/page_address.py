"""Compare the addresses of articles, and resolve those of a page: its own, its canonical one, its pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from scraper.parsing import html_tree
from scraper.reading.candidates import Candidate
from storage.model.urls import MAX_URL_LENGTH

_HOST_PREFIX = re.compile(r"\A(?:www\d?|m|mobile|amp|touch|wap)\.")
_PATH_ENDING = re.compile(r"(?:/(?:amp|index\.\w+)|[./]amp\.html|\.s?html?|\.php|\.aspx?|/)+\Z")
_TRACKING = re.compile(
    r"\A(?:utm_|at_|pk_|mc_|fb|gclid|ref|cmp|src|source|from|amp|outputtype|output|share|xtor|ito)", re.IGNORECASE
)
_ID = re.compile(r"[0-9]{5,}")
_DATE = re.compile(r"\A(?:19|20)[0-9]{6}\Z")
MIN_SLUG_LENGTH = 16
"""Characters of a last path segment that no two articles of a site share."""


def split_address(url: str, base: str | None = None) -> SplitResult | None:
    """Split an http address, resolved against `base`; None if it is none, or longer than any that is stored."""
    if len(url) > MAX_URL_LENGTH:
        return None
    try:
        parts = urlsplit((html_tree.resolve(url, base) or "") if base else url.strip())
    except ValueError:
        return None
    return parts if parts.scheme in {"http", "https"} and parts.hostname else None


def resolve(href: str, base: str) -> str | None:
    """Resolve a link against the base address of its page; None if it is not http."""
    parts = split_address(href, base)
    return None if parts is None else parts.geturl()


def is_same_host(first: str, second: str) -> bool:
    """Return whether two addresses are on one host, without `www.`, `m.` and `amp.`."""
    hosts = [parts and _host(parts) for parts in (split_address(first), split_address(second))]
    return hosts[0] is not None and hosts[0] == hosts[1]


def is_site_root(url: str) -> bool:
    """Return whether an address is that of a home page, which many pages state as their own."""
    parts = split_address(url)
    return parts is not None and not parts.query and not _PATH_ENDING.sub("", parts.path)


def is_same_article(first: str, second: str, *, any_host: bool = False) -> bool:
    """Return whether two addresses are those of one article: by path, by a long slug or by a number of five digits.

    Scheme, host prefixes, case, the ending of the path and parameters of tracking do not count; other parameters must
    not contradict. `any_host`: sister sites of a publisher share articles and paths, so that the same long path on
    another host is the same article.
    """
    one, other = split_address(first), split_address(second)
    if one is None or other is None or _contradict(one.query, other.query):
        return False
    paths = _path(one), _path(other)
    slugs = tuple(path.rpartition("/")[2] for path in paths)
    has_long_slug = len(slugs[0]) >= MIN_SLUG_LENGTH
    if _host(one) != _host(other):
        return any_host and has_long_slug and paths[0] == paths[1]
    if paths[0] == paths[1]:
        return bool(paths[0]) or bool(one.query and other.query)
    ids = [{one for one in _ID.findall(path) if not _DATE.match(one)} for path in paths]
    return (has_long_slug and slugs[0] == slugs[1]) or (bool(ids[0]) and ids[0] == ids[1])


def _host(parts: SplitResult) -> str:
    return _HOST_PREFIX.sub("", (parts.hostname or "").rstrip("."))


def _path(parts: SplitResult) -> str:
    return _PATH_ENDING.sub("", unquote(parts.path)).casefold()


def _contradict(first: str, second: str) -> bool:
    one, other = _parameters(first), _parameters(second)
    return any(other[name] != value for name, value in one.items() if name in other)


def _parameters(query: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(query, max_num_fields=50)
    except ValueError:
        return {}
    return {name: value for name, value in pairs if not _TRACKING.match(name)}


def canonical_candidates(hints: Iterable[tuple[str, str]], url: str, base: str) -> Iterator[Candidate[str]]:
    """Yield the addresses that a page states as its own, as (address, provenance) in `hints`: resolved, on its host.

    Such an address is a hint alone: pages name the home page, a section, or the article that they were copied from.
    """
    for href, provenance in hints:
        address = resolve(href, base)
        if address is not None and is_same_host(address, url):
            yield Candidate(address, provenance)
