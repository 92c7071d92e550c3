"""Group the names of sections that a site uses: a label and the slug of its address are one section."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scraper.parsing.language_codes import language_code
from scraper.parsing.source_urls import slug_of
from scraper.site_discovery.home_page import NavigationLink
from storage.text.section_names import normalize_section

MAX_OFFERED = 20
"""Sections of articles, and as many of the navigation, that are offered."""

TRAILS = frozenset({"breadcrumbs", "JSON-LD BreadcrumbList"})
"""Provenances of sections whose names are all labels, then all slugs."""

_SLUG = re.compile(r"[a-z0-9_-]+")
_NO_SECTION = re.compile(
    r"/(?:about\w*|contacts?|privacy|terms|advertis\w*|ads|subscri\w+|log-?in|sign-?in|register|account|search|archives?"
    r"|rss|feeds?|page|authors?|tags?|jobs|help|faq)(?:[/.?_-]|$)|mailto:|\.(?:xml|rss|json|pdf)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSection:
    """Section of a site: its label, and the normalized names by which a crawl meets it.

    `is_read` is true if an article or a channel names it; else only the navigation does.
    """

    label: str
    names: frozenset[str]
    is_read: bool = True

    @property
    def name(self) -> str:
        """Return the name under which a declaration holds it."""
        return normalize_section(self.label)

    @property
    def shown(self) -> str:
        """Return the label with the other names in parentheses."""
        others = sorted(self.names - {self.name})
        return f"{self.label} ({', '.join(others)})" if others else self.label

    def is_called(self, typed: str) -> bool:
        """Return whether a person means this section by its label or one of its slugs."""
        return _compact(normalize_section(typed)) in map(_compact, self.names)


def group_sections(
    counted: Mapping[str, int], navigation: Iterable[NavigationLink], trails: Iterable[Sequence[str]] = ()
) -> tuple[FoundSection, ...]:
    """Return the sections of a site, those first that most articles name, and those of the navigation alone last.

    `counted` has the normalized names of articles and links, and how often each was read; `trails` are the names of
    breadcrumbs, in which as many slugs follow as there are labels.
    """
    groups = _Groups()
    for link in navigation:
        groups.add(link.label, _names_of(link))
    for label, slug in _pairs_of(trails):
        groups.add(label, {label, slug})
    for name in counted:
        groups.add(name, {name})
    found = [
        (sum(counted.get(name, 0) for name in names), FoundSection(label=label, names=frozenset(names)))
        for label, names in groups.of_label.items()
    ]
    read = sorted((row for row in found if row[0]), key=lambda row: -row[0])[:MAX_OFFERED]
    others = [FoundSection(label=one.label, names=one.names, is_read=False) for count, one in found if not count]
    return (*(one for _, one in read), *others[:MAX_OFFERED])


class _Groups:
    """Names by the label of their section; a name is in one of them."""

    def __init__(self) -> None:
        self.of_label: dict[str, set[str]] = {}
        self._label_of: dict[str, str] = {}  # of a compact name

    def add(self, label: str, names: set[str]) -> None:
        if not names:
            return
        known = next((self._label_of[key] for key in map(_compact, names) if key in self._label_of), label)
        self.of_label.setdefault(known, set()).update(names)
        for name in names:
            self._label_of.setdefault(_compact(name), known)


def _names_of(link: NavigationLink) -> set[str]:
    """Return the names of the section that a link of the navigation leads to; none if it leads elsewhere."""
    label, slug = normalize_section(link.label), normalize_section(slug_of(link.url))
    if not label or _NO_SECTION.search(link.url) or (len(label) <= 3 and language_code(label) is not None):
        return set()
    if language_code(slug) is not None:
        return set()
    return {label, slug} if _SLUG.fullmatch(slug) and not slug.isdecimal() else {label}


def _pairs_of(trails: Iterable[Sequence[str]]) -> Iterable[tuple[str, str]]:
    """Yield label and slug of the sections of breadcrumbs, if the names leave no doubt which belong together."""
    for names in trails:
        labels, slugs = names[: len(names) // 2], names[len(names) // 2 :]
        if len(labels) == len(slugs) and all(map(_SLUG.fullmatch, slugs)) and not any(map(_SLUG.fullmatch, labels)):
            yield from zip(labels, slugs, strict=True)


def _compact(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name)
