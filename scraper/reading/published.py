"""Find the publication date of a page among what its selectors, metadata, markup, date lines and address state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, islice
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborNode

from scraper.parsing.date_lexicon import UPDATED, normalize
from scraper.parsing.dates import MAX_DATE_LENGTH, is_time_of_day, parse_date
from scraper.reading.candidates import Candidate, Choice, Grade, choose
from scraper.reading.metadata import PageMetadata
from scraper.reading.page_elements import (
    PageElements,
    TextBeside,
    class_of,
    is_of_other_date,
    line_of,
    texts_beside,
    texts_within,
)
from storage.model.published import MAX_DAY_LEAD, is_in_future
from storage.model.records import DatePrecision
from storage.text.sanitize import clean_text

_META_NAMES = (
    "article:published_time og:article:published_time http://ogp.me/ns/article#published_time article:published"
    " article:published_date article:publish_date og:published_time og:publish_date og:pubdate published_time"
    " datepublished date_published parsely-pub-date cxenseparse:recs:publishtime cxenseparse:publishtime"
    " cxenseparse:recs:published_time sailthru.date bt:pubdate pubdate publishdate publish-date publisheddate"
    " published-date published_at publish_date published published-time publication_date publicationdate"
    " content:publishdate prism.publicationdate dc.date.issued dc:date.issued dcterms.issued dcterms.date"
    " dcterms.created dc.date.created dc.date.published dc.date dc:date citation_date citation_publication_date"
    " citation_online_date article_date_original article.published article:created og:article:time og:release_date"
    " release:date release_date date-pub date.created date.available datecreated displaydate"
    " originalpublicationdate iso-8601-publish-date outbrain-date gsa_date timestamp date"
)
DATE_METAS = tuple(_META_NAMES.split())
"""Names of meta tags that state when a page was published, the most reliable first.

