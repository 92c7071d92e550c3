"""What a fetched article changes: decided from what is stored and what was read, without database or clock.

The fields of the parsed article are compared, never the page: the view count and the boxes around an article are no
part of it, so the same page fetched twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.model.records import ArticleData, DatePrecision, EditKind, SaveOutcome
from storage.saving.edit_classifier import ArticleText, classify_edit, content_hash, is_current, normalise

CONFIRM_AFTER = timedelta(minutes=10)
"""A suspect reading must be seen again at least so much later before it is believed (policy, "Is it an edit?" 3)."""
MIN_BODY_RATIO = 0.5
"""A body under this share of its last length is suspect (the same rule)."""
MAX_MINOR_EDITS = 24
"""More minor edits than this within 48 h are a volatile field of the source, not edits (rule 7)."""

COMPARED_FIELDS = (
    "title",
    "subtitle",
    "body",
    "author",
    "sections",
    "published_at",
    "published_raw",
    "published_precision",
)
KEPT_IF_UNREAD_FIELDS = (
    "subtitle",
    "body",
    "author",
    "sections",
    "published_at",
    "published_raw",
    "published_precision",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """What the decision needs of a stored article."""

    title: str
    subtitle: str | None
    body: str
    author: str | None
    sections: tuple[str, ...]
    published_at: datetime | None
    published_raw: str | None
    published_precision: DatePrecision | None
    content_hash: str
    parser_version: int
    fetched_at: datetime
    unconfirmed_hash: str | None
    unconfirmed_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDecision:
    """What one fetch changes.

    `change` REVISED keeps the wording before as a revision of `kind`; REREAD overwrites it without one. `unconfirmed_hash`
    and `unconfirmed_since` are what to remember for the second sight. `volatile` says that a minor edit was counted and not
    kept. Fields in `held` were not read, by the reader's own word: their stored values stay whatever else is taken.
    """

    change: SaveOutcome
    content_hash: str
    reason: str
    kind: EditKind | None = None
    is_stealth: bool = False
    unconfirmed_hash: str | None = None
    unconfirmed_since: datetime | None = None  # when the suspect reading was first seen
    is_noisy: bool = False
    kept_fields: frozenset[str] = frozenset()

    @property
    def overwrites(self) -> bool:
        """Whether the stored wording gives way to the one just read."""
        return self.change in {SaveOutcome.REVISED, SaveOutcome.REPARSED}


def detect_change(
    stored: StoredText | None, data: ArticleData, *, now: datetime, recent_minor_count: int = 0
) -> ChangeDecision:
    """What fetching `data` at `now` changes; `recent_minor_count` is the article's minor edits of the last 48 h."""
    if stored is None:
        hashed = content_hash(data.title, data.subtitle, data.body)
        return ChangeDecision(change=SaveOutcome.NEW, content_hash=hashed, reason="first fetch")
    held = _kept_fields(stored, data)
    kept = _without_loss(stored, data, held)
    hashed = content_hash(kept.title, kept.subtitle, kept.body)
    doubt = None if _is_same_text(stored, hashed) else _doubt_reason(stored, data)
    if doubt is not None and not _seen_before(stored, hashed, now):
        return _unconfirmed(stored, hashed, doubt, now)
    return replace(_accept(stored, kept, hashed, recent_minor_count), kept_fields=held)


def _accept(stored: StoredText, data: ArticleData, hashed: str, recent_minor_count: int) -> ChangeDecision:
    if stored.parser_version != data.parser_version and _is_parsed_differently(stored, data, hashed):
        return ChangeDecision(change=SaveOutcome.REPARSED, content_hash=hashed, reason=_reparse_reason(stored, data))
    if _is_same_text(stored, hashed):
        return _same_or_moved(stored, data, hashed)
    return _edit(stored, data, hashed, recent_minor_count)


def _kept_fields(stored: StoredText, data: ArticleData) -> frozenset[str]:
    """The fields the reader failed at, by its own word, and that are known from before."""
    unread = {problem.field for problem in data.problems}
    return frozenset(
        name for name in KEPT_IF_UNREAD_FIELDS if name in unread and getattr(stored, name) and not getattr(data, name)
    )


def _without_loss(stored: StoredText, data: ArticleData, held: frozenset[str]) -> ArticleData:
    if held.isdisjoint({"subtitle", "body"}):
        return data
    subtitle = stored.subtitle if "subtitle" in held else data.subtitle
    return replace(data, subtitle=subtitle, body=stored.body if "body" in held else data.body)


