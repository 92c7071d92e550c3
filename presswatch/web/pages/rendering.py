"""Fill templates: everything is escaped, and no character of an article can steer the page."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from presswatch.output.display_zone import local_time, zone_label
from storage.model.records import DatePrecision
from storage.model.time_zones import offset_if_twice
from storage.search.matcher import Match
from storage.text.counts import counted
from storage.text.durations import format_duration
from storage.text.sanitize import sanitize

FOLDER = Path(__file__).resolve().parents[1]
TEMPLATES = FOLDER / "templates"
STATIC = FOLDER / "static"
NOTHING = "–"
"""Text of a value that is not there."""
NARROW_SPACE = "\u202f"


@cache
def environment() -> Environment:
    """Return the templates, with what they may call."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_visible,
    )
    made.filters |= {
        "moment": moment,
        "day": day,
        "local": local_time,
        "stamp": stamp,
        "number": number,
        "gain": gain,
        "share": share,
        "duration": format_duration,
        "web_link": web_link,
        "host": host,
        "paragraphs": paragraphs,
        "counted": lambda value, noun: f"{number(value)} {counted(value, noun).split(' ', 1)[1]}",
    }
    made.globals |= {"static": static_address, "NOTHING": NOTHING, "address": address}
    return made


def render(template: str, values: Mapping[str, Any]) -> str:
    """Return the HTML of a page."""
    return environment().get_template(template).render(values)


def _visible(value: Any) -> Any:
    """Replace what could turn the direction of a page, or hide in it; None is nothing."""
    if value is None:
        return ""
    return sanitize(value, lines=True) if isinstance(value, str) and not isinstance(value, Markup) else value


def moment(at: datetime | None, precision: DatePrecision | None = None) -> Markup:
    """Write a time to the minute, `24 Nov 2026, 14:20`, or its day alone, as an element that machines can read.

    Readers see the clocks of their zone, machines UTC.
    """
    if at is None:
        return escape(NOTHING)
    if precision is DatePrecision.DAY:
        return day(at)
    local = local_time(at)
    shown = f"{_date(local)}, {local:%H:%M}{offset_if_twice(local)}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), shown)


def stamp(at: datetime | None, precision: DatePrecision | None = None) -> Markup:
    """Write a time as narrow as columns need it: `24 Nov 14:20`, with the year for those who point at it."""
    if at is None:
        return escape(NOTHING)
    local = at if precision is DatePrecision.DAY else local_time(at)
    clock = "" if precision is DatePrecision.DAY else f" {local:%H:%M}{offset_if_twice(local)}"
    whole = f"{local.date().isoformat()}{clock and clock + ' ' + zone_label()}"
    return Markup('<time datetime="{}" title="{}">{}{}</time>').format(
        at.isoformat(timespec="seconds"), whole, f"{local.day}\u00a0{local:%b}", clock
    )


def day(at: datetime) -> Markup:
    """Write the day of a time, `24 Nov 2026`."""
    return Markup('<time datetime="{}">{}</time>').format(at.date().isoformat(), _date(at))


def _date(at: datetime) -> str:
    return f"{at.day}\u00a0{at:%b}\u00a0{at.year}"


def number(value: float | None) -> str:
    """Write a whole number with narrow spaces between thousands, `12 345`."""
    return NOTHING if value is None else f"{round(value):,}".replace(",", NARROW_SPACE)


def gain(value: float | None) -> str:
    """Write a difference with its sign."""
    return NOTHING if value is None else f"{'+' if value > 0 else ''}{number(value)}".replace("-", "\u2212")


def share(value: float | None) -> str:
    """Write a share as per cent."""
    return NOTHING if value is None else f"{value:.0%}".replace("%", f"{NARROW_SPACE}%")


def web_link(url: str) -> str:
    """Return an address of the web as it is; of any other scheme, which a browser may run, nothing."""
    return url if url.startswith(("http://", "https://")) else ""


def host(url: str) -> str:
    """Return the host of an address."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def paragraphs(text: str) -> list[str]:
    """Split a text at its empty lines."""
    return [part for part in text.split("\n\n") if part.strip()]


def marked(match: Match) -> str:
    """Write the sentence of a match with its hits marked, as HTML."""
    pieces, at = [], 0
    for start, end in match.marks:
        pieces += [_escaped(match.sentence[at:start]), Markup("<mark>"), _escaped(match.sentence[start:end])]
        pieces.append(Markup("</mark>"))
        at = end
    return Markup("").join([*pieces, _escaped(match.sentence[at:])])


def _escaped(text: str) -> Markup:
    return escape(sanitize(text, lines=True).replace("\n", " "))


def address(path: str, values: Mapping[str, Any] | None = None, **more: Any) -> str:
    """Return an address of ours with a query; values that are empty are left out."""
    asked = {name: value for name, value in {**(values or {}), **more}.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(asked, doseq=True)}" if asked else path


@cache
def static_address(name: str) -> str:
    """Return the address of a file of ours, which changes with its content, so that it can be kept for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    stem, _, ending = name.rpartition(".")
    return f"/static/{stem}.{digest}.{ending}"
