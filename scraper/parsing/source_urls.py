"""Recognize and canonicalize the URLs of a source: articles, their languages, channels, and the base URL in use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from scraper.parsing.language_codes import language_code
from scraper.source import Source
from storage.model.errors import ConfigError
from storage.model.field_limits import MAX_SECTIONS
from storage.model.records import DatePrecision, Link
from storage.model.urls import MAX_URL_LENGTH, Origin, canonicalize, origin, request_url

LINKS_VERSION = 4
"""Raised when links of an unchanged channel would be parsed differently: all channels are then parsed again."""


_NO_ARTICLE = (
    r"(?!(?:/[a-z]{2})?/(?:tags?|topics?|categor(?:y|ies)|rubrics?|authors?|users?|page|search|login|register|about|"
    r"contacts?|archive|privacy|terms|advertis\w*|subscribe|wp-(?:content|admin|json|includes)|feed|rss|amp)(?:/|\.\w+|$))"
    r"(?!.*\.(?:jpe?g|png|gif|webp|svg|ico|css|js|pdf|docx?|xlsx?|zip|mp[34]|xml|json|rss|txt)/?$)"
)
LISTED_PATH = rf"{_NO_ARTICLE}/.*[^/].*"
"""Paths of articles where none are declared: any but the root, lists, static files and pages about the site itself."""

ARTICLE_SHAPE = (
    rf"(?!/\d{{4}}(?:/\d\d?){{0,2}}/?$){_NO_ARTICLE}"
    r"(?:/(?:[^/]+/)*\d{4}/\d\d?/(?:\d\d?/)?[^/]*[^\d/][^/]*"  # a day, and a name
    r"|/(?:[^/]+/)*[^/]*(?:\d{3,}|[^-_/]+(?:[-_][^-_/]+){2,}|\.[sp]?html?)[^/]*)/?"  # a number, three words, a file
)
"""Shape of the paths of articles among other pages: a number of three digits, three words, a date or a file name."""

_STORED_LABELS = frozenset({"arm"})
"""Labels that articles were stored with before labels became codes of ISO 639-1; they stay what they are."""


ARTICLE_QUERY = r"(?:^|&)(?:\w*id|p|a|n|article|news|story|post)=\d+(?:&|$)"
"""Query of the URLs of articles where a number in it says which one."""


class ArticleUrl(NamedTuple):
    """Canonical URL of an article, by which it is known, and the spelling in which it is requested."""

    url: str
    request_url: str | None  # None: the canonical URL


@dataclass(frozen=True, slots=True)
class SourceUrls:
    """URLs of a source at its own base URL or, with `base_url`, at a copy of it (a mirror, a test site).

    Every canonical URL starts with `base`, whose host has no `www.`; requests go to `request_base`, which has the
    host as it was declared. Raises ConfigError for a `base_url` that is not scheme, host and port only.
    """

    source: Source
    base_url: str | None = None
    base: str = field(init=False)
    request_base: str = field(init=False)
    _origin: Origin = field(init=False, repr=False)
    _request_origin: Origin = field(init=False, repr=False)
    _home: Origin | None = field(init=False, repr=False)
    _article: re.Pattern[str] = field(init=False, repr=False)
    _excluded: tuple[re.Pattern[str], ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base_url = self.source.base_url if self.base_url is None else self.base_url
        base_origin = _base_origin(base_url)
        requested = request_url(base_url)
        request_origin = base_origin if requested is None else requested.origin
        object.__setattr__(self, "base", str(base_origin))
        object.__setattr__(self, "request_base", str(request_origin))
        object.__setattr__(self, "_request_origin", request_origin)
        object.__setattr__(self, "_origin", base_origin)
        object.__setattr__(self, "_home", origin(self.source.base_url))
        declared = self.source.article_path
        object.__setattr__(self, "_article", re.compile(LISTED_PATH if declared is None else declared))
        object.__setattr__(self, "_excluded", tuple(map(re.compile, self.source.excluded_paths)))

    def article_url(self, href: str, base: str | None = None) -> str | None:
        """Return the canonical URL of an article; None for any other URL. See `find_article`."""
        article = self.find_article(href, base)
        return None if article is None else article.url

    def find_article(self, href: str, base: str | None = None) -> ArticleUrl | None:
        """Return the URLs of the article that `href` links to; None if it links to anything else.

        `href` may be relative to `base`, the URL of its page. A URL on the source's own host (with or without www.,
        http or https) is rebased to the copy in use. `article_path` is matched against the path as it is listed, with
        and without its final slash, and against its unescaped form.
        """
        if not href.strip():
            return None
        sent = request_url(href, base or f"{self.request_base}/")
        canonical = None if sent is None else canonicalize(str(sent))
        listed_origin = None if canonical is None else origin(canonical)
        if sent is None or canonical is None or listed_origin is None or not self._is_own_host(listed_origin):
            return None
        url = self.base + canonical.removeprefix(str(listed_origin))
        if self._match(url, sent.target.partition("?")[0]) is None:
            return None
        # Not the listed scheme: a site on https never falls to http, and a mirror may not support https.
        host = sent.origin.host if _is_same_host(listed_origin, self._origin) else self._request_origin.host
        requested = f"{self._request_origin._replace(host=host)}{sent.target}"
        return ArticleUrl(url, None if requested == url or len(requested) > MAX_URL_LENGTH else requested)

    def language(self, url: str) -> str | None:
        """Return the language in an article URL (group `language` of article_path), else the source's default."""
        return self.language_in(url) or self.source.default_language

    def listed_language(self, url: str, *stated: str | None) -> str:
        """Return the language of an article URL that a channel lists, which may state languages, the surest first.

        They count only where the URLs of the source have no languages: else a URL without one is in the default.
        """
        named = self.language_in(url)
        if named is None and "language" not in self._article.groupindex:
            named = next(filter(None, stated), None)
        return named or self.source.default_language

    def language_in(self, url: str) -> str | None:
        """Return the language in an article URL (group `language` of article_path); None if it names none."""
        canonical = canonicalize(url)
        match = None if canonical is None else self._match(canonical)
        language = None if match is None else match.groupdict().get("language")
        if language is None or language in self.source.language_codes or language in _STORED_LABELS:
            return self.source.language_codes.get(language or "", language)
        return language_code(language) or language

    def article_id(self, url: str) -> str | None:
        """Return what group `id` of article_path matches in an article URL; None if it matches nothing."""
        canonical = canonicalize(url)
        match = None if canonical is None else self._match(canonical)
        return None if match is None else match.groupdict().get("id")

    def looks_like_article(self, url: str) -> bool:
        """Return whether an article URL may be one where pages of every kind are listed: a sitemap, a page of links.

        True for every URL of a source that declares its `article_path`.
        """
        split = urlsplit(url)
        if self.source.article_path is not None or re.fullmatch(ARTICLE_SHAPE, split.path) is not None:
            return True
        return re.search(ARTICLE_QUERY, split.query) is not None

    def _match(self, canonical: str, listed_path: str = "") -> re.Match[str] | None:
        """Match `article_path` against the spellings of a path, the listed one first: the final slash is no part."""
        path = urlsplit(canonical).path
        spellings = (listed_path, path, f"{path}/", unquote(path), f"{unquote(path)}/")
        matches = (self._article.fullmatch(spelling) for spelling in dict.fromkeys(spellings))
        match = next((match for match in matches if match is not None), None)
        if match is not None and any(
            excluded.search(spelling) for excluded in self._excluded for spelling in spellings
        ):
            return None
        return match

    def channel_url(self, path: str) -> str:
        """Return the URL of a channel, given as a path or as a full URL. The query is unchanged.

        One on the source's host has no `www.`: see `channel_request_url`. A feed of a service for feeds is on another
        host, and stays as it is written. Raises ConfigError for a URL that is no http(s) URL, one that is too long to
        be stored, or one on another host when a copy of the site is in use, which has no copy of that.
        """
        url = _percent_encode(path).partition("#")[0]
        if len(url) + len(self.base) >= MAX_URL_LENGTH:
            raise ConfigError(f"channel {path[:40]!r}… has more than {MAX_URL_LENGTH:,} characters")
        if not is_full_url(path):
            return f"{self.base}/{url.removeprefix('/')}"
        url_origin, sent = origin(path), request_url(path)
        if url_origin is None or sent is None or len(str(sent)) > MAX_URL_LENGTH:
            raise ConfigError(f"channel {path[:200]!r} is no http(s) URL; write its path, such as /rss.xml")
        if not self._is_own_host(url_origin):
            if not self.is_original:
                raise ConfigError(f"channel {path!r} is not on {self.base}; write its path, such as /rss.xml")
            return str(sent)
        rest = url.partition("://")[2]
        return f"{self.base}/{rest[len(re.split('[/?]', rest, maxsplit=1)[0]) :].removeprefix('/')}"

    def other_origin(self, path: str) -> Origin | None:
        """Return the origin of a channel on another host than the source, as it is requested; None on its own."""
        url_origin, sent = origin(path), request_url(path)
        return None if url_origin is None or sent is None or self._is_own_host(url_origin) else sent.origin

    def channel_request_url(self, channel_url: str) -> str:
        """Return the URL at which a channel is requested: on the host of the source as it was declared."""
        if not self.is_in_base(channel_url):
            return channel_url  # on another host
        return self.request_base + channel_url.removeprefix(self.base)

    @property
    def is_original(self) -> bool:
        """Return whether the site itself is in use, and not a copy of it."""
        return self._home is not None and _is_same_host(self._origin, self._home)

    def is_in_base(self, url: str) -> bool:
        """Return whether a stored URL belongs to the copy in use."""
        return url.startswith(f"{self.base}/")

    def is_same_site(self, url: str) -> bool:
        """Return whether a URL is on the host of the copy in use, ignoring www. and, without a port, the scheme."""
        url_origin = origin(url)
        return url_origin is not None and _is_same_host(url_origin, self._origin)

    def is_own(self, url: str) -> bool:
        """Return whether a URL is on the host of the source, or of the copy in use."""
        url_origin = origin(url)
        return url_origin is not None and self._is_own_host(url_origin)

    def _is_own_host(self, url_origin: Origin) -> bool:
        own_hosts = (self._origin, self._home)
        return any(own is not None and _is_same_host(url_origin, own) for own in own_hosts)


