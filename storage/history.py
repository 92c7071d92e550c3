"""Every wording an article had, oldest first: the earlier ones from its revisions, the last one from the article."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.answers import ArticleFull, Revision
from storage.overwriting import SAID
from storage.records import ChangeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenWording:
    """A wording and the edit that led to it (None for the first). `seen_until` is None for the one in force."""

    number: int
    seen_from: datetime
    seen_until: datetime | None
    kind: ChangeKind | None
    undeclared: bool
    title: str
    subtitle: str | None
    body: str
    author: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_text: str | None
    content_hash: str


def wordings(article: ArticleFull, revisions: Sequence[Revision]) -> tuple[SeenWording, ...]:
    """The wordings, oldest first; a revision names the edit that ended it, which is the one that led to the next."""
    ordered = sorted(revisions, key=lambda revision: revision.number)
    told: list[SeenWording] = []
    before: Revision | None = None
    for revision in ordered:
        told.append(_wording(revision, len(told) + 1, before, revision.seen_from, revision.seen_until))
        before = revision
    since = article.stored_at if before is None else before.seen_until
    return (*told, _wording(article, len(told) + 1, before, since, None))


def _wording(
    said: ArticleFull | Revision, number: int, before: Revision | None, since: datetime, until: datetime | None
) -> SeenWording:
    return SeenWording(
        number=number,
        seen_from=since,
        seen_until=until,
        kind=None if before is None else before.kind,
        undeclared=before is not None and before.undeclared,
        **{name: getattr(said, name) for name in SAID},
    )
