"""Infer the pattern of article paths, the key `article` of a declaration, from URLs of articles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from urllib.parse import urlsplit

MIN_SHARE = 0.1
"""Minimum share of the URLs that a shape must have to count: a few are pages of another kind."""

MAX_SHAPES = 4

_LANGUAGES = frozenset(
    {
        *("ar", "az", "be", "bg", "bn", "cs", "da", "de", "el", "en", "es", "et", "fa", "fi", "fr", "he", "hi", "hr"),
        *("hu", "hy", "id", "is", "it", "ja", "ka", "kk", "ko", "ky", "lt", "lv", "mk", "mn", "nl", "no", "pl", "pt"),
        *("ro", "ru", "sk", "sl", "sq", "sr", "sv", "tg", "th", "tk", "tr", "uk", "ur", "uz", "vi", "zh"),
    }
)
_SHAPES = (
    (re.compile(r"\d{4}"), r"\d{4}"),
    (re.compile(r"\d\d?"), r"\d\d?"),
    (re.compile(r"\d+"), r"\d+"),
    (re.compile(r"[^/]*\d{3,}[^/]*\.[a-z]{2,5}"), r"[^/]*\d{3,}[^/]*"),
    (re.compile(r"[^/]*\d{3,}[^/]*"), r"[^/]*\d{3,}[^/]*"),
    (re.compile(r"[^/]+(?:[-_][^/_-]+){2,}"), r"[^/]+(?:[-_][^/_-]+){2,}"),
    (re.compile(r"[^/]+\.[a-z]{2,5}"), r"[^/]+"),
    (re.compile(r"[^/]+"), r"[^/]+"),
)
"""Shapes of a segment, the narrowest first, and their patterns."""

_LANGUAGE_FIRST = re.compile(r"/\(\?P<language>([a-z|]+)\)/(.*)")
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")


def article_pattern(urls: Iterable[str]) -> str | None:
    """Return a regular expression that the paths of most of these URLs match in full; None without URLs.

    Paths of as many segments are one shape: a segment that all have is literal, one of language codes is the group
    `language`, and another the narrowest of numbers, names with numbers, names of three words, and any name.
    """
    paths = sorted({tuple(urlsplit(url).path.strip("/").split("/")) for url in urls} - {("",)}, key=_kind)
    if not paths:
        return None
    groups = [list(group) for _, group in groupby(paths, key=_kind)]
    large = [group for group in groups if len(group) >= max(1, MIN_SHARE * len(paths))]
    large = sorted(large, key=len, reverse=True)[:MAX_SHAPES]
    return "|".join(_with_one_language_group(list(dict.fromkeys(map(_pattern, large)))))


def listed_pattern(urls: Iterable[str]) -> str | None:
    """Return the pattern for articles of feeds, which list nothing else: any path, if languages stand in front of some.

    None if they do not: a narrower pattern would lose the first article whose address has another shape.
    """
    paths = [urlsplit(url).path.strip("/").split("/") for url in urls]
    languages = sorted({path[0] for path in paths if len(path) > 1 and path[0] in _LANGUAGES})
    return f"/(?:(?P<language>{'|'.join(languages)})/)?.+" if languages else None


def _with_one_language_group(patterns: Sequence[str]) -> list[str]:
    """Join the patterns that begin with a language: a regular expression may have the group `language` once."""
    split = [match for pattern in patterns if (match := _LANGUAGE_FIRST.fullmatch(pattern)) is not None]
    if len(split) < 2:
        return list(patterns)
    codes = sorted({code for match in split for code in match[1].split("|")})
    rests = "|".join(dict.fromkeys(match[2] for match in split))
    others = [pattern for pattern in patterns if _LANGUAGE_FIRST.fullmatch(pattern) is None]
    return [f"/(?P<language>{'|'.join(codes)})/(?:{rests})", *others]


def _kind(path: Sequence[str]) -> tuple[int, bool, str]:
    """Return what paths of one shape have in common: segments, a language in front, the extension."""
    extension = _EXTENSION.search(path[-1])
    return len(path), path[0] in _LANGUAGES, extension[0] if extension else ""


def _pattern(paths: Sequence[tuple[str, ...]]) -> str:
    columns = list(zip(*paths, strict=True))
    return "/" + "/".join(
        _segment(values, is_first=number == 0, is_last=number == len(columns) - 1)
        for number, values in enumerate(columns)
    )


def _segment(values: Sequence[str], *, is_first: bool, is_last: bool) -> str:
    distinct = set(values)
    if is_first and not is_last and distinct <= _LANGUAGES:
        return f"(?P<language>{'|'.join(sorted(distinct))})"
    if len(distinct) == 1 and not is_last and not values[0].isdecimal():  # a year is the same only for a while
        return re.escape(values[0]).replace(r"\-", "-")
    extension = _EXTENSION.search(values[0]) if is_last else None
    shape = next(pattern for fits, pattern in _SHAPES if all(fits.fullmatch(value) for value in distinct))
    return shape + (re.escape(extension[0]) if extension and shape != r"[^/]+(?:[-_][^/_-]+){2,}" else "")