def _base_origin(base_url: str) -> Origin:
    """Parse a base URL and keep its scheme: a mirror in a closed network may not support https."""
    base_origin = origin(base_url)
    match = re.fullmatch(r"(https?)://[^/?#\\]+/?", base_url.strip(), re.IGNORECASE)
    if base_origin is None or match is None:
        raise ConfigError(
            f"base_url {base_url!r} cannot be used: write scheme and host only, such as https://caliber.az or "
            "http://127.0.0.1:8099"
        )
    return base_origin._replace(scheme=match[1].lower())


def _is_same_host(first: Origin, second: Origin) -> bool:
    """Return whether host and port are equal, and the scheme too if there is a port."""
    return first[1:] == second[1:] and (first.port is None or first.scheme == second.scheme)


def _percent_encode(path: str) -> str:
    """Percent-encode the characters that a request line cannot contain."""
    return re.sub(r"[^\x21-\x7e]", lambda match: _percent(match[0]), path.strip())


def _percent(character: str) -> str:
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "replace"))


def merge(links: Iterable[Link]) -> dict[str, Link]:
    """Merge links with the same URL, in order of first mention: missing fields are filled from later links."""
    merged: dict[str, Link] = {}
    for link in links:
        first = merged.get(link.url)
        merged[link.url] = link if first is None else _merged(first, link)
    return merged


