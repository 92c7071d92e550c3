"""Render the effective settings as TOML, with the origin of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import Field, dataclass
from typing import Any

from scheduler.planning.rules import Adaptive
from scraper.declarations.channel_tables import channel_as_table
from scraper.source import Source
from storage.config.settings import SETTINGS_TABLES, Config, SourceSettings, setting_rows
from storage.config.toml_text import as_toml
from storage.model.redaction import REDACTED, redact_address, redact_target
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize

DEFAULT_ORIGIN = "default"
DECLARED_ORIGIN = "declared by the source"

_SECRETS: Mapping[str, Callable[[str], str]] = {
    "targets": redact_target,
    "token_hash": lambda _hash: REDACTED,
}
"""Redaction of a secret setting by its name; the others are URLs that may contain a password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectiveSetting:
    """One effective setting, with secrets redacted as `***`. `value` is None if it is not set."""

    table: str
    name: str
    value: Any
    origin: str


def effective_settings(config: Config, sources: Mapping[str, Source]) -> Iterator[EffectiveSetting]:
    """Yield the settings of every table in the order of the file, then one table per source."""
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
    configured = config.origins.get(f"{table}.{row.name}")
    if configured is not None:
        default, origin = configured.value, configured.source
    value = _redacted(row.name, default) if row.metadata["secret"] else default
    return EffectiveSetting(table=table, name=row.name, value=value, origin=origin)


def _redacted(name: str, value: Any) -> Any:
    mask = _SECRETS.get(name, redact_address)
    return [mask(one) for one in value] if isinstance(value, list) else value and mask(value)


def _declared(source: Source) -> Mapping[str, Any]:
    return {
        "base_url": source.base_url,
        "channels": [channel_as_table(channel) for channel in source.channels],
        "sections": list(source.sections),
        "languages": list(source.languages),
        "timezone": source.timezone,
    }


_DAEMON_DEFAULTS: Mapping[str, str] = {
    "min_interval": format_duration(Adaptive().minimum),
    "max_interval": format_duration(Adaptive().maximum),
}
"""Defaults of the daemon for settings that neither the file nor the source has."""


def render_settings(settings: Sequence[EffectiveSetting], *, head: Sequence[str]) -> Iterator[str]:
    """Render the settings as a valid TOML file with origins as comments; redacted secrets must be filled in."""
    yield from (sanitize(f"# {line}") for line in head)
    table = None
    assignments = [(setting, sanitize(_assignment(setting))) for setting in settings]
    width = min(max(len(text) for _, text in assignments), MAX_ORIGIN_COLUMN)
    for setting, text in assignments:
        if setting.table != table:
            table = setting.table
            yield ""
            yield f"[{table}]"
        yield f"{text:<{width}}  # {sanitize(setting.origin)}"


MAX_ORIGIN_COLUMN = 48
"""Maximum column of the aligned origins."""


def _assignment(setting: EffectiveSetting) -> str:
    return f"# {setting.name} is not set" if setting.value is None else f"{setting.name} = {as_toml(setting.value)}"
