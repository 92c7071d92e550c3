"""What a fetched article changes: decided from what is stored and what was read, without database or clock.

The fields of the parsed article are compared, never the page: the view count and the boxes around an article are no
part of it, so the same page fetched twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.records import ArticleData, Change, ChangeKind, Precision
from storage.wording import Wording, content_hash, is_current, kind_of_edit, normalise

SECOND_SIGHT = timedelta(minutes=10)
"""A suspect reading must be seen again at least so much later before it is believed (policy, "Is it an edit?" 3)."""
SHRUNK = 0.5
"""A body under this share of its last length is suspect (the same rule)."""
GONE_AFTER = timedelta(hours=6)
"""404 or 410 must be answered twice, at least so far apart, before an article is called gone (rule 5)."""
MOST_MINOR_EDITS = 24
"""More minor edits than this within 48 h are a volatile field of the source, not edits (rule 7)."""

READ = ("title", "subtitle", "body", "author", "sections", "published_at", "published_text", "published_precision")
HELD = ("subtitle", "body", "author", "sections", "published_at", "published_text", "published_precision")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWording:
    """What the decision needs of a stored article."""

    title: str
    subtitle: str | None
    body: str
    author: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_text: str | None
    published_precision: Precision | None
    content_hash: str
    reader_version: int
    last_fetched_at: datetime
    suspect_hash: str | None
    suspect_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one fetch changes.

    `change` REVISED keeps the wording before as a revision of `kind`; REREAD overwrites it without one. `suspect_hash`
    and `suspect_at` are what to remember for the second sight. `volatile` says that a minor edit was counted and not
    kept. Fields in `held` were not read, by the reader's own word: their stored values stay whatever else is taken.
    """

    change: Change
    content_hash: str
    reason: str
    kind: ChangeKind | None = None
    undeclared: bool = False
    suspect_hash: str | None = None
    suspect_at: datetime | None = None  # when the suspect reading was first seen
    volatile: bool = False
    held: frozenset[str] = frozenset()

    @property
    def overwrites(self) -> bool:
        """Whether the stored wording gives way to the one just read."""
        return self.change in {Change.REVISED, Change.REREAD}


def compare(stored: StoredWording | None, data: ArticleData, *, now: datetime, recent_minor_count: int = 0) -> Decision:
    """What fetching `data` at `now` changes; `recent_minor_count` is the article's minor edits of the last 48 h."""
    if stored is None:
        hashed = content_hash(data.title, data.subtitle, data.body)
        return Decision(change=Change.NEW, content_hash=hashed, reason="first fetch")
    held = _held(stored, data)
    kept = _without_loss(stored, data, held)
    hashed = content_hash(kept.title, kept.subtitle, kept.body)
    doubt = None if _same_wording(stored, hashed) else _doubt(stored, data)
    if doubt is not None and not _seen_before(stored, hashed, now):
        return _suspect(stored, hashed, doubt, now)
    return replace(_believe(stored, kept, hashed, recent_minor_count), held=held)


def _believe(stored: StoredWording, data: ArticleData, hashed: str, recent_minor_count: int) -> Decision:
    if stored.reader_version != data.reader_version and _reads_otherwise(stored, data, hashed):
        return Decision(change=Change.REREAD, content_hash=hashed, reason=_reread_reason(stored, data))
    if _same_wording(stored, hashed):
        return _same_or_moved(stored, data, hashed)
    return _edit(stored, data, hashed, recent_minor_count)


def _held(stored: StoredWording, data: ArticleData) -> frozenset[str]:
    """The fields the reader failed at, by its own word, and that are known from before."""
    unread = {problem.field for problem in data.problems}
    return frozenset(name for name in HELD if name in unread and getattr(stored, name) and not getattr(data, name))


def _without_loss(stored: StoredWording, data: ArticleData, held: frozenset[str]) -> ArticleData:
    if held.isdisjoint({"subtitle", "body"}):
        return data
    subtitle = stored.subtitle if "subtitle" in held else data.subtitle
    return replace(data, subtitle=subtitle, body=stored.body if "body" in held else data.body)


