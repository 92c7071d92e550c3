"""Every text an article had, oldest first: the earlier ones from its revisions, the last one from the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.articles.results import ArticleFull, Revision
from storage.model.article_fields import REVISION_FIELDS
from storage.model.records import EditKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVersion:
    """A text and the edit that led to it (None for the first). `seen_until` is None for the one in force."""

    revision_number: int
    seen_from: datetime
    seen_until: datetime | None
    edit_kind: EditKind | None
    is_stealth: bool
    title: str
    subtitle: str | None
    body: str
    author: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None
    content_hash: str


def text_versions(article: ArticleFull, revisions: Sequence[Revision]) -> tuple[TextVersion, ...]:
    """The texts, oldest first; a revision names the edit that ended it, which is the one that led to the next."""
    ordered = sorted(revisions, key=lambda revision: revision.revision_number)
    versions: list[TextVersion] = []
    before: Revision | None = None
    for revision in ordered:
        versions.append(_text_version(revision, len(versions) + 1, before, revision.seen_from, revision.seen_until))
        before = revision
    since = article.stored_at if before is None else before.seen_until
    return (*versions, _text_version(article, len(versions) + 1, before, since, None))


def _text_version(
    said: ArticleFull | Revision, number: int, before: Revision | None, since: datetime, until: datetime | None
) -> TextVersion:
    return TextVersion(
        revision_number=number,
        seen_from=since,
        seen_until=until,
        edit_kind=None if before is None else before.edit_kind,
        is_stealth=before is not None and before.is_stealth,
        **{name: getattr(said, name) for name in REVISION_FIELDS},
    )
