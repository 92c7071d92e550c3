"""Define and parse the options of one crawl, from the command line or Scrapy's `-a name=value`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scraper.crawl.selection import RecrawlMode
from storage.config.parsers import point_in_time
from storage.model.errors import ConfigError
from storage.model.records import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class CrawlOptions:
    """Options of one crawl that override the settings."""

    trigger: Trigger = Trigger.MANUAL
    limit: int | None = None  # maximum number of article requests
    since: datetime | None = None  # links and articles dated earlier are deferred
    recrawl: RecrawlMode = RecrawlMode.DUE
    base_url: str | None = None
    urls: tuple[str, ...] = ()  # only these articles, in any section

    def base(self, configured: str | None) -> str | None:
        """Return the base URL to crawl. An empty option is kept, to be refused instead of crawling the live site."""
        return configured if self.base_url is None else self.base_url

    @property
    def retries_all_pending(self) -> bool:
        """Return whether pending links are retried early: yes, unless the scheduler started the crawl."""
        return self.trigger is not Trigger.SCHEDULED


def parse_options(arguments: dict[str, str], *, now: datetime) -> CrawlOptions:
    """Parse the arguments of Scrapy's `-a`. Raises ConfigError that names the invalid argument."""
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
    """Parse a positive number of articles. Raises ConfigError."""
    if value is None:
        return None
    if not value.isascii() or not value.isdigit() or int(value) == 0:
        raise ConfigError(f"{option}: {value!r} is not a number of articles; write 20")
    return int(value)


def parse_since(value: str | None, option: str, *, now: datetime) -> datetime | None:
    """Parse a point in time, absolute or relative to `now`, as aware UTC. Raises ConfigError."""
    try:
        return None if value is None else point_in_time(value, now=now)
    except ValueError as error:
        raise ConfigError(f"{option}: {error}") from error


def parse_recrawl(value: str, option: str) -> RecrawlMode:
    """Parse a recrawl mode. Raises ConfigError that lists the modes."""
    try:
        return RecrawlMode(value)
    except ValueError:
        raise ConfigError(f"{option}: {value!r} is not one of {', '.join(RecrawlMode)}") from None