def _suspect(stored: StoredWording, hashed: str, doubt: str, now: datetime) -> Decision:
    first_seen = stored.suspect_at if stored.suspect_hash == hashed else None
    return Decision(
        change=Change.SUSPECT,
        content_hash=stored.content_hash,
        reason=doubt,
        suspect_hash=hashed,
        suspect_at=first_seen or now,
    )


def _reads_otherwise(stored: StoredWording, data: ArticleData, hashed: str) -> bool:
    """Whether the wording or anything else that was read differs from what is stored."""
    pairs = ((getattr(data, name), getattr(stored, name)) for name in READ)
    return not _same_wording(stored, hashed) or any(read and read != kept for read, kept in pairs)


def _reread_reason(stored: StoredWording, data: ArticleData) -> str:
    return f"read by reader {data.reader_version}, before by {stored.reader_version}"


def _same_wording(stored: StoredWording, hashed: str) -> bool:
    if is_current(stored.content_hash):
        return stored.content_hash == hashed
    # The rules of hashing changed: what was hashed by the old ones is hashed again, or every article would be edited.
    return content_hash(stored.title, stored.subtitle, stored.body) == hashed


def _same_or_moved(stored: StoredWording, data: ArticleData, hashed: str) -> Decision:
    if not _date_moved(stored, data):
        return Decision(change=Change.SAME, content_hash=hashed, reason="the wording is the same")
    reason = f"the date moved from {stored.published_at} to {data.published_at}"
    return Decision(change=Change.REVISED, kind=ChangeKind.DATE_MOVED, content_hash=hashed, reason=reason)


def _date_moved(stored: StoredWording, data: ArticleData) -> bool:
    """Dates of different precision do not contradict each other: a day is no other moment than a minute of it."""
    known = stored.published_at is not None and data.published_at is not None
    comparable = stored.published_precision == data.published_precision
    return known and comparable and stored.published_at != data.published_at


def _doubt(stored: StoredWording, data: ArticleData) -> str | None:
    """Why a reading may be half a page rather than an edit; None if there is no reason to doubt it."""
    if stored.published_at is not None and data.published_at is None:
        return "the date that was there could not be read"
    if stored.body and not data.body:
        return "the body that was there is empty"
    if len(data.body) < SHRUNK * len(stored.body):
        return f"the body shrank from {len(stored.body)} to {len(data.body)} characters"
    return None


def _seen_before(stored: StoredWording, hashed: str, now: datetime) -> bool:
    same = stored.suspect_hash == hashed and stored.suspect_at is not None
    return same and stored.suspect_at is not None and now - stored.suspect_at >= SECOND_SIGHT


def _edit(stored: StoredWording, data: ArticleData, hashed: str, recent_minor_count: int) -> Decision:
    kind = kind_of_edit(_wording(stored), _wording(data))
    if kind is ChangeKind.FORMAT:
        return Decision(change=Change.SAME, kind=kind, content_hash=stored.content_hash, reason="typography only")
    if kind is ChangeKind.MINOR and recent_minor_count >= MOST_MINOR_EDITS:
        reason = f"more than {MOST_MINOR_EDITS} minor edits in 48 h: a volatile field"
        return Decision(change=Change.SAME, kind=kind, content_hash=stored.content_hash, reason=reason, volatile=True)
    undeclared = _is_date_text_the_same(stored, data)
    return Decision(
        change=Change.REVISED, kind=kind, content_hash=hashed, undeclared=undeclared, reason=f"edited: {kind}"
    )


def _is_date_text_the_same(stored: StoredWording, data: ArticleData) -> bool:
    """A page without a printed date cannot be said to have left it as it was."""
    return bool(data.published_text) and normalise(stored.published_text) == normalise(data.published_text)


def _wording(article: StoredWording | ArticleData) -> Wording:
    return Wording(title=article.title, subtitle=article.subtitle, body=article.body)


def is_confirmed_gone(missing_at: datetime | None, now: datetime) -> bool:
    """Whether a 404 or 410 at `now` confirms the first one of the row, at `missing_at`."""
    return missing_at is not None and now - missing_at >= GONE_AFTER
