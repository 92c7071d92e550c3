"""Read reservations of rights from HTTP headers, meta tags, robots.txt and tdmrep.json.

Sources: TDM Reservation Protocol (W3C community report), Content-Usage (draft-ietf-aipref-attach), Content-Signal
(contentsignals.org), X-Robots-Tag and robots meta tags (noindex, noai, noimageai).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from scraper.reading.metadata import PageMetadata
from storage.model.reservations import Reservation
from storage.text.sanitize import clean_text

ROBOTS_TOKENS = frozenset({"noindex", "noai", "noimageai"})
PLAIN_HEADERS = ("tdm-reservation", "tdm-policy", "content-usage")
ROBOTS_LINES = ("content-usage", "content-signal")
MAX_ROBOTS_LINES = 20_000
MAX_TDMREP_SIZE = 1_000_000
MAX_RULES = 1_000
"""Rules of tdmrep.json, and lines of usage of robots.txt, that are read."""

_TDM = "tdm-reservation"
_TDM_ORIGINS = ("meta", "header", "tdmrep.json")
"""Origins of tdm-reservation, the most specific first: that one counts."""

_DENIED = re.compile(
    r"(?:^|[\s,;])(?:bots|tdm|ai|train-ai|train-genai|genai|ai-train|ai-input)\s*=\s*\"?(?:n|no|\?0)\"?(?=$|[\s,;])",
    re.IGNORECASE,
)


def from_headers(headers: Iterable[tuple[str, str]], *, product: str) -> Iterator[Reservation]:
    """Yield the reservations of response headers; X-Robots-Tag only if addressed to all or to `product`."""
    for raw_name, raw_value in headers:
        name, value = raw_name.lower(), clean_text(raw_value)
        if name in PLAIN_HEADERS and value:
            yield Reservation(name, value, "header")
        elif name == "x-robots-tag":
            agent, colon, rest = value.partition(":")
            if not colon or agent.strip().lower() == product.lower():
                yield from _robots_tokens(rest if colon else value, "X-Robots-Tag")


def from_metadata(metadata: PageMetadata, *, product: str) -> Iterator[Reservation]:
    """Yield the reservations of the meta tags of a page."""
    for name in (_TDM, "tdm-policy"):
        if (found := metadata.meta(name)) is not None:
            yield Reservation(name, found[0], "meta")
    for name in ("robots", product.lower()):
        if (found := metadata.meta(name)) is not None:
            yield from _robots_tokens(found[0], f"meta {name}")


def _robots_tokens(value: str, origin: str) -> Iterator[Reservation]:
    tokens = {token.strip().lower() for token in value.split(",")}
    tokens |= {"noindex"} if "none" in tokens else set()
    yield from (Reservation("robots", token, origin) for token in sorted(tokens & ROBOTS_TOKENS))


class UsageLine(NamedTuple):
    """Content-Usage or Content-Signal of robots.txt, for paths that start with a prefix."""

    signal: str
    prefix: str
    value: str


def read_robots_txt(body: bytes, *, product: str) -> tuple[UsageLine, ...]:
    """Return Content-Usage and Content-Signal of robots.txt: of the group of `product`, else of all."""
    groups: dict[str, list[UsageLine]] = {}
    agents: list[str] = []
    in_agents = False
    for line in body.decode("utf-8", "replace").splitlines()[:MAX_ROBOTS_LINES]:
        name, _, raw_value = line.partition("#")[0].partition(":")
        field, value = name.strip().lower(), raw_value.strip()
        if field == "user-agent":
            agents = [*agents, value.lower()] if in_agents else [value.lower()]
        elif field in ROBOTS_LINES and value:
            for agent in {product.lower(), "*"}.intersection(agents or ["*"]):
                groups.setdefault(agent, []).append(_usage_line(field, value))
        in_agents = field == "user-agent" or (in_agents and not field)
    return tuple(groups.get(product.lower(), groups.get("*", []))[:MAX_RULES])


def _usage_line(signal: str, value: str) -> UsageLine:
    first, _, rest = value.partition(" ")
    return UsageLine(signal, first, rest.strip()) if first.startswith("/") else UsageLine(signal, "/", value)


def from_robots_txt(lines: Sequence[UsageLine], path: str) -> Iterator[Reservation]:
    """Yield the reservations of robots.txt for a path: of each kind the line with the longest prefix of it."""
    for kind in ROBOTS_LINES:
        matching = [line for line in lines if line.signal == kind and path.startswith(line.prefix)]
        if matching:
            yield Reservation(kind, max(matching, key=lambda line: len(line.prefix)).value, "robots.txt")


class TdmRule(NamedTuple):
    """Rule of tdmrep.json: a pattern of paths, and what it says of them."""

    location: str
    reservations: tuple[Reservation, ...]


def read_tdmrep(body: bytes) -> tuple[TdmRule, ...]:
    """Return the rules of tdmrep.json; none if it is no list of rules, or is larger than MAX_TDMREP_SIZE."""
    try:
        rules: Any = json.loads(body if len(body) <= MAX_TDMREP_SIZE else b"[]")
    except (ValueError, RecursionError):
        return ()
    return tuple(
        TdmRule(rule["location"], tuple(_tdm_values(rule)))
        for rule in (rules[:MAX_RULES] if isinstance(rules, list) else [])
        if isinstance(rule, dict) and isinstance(rule.get("location"), str)
    )


def _tdm_values(rule: Mapping[str, Any]) -> Iterator[Reservation]:
    for name in (_TDM, "tdm-policy"):
        if rule.get(name) is not None:
            yield Reservation(name, clean_text(str(rule[name])), "tdmrep.json")


def from_tdmrep(rules: Sequence[TdmRule], path: str) -> tuple[Reservation, ...]:
    """Return the reservations of the first rule that matches a path."""
    return next((rule.reservations for rule in rules if _matches(rule.location, path)), ())


def _matches(location: str, path: str) -> bool:
    """Match a location as in robots.txt: a prefix, `*` for anything, `$` for the end. Linear in both."""
    anchored = location.endswith("$")
    first, *parts = location.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    position = len(first)
    for index, part in enumerate(parts):
        if anchored and index == len(parts) - 1:
            return path.endswith(part) and len(path) - len(part) >= position
        found = path.find(part, position)
        if found < 0:
            return False
        position = found + len(part)
    return not anchored or position == len(path)


def reservation_of(reservations: Sequence[Reservation]) -> Reservation | None:
    """Return the signal that reserves a page against text and data mining or use by AI; None if none does.

    noindex and noimageai do not: they are about search engines and pictures.
    """
    tdm = [one for one in reservations if one.signal == _TDM and one.origin in _TDM_ORIGINS]
    decisive = min(tdm, key=lambda one: _TDM_ORIGINS.index(one.origin), default=None)
    if decisive is not None and decisive.value == "1":
        return decisive
    return next((one for one in reservations if _is_denial(one)), None)


def _is_denial(one: Reservation) -> bool:
    if one.signal == "robots":
        return one.value == "noai"
    return one.signal in ROBOTS_LINES and _DENIED.search(one.value) is not None
