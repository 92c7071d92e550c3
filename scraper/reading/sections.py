"""Read the sections of an article from its elements, breadcrumbs, JSON-LD, meta tags and the address."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborNode

from scraper.parsing.html_tree import attribute
from scraper.parsing.language_codes import language_code
from scraper.parsing.source_urls import slug_of
from scraper.parsing.text import compact
from scraper.reading.candidates import Candidate, Grade
from scraper.reading.json_ld import texts_of
from scraper.reading.metadata import PageMetadata
from scraper.reading.page_address import is_site_root, resolve
from scraper.reading.page_elements import PageElements, line_of
from scraper.reading.titles import agree
from scraper.reading.tree_walk import first_block_line, single_line, with_ancestors
from storage.text.section_names import normalize_section

SECTION_METAS = (
    *("article:section", "og:article:section", "og:section", "http://ogp.me/ns/article#section", "parsely-section"),
    *("articlesection", "section", "analytics:rubric", "prism.section", "taboola-section", "outbrain:section"),
    *("mrf:sections", "rubric", "category"),
)
MAX_SECTIONS = 10
MAX_LABELS = 50
MAX_LABEL_LENGTH = 500
MAX_ELEMENT_LENGTH = 100
"""Maximum characters of all section labels in the element of one article."""
MAX_NAME_LENGTH = 60
"""Characters of a longer breadcrumb are a headline."""

_HOME = frozenset(
    map(
        compact,
        (
            *(
                "home",
                "homepage",
                "main",
                "start",
                "startseite",
                "accueil",
                "inicio",
                "início",
                "главная",
                "на главную",
            ),
            *("головна", "басты бет", "əsas", "əsas səhifə", "ana səhifə", "anasayfa", "ana sayfa", "strona główna"),
            *(
                "domů",
                "domov",
                "hem",
                "hjem",
                "etusivu",
                "beranda",
                "trang chủ",
                "首页",
                "ホーム",
                "홈",
                "الرئيسية",
                "خانه",
            ),
            *("bosh sahifa", "გთავარი", "მთავარი", "գլխավոր", "úvod", "pagina principală", "acasă"),
        ),
    )
)
_SPLIT = re.compile(r"\s*[;|>»›]\s*|\s+/\s+")
_NO_SECTION = re.compile(
    r"[0-9]{4,}|\A(?:[0-9]+|articles?|artikel|story|stories|posts?|p|a|id|news|nachrichten|noticias?|novosti|xeber|xeberler"
    r"|haber|content|node|index|view|detail|read|web|www|site|archives?|en_[a-z]{2}|amp|mobile|print)\Z",
    re.IGNORECASE,
)


class Crumb(NamedTuple):
    """Step of a trail of breadcrumbs: its name, and the address that it links to."""

    name: str
    href: str


def section_labels(element: LexborNode) -> Iterator[str]:
    """Yield the section names of an element: its label, or one per link within; then the slug of each link."""
    # An unclosed element contains the article, whose links are not sections.
    is_unclosed = single_line(element, MAX_ELEMENT_LENGTH) is None
    within = (
        [] if is_unclosed else [link for link in element.css("a")[: MAX_LABELS + 1] if link.mem_id != element.mem_id]
    )
    yield from map(first_block_line, within[:MAX_LABELS] or [element])
    links = (*(around for around in with_ancestors(element) if around.tag == "a"), *within[:MAX_LABELS])
    yield from (slug_of(attribute(link, "href")) for link in links)


def section_candidates(
    metadata: PageMetadata, elements: Callable[[], PageElements], title: str
) -> Iterator[Candidate[tuple[str, ...]]]:
    """Yield the normalized sections of a page, labels before the slugs that they link to."""
    trail = _sections_of(metadata.linked_data.breadcrumbs, metadata, title)
    yield Candidate(trail, "JSON-LD BreadcrumbList")
    values = (text for item in metadata.articles for text in texts_of(item.get("articleSection")))
    yield Candidate(_names(values, metadata), "JSON-LD articleSection")
    for content, provenance in metadata.metas(*SECTION_METAS):
        yield Candidate(_names([content], metadata), provenance)
    home = urlsplit(metadata.url)
    links = elements().breadcrumbs or elements().printed_trail(f"{home.scheme}://{home.netloc}")
    crumbs = [Crumb(line_of(link, MAX_NAME_LENGTH) or "", link.attributes.get("href") or "") for link in links]
    yield Candidate(_sections_of(crumbs, metadata, title), "breadcrumbs", Grade.MARKED)
    yield Candidate(_names(_address_words(metadata.url), metadata), "address", Grade.GUESSED)


def _sections_of(crumbs: Sequence[tuple[str, str]], metadata: PageMetadata, title: str) -> tuple[str, ...]:
    """Return the sections of a trail: without the home page and the article itself."""
    found = []
    for name, href in crumbs:
        address = resolve(href, metadata.base_url) if href else None
        is_home = address is not None and is_site_root(address)
        if not is_home and not agree(name, title) and (address is None or address != metadata.url):
            found.append((name, address))
    slugs = (urlsplit(address).path.rstrip("/").rpartition("/")[2] for _, address in found if address)
    return _names([*(name for name, _ in found), *map(unquote, slugs)], metadata)


def _names(labels: Iterable[str], metadata: PageMetadata) -> tuple[str, ...]:
    parts = (part for label in islice(labels, MAX_LABELS) for part in _SPLIT.split(label[:MAX_LABEL_LENGTH]))
    names = (
        normalize_section(part)
        for part in parts
        if len(part) <= MAX_NAME_LENGTH and _is_section(part, metadata.site_names)
    )
    return tuple(dict.fromkeys(filter(None, names)))[:MAX_SECTIONS]


def _is_section(label: str, site_names: Collection[str]) -> bool:
    name = compact(label)
    return bool(name) and name not in _HOME and name not in site_names and "." not in label.strip(".")


def _address_words(url: str) -> Iterator[str]:
    """Yield the words of the path that may name a section: no date, number, language or word for an article."""
    segments = [unquote(segment) for segment in urlsplit(url).path.split("/")[:-1] if segment]
    for segment in segments[:MAX_SECTIONS]:
        if not _NO_SECTION.search(segment) and language_code(segment) is None and segment.count("-") < 3:
            yield segment
