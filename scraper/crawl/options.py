"""What a person can ask of one crawl, from our command line or as Scrapy's `-a name=value`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scraper.crawl.selection import RecrawlMode
from storage.config.parsers import point_in_time
from storage.model.errors import ConfigError
from storage.model.records import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """How one crawl differs from the settings."""

    trigger: Trigger = Trigger.MANUAL
    limit: int | None = None  # article requests at most
    since: datetime | None = None  # links and articles dated before are left for later
    recrawl: RecrawlMode = RecrawlMode.DUE
    base_url: str | None = None
    urls: tuple[str, ...] = ()  # only these articles, whatever their section

    def base(self, configured: str | None) -> str | None:
        """The copy to crawl. An empty one is refused as an address: it must not pass for the live site."""
        return configured if self.base_url is None else self.base_url

    @property
    def retries_all_pending(self) -> bool:
        """A person who asks now does not want to hear "in five minutes"; a schedule keeps to the times."""
        return self.trigger is not Trigger.SCHEDULED


def parse_options(arguments: dict[str, str], *, now: datetime) -> CrawlOptions:
    """Options from Scrapy's `-a`; raises ConfigError naming the one that cannot be used."""
    known = {"limit", "since", "recrawl", "base_url", "url"}
    for name in arguments.keys() - known:
        raise ConfigError(f"-a {name}: unknown; known are {', '.join(sorted(known))}")
    return CrawlOptions(
        trigger=Trigger.SCRAPY,
        limit=parse_limit(arguments.get("limit"), "-a limit"),
        since=parse_since(arguments.get("since"), "-a since", now=now),
        recrawl=parse_recrawl(arguments.get("recrawl", RecrawlMode.DUE), "-a recrawl"),
        base_url=arguments.get("base_url"),
        urls=tuple(arguments["url"].split()) if "url" in arguments else (),
    )


def parse_limit(value: str | None, option: str) -> int | None:
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ConfigError(f"{option}: {value!r} is no number of articles; write 20")
    return int(value)


def parse_since(value: str | None, option: str, *, now: datetime) -> datetime | None:
    try:
        return None if value is None else point_in_time(value, now=now)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from error


def parse_recrawl(value: str, option: str) -> RecrawlMode:
    try:
        return RecrawlMode(value)
    except ValueError:
        raise ConfigError(f"{option}: {value!r} is not one of {', '.join(RecrawlMode)}") from None
