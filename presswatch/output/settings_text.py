"""Render the effective settings as TOML, with the origin of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass
from typing import Any

from scheduler.planning.rules import Adaptive
from scraper.source import Channel, Feed, Source
from storage.config.settings import SETTINGS_TABLES, Config, SourceSettings, setting_rows
from storage.model.redaction import redact_password, redact_target
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize

DEFAULT_ORIGIN = "default"
DECLARED_ORIGIN = "declared by the source"

_SECRETS: Mapping[str, Callable[[str], str]] = {"targets": redact_target}
"""How a secret setting is shown, by its name; any other is an address that may hold a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSetting:
    """One setting in force; its secrets are `***`. `value` is None where none is needed."""

    table: str
    name: str
    value: Any
    origin: str


def effective_settings(config: Config, sources: Mapping[str, Source]) -> Iterator[EffectiveSetting]:
    """Every table of the file in its order, then one table a source."""
    for table, kind in SETTINGS_TABLES.items():
        for row in setting_rows(kind):
            yield _setting(config, table, row, row.metadata["default"], DEFAULT_ORIGIN)
    for name, source in sources.items():
        declared = _declared(source)
        for row in setting_rows(SourceSettings):
            origin = DECLARED_ORIGIN if row.name in declared else DEFAULT_ORIGIN
            default = declared.get(row.name, _DAEMON_DEFAULTS.get(row.name))
            yield _setting(config, f"sources.{name}", row, default, origin)


def _setting(config: Config, table: str, row: Field[Any], default: Any, origin: str) -> EffectiveSetting:
    written = config.origins.get(f"{table}.{row.name}")
    if written is not None:
        default, origin = written.value, written.source
    value = _redacted(row.name, default) if row.metadata["secret"] else default
    return EffectiveSetting(table=table, name=row.name, value=value, origin=origin)


def _redacted(name: str, value: Any) -> Any:
    mask = _SECRETS.get(name, redact_password)
    return [mask(one) for one in value] if isinstance(value, list) else value and mask(value)


def _declared(source: Source) -> Mapping[str, Any]:
    return {
        "base_url": source.base_url,
        "channels": [_channel(channel) for channel in source.channels],
        "sections": list(source.sections),
        "languages": list(source.languages),
        "timezone": source.timezone,
    }


def _channel(channel: Channel) -> dict[str, str]:
    if isinstance(channel, Feed):
        parts = {"feed": channel.path, "language": channel.language}
    else:
        parts = {"list": channel.path, "paging": channel.paging, "language": channel.language}
    return {name: value for name, value in parts.items() if value is not None}


_DAEMON_DEFAULTS: Mapping[str, str] = {
    "min_interval": format_duration(Adaptive().minimum),
    "max_interval": format_duration(Adaptive().maximum),
}
"""What the daemon takes for what neither the file nor the source says."""


def render_settings(found: Sequence[EffectiveSetting], *, head: str) -> Iterator[str]:
    """The settings as a file that can be read again, their origin behind each; secrets must be filled in anew."""
    yield sanitize(f"# {head}")
    table = None
    written = [(one, sanitize(_assignment(one))) for one in found]
    wide = min(max(len(text) for _, text in written), MAX_ORIGIN_COLUMN)
    for one, text in written:
        if one.table != table:
            table = one.table
            yield ""
            yield f"[{table}]"
        yield f"{text:<{wide}}  # {sanitize(one.origin)}"


MAX_ORIGIN_COLUMN = 48
"""Characters after which an origin no longer stands in its column."""


def _assignment(one: EffectiveSetting) -> str:
    return f"# {one.name} is not set" if one.value is None else f"{one.name} = {as_toml(one.value)}"


def as_toml(value: Any) -> str:
    """A value as TOML writes it; strings, numbers, flags, and lists and tables of them."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{name} = {as_toml(part)}" for name, part in value.items()) + " }"
    if isinstance(value, list):
        return f"[{', '.join(as_toml(part) for part in value)}]"
    # A basic string of TOML has the escapes of a JSON string, and refuses DEL, which JSON takes.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
