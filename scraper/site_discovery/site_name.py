"""Find the name of a site in the titles of its pages: the part that they end or begin with.

A site states a name for networks (`og:site_name`), and the one in its titles may be another: the name of the paper
instead of that of its publisher. Only a part that the pages share can be dropped from the title of each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from scraper.parsing.text import compact, title_parts

MIN_PAGES = 2
"""Minimum pages that have a part in common."""
MIN_NAME_LENGTH = 6
"""Minimum letters of a part that is the start or the end of a name that is known; half of its letters, otherwise."""
MAX_NAME_LENGTH = 60


def find_site_name(
    titles: Iterable[str], *, home: str = "", known: Iterable[str] = (), sections: Iterable[str] = ()
) -> str | None:
    """Return the name that most titles of articles have at their end, or at their start; None if there is none.

    A part that the newest articles share may be their section, one of `sections` or not. So the title of the `home`
    page must have it, too, or it must be like one of the `known` names: of the host, or of the metadata. A name of
    several parts, all of them parts of the title of the home page, is returned with a dash between them.
    """
    split = [parts for title in dict.fromkeys(titles) if len(parts := title_parts(title)) > 1]
    home_parts = {compact(part) for part in title_parts(home)}
    names = {name for one in known if (name := compact(one))}
    no_names = set(map(compact, sections)) - names
    for is_end in (True, False):
        common = _common([parts[::-1] if is_end else parts for parts in split], home_parts, names)
        found = list(takewhile(lambda part: compact(part) not in no_names, common))
        if found:
            return " – ".join(reversed(found) if is_end else found)
    return None


def _common(titles: Sequence[Sequence[str]], home: set[str], known: set[str]) -> list[str]:
    """Return the outermost parts that most titles share, from the outside; never all parts of a title."""
    found: list[str] = []
    while True:
        at = len(found)
        counted = Counter(parts[at] for parts in titles if len(parts) > at + 1 and list(parts[:at]) == found)
        part, count = next(iter(counted.most_common(1)), ("", 0))
        if count < MIN_PAGES or 2 * count <= len(titles) or len(part) > MAX_NAME_LENGTH:
            return found
        name = compact(part)
        if name not in home and (found or not any(_is_like(name, one) for one in home | known)):
            return found
        found.append(part)


def _is_like(part: str, name: str) -> bool:
    """Return whether one of two names is within the other: at its start or end, or as half of it."""
    shorter, longer = sorted((part, name), key=len)
    is_edge = len(shorter) >= MIN_NAME_LENGTH and (longer.startswith(shorter) or longer.endswith(shorter))
    return is_edge or (shorter in longer and 2 * len(shorter) >= len(longer))
