"""Check what a person typed for a watch, on a command line or in a form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from scheduler.notifications.options import parse_digest, parse_quiet_hours, parse_time_zone
from scheduler.notifications.sender import INVALID_TARGET_TEXT, is_valid_target
from storage.model.errors import ConfigError
from storage.model.records import DeliveryMode
from storage.model.redaction import redact_target
from storage.notifications.watches import NewSavedSearch
from storage.search.query import parse

MAX_NAME_LENGTH = 100


def new_watch(
    *,
    label: Callable[[str], str],
    name: str,
    query: str,
    target: str | None,
    digest: str | None = None,
    quiet: str | None = None,
    timezone: str = "UTC",
) -> NewSavedSearch:
    """Validate the values as typed and build the watch; `label` names a value as its reader knows it.

    Without a target nothing is notified. Raises ConfigError, naming the value.
    """
    if not name.strip() or len(name) > MAX_NAME_LENGTH:
        raise ConfigError(f"{label('name')}: must have 1 to {MAX_NAME_LENGTH} characters")
    for option, parser, value in (
        ("query", parse, query),
        ("digest", parse_digest, digest),
        ("quiet", parse_quiet_hours, quiet),
        ("timezone", parse_time_zone, timezone),
    ):
        try:
            _ = value if value is None else parser(value)
        except ValueError as error:
            raise ConfigError(f"{label(option)}: {error}") from error
    if target is None and (digest or quiet):
        raise ConfigError(f"{label('digest' if digest else 'quiet')} needs {label('target')}, the target to notify")
    if target is not None and not is_valid_target(target):
        examples = "such as mailtos://user:password@example.org, tgram://123456:token/chat or json://host/path"
        raise ConfigError(f"{label('target')}: {redact_target(target)} {INVALID_TARGET_TEXT}; use one {examples}")
    quiet_from, quiet_until = parse_quiet_hours(quiet) if quiet else (None, None)
    when = parse_digest(digest) if digest else None
    return NewSavedSearch(
        name=name.strip(),
        query=query,
        target=(target or "").strip(),
        delivery_mode=DeliveryMode.DIGEST if digest else DeliveryMode.IMMEDIATE,
        digest_every=when if isinstance(when, timedelta) else None,
        digest_at=when if isinstance(when, str) else None,
        quiet_from=quiet_from,
        quiet_until=quiet_until,
        timezone=timezone,
    )
