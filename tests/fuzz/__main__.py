"""`python -m tests.fuzz [COUNT] [SEED]`: parse COUNT (1,000,000) hostile feeds, pages, dates and URLs.

Prints the number of inputs of each kind, and every finding: an exception that is none of the parser's own, an answer
that breaks a rule, or more than CPU_SECONDS for one input. Exits with 1 if there is one. An input is made of SEED, its
kind and its number alone: `python -m tests.fuzz KIND NUMBER SEED` parses it again, with its traceback.
"""

from __future__ import annotations

import mmap
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from scraper.errors import ChannelError, PageError
from scraper.parsing.dates import parse_date
from scraper.parsing.feeds import parse_feed
from scraper.parsing.json_list import parse_json_list
from scraper.parsing.list_page import parse_listing_page
from scraper.parsing.sitemaps import parse_sitemap, select_children
from scraper.parsing.source_urls import SourceUrls
from scraper.reading.article_page import ArticlePage
from scraper.site_discovery.home_page import parse_html, read_home_page
from scraper.site_discovery.list_pages import find_list
from scraper.source import JsonItems
from scraper.sources import get_source
from storage.model.urls import canonicalize, origin, request_url
from tests.fuzz.inputs import MAKERS
from tests.support.declared import HOME, SOURCE, SOURCE_URLS

COUNT = 1_000_000
SEED = 20261128
SHARES: Mapping[str, float] = {"feed": 0.05, "sitemap": 0.05, "page": 0.05, "date": 0.45, "url": 0.4}
BATCHES: Mapping[str, int] = {"feed": 500, "sitemap": 500, "page": 200, "date": 20_000, "url": 20_000}
CPU_SECONDS = 5
"""Seconds of CPU time for one input, a thousand times what a large one takes."""
MEMORY = 2_000_000_000
"""Bytes of address space of a process that parses a batch."""
MAX_SHOWN = 300
"""Characters of an input that a finding shows."""

BAKU = ZoneInfo("Asia/Baku")
CALIBER = get_source("caliber")
ITEMS = JsonItems(items="items[*]", url="url", title="title.text", published="at", views="n")
NOON = datetime(2026, 11, 4, 12, tzinfo=UTC)


def check_feed(body: Any) -> None:
    parse_feed(body, url=f"{HOME}/rss.xml", urls=SOURCE_URLS, language=None, content_type=None)


def check_sitemap(body: Any) -> None:
    url = f"{HOME}/sitemap.xml"
    with suppress(ChannelError):
        select_children(parse_sitemap(body, url=url, urls=SOURCE_URLS, language=None).children, last_read_at=NOON)
    parse_json_list(body, url=url, urls=SOURCE_URLS, items=ITEMS, language=None)


def check_page(body: Any) -> None:
    at = {"url": f"{HOME}/en/post/gas", "source": CALIBER, "urls": SourceUrls(CALIBER), "fetched_at": NOON}
    read_home_page(body, url=f"{HOME}/", urls=SOURCE_URLS, content_type=None)
    if (tree := parse_html(body, None)) is not None:
        find_list(tree, f"{HOME}/", SOURCE_URLS)
    with suppress(PageError):
        ArticlePage(body, content_type=None, **at).parse()
    parse_listing_page(body, url=f"{HOME}/en/", source=SOURCE, urls=SOURCE_URLS, language=None, content_type=None)


def check_date(text: Any) -> None:
    for arguments in ({"now": NOON}, {"now": NOON, "reference": NOON, "language": "tr"}):
        found = parse_date(text, BAKU, **arguments)
        assert found is None or found[0].utcoffset() == timedelta(0), "a date that is not UTC"


def check_url(text: Any) -> None:
    known = canonicalize(text)
    assert known is None or canonicalize(known) == known, "canonicalize() is not idempotent"
    origin(text)
    sent = request_url(text, f"{HOME}/en/")
    assert sent is None or (str(sent).isascii() and str(sent).isprintable() and " " not in str(sent)), "not sendable"
    assert sent is None or str(request_url(str(sent))) == str(sent), "request_url() is not idempotent"
    SOURCE_URLS.article_url(text, f"{HOME}/en/")


CHECKS: Mapping[str, Callable[[Any], None]] = {
    "feed": check_feed,
    "sitemap": check_sitemap,
    "page": check_page,
    "date": check_date,
    "url": check_url,
}


def make(kind: str, number: int, seed: int) -> bytes | str:
    """Make the input of a kind, a number and a seed."""
    return MAKERS[kind](Random(f"{seed} {kind} {number}"))


def check_batch(kind: str, numbers: Sequence[int], seed: int) -> Iterator[str]:
    """Check inputs in processes of their own; yield a line for each finding."""
    with mmap.mmap(-1, 16) as progress:  # number of the input, and whether it failed
        rest = list(numbers)
        while rest:
            progress[:16] = bytes(16)
            pid = os.fork()
            if pid == 0:
                _check_all(kind, rest, seed, progress)
            _, status = os.waitpid(pid, 0)
            if status == 0:
                return
            number = int.from_bytes(progress[:8], "big")
            yield f"{kind} {number}: {_cause(status)}: {make(kind, number, seed)[:MAX_SHOWN]!r}"
            rest = [later for later in rest if later > number]


def _check_all(kind: str, numbers: Sequence[int], seed: int, progress: mmap.mmap) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    for number in numbers:
        progress[:8] = number.to_bytes(8, "big")
        resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + CPU_SECONDS, hard))
        try:
            CHECKS[kind](make(kind, number, seed))
        except ChannelError:
            continue
        except BaseException:  # noqa: BLE001  (whatever it is, the parent tells)
            os._exit(1)
    os._exit(0)


def _cause(status: int) -> str:
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        return f"more than {CPU_SECONDS} s of CPU time" if name == "SIGXCPU" else f"its process was ended by {name}"
    return "failed"


def main(arguments: Sequence[str]) -> int:
    """Check all kinds, or one input again; return the exit code."""
    if arguments and arguments[0] in CHECKS:
        kind, number, seed = arguments[0], int(arguments[1]), int(arguments[2]) if arguments[2:] else SEED
        CHECKS[kind](make(kind, number, seed))
        return 0
    count = int(arguments[0]) if arguments else COUNT
    seed = int(arguments[1]) if arguments[1:] else SEED
    found = 0
    for kind, share in SHARES.items():
        of_kind, batch = round(count * share), BATCHES[kind]
        for first in range(0, of_kind, batch):
            for finding in check_batch(kind, range(first, min(first + batch, of_kind)), seed):
                found += 1
                print(finding, flush=True)
        print(f"{kind}: {of_kind:,} inputs", flush=True)
    print(f"{found} findings in {count:,} inputs, seed {seed}")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
