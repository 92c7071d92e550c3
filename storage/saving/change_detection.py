"""Detect the change between the stored text of an article and a newly parsed one, without database or clock.

Parsed fields are compared, never the page: view count and page furniture are excluded, so that the same article
fetched twice is unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storage.model.article_fields import COMPARED_FIELDS, KEPT_IF_UNPARSED_FIELDS
from storage.model.page_end import find_page_end, kind_of
from storage.model.records import ArticleData, DatePrecision, EditKind, Problem, SaveOutcome
from storage.model.view_counts import VIEWS_FIELD, is_not_fetched
from storage.saving.edit_classifier import ArticleText, classify_edit, content_hash, is_current, normalise
from storage.text.durations import format_time

CONFIRM_AFTER = timedelta(minutes=10)
"""Least time between an implausible parse and the equal one that confirms it (policy, "Is it an edit?" 3)."""
CONFIRM_CUT_AFTER = timedelta(days=1)
"""The same time for a parse of a page that broke off: caches keep what they got, and hand it out for hours."""
MIN_BODY_RATIO = 0.5
"""Share of the stored body's length under which a new body is implausible (the same rule)."""
MAX_MINOR_EDITS = 24
"""Minor edits within 48 h above which further ones are noise of the source, not edits (rule 7)."""
EXPECTED_FIELDS = {"view_count": "view count", "author": "author", "sections": "section"}
"""Fields that a cut page lacks, with their names: they stand behind the body or in front of it, by the site."""
UNFILLED = (None, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredText:
    """The columns of a stored article that change detection needs."""

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
    view_count: int | None = None
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Doubt:
    """Reason why a parse may be of an incomplete page, and the least time until an equal one confirms it."""

    reason: str
    confirm_after: timedelta = CONFIRM_AFTER


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeDecision:
    """The change that one fetch makes to an article.

    `change` REVISED stores the previous text as a revision of `kind`; REPARSED overwrites it without one.
    `unconfirmed_hash` and `unconfirmed_since` are stored until an equal parse confirms them. `is_noisy` marks a minor
    edit that is not stored. `kept_fields` could not be parsed: their stored values stay. All of them stay if the page
    `is_incomplete`, of which no field is certain.
    """

    change: SaveOutcome
    content_hash: str
    reason: str
    kind: EditKind | None = None
    is_stealth: bool = False
    unconfirmed_hash: str | None = None
    unconfirmed_since: datetime | None = None  # time of the first parse with that hash
    is_noisy: bool = False
    kept_fields: frozenset[str] = frozenset()
    is_incomplete: bool = False

    @property
    def overwrites(self) -> bool:
        """Return whether the parsed text replaces the stored one."""
        return self.change in {SaveOutcome.REVISED, SaveOutcome.REPARSED}


def detect_change(
    stored: StoredText | None, data: ArticleData, *, now: datetime, recent_minor_count: int = 0
) -> ChangeDecision:
    """Decide how `data`, fetched at `now`, changes the stored article (None: not stored yet).

    `recent_minor_count` is the number of its minor edits in the last 48 h.
    """
    if stored is None:
        new_hash = content_hash(data.title, data.subtitle, data.body)
        return ChangeDecision(change=SaveOutcome.NEW, content_hash=new_hash, reason="first fetch")
    kept_fields = _kept_fields(stored, data)
    complete = _with_kept_text(stored, data, kept_fields)
    new_hash = content_hash(complete.title, complete.subtitle, complete.body)
    is_same_text, early_end = _is_same_text(stored, new_hash), _unusual_end(stored, data)
    if is_same_text and early_end is not None:
        reason = f"the text is the same; the page {early_end.reason}"
        return ChangeDecision(change=SaveOutcome.UNCHANGED, content_hash=new_hash, reason=reason, is_incomplete=True)
    doubt = None if is_same_text else _doubt(stored, data, early_end)
    if doubt is not None and not _seen_before(stored, new_hash, now, doubt.confirm_after):
        decision = _unconfirmed(stored, new_hash, doubt.reason, now)
        return replace(decision, is_incomplete=find_page_end(data.problems) is not None)
    return replace(_accept(stored, complete, new_hash, recent_minor_count), kept_fields=kept_fields)


def _accept(stored: StoredText, data: ArticleData, new_hash: str, recent_minor_count: int) -> ChangeDecision:
    if stored.parser_version != data.parser_version and _is_parsed_differently(stored, data, new_hash):
        return ChangeDecision(change=SaveOutcome.REPARSED, content_hash=new_hash, reason=_reparse_reason(stored, data))
    if _is_same_text(stored, new_hash):
        return _same_or_moved(stored, data, new_hash)
    return _edit(stored, data, new_hash, recent_minor_count)


def _kept_fields(stored: StoredText, data: ArticleData) -> frozenset[str]:
    """Return the fields that have an extraction problem and no new value, but a stored one."""
    problematic = {problem.field for problem in data.problems}
    return frozenset(
        name
        for name in KEPT_IF_UNPARSED_FIELDS
        if name in problematic and getattr(stored, name) and not getattr(data, name)
    )


def _with_kept_text(stored: StoredText, data: ArticleData, kept_fields: frozenset[str]) -> ArticleData:
    if kept_fields.isdisjoint({"subtitle", "body"}):
        return data
    subtitle = stored.subtitle if "subtitle" in kept_fields else data.subtitle
    return replace(data, subtitle=subtitle, body=stored.body if "body" in kept_fields else data.body)


def _unconfirmed(stored: StoredText, new_hash: str, doubt: str, now: datetime) -> ChangeDecision:
    first_seen = stored.unconfirmed_since if stored.unconfirmed_hash == new_hash else None
    return ChangeDecision(
        change=SaveOutcome.UNCONFIRMED,
        content_hash=stored.content_hash,
        reason=doubt,
        unconfirmed_hash=new_hash,
        unconfirmed_since=first_seen or now,
    )


def _is_parsed_differently(stored: StoredText, data: ArticleData, new_hash: str) -> bool:
    """Return whether the text or any other parsed field differs from the stored one."""
    pairs = ((getattr(data, name), getattr(stored, name)) for name in COMPARED_FIELDS)
    return not _is_same_text(stored, new_hash) or any(new and new != old for new, old in pairs)


def _reparse_reason(stored: StoredText, data: ArticleData) -> str:
    return f"parsed by parser version {data.parser_version}, before by {stored.parser_version}"


def _is_same_text(stored: StoredText, new_hash: str) -> bool:
    if is_current(stored.content_hash):
        return stored.content_hash == new_hash
    # A hash of an older version is computed again, or every article would count as edited.
    return content_hash(stored.title, stored.subtitle, stored.body) == new_hash


def _same_or_moved(stored: StoredText, data: ArticleData, new_hash: str) -> ChangeDecision:
    if not _date_moved(stored, data):
        return ChangeDecision(change=SaveOutcome.UNCHANGED, content_hash=new_hash, reason="the text is the same")
    before, after = (format_time(one.published_at, one.published_precision) for one in (stored, data))
    reason = f"the date moved from {before} to {after}"
    return ChangeDecision(change=SaveOutcome.REVISED, kind=EditKind.DATE_MOVED, content_hash=new_hash, reason=reason)


def _date_moved(stored: StoredText, data: ArticleData) -> bool:
    """Return whether both dates are known, of the same precision, and different."""
    known = stored.published_at is not None and data.published_at is not None
    comparable = stored.published_precision == data.published_precision
    return known and comparable and stored.published_at != data.published_at


def _unusual_end(stored: StoredText, data: ArticleData) -> Problem | None:
    """Return the problem of a document that ends too early, unless the stored one, which was believed, ended so too."""
    early_end = find_page_end(data.problems)
    usual_end = find_page_end(stored.problems)
    if early_end is not None and usual_end is not None and kind_of(early_end) == kind_of(usual_end):
        return None
    return early_end


def _doubt(stored: StoredText, data: ArticleData, early_end: Problem | None) -> Doubt | None:
    """Return why a parse may be of an incomplete page rather than an edit; None if it is plausible."""
    if early_end is not None:
        return Doubt(f"the page {early_end.reason}", CONFIRM_CUT_AFTER)
    if is_beginning(data.body, stored.body) and (doubt := _doubt_of_beginning(stored, data)) is not None:
        return doubt
    if stored.published_at is not None and data.published_at is None:
        return Doubt("the date that was there could not be read")
    if stored.body and not data.body:
        return Doubt("the body that was there is empty")
    if len(data.body) < MIN_BODY_RATIO * len(stored.body):
        return Doubt(f"the body shrank from {len(stored.body)} to {len(data.body)} characters")
    return None


def _doubt_of_beginning(stored: StoredText, data: ArticleData) -> Doubt | None:
    """Return why a body that is a beginning of the stored one may be cut; None if the page has all that it had."""
    usual_end = find_page_end(data.problems)
    if usual_end is not None:
        return Doubt(f"the body is a beginning of the stored one; the page {usual_end.reason}", CONFIRM_CUT_AFTER)
    for field, name in EXPECTED_FIELDS.items():
        if field == VIEWS_FIELD and is_not_fetched(data.problems):
            continue
        if getattr(stored, field) not in UNFILLED and getattr(data, field) in UNFILLED:
            return Doubt(f"the body is a beginning of the stored one, without the {name} that was there")
    return None


def is_beginning(part: str, whole: str) -> bool:
    """Return whether a text is a beginning of another and not all of it, but for typography and its last word.

    The last word may be cut inside a character or an entity.
    """
    part, whole = normalise(part), normalise(whole)
    words, space, _last = part.rpartition(" ")
    return len(part) < len(whole) and (whole.startswith(part) or (bool(space) and whole.startswith(words + space)))


def _seen_before(stored: StoredText, new_hash: str, now: datetime, confirm_after: timedelta) -> bool:
    since = stored.unconfirmed_since if stored.unconfirmed_hash == new_hash else None
    return since is not None and now - since >= confirm_after


def _edit(stored: StoredText, data: ArticleData, new_hash: str, recent_minor_count: int) -> ChangeDecision:
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
        change=SaveOutcome.REVISED, kind=kind, content_hash=new_hash, is_stealth=is_stealth, reason=f"edited: {kind}"
    )


def _is_date_text_the_same(stored: StoredText, data: ArticleData) -> bool:
    """Return whether the printed date is the same; False for a page without one, as nothing can be said of it."""
    return bool(data.published_raw) and normalise(stored.published_raw) == normalise(data.published_raw)


def _text_of(article: StoredText | ArticleData) -> ArticleText:
    return ArticleText(title=article.title, subtitle=article.subtitle, body=article.body)