Those of other prefixes, such as `awa-publisheddate`, are found by their words.
"""

_TELLING_META = re.compile(
    r"(?:publish(?:ed)?|pub|publication|issue)[-_.]?(?:date|time)|(?:date|time)[-_.]?publish", re.IGNORECASE
)
_OTHER_META = re.compile(r"modif|updat|expir|unpubl|next|copyright|event|start|end\b|recs:", re.IGNORECASE)

_DAY_WITHIN = re.compile(
    r"(?<![\w.,/-])(?:"
    r"[0-9]{1,2}(?:st|nd|rd|th)?[ .-]+(?:de )?[^\W\d_]{3,12}\.?,?(?: / [^\W\d_]{3,10})?(?: de)? (?:19|20)[0-9]{2}"
    r"|[^\W\d_]{3,12}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}"
    r"|[0-9]{1,2}([./-])[0-9]{1,2}\1(?:19|20)[0-9]{2}"
    r"|(?:19|20)[0-9]{2}([./-])[0-9]{1,2}\2[0-9]{1,2}"
    r")(?!\w)"
)
_TWO_MONTHS = re.compile(r"([^\W\d_]{3,12}) / [^\W\d_]{3,12} ")  # of two calendars of months: نيسان / أبريل
_SCRIPT_DATE = re.compile(
    r"(?P<name>date_?published|published_?(?:date|at|time|on)?|publish_?(?:date|time)|pub_?date|publication_?date"
    r"|first_?published\w{0,4}|(?:show|print|write)_?(?:date|time))[\"']?\s{0,5}[:=(]\s{0,5}[\"'](?P<date>[^\"'<>]{6,40})[\"']",
    re.IGNORECASE,
)
MAX_SCRIPT_LENGTH = 100_000
"""Characters of a script that are searched for a date."""
MAX_SCRIPTS = 50
MAX_SCRIPT_DATES = 5

MAX_PRINTED = 10
"""Maximum texts with a year that are parsed behind the heading."""
MAX_LABEL = 30
"""Characters of a text before a date that may be its label."""
MAX_AROUND = 45
"""Characters beside a day in a line of its date; a longer line is prose."""
_OTHER_LINE = re.compile(
    r"updat|modif|correct|edited|changed|review|expire|aktualis|geändert|mis à jour|actualiz|aggiornat|обновлен|изменен"
    r"|оновлен|yenilən|güncel|©|copyright|\(c\)|rights reserved|isbn|issn|doi|vol\.|next|upcoming|nächste|deadline"
    r"|until",
    re.IGNORECASE,
)

_AROUND = " /|•·—–-,:()[]"
_SEPARATOR = re.compile(r"\s*[|•·—–]\s*|\s+-\s+")
_LABEL_OF_TIME = re.compile(
    r"\W*(?:time|zeit|uhrzeit|heure|hora|ora|время|час|vaxt|vaxtı|saat|saatı|ժամ|ժամը|დრო|الساعة|ساعت)\W*",
    re.IGNORECASE,
)
MAX_PARTS = 6
"""Maximum texts of an element that may be the parts of one date."""
_YEAR = re.compile(r"(?:19|20|13|14|25)[0-9]{2}|[0-9]{1,2}[./][0-9]{1,2}[./][0-9]{2}")


@dataclass(frozen=True, slots=True)
class PublishedDate:
    """Publication date of a page: parsed as far as possible, and as printed."""

    published_at: datetime | None = None
    raw: str | None = None
    precision: DatePrecision | None = None


_FAR_EAST, _FAR_WEST = ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")


@dataclass(frozen=True, slots=True)
class DateReader:
    """Parser of the dates of one page: in the zone and language of its source, as of its fetch."""

    zone: ZoneInfo
    fetched_at: datetime
    language: str | None = None

    def candidate(self, text: str, provenance: str, grade: Grade) -> Candidate[PublishedDate]:
        """Parse a date; one that is not understood has the text alone."""
        # Servers write 11/01/2023 into metadata by their own rules, whatever the language of the page.
        language = None if grade is Grade.STATED else self.language
        parsed = parse_date(text, self.zone, now=self.fetched_at, language=language)
        value = PublishedDate(raw=text) if parsed is None else PublishedDate(parsed[0], text, parsed[1])
        return Candidate(value, provenance, grade)

    def has_offset(self, date: PublishedDate) -> bool:
        """Return whether a date states its zone, so that it is one instant wherever it is read."""
        if date.published_at is None or date.precision is DatePrecision.DAY:
            return False
        other = _FAR_EAST if self._is_west else _FAR_WEST
        read = parse_date(date.raw or "", other, now=self.fetched_at, language=self.language)
        return read is not None and read[0] == date.published_at

    @property
    def _is_west(self) -> bool:
        return (self.fetched_at.astimezone(self.zone).utcoffset() or timedelta()) < timedelta()

    def is_valid(self, date: PublishedDate) -> bool:
        """Return whether a date was understood; one in the future or before the web is that of something else."""
        at = date.published_at
        return at is not None and at.year >= 1900 and not is_in_future(at, date.precision, self.fetched_at)


def choose_published(
    candidates: Iterable[Candidate[PublishedDate]], reader: DateReader, guesses: Iterable[Candidate[PublishedDate]] = ()
) -> Choice[PublishedDate]:
    """Choose the first date that is valid; one without a zone yields to one with a zone within a day of it.

    A day yields to a time on it. `guesses` are read only if no candidate is valid, or the valid one is a day alone:
    printed dates have no zones.
    """
    choice = choose(candidates, reader.is_valid)
    chosen = choice.chosen
    if chosen is None:
        guess = choose(guesses, reader.is_valid)
        return replace(guess, refused=(*choice.refused, *guess.refused))
    if reader.has_offset(chosen.value):
        return choice
    lost = choice.evidence()
    after = lost[len(choice.refused) :]
    better = next((one for one in after if _is_near(one.value, chosen.value) and reader.has_offset(one.value)), None)
    if better is None and chosen.value.precision is DatePrecision.DAY:
        better = next((one for one in chain(after, guesses) if _is_time_on(chosen.value, one, reader)), None)
    if better is None or not reader.is_valid(better.value):
        return Choice(chosen, lost)
    return Choice(better, (*choice.refused, chosen, *(one for one in after if one is not better)))


def _is_time_on(day: PublishedDate, candidate: Candidate[PublishedDate], reader: DateReader) -> bool:
    """Return whether a candidate states a time on a day, or on the day before: the day may be that of the print.

    A later time is that of an update. One that is merely printed must be on the day itself.
    """
    at = candidate.value.published_at
    if at is None or day.published_at is None or candidate.value.precision is DatePrecision.DAY:
        return False
    days = (day.published_at.date() - at.astimezone(reader.zone).date()).days
    return days == 0 or (days == 1 and candidate.grade is not Grade.GUESSED)


def _is_near(first: PublishedDate, second: PublishedDate) -> bool:
    if first.published_at is None or second.published_at is None:
        return False
    day_begins = MAX_DAY_LEAD if second.precision is DatePrecision.DAY else timedelta()
    return (
        -timedelta(days=1)
        <= first.published_at - second.published_at + day_begins
        <= timedelta(days=1) + 2 * day_begins
    )


def stated_dates(metadata: PageMetadata, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the dates of metadata: of the article in JSON-LD and of meta tags, which go first if it may be another."""
    places = (metadata.article_texts("datePublished"), metadata.metas(*DATE_METAS))
    for text, provenance in chain(*(places if metadata.confirmed_articles else reversed(places))):
        yield reader.candidate(text, provenance, Grade.STATED)
    for name, contents in metadata.meta_tags.items():
        if name not in DATE_METAS and _TELLING_META.search(name) and not _OTHER_META.search(name):
            yield reader.candidate(contents[0], f"meta {name}", Grade.STATED)
    for text, provenance in (*metadata.article_texts("dateCreated"), *metadata.article_texts("uploadDate")):
        yield reader.candidate(text, provenance, Grade.STATED)


