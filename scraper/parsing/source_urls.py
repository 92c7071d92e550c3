"""Addresses of a source: which are its articles, in which language, and where its copy in use lives."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from scraper.source import Source
from storage.model.errors import ConfigError
from storage.model.records import Link
from storage.model.urls import Origin, canonicalize, origin

MAX_SECTIONS = 50
"""Sections of one link: no story is in more, and each mention of it may name others."""


@dataclass(frozen=True, slots=True)
class SourceUrls:
    """The addresses of a source, at its home or, with `base_url`, at another copy of it (a mirror, a test site).

    Every address that leaves here lies on `base`; its host never has a `www.`. Raises ConfigError for a `base_url`
    that is more or less than scheme, host and port.
    """

    source: Source
    base_url: str | None = None
    base: str = field(init=False)
    _origin: Origin = field(init=False, repr=False)
    _home: Origin | None = field(init=False, repr=False)
    _article: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        where = _base(self.source.base_url if self.base_url is None else self.base_url)
        object.__setattr__(self, "base", str(where))
        object.__setattr__(self, "_origin", where)
        object.__setattr__(self, "_home", origin(self.source.base_url))
        object.__setattr__(self, "_article", re.compile(self.source.article_path))

    def article_url(self, href: str, base: str | None = None) -> str | None:
        """The canonical address of an article, or None for any other address.

        `href` may be relative to `base`, the address of the page it stands on. An address of the source's own host
        (www. or not, http or https) is moved to the copy in use.
        """
        address = _resolve(href, base or f"{self.base}/")
        moved = None if address is None else self._rebase(address)
        return moved if moved is not None and self._article.fullmatch(urlsplit(moved).path) else None

    def language(self, url: str) -> str | None:
        """The language an article's address says in the group `language` of article_path, else the source's default."""
        address = canonicalize(url)
        found = None if address is None else self._article.fullmatch(urlsplit(address).path)
        said = None if found is None else found.groupdict().get("language")
        return said or self.source.default_language

    def channel_url(self, path: str) -> str:
        """The address of a channel: a path under the source, or a whole address on its host. The query is kept as is.

        Raises ConfigError for an address on another host.
        """
        written = _printable(path).partition("#")[0]
        if "://" not in written.partition("?")[0]:
            return f"{self.base}/{written.removeprefix('/')}"
        where = origin(written)
        if where is None or not self._is_ours(where):
            raise ConfigError(f"channel {path!r} is not on {self.base}; write its path, such as /rss.xml")
        rest = written.partition("://")[2]
        return f"{self.base}/{rest[len(re.split('[/?]', rest, maxsplit=1)[0]) :].removeprefix('/')}"

    def is_in_base(self, url: str) -> bool:
        """Whether an address that left here earlier belongs to the copy in use, and not to another one."""
        return url.startswith(f"{self.base}/")

    def is_same_site(self, url: str) -> bool:
        """Whether an address lies on the copy in use; www. and, without a port, http or https make no difference."""
        where = origin(url)
        return where is not None and _same(where, self._origin)

    def _is_ours(self, where: Origin) -> bool:
        return _same(where, self._origin) or (self._home is not None and _same(where, self._home))

    def _rebase(self, address: str) -> str | None:
        where = origin(address)
        if where is None or not self._is_ours(where):
            return None
        return self.base + address.removeprefix(str(where))


def _base(written: str) -> Origin:
    """Where a copy lives, http if that was asked for: a mirror in a closed network need not speak https."""
    where = origin(written)
    whole = re.fullmatch(r"(https?)://[^/?#\\]+/?", written.strip(), re.IGNORECASE)
    if where is None or whole is None:
        raise ConfigError(
            f"base_url {written!r} cannot be used: write scheme and host only, such as https://caliber.az or "
            "http://127.0.0.1:8099"
        )
    return where._replace(scheme=whole[1].lower())


def _resolve(href: str, page: str) -> str | None:
    if not href.strip():
        return None
    try:
        return canonicalize(urljoin(page, href.strip()))
    except ValueError:  # broken brackets
        return None


def _same(one: Origin, other: Origin) -> bool:
    """Same host and port; the scheme counts only where there is a port."""
    return one[1:] == other[1:] and (one.port is None or one.scheme == other.scheme)


def _printable(path: str) -> str:
    """A path as it is, but for what no request line can hold."""
    return re.sub(r"[^\x21-\x7e]", lambda found: _percent(found[0]), path.strip())


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def merge(links: Iterable[Link]) -> dict[str, Link]:
    """Merge links of one URL, in the order of their first mention: what one leaves open the next may say."""
    merged: dict[str, Link] = {}
    for link in links:
        first = merged.get(link.url)
        merged[link.url] = link if first is None else _merged(first, link)
    return merged


def _merged(first: Link, other: Link) -> Link:
    """A date and its words stay together: whichever was understood, else whichever was printed."""
    dated = max(first, other, key=lambda link: (link.published_at is not None, link.published_raw is not None))
    return replace(
        first,
        title=first.title or other.title,
        published_at=dated.published_at,
        published_raw=dated.published_raw,
        sections=tuple(dict.fromkeys(first.sections + other.sections[:MAX_SECTIONS]))[:MAX_SECTIONS],
        language=first.language or other.language,
    )
