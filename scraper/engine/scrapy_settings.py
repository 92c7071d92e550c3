"""Build the Scrapy settings of a crawl from the configuration.

The defaults of Scrapy 2.19 do not verify TLS, ignore robots.txt, read bodies of 1 GB for 180 s, and open a port that
runs Python; all of these are overridden here.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from importlib.util import find_spec
from typing import Any

from scrapy.settings import default_settings

from storage.config.settings import ScraperSettings
from storage.model.version import USER_AGENT_PRODUCT, VERSION

PROJECT_URL = "https://github.com/presswatch/presswatch"

# Components that a crawl does not need: without them Scrapy takes 15 to 35 % less CPU a page. They are removed from
# the *_BASE settings, because Scrapy imports every component that a setting names, even to disable it: cookies import
# requests, the remote control imports the server of aiohttp, 0.1 s of every start.
UNUSED_DOWNLOADER_MIDDLEWARES = (
    "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware",  # SameHostOnly is stricter
    "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware",  # RobotsTxt does not allow all on a timeout
    "scrapy.downloadermiddlewares.retry.RetryMiddleware",  # RetryWithDelay waits before each retry
    "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware",
    "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware",
    "scrapy.downloadermiddlewares.redirect.RedirectMiddleware",  # RedirectWithinHost: no Referer to forward
    "scrapy.downloadermiddlewares.cookies.CookiesMiddleware",
    "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware",
    "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware",  # replaced by ContentCoding
    "scrapy.downloadermiddlewares.stats.DownloaderStats",  # TrafficCounter counts what a run reports
)
UNUSED_SPIDER_MIDDLEWARES = (
    "scrapy.spidermiddlewares.httperror.HttpErrorMiddleware",
    "scrapy.spidermiddlewares.referer.RefererMiddleware",
    "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware",
    "scrapy.spidermiddlewares.depth.DepthMiddleware",
    "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware",
)
UNUSED_EXTENSIONS = (
    "scrapy.extensions.corestats.CoreStats",
    "scrapy.extensions.logcount.LogCount",
    "scrapy.extensions.telnet.TelnetConsole",
    "scrapy.extensions.remote_control.RemoteControl",
    "scrapy.extensions.memusage.MemoryUsage",
    "scrapy.extensions.memdebug.MemoryDebugger",
    "scrapy.extensions.closespider.CloseSpider",
    "scrapy.extensions.logstats.LogStats",
    "scrapy.extensions.spiderstate.SpiderState",
)


def _without(components: Mapping[str, int], unused: Collection[str]) -> dict[str, int]:
    """Return the default components without the unused ones."""
    return {name: order for name, order in components.items() if name not in unused}


HTTP_HANDLER = "scraper.engine.download_handler.BrowserLikeHandler"

BASE_SETTINGS: dict[str, Any] = {
    "BOT_NAME": "presswatch",
    "TWISTED_REACTOR_ENABLED": False,  # Scrapy on asyncio alone, so that a crawl is a coroutine of any loop
    "DOWNLOAD_HANDLERS": {"http": HTTP_HANDLER, "https": HTTP_HANDLER, "ftp": None, "file": None, "s3": None},
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "REMOTE_CONTROL_ENABLED": False,
    "TELNETCONSOLE_ENABLED": False,
    "DOWNLOADER_MIDDLEWARES": {
        "scraper.engine.middlewares.SameHostOnly": 50,
        "scraper.engine.middlewares.RobotsTxt": 100,
        "scraper.engine.middlewares.TdmReservations": 110,
        "scraper.engine.middlewares.RetryAfter": 200,
        "scraper.engine.middlewares.RetryWithDelay": 550,
        "scraper.engine.content_coding.ContentCoding": 590,
        "scraper.engine.middlewares.RedirectWithinHost": 600,
        "scraper.engine.middlewares.TrafficCounter": 850,
    },
    "DOWNLOADER_MIDDLEWARES_BASE": _without(
        default_settings.DOWNLOADER_MIDDLEWARES_BASE, UNUSED_DOWNLOADER_MIDDLEWARES
    ),
    "SPIDER_MIDDLEWARES_BASE": _without(default_settings.SPIDER_MIDDLEWARES_BASE, UNUSED_SPIDER_MIDDLEWARES),
    "EXTENSIONS": {"scraper.engine.extensions.RunRecorder": 10, "scraper.engine.extensions.Progress": 20},
    "EXTENSIONS_BASE": _without(default_settings.EXTENSIONS_BASE, UNUSED_EXTENSIONS),
    "ITEM_PIPELINES": {"scraper.engine.pipelines.StorePipeline": 300},
    "REDIRECT_MAX_TIMES": 5,
    # Scrapy's default list names an error of its Twisted handler, which imports Twisted's TLS: 0.3 s.
    "RETRY_EXCEPTIONS": [
        "scrapy.exceptions.CannotResolveHostError",
        "scrapy.exceptions.DownloadConnectionRefusedError",
        "scrapy.exceptions.DownloadFailedError",
        "scrapy.exceptions.DownloadTimeoutError",
        "scrapy.exceptions.ResponseDataLossError",
        OSError,
    ],
    "RETRY_HTTP_CODES": [408, 429, 500, 502, 503, 504, 522, 524],
    "RETRY_GIVE_UP_LOG_LEVEL": "DEBUG",
    "LOG_LEVEL": "WARNING",
    "STATS_DUMP": False,
    # Every callback yields one item, and Scrapy starts this many tasks per response, 100 by default.
    "CONCURRENT_ITEMS": 1,
}


RENDERING: dict[str, Any] = {
    # Outermost: it gets the response that the others accepted.
    "DOWNLOADER_MIDDLEWARES": {**BASE_SETTINGS["DOWNLOADER_MIDDLEWARES"], "scraper.engine.rendering.RenderPages": 40},
}
"""Settings of sources whose pages are rendered; apart, since Scrapy imports what a setting names."""


def user_agent(contact: str) -> str:
    """Return the User-Agent: product, version and a contact of the operator."""
    return f"{USER_AGENT_PRODUCT}/{VERSION} (+{contact or PROJECT_URL})"


def scrapy_settings(scraper: ScraperSettings, own_user_agent: str | None = None) -> dict[str, Any]:
    """Return the Scrapy settings of a crawl; a source may have a User-Agent of its own."""
    delay = scraper.delay.total_seconds()
    return BASE_SETTINGS | {
        "USER_AGENT": own_user_agent or user_agent(scraper.contact),
        "ROBOTSTXT_OBEY": scraper.obey_robots_txt,
        "DOWNLOAD_DELAY": delay,
        "DOWNLOAD_DELAY_JITTER": 0.0,  # that of Scrapy makes a delay half as long now and then
        "CONCURRENT_REQUESTS": scraper.concurrency,
        "CONCURRENT_REQUESTS_PER_DOMAIN": scraper.concurrency,
        "AUTOTHROTTLE_ENABLED": scraper.autothrottle,
        "AUTOTHROTTLE_START_DELAY": delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(scraper.concurrency),
        "DOWNLOAD_TIMEOUT": scraper.timeout.total_seconds(),
        "DOWNLOAD_MAXSIZE": scraper.max_response_size,
        # Bytes of responses in work above which Scrapy sends no request: some large pages that are parsed in another
        # process must not hold up the others.
        "SCRAPER_SLOT_MAX_ACTIVE_SIZE": 4 * scraper.max_response_size,
        "RETRY_TIMES": scraper.retries,
        "ASYNCIO_EVENT_LOOP": event_loop(),
    }


def event_loop() -> str | None:
    """Return the class path of uvloop if it is installed (10 to 15 % less CPU a page), else None."""
    return "uvloop.Loop" if sys.platform != "win32" and find_spec("uvloop") else None
