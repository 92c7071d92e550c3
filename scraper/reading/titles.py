"""Choose the title among the headings of a page, each without the name of the site.

A page names its title up to six times, and each place has its fault: an `h1` may be the logo or the section, Open Graph
a shorter headline for networks, `<title>` one for search engines with the name of the site. The `h1` that one of the
others confirms is the headline as printed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from html import unescape

from scraper.parsing.text import MAX_HEADING_LENGTH, TITLE_SEPARATORS, compact
from scraper.reading.candidates import Candidate, Grade

MAX_HEADINGS = 30
"""Maximum headings that a page states and that are compared with each other."""
MIN_COMMON_WORDS = 3

_LAST_PART = re.compile(
    rf"\A(?P<rest>.*\S)\s*(?:(?<=\s)(?:{TITLE_SEPARATORS})(?=\s)|\|)\s*(?P<part>\S.*?)\s*\Z", re.DOTALL
)
_FIRST_PART = re.compile(
    rf"\A\s*(?P<part>\S.*?)\s*(?:(?<=\s)(?:{TITLE_SEPARATORS})(?=\s)|\|)\s*(?P<rest>\S.*)\Z", re.DOTALL
)
_WORD = re.compile(r"\w+")
_SEPARATOR_RUN = re.compile(rf"(?:^|\s+)(?:{TITLE_SEPARATORS})(?:\s+|$)|\|")
_SECTION_WORDS = frozenset({"blog", "news", "home", "article", "opinion", "homepage", "новости", "xəbərlər"})
MIN_NAME_LENGTH = 4
MIN_INITIALS = 3
MIN_CUT_LENGTH = 30
MAX_SHOWN_LENGTH = 100
"""Characters of a headline that is cut for search engines, which show 110."""
MAX_PARTS = 4
"""Maximum parts dropped from a title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Headings:
    """Headings of a page, as (text, provenance), in page order."""

    selected: Sequence[tuple[str, str]] = ()  # by the source's selector
    h1: Sequence[tuple[str, str]] = ()
    linked_data: Sequence[tuple[str, str]] = ()
    metas: Sequence[tuple[str, str]] = ()
    title: str = ""  # of <title>


def agree(first: str, second: str) -> bool:
    """Return whether two headings are of one article: equal, one within the other, or of mostly the same words."""
    one, other = compact(first), compact(second)
    if not one or not other:
        return False
    shorter, longer = sorted((one, other), key=len)
    if shorter == longer or (shorter in longer and 2 * len(shorter) >= len(longer)):
        return True
    words = [set(_WORD.findall(text[:MAX_HEADING_LENGTH].casefold())) for text in (first, second)]
    common = len(words[0] & words[1])
    return common >= MIN_COMMON_WORDS and 2 * common >= min(map(len, words))


def without_site_name(text: str, names: Collection[str]) -> str:
    """Drop the name of the site from the end or start of a heading; `names` are compact.

    Only whole parts between separators are dropped, and never the last one that is left.
    """
    for _ in range(MAX_PARTS):
        shorter = _without_part(text, names)
        if shorter is None:
            return text
        text = shorter
    return text


def _without_part(text: str, names: Collection[str]) -> str | None:
    if len(text) > MAX_HEADING_LENGTH:
        return None
    for form in (_LAST_PART, _FIRST_PART):
        found = form.match(text)
        if found is not None and _is_site_name(found["part"], names):
            return found["rest"]
    return None


def _is_site_name(part: str, names: Collection[str]) -> bool:
    name = compact(part)
    if name in names or name in _SECTION_WORDS:
        return True
    initials = "".join(word[0] for word in part.casefold().split())
    if len(initials) >= MIN_INITIALS and initials in names:
        return True
    return any(_are_like(name, one) for one in names if len(one) >= MIN_NAME_LENGTH)


def _are_like(part: str, name: str) -> bool:
    """Return whether a part is a site's name with a word more or less: BBC News of BBC."""
    if part.startswith(name) or part.endswith(name):
        return len(part) <= 2 * len(name) + 6
    return len(part) >= MIN_NAME_LENGTH and name.startswith(part) and 10 * len(part) >= 6 * len(name)


def remainder(title: str, heading: str) -> str:
    """Return the part of `<title>` that a stated heading has not, without separators: most often the site's name."""
    before, found, after = title.partition(heading)
    rest = _SEPARATOR_RUN.split(f"{before}|{after}".strip()) if found and heading else []
    parts = [part for part in rest if part.strip()]
    return parts[0].strip() if len(parts) == 1 else ""


def title_candidates(headings: Headings, names: Collection[str]) -> Iterator[Candidate[str]]:
    """Yield the titles of a page, the best first, without the compact `names` of its site.

    The source's selector; the `h1` that a statement confirms; JSON-LD; meta tags; `<title>`; any other `h1`. What
    stands beside the headline within its `h1` (a date, a label, the count of comments) is left out where two
    statements agree on the headline without it; one that another cuts short comes after the whole one.
    """
    yield from (Candidate(text, provenance, Grade.DECLARED) for text, provenance in headings.selected)
    stated = [
        *headings.linked_data[:MAX_HEADINGS],
        *headings.metas[:MAX_HEADINGS],
        *([(headings.title, "title")] if headings.title else []),
    ]
    rests = {compact(remainder(headings.title, text)) for text, _ in headings.metas[:MAX_HEADINGS]}
    names = {*names, *filter(None, rests)}
    plain = [Candidate(without_site_name(unescape(text), names), provenance) for text, provenance in stated]
    plain = [one for one in plain if compact(one.value) not in names][:MAX_HEADINGS]
    plain = sorted(plain, key=lambda one: any(_is_cut(one.value, other.value) for other in plain))
    printed = [
        Candidate(without_site_name(unescape(text), names), provenance, Grade.MARKED)
        for text, provenance in headings.h1
    ]
    printed = [one for one in printed if compact(one.value) not in names]
    confirmed = [one for one in printed if any(agree(one.value, other.value) for other in plain)]
    confirmed.sort(key=lambda one: not any(compact(one.value) == compact(other.value) for other in plain))
    yield from (one for printed_one in confirmed for one in _bare(printed_one, plain))
    yield from plain
    yield from (one for one in printed if one not in confirmed)


def _is_cut(text: str, whole: str) -> bool:
    """Return whether a heading is the start of another one, cut within a word or at the length that networks show."""
    start, other = compact(text), compact(whole)
    if not MIN_CUT_LENGTH <= len(start) < len(other) or not other.startswith(start):
        return False
    is_between_words = whole.startswith(f"{text} ")
    return not is_between_words or (len(text) >= MAX_SHOWN_LENGTH and whole[len(text) + 1].isalnum())


def _bare(printed: Candidate[str], stated: Sequence[Candidate[str]]) -> Iterator[Candidate[str]]:
    """Yield a printed headline, behind the stated one if that is the same without decoration or capitals."""
    counts = Counter(compact(one.value) for one in stated)
    for one in stated:
        text = compact(one.value)
        is_capitals = printed.value.isupper() and not one.value.isupper() and agree(printed.value, one.value)
        if is_capitals or (counts[text] > 1 and _is_decorated(printed.value, one.value)):
            yield one
            break
    yield printed


def _is_decorated(printed: str, heading: str) -> bool:
    """Return whether a printed headline has a label before a heading, or brackets or a number behind it."""
    before, found, after = printed.partition(heading)
    if not found or len(before) + len(after) > len(heading):
        return False
    return (bool(before.strip()) or bool(after.strip())) and (not after.strip() or after.strip()[0] in "([0123456789")
