"""Read authors as a list of names: from JSON-LD, meta tags, markup and bylines."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

from selectolax.lexbor import LexborNode

from scraper.parsing.text import compact
from scraper.reading.candidates import Candidate, Grade
from scraper.reading.json_ld import texts_of
from scraper.reading.labels import byline_label, byline_start, has_colon, is_of_authors, picture_in_brackets
from scraper.reading.metadata import PageMetadata
from scraper.reading.page_elements import PageElements, class_of, line_of
from storage.text.sanitize import clean_text

AUTHOR_METAS = (
    *("author", "article:author", "article:author_name", "http://ogp.me/ns/article#author", "parsely-author"),
    *("sailthru.author", "cxenseparse:author", "dc.creator", "dc:creator", "og:article:author", "og:author"),
    *("bt:author", "article:byline", "byline", "citation_author", "citation_authors", "article_author"),
    *("dable:author", "bc:authors", "creator", "twitter:creator"),
)
MAX_AUTHORS = 20
MAX_TEXTS = 100
"""Maximum texts of one place that are searched for names."""
MAX_BYLINE_LENGTH = 400
"""Characters of a longer byline are prose."""
MAX_NAME_LENGTH = 80
MAX_NAME_WORDS = 7
MAX_LABEL_LENGTH = 30
"""Characters of a text that may be a label alone."""
MAX_LABELLED_LENGTH = 160
"""Characters of names with their label."""

_MAIL_OR_LINK = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|(?<!\w)@\w+", re.IGNORECASE)
_PICTURE = "¦"
"""Stands for the role of a photographer, behind the name."""
_IN_BRACKETS = re.compile(r"\s*[(\[<][^()\[\]<>]*[)\]>]")
_AND = r"and|und|et|y|e|ed|og|och|ja|en|i|a|si|și|ve|və|и|і|та|й|and by|with"
_STRONG = re.compile(rf"\s*[;|•·\n、]\s*|\s+/\s+|\s*&\s*|\s*,?\s+(?:{_AND})\s+")
_BETWEEN = re.compile(r"[,،]|\s[-–—]\s")
_NAMES_OF_NOBODY = (
    "admin administrator author authors staff editor editors editorial newsroom redaktion redaction redazione редакция"
    " редактор админ автор reporter webmaster user guest anonymous root none null undefined unknown team online news"
    " newsdesk web default superuser"
)
_NO_NAMES = frozenset(_NAMES_OF_NOBODY.split())
_WORDS_OF_FURNITURE = (
    "twitter facebook follow share published updated posted home login comments read more subscribe view all quelle"
)
_NO_WORDS = frozenset(_WORDS_OF_FURNITURE.split())
_AGENCY_NAMES = (
    "dpa afp ap apnews reuters sid apa kna epd ansa efe tass тасс риановости интерфакс xinhua sda ats belga anp ntb tt"
    " ritzau pti ani ians kyodo jiji yonhap unian укринформ укрінформ azertac azərtac turan trend"
)
AGENCIES = frozenset(_AGENCY_NAMES.split())
"""Compact names of news agencies, which are authors beside persons: "Ann Lee, dpa"."""
_PARTICLE_WORDS = "von van de la le al bin di da del della der den dos du el zu ibn ter af und y e"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_DIGIT = re.compile(r"[0-9]")
_ROLE = re.compile(
    r"\b(?:reporter|editor|correspondent|writer|journalist|producer|columnist|contributor|analyst|director|professor"
    r"|redakteur(?:in)?|korrespondent(?:in)?|journalistin|staff|fellow|bureau|chief|officer|photographer|"
    r"корреспондент|журналист(?:ка)?|редактор|обозреватель|muxbir)\b",
    re.IGNORECASE,
)


def names_of(texts: Iterable[str], site_names: Collection[str], *, is_printed: bool = False) -> tuple[str, ...]:
    """Return the names in texts such as "By Ann Lee and Bo Wu, BBC", without labels, roles, publishers and addresses.

    `site_names` are compact (scraper.reading.titles). `is_printed`: the texts are of elements that are bylines by their
    class alone, so that a name must look like one.
    """
    names: dict[str, str] = {}
    for text in islice(texts, MAX_TEXTS):
        for name in _names(text, site_names):
            if not is_printed or _looks_like_a_name(name):
                names.setdefault(compact(name), name)
    return tuple(names.values())[:MAX_AUTHORS]


def _names(text: str, site_names: Collection[str]) -> Iterator[str]:
    unescaped = picture_in_brackets().sub(_PICTURE, html.unescape(text[: 2 * MAX_BYLINE_LENGTH]))
    line = clean_text(_MAIL_OR_LINK.sub(" ", _IN_BRACKETS.sub("", unescaped)))
    if not line or len(line) > MAX_BYLINE_LENGTH:
        return
    if compact(line) in site_names:  # whose name may have an "and" in it
        return
    parts = (part for written in _written(line) for part in _STRONG.split(_without_prefix(written)))
    for part in parts:
        for name in _comma_parts(part or ""):
            cleaned = _without_prefix(name).strip(" .,:;-–—*/\"'“”„()[]")
            if _PICTURE not in name and _is_name(cleaned, site_names):
                yield cleaned


def _written(line: str) -> list[str]:
    """Return the parts of a byline that name authors, without those behind a label of photographers."""
    labels = list(byline_label().finditer(line)) if has_colon(line) else []
    if not labels:
        return [line]
    ends = [*(label.start() for label in labels[1:]), len(line)]
    behind = (line[label.end() : end] for label, end in zip(labels, ends, strict=True) if is_of_authors(label["label"]))
    return [part for part in (line[: labels[0].start()], *behind) if compact(part)]


def _without_prefix(text: str) -> str:
    return byline_start().sub("", text, count=1)


def _comma_parts(text: str) -> list[str]:
    """Split on commas and dashes between whole names and agencies; roles and places after a name are dropped."""
    parts = [part.strip() for part in _BETWEEN.split(text) if part.strip()]
    if len(parts) < 2:
        return parts
    return [part for part in parts if _is_whole_name(part) or compact(part) in AGENCIES] or parts[:1]


def _is_whole_name(text: str) -> bool:
    words = text.split()
    return 2 <= len(words) <= MAX_NAME_WORDS and not _ROLE.search(text) and not words[0][:1].islower()


def _is_name(text: str, site_names: Collection[str]) -> bool:
    name = compact(text)
    if len(name) < 2 or len(text) > MAX_NAME_LENGTH or len(text.split()) > MAX_NAME_WORDS:
        return False
    return not (name in _NO_NAMES or "admin" in name or name in site_names or _DIGIT.search(text) or "://" in text)


def _looks_like_a_name(text: str) -> bool:
    """Return whether a text has two words or more, each with a capital if its script has them, and none of a role."""
    words = text.split()
    if _ROLE.search(text) or any(compact(word) in _NO_WORDS for word in words):
        return False
    is_cased = text.lower() != text.upper()
    return not is_cased or (len(words) > 1 and not any(word[0].islower() and word not in _PARTICLES for word in words))


def author_candidates(
    metadata: PageMetadata,
    elements: Callable[[], PageElements],
    declared: Collection[str],
    *,
    with_guesses: bool = True,
) -> Iterator[Candidate[tuple[str, ...]]]:
    """Yield the authors of a page: of JSON-LD, meta tags, itemprop, rel=author, links to authors, bylines.

    `declared` are the compact names of the source, which are never authors. The names that the page gives its
    publisher are left out, too; one that a statement gives as the author is the last candidate. Without guesses,
    bylines are left out: those of a page on which the selector of its source found none.
    """
    stated = [(texts, provenance) for texts, provenance in _stated(metadata) if texts]
    for texts, provenance in stated:
        yield Candidate(names_of(texts, {*declared, *metadata.site_names}), provenance)
    for texts, provenance in _marked(elements()):
        if texts:
            yield Candidate(names_of(texts, {*declared, *metadata.site_names}), provenance, Grade.MARKED)
    for texts, provenance in _printed(elements()) if with_guesses else ():
        if texts:
            names = names_of(texts, {*declared, *metadata.site_names}, is_printed=True)
            yield Candidate(names, provenance, Grade.GUESSED)
    for texts, provenance in stated:
        whole = tuple(
            clean_text(text) for text in texts[:MAX_AUTHORS] if compact(text) in metadata.site_names - set(declared)
        )
        yield Candidate(whole or names_of(texts, declared), provenance, Grade.GUESSED)


def _stated(metadata: PageMetadata) -> Iterator[tuple[list[str], str]]:
    for name in ("author", "creator"):
        values = (one for item in metadata.articles for one in metadata.linked_data.resolve(item.get(name)))
        yield [text for value in values for text in texts_of(value)], f"JSON-LD {name}"
    for name in AUTHOR_METAS:
        if name in metadata.meta_tags:
            yield [text for text, _ in metadata.metas(name)], f"meta {name}"


def _marked(elements: PageElements) -> Iterator[tuple[list[str], str]]:
    properties = (node.css_first("[itemprop~='name' i]") or node for node, _ in elements.properties("author"))
    yield [text for node in properties for text in byline_texts(node)], "itemprop author"
    yield [text for node in elements.author_links for text in byline_texts(node)], "rel author"


def _printed(elements: PageElements) -> Iterator[tuple[list[str], str]]:
    for node in elements.bylines:
        links = [text for link in node.css("a")[:MAX_AUTHORS] for text in byline_texts(link)]
        yield links, f"class {class_of(node)}"
        yield byline_texts(node), f"class {class_of(node)}"
    links = [text for node in elements.author_pages for text in byline_texts(node)]
    yield links[:1], "link to an author"
    yield from ((text, "label of a byline") for text in _labelled(elements))


def _labelled(elements: PageElements) -> Iterator[list[str]]:
    """Yield the texts near the heading that begin with a label of authors and its colon, or stand behind one."""
    for text, after in elements.texts_like(lambda text, after: bool(_labelled_line(text, after))):
        yield [_labelled_line(text, after)]


def _labelled_line(text: str, after: str) -> str:
    """Return the text with its label, with the one behind it if it is a label alone; empty if it has none."""
    if len(text) > MAX_LABELLED_LENGTH:
        return ""
    line = f"{text} {after[:MAX_LABELLED_LENGTH]}" if len(text) <= MAX_LABEL_LENGTH else text
    label = byline_label().match(line) if has_colon(line[: MAX_LABEL_LENGTH + 2]) else None
    if label is None or not is_of_authors(label["label"]):
        return ""
    return line if label.end() >= len(text) else text


def byline_texts(node: LexborNode) -> list[str]:
    """Return the texts of a byline: one per element with a whole name, else its line."""
    content = node.attributes.get("content")
    if content:
        return [content]
    line = line_of(node, MAX_BYLINE_LENGTH)
    if line is None:
        return []
    pieces = [clean_text(piece) for piece in node.text(separator="\n").split("\n")]
    pieces = [piece for piece in pieces if compact(piece)]
    return pieces if len(pieces) > 1 and all(_is_whole_name(_without_prefix(piece)) for piece in pieces) else [line]