def _unconfirmed(stored: StoredText, hashed: str, doubt: str, now: datetime) -> ChangeDecision:
    first_seen = stored.unconfirmed_since if stored.unconfirmed_hash == hashed else None
    return ChangeDecision(
        change=SaveOutcome.UNCONFIRMED,
        content_hash=stored.content_hash,
        reason=doubt,
        unconfirmed_hash=hashed,
        unconfirmed_since=first_seen or now,
    )


def _is_parsed_differently(stored: StoredText, data: ArticleData, hashed: str) -> bool:
    """Whether the wording or anything else that was read differs from what is stored."""
    pairs = ((getattr(data, name), getattr(stored, name)) for name in COMPARED_FIELDS)
    return not _is_same_text(stored, hashed) or any(read and read != kept for read, kept in pairs)


def _reparse_reason(stored: StoredText, data: ArticleData) -> str:
    return f"read by reader {data.parser_version}, before by {stored.parser_version}"


def _is_same_text(stored: StoredText, hashed: str) -> bool:
    if is_current(stored.content_hash):
        return stored.content_hash == hashed
    # The rules of hashing changed: what was hashed by the old ones is hashed again, or every article would be edited.
    return content_hash(stored.title, stored.subtitle, stored.body) == hashed


def _same_or_moved(stored: StoredText, data: ArticleData, hashed: str) -> ChangeDecision:
    if not _date_moved(stored, data):
        return ChangeDecision(change=SaveOutcome.UNCHANGED, content_hash=hashed, reason="the wording is the same")
    reason = f"the date moved from {stored.published_at} to {data.published_at}"
    return ChangeDecision(change=SaveOutcome.REVISED, kind=EditKind.DATE_MOVED, content_hash=hashed, reason=reason)


def _date_moved(stored: StoredText, data: ArticleData) -> bool:
    """Dates of different precision do not contradict each other: a day is no other moment than a minute of it."""
    known = stored.published_at is not None and data.published_at is not None
    comparable = stored.published_precision == data.published_precision
    return known and comparable and stored.published_at != data.published_at


def _doubt_reason(stored: StoredText, data: ArticleData) -> str | None:
    """Why a reading may be half a page rather than an edit; None if there is no reason to doubt it."""
    if stored.published_at is not None and data.published_at is None:
        return "the date that was there could not be read"
    if stored.body and not data.body:
        return "the body that was there is empty"
    if len(data.body) < MIN_BODY_RATIO * len(stored.body):
        return f"the body shrank from {len(stored.body)} to {len(data.body)} characters"
    return None


def _seen_before(stored: StoredText, hashed: str, now: datetime) -> bool:
    same = stored.unconfirmed_hash == hashed and stored.unconfirmed_since is not None
    return same and stored.unconfirmed_since is not None and now - stored.unconfirmed_since >= CONFIRM_AFTER


def _edit(stored: StoredText, data: ArticleData, hashed: str, recent_minor_count: int) -> ChangeDecision:
    kind = classify_edit(_text_of(stored), _text_of(data))
    if kind is EditKind.FORMAT:
        return ChangeDecision(
            change=SaveOutcome.UNCHANGED, kind=kind, content_hash=stored.content_hash, reason="typography only"
        )
    if kind is EditKind.MINOR and recent_minor_count >= MAX_MINOR_EDITS:
        reason = f"more than {MAX_MINOR_EDITS} minor edits in 48 h: a volatile field"
        return ChangeDecision(
            change=SaveOutcome.UNCHANGED, kind=kind, content_hash=stored.content_hash, reason=reason, is_noisy=True
        )
    is_stealth = _is_date_text_the_same(stored, data)
    return ChangeDecision(
        change=SaveOutcome.REVISED, kind=kind, content_hash=hashed, is_stealth=is_stealth, reason=f"edited: {kind}"
    )


def _is_date_text_the_same(stored: StoredText, data: ArticleData) -> bool:
    """A page without a printed date cannot be said to have left it as it was."""
    return bool(data.published_raw) and normalise(stored.published_raw) == normalise(data.published_raw)


def _text_of(article: StoredText | ArticleData) -> ArticleText:
    return ArticleText(title=article.title, subtitle=article.subtitle, body=article.body)
