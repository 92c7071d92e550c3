"""Cite what is handed out: source, address, revision, times, and what could be seen of the source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from presswatch.mcp.answers import Citation, Coverage, Said, SourceCoverageNote
from presswatch.mcp.reading import Known, Reading
from presswatch.output.coverage_text import coverage_sentences, visible_percent
from presswatch.output.formats import field_value
from storage.articles.filters import ArticleFilter
from storage.articles.results import ArticleSummary
from storage.articles.revision_history import TextVersion, text_versions
from storage.coverage.appearance import Appearance
from storage.coverage.coverage import SourceCoverage
from storage.coverage.statements import Statement
from storage.database.article_sections import all_sections
from storage.search.matcher import IndexedDocument, compile_matcher
from storage.text.sanitize import sanitize

MAX_NOTES = 50
"""Sources whose coverage stands beside an answer: no fewer than it has articles."""
NOT_COVERED = "not known: the period that was asked for has not begun"


@dataclass(frozen=True, slots=True)
class Cited:
    """Make the citations of one answer, from the coverage of its sources."""

    notes: Mapping[str, SourceCoverageNote]

    @classmethod
    def beside(cls, coverage: Sequence[SourceCoverage]) -> Cited:
        """Take the coverage that stands beside an answer."""
        return cls({one.source: coverage_note(one) for one in coverage})

    def coverage(self, cited: Iterable[Citation]) -> Coverage:
        """Return the notes that stand beside an answer, at most MAX_NOTES."""
        named = {one.source for one in cited}
        notes = sorted(self.notes.values(), key=lambda note: (note.source not in named, note.share_visible))
        shown = sorted(notes[:MAX_NOTES], key=lambda note: note.source)
        return Coverage(source_count=len(notes), sources=tuple(shown))

    def summary(self, article: ArticleSummary, revision_number: int) -> Citation:
        """Cite the revision of an article that is in force."""
        note = self.notes.get(article.source)
        return Citation(
            article_id=article.id,
            revision_number=revision_number,
            title=sanitize(article.title),
            source=article.source,
            source_title=sanitize(article.source_title),
            url=sanitize(article.url),
            published_at=_publication(article),
            seen_from=article.revised_at or article.stored_at,
            seen_until=None,
            fetched_at=article.fetched_at,
            gone_at=article.gone_at,
            terms=sanitize(article.terms),
            coverage=NOT_COVERED if note is None else note.statement,
        )

    def known(self, known: Known) -> Citation:
        """Cite an article as it is known."""
        return self.summary(known.article, len(known.revisions) + 1)

    def version(self, article: ArticleSummary, version: TextVersion) -> Citation:
        """Cite a version of an article."""
        return replace(
            self.summary(article, version.revision_number),
            title=sanitize(version.title),
            published_at=_publication(version),
            seen_from=version.seen_from,
            seen_until=version.seen_until,
        )

    def said(self, reading: Reading, statement: Statement, wanted: ArticleFilter, bounds: Appearance) -> Said:
        """Quote the version of an article that says so, as it was known at the moment of the filter."""
        assert wanted.query is not None
        known = reading.article(statement.article.id, wanted.as_of)
        version = text_versions(known.article, known.revisions)[statement.version - 1]
        match = compile_matcher(wanted.query)(_document(known.article, version))
        return Said(
            citation=self.version(known.article, version),
            quote="" if match is None else sanitize(match.sentence),
            earliest=bounds.earliest,
            latest=bounds.latest,
        )


def _document(article: ArticleSummary, version: TextVersion) -> IndexedDocument:
    sections = all_sections(version.sections, article.section)
    return IndexedDocument(version.title, version.subtitle, version.body, sections, article.source, article.language)


def _publication(said: ArticleSummary | TextVersion) -> str | None:
    """Return the publication time as ISO 8601, or the day alone if it names no time."""
    at = field_value(said, "published_at")
    return None if at is None else str(at.isoformat())


def coverage_note(one: SourceCoverage) -> SourceCoverageNote:
    """Say what could be seen of a source, in figures and in words."""
    return SourceCoverageNote(
        source=one.source,
        source_title=sanitize(one.title),
        since=one.since,
        until=one.until,
        is_complete=one.is_complete,
        share_visible=one.share_visible,
        statement=_statement(one),
    )


def _statement(one: SourceCoverage) -> str:
    period = f"from {moment_text(one.since)} until {moment_text(one.until)}"
    if one.is_complete:
        return f"all visible {period}"
    return f"{visible_percent(one)} % visible {period}; not visible: {'; '.join(coverage_sentences([one]))}"


def moment_text(at: datetime | None) -> str:
    """Format a time in UTC to the second, as ISO 8601; a dash for None."""
    return "-" if at is None else at.isoformat(timespec="seconds")