def _merged(first: Link, other: Link) -> Link:
    """Merge two links of one URL. Date and raw date come from the same link: a time, else a day, else a printed one."""
    dated = max(first, other, key=_date_grade)
    return replace(
        first,
        title=first.title or other.title,
        published_at=dated.published_at,
        published_raw=dated.published_raw,
        published_precision=dated.published_precision,
        sections=tuple(dict.fromkeys(first.sections + other.sections[:MAX_SECTIONS]))[:MAX_SECTIONS],
        language=first.language or other.language,
        view_count=other.view_count if first.view_count is None else first.view_count,
    )


def _date_grade(link: Link) -> tuple[bool, bool, bool]:
    is_time = link.published_precision not in (None, DatePrecision.DAY)
    return is_time, link.published_at is not None, link.published_raw is not None


def is_full_url(path: str) -> bool:
    """Return whether a channel is declared by a full URL, and not by its path."""
    return "://" in path.partition("?")[0]


def slug_of(href: str) -> str:
    """Return the last path segment of a URL; an empty text for `javascript:` and other schemes."""
    try:
        scheme, _, path, _, _ = urlsplit(href.strip())
    except ValueError:
        return ""
    return unquote(path.replace("\\", "/").rstrip("/").rpartition("/")[2]) if scheme in {"", "http", "https"} else ""