def marked_dates(elements: PageElements, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the dates of markup: itemprop of the article, time elements."""
    for node, name in elements.properties("datepublished", "datecreated"):
        for text in _machine_texts(node):
            yield reader.candidate(text, f"itemprop {name}", Grade.MARKED)
    for node in elements.times:
        if not _is_behind_update(node):
            for text in _machine_texts(node):
                yield reader.candidate(text, "time", Grade.MARKED)
            yield from _joined_dates(node, "time", Grade.MARKED, reader)


def line_dates(elements: PageElements, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the dates of lines of telling classes, with the time that stands in another element."""
    for node in elements.date_lines:
        line = line_of(node, MAX_DATE_LENGTH)
        if line and not _is_behind_update(node):
            provenance = f"class {class_of(node)}"
            yield from _joined_dates(node, provenance, Grade.GUESSED, reader)
            yield reader.candidate(_bare(line), provenance, Grade.GUESSED)


def _is_behind_update(node: LexborNode) -> bool:
    """Return whether the text before an element, in its parent or before that, is a label of an update."""
    before = next(texts_beside(node, forward=False), None)
    return before is not None and _is_label_of_update(before.text)


def _is_label_of_update(text: str) -> bool:
    return len(text) <= MAX_LABEL and UPDATED.search(normalize(text)) is not None


def _joined_dates(
    node: LexborNode, provenance: str, grade: Grade, reader: DateReader
) -> Iterator[Candidate[PublishedDate]]:
    """Yield the date of an element that has a day, or a time, alone, with the other part beside it.

    Also that of an element whose parts, such as `<i>12.03.2026</i><i>14:05</i>`, no space divides. No time is joined
    that stands between two days, or behind a label of an update.
    """
    line = _bare(line_of(node, MAX_DATE_LENGTH) or "")
    if not line:
        return
    own = reader.candidate(line, provenance, grade)
    if own.value.published_at is None and not is_time_of_day(line):
        parts = texts_within(node)
        if 1 < len(parts) <= MAX_PARTS:
            yield reader.candidate(_bare(" ".join(parts)), provenance, grade)
    elif own.value.published_at is None or own.value.precision is DatePrecision.DAY:
        is_day = own.value.published_at is not None
        found = [text for text in (_part_beside(node, forward=way) for way in (True, False)) if text]
        other = [text for text in found if (is_time_of_day(text) if is_day else _is_day(text, reader))]
        if len(other) == 1:
            day, time = (line, other[0]) if is_day else (other[0], line)
            joined = reader.candidate(f"{day} {time}", f"{provenance} with what is beside it", grade)
            if joined.value.published_at is not None:
                yield joined


def _is_day(text: str, reader: DateReader) -> bool:
    value = reader.candidate(text, "", Grade.GUESSED).value
    return value.published_at is not None and value.precision is DatePrecision.DAY


def _part_beside(node: LexborNode, *, forward: bool) -> str:
    """Return the text next to an element, up to a separator; a label of a time before it is left out."""
    found = list(islice(texts_beside(node, forward=forward), 2))
    if not found or is_of_other_date(found[0].node):
        return ""
    if not forward:
        return "" if _is_behind_update(found[0].node) else _bare(_SEPARATOR.split(found[0].text.rstrip(_AROUND))[-1])
    if len(found) > 1 and _LABEL_OF_TIME.fullmatch(found[0].text) and not is_of_other_date(found[1].node):
        return _bare(_SEPARATOR.split(found[1].text.lstrip(_AROUND))[0])
    return _bare(_SEPARATOR.split(found[0].text.lstrip(_AROUND))[0])


def script_dates(elements: PageElements, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the dates that inline scripts give a name of publication, as data for advertisements and statistics."""
    scripts = (script[:MAX_SCRIPT_LENGTH] for script in islice(elements.scripts, MAX_SCRIPTS))
    found = (match for script in scripts for match in _SCRIPT_DATE.finditer(script))
    for match in islice(found, MAX_SCRIPT_DATES):
        found_day = _DAY_WITHIN.match(match["date"])
        for text in (match["date"], *([found_day[0]] if found_day else ())):
            yield reader.candidate(text, f"script {match['name']}", Grade.GUESSED)


def printed_dates(elements: PageElements, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the dates that are printed behind the heading: alone, then as the day of a short line."""
    dated = dated_texts(elements)
    for one in dated:
        line = line_of(one.node, MAX_DATE_LENGTH)
        if line and not _OTHER_LINE.search(line):
            yield from _joined_dates(one.node, "text behind the heading", Grade.GUESSED, reader)
            yield reader.candidate(_bare(line), "text behind the heading", Grade.GUESSED)
        yield reader.candidate(_bare(one.text), "text behind the heading", Grade.GUESSED)
    for text in (one.text for one in dated):
        for found in _DAY_WITHIN.finditer(_TWO_MONTHS.sub(r"\1 ", text)):
            if len(text) - len(found[0]) <= MAX_AROUND:
                yield reader.candidate(found[0], "day in a text behind the heading", Grade.GUESSED)


def dated_texts(elements: PageElements) -> list[TextBeside]:
    """Return the first texts behind the heading that may print the date of the article.

    A date of an update, of an event or of a copyright is none, nor is one behind a label of an update.
    """
    dated: list[TextBeside] = []
    before = ""
    for one in elements.texts_behind_heading():
        text = one.text
        is_dated = len(text) <= MAX_DATE_LENGTH and _YEAR.search(text) is not None
        if is_dated and not _OTHER_LINE.search(text) and not (len(before) <= MAX_LABEL and _OTHER_LINE.search(before)):
            dated.append(one)
        if len(dated) == MAX_PRINTED:
            break
        before = text
    return dated


def _bare(text: str) -> str:
    """Return a text without marks around it; the bracket of a zone, `(UTC +04:00)`, is part of it."""
    bare = text.strip(_AROUND)
    return f"{bare})" if bare.count("(") > bare.count(")") and f"{bare})" in text else bare


def _machine_texts(node: LexborNode) -> Iterator[str]:
    """Yield the texts of a date in markup: for machines in an attribute, then as printed."""
    attributes = node.attributes
    for name in ("datetime", "content", "title", "data-datetime", "data-time"):
        if attributes.get(name):
            yield clean_text(attributes[name] or "")
    line = line_of(node, MAX_DATE_LENGTH)
    if line:
        yield line


_ADDRESS_DAY = (
    re.compile(r"[/_.=-](?P<year>(?:19|20)[0-9]{2})[/_.-](?P<month>[0-9]{1,2})[/_.-](?P<day>[0-9]{1,2})(?![0-9])"),
    re.compile(r"[/_.=-](?P<year>20[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>[0-2][0-9]|3[01])(?![0-9])"),
    re.compile(r"[/_.=-](?P<day>[0-9]{1,2})[/_.-](?P<month>[0-9]{1,2})[/_.-](?P<year>20[0-9]{2})(?![0-9])"),
    re.compile(r"[/_-](?P<year>20[0-9]{2})[/_-]?(?P<word>[a-z]{3,9})[/_-](?P<day>[0-9]{1,2})(?![0-9])", re.IGNORECASE),
)


def address_dates(url: str, reader: DateReader) -> Iterator[Candidate[PublishedDate]]:
    """Yield the day in the address of the page."""
    for form in _ADDRESS_DAY:
        found = form.search(url)
        if found is not None:
            parts = found.groupdict()
            month = parts["word"] if "word" in parts else parts["month"]
            text = (
                f"{parts['day']} {month} {parts['year']}"
                if "word" in parts
                else (f"{parts['year']}-{int(month):02}-{int(parts['day']):02}")
            )
            yield reader.candidate(text, "address", Grade.GUESSED)
