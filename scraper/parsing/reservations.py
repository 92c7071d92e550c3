"""Read reservations of rights from HTTP headers, meta tags, robots.txt and tdmrep.json.

Sources: TDM Reservation Protocol (W3C community report), Content-Usage (draft-ietf-aipref-attach), Content-Signal
(contentsignals.org), X-Robots-Tag and robots meta tags (noindex, noai, noimageai).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from scraper.parsing.selectors import PageMetadata
from storage.model.reservations import Reservation
from storage.text.sanitize import clean_text

ROBOTS_TOKENS = frozenset({"noindex", "noai", "noimageai"})
PLAIN_HEADERS = ("tdm-reservation", "tdm-policy", "content-usage")
ROBOTS_LINES = ("content-usage", "content-signal")
MAX_ROBOTS_LINES = 20_000
MAX_RULES = 1_000
"""Rules of tdmrep.json that are read."""

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


def from_robots_txt(body: bytes, path: str, *, product: str) -> Iterator[Reservation]:
    """Yield Content-Usage and Content-Signal of robots.txt for a path: of the group of `product`, else of all.

    A line may begin with a path prefix; of each kind the line with the longest matching prefix counts.
    """
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    in_agents = False
    for line in body.decode("utf-8", "replace").splitlines()[:MAX_ROBOTS_LINES]:
        name, _, raw_value = line.partition("#")[0].partition(":")
        field, value = name.strip().lower(), raw_value.strip()
        if field == "user-agent":
            agents = [*agents, value.lower()] if in_agents else [value.lower()]
        elif field in ROBOTS_LINES and value:
            for agent in agents or ["*"]:
                groups.setdefault(agent, []).append((field, value))
        in_agents = field == "user-agent" or (in_agents and not field)
    rows = groups.get(product.lower(), groups.get("*", []))
    for kind in ROBOTS_LINES:
        matching = [_split_prefix(value) for field, value in rows if field == kind]
        matching = [(prefix, usage) for prefix, usage in matching if path.startswith(prefix)]
        if matching:
            yield Reservation(kind, max(matching, key=lambda row: len(row[0]))[1], "robots.txt")


def _split_prefix(value: str) -> tuple[str, str]:
    first, _, rest = value.partition(" ")
    return (first, rest.strip()) if first.startswith("/") else ("/", value)


def from_tdmrep(body: bytes, path: str) -> Iterator[Reservation]:
    """Yield the first rule of tdmrep.json whose location matches a path; nothing if it is no list of rules."""
    try:
        rules: Any = json.loads(body)
    except (ValueError, RecursionError):
        return
    for rule in rules[:MAX_RULES] if isinstance(rules, list) else []:
        location = rule.get("location") if isinstance(rule, dict) else None
        if isinstance(location, str) and _matches(location, path):
            for name in (_TDM, "tdm-policy"):
                if rule.get(name) is not None:
                    yield Reservation(name, clean_text(str(rule[name])), "tdmrep.json")
            return


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
