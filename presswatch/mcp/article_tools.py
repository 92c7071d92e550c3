"""Answer what articles say: a search, one article, its versions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from presswatch.mcp.answers import ArticleAnswer, FoundArticle, SearchAnswer, Version, VersionsAnswer
from presswatch.mcp.arguments import ArticleArguments, SearchArguments, VersionsArguments
from presswatch.mcp.citations import Cited
from presswatch.mcp.plain_text import plain_text
from presswatch.mcp.reading import Known, Reading
from presswatch.output.article_records import PageIterator
from presswatch.output.history_text import mark_diff, render_diff, version_fields
from storage.articles import cursors
from storage.articles.as_of import revision_at
from storage.articles.filters import ArticleFilter, Cursor, Sort
from storage.articles.highlight import highlights
from storage.articles.results import ArticleSummary, Highlight
from storage.articles.revision_history import TextVersion, text_versions
from storage.model.errors import ConfigError
from storage.text.sanitize import sanitize
from storage.text.word_diff import diff, word_count

MAX_CHANGES_LENGTH = 4_000
"""Characters of the changes of one version."""


def search(reading: Reading, asked: SearchArguments) -> SearchAnswer:
    """Return a page of the articles that pass the filter."""
    wanted = reading.filter(
        query=asked.query,
        since=asked.since,
        until=asked.until,
        source=asked.source,
        section=asked.section,
        language=asked.language,
        author=asked.author,
        edited_since=asked.edited_since,
        is_stealth=asked.is_stealth,
        gone=asked.is_gone,
        as_of=asked.as_of,
    )
    sort = asked.sort or wanted.usual_sort
    after = _cursor(asked.cursor, sort)
    found = reading.store.articles.find(wanted, sort=sort, limit=asked.limit + 1, after=after, now=reading.now)
    page = PageIterator(found, asked.limit)
    rows = list(_quoted(reading, wanted, page))
    sources = () if wanted.source is None else (wanted.source,)
    coverage = reading.coverage_beside(since=wanted.since, until=wanted.until, as_of=wanted.as_of, sources=sources)
    cited = Cited.beside(coverage)
    articles = tuple(_found(reading, cited, row, wanted.as_of) for row in rows)
    return SearchAnswer(
        articles=articles,
        next_cursor=page.next_page(sort),
        known_at=reading.known_at(wanted.as_of),
        coverage=cited.coverage(one.citation for one in articles),
    )


def _cursor(typed: str | None, sort: Sort) -> Cursor | None:
    try:
        return None if typed is None else cursors.decode(typed, sort)
    except ValueError as error:
        raise ConfigError(f"cursor: {error}") from error


def _quoted(reading: Reading, wanted: ArticleFilter, page: PageIterator) -> Iterator[Highlight]:
    if wanted.query is None:
        return map(Highlight, page)
    return highlights(reading.store, wanted.query, page, lambda match: match.sentence, as_of=wanted.as_of)


def _found(reading: Reading, cited: Cited, row: Highlight, as_of: datetime | None) -> FoundArticle:
    article = row.article
    return FoundArticle(
        citation=cited.summary(article, _revision_number(reading, article, as_of)),
        quote=sanitize(row.snippet),
        section=article.section,
        language=article.language,
        view_count=article.view_count,
    )


def _revision_number(reading: Reading, article: ArticleSummary, as_of: datetime | None) -> int:
    """Return the number of the revision in force, at a moment or now."""
    if article.revised_at is None:
        return 1
    revisions = reading.store.articles.revisions(article.id)
    said = None if as_of is None else revision_at(revisions, as_of)
    return len(revisions) + 1 if said is None else said.revision_number


def article(reading: Reading, asked: ArticleArguments) -> ArticleAnswer:
    """Return an article with a part of its body."""
    as_of = reading.time("as_of", asked.as_of)
    known = reading.article(asked.article, as_of)
    said, body = known.article, plain_text(known.article.body)
    end = asked.body_offset + asked.body_length
    cited = covered(reading, known, as_of)
    return ArticleAnswer(
        citation=cited.known(known),
        subtitle=said.subtitle,
        description=said.description,
        authors=said.authors,
        section=said.section,
        sections=said.sections,
        language=said.language,
        view_count=said.view_count,
        published_raw=said.published_raw,
        presence=known.presence,
        reservations=said.reservations,
        body=body[asked.body_offset : end],
        body_offset=asked.body_offset,
        body_total_length=len(body),
        next_body_offset=end if end < len(body) else None,
        known_at=reading.known_at(as_of),
        coverage=cited.coverage(()),
    )


def covered(reading: Reading, known: Known, as_of: datetime | None) -> Cited:
    """Return what could be seen of the source of an article since it was first seen."""
    source, since = known.article.source, known.article.first_seen_at
    return Cited.beside(reading.coverage_beside(since=since, until=None, as_of=as_of, sources=(source,)))


def versions(reading: Reading, asked: VersionsArguments) -> VersionsAnswer:
    """Return the versions of an article, each with what its edit changed."""
    as_of = reading.time("as_of", asked.as_of)
    known = reading.article(asked.article, as_of)
    every = text_versions(known.article, known.revisions)
    page = range(asked.after_revision, min(asked.after_revision + asked.limit, len(every)))
    cited = covered(reading, known, as_of)
    return VersionsAnswer(
        versions=tuple(_version(known, every, position, cited) for position in page),
        version_count=len(every),
        next_after_revision=page.stop if page.stop < len(every) else None,
        known_at=reading.known_at(as_of),
        coverage=cited.coverage(()),
    )


def _version(known: Known, every: Sequence[TextVersion], position: int, cited: Cited) -> Version:
    version = every[position]
    changes = "" if position == 0 else "\n".join(_changes(every[position - 1], version))
    return Version(
        citation=cited.version(known.article, version),
        edit_kind=version.edit_kind,
        is_stealth=version.is_stealth,
        word_count=word_count(version.body),
        changes=changes[:MAX_CHANGES_LENGTH],
        is_cut=len(changes) > MAX_CHANGES_LENGTH,
    )


def _changes(before: TextVersion, version: TextVersion) -> Iterator[str]:
    """Yield a line for each field that changed, then the changed paragraphs of the body."""
    for label, old, new in version_fields(before, version):
        if old != new:
            yield f"{label}: {mark_diff(diff(sanitize(old), sanitize(new)), colour=False)}"
    if before.body != version.body:
        yield from render_diff(diff(plain_text(before.body), plain_text(version.body)), colour=False)
