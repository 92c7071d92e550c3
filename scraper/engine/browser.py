"""Render pages in Chromium, which gets every resource from the crawl and makes no connection of its own."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import async_playwright

from scraper.crawl.browser_folder import BrowserFolder

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page, Playwright, Request, Route, WebSocketRoute

logger = logging.getLogger(__name__)

ARGUMENTS = (
    # All that is not intercepted ends at a port that nothing listens on, and no name is resolved.
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--dns-prefetch-disable",
    "--no-pings",
    "--js-flags=--max-old-space-size=512",
    "--renderer-process-limit=2",
    "--blink-settings=imagesEnabled=false",
)
SERIALIZE = "() => (document.doctype ? '<!DOCTYPE html>' : '') + document.documentElement.outerHTML"
"""Script that returns the HTML of a document as it is."""
LOADED_TYPES = frozenset({"script", "xhr", "fetch"})
"""Types of resources that are loaded: no images, media, fonts, styles, frames or sockets."""
MAX_PARALLEL_PAGES = 2
MAX_SUBREQUESTS = 40
"""Resources that one page may load; those behind them fail."""
QUIET_TIME = 0.5
"""Seconds without a request after which a page is taken for rendered."""
CLOSE_TIMEOUT = 5.0
"""Seconds to wait for a page or the browser to close; then the browser is killed."""
MAX_MEMORY = 1_000_000_000
"""Bytes of all processes of the browser, without what they share; a page that makes it take more has failed."""
MEMORY_INTERVAL = 0.5
"""Seconds between two looks at the memory of the browser."""
MAX_CACHED_BYTES = 32_000_000
"""Bytes of scripts that are kept for the next pages of a crawl."""


@dataclass(frozen=True, slots=True)
class Resource:
    """Response that a page gets: status, headers, decoded body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


NO_CONTENT = Resource(204, {}, b"")
"""Answer after which a browser stays on the page that it has (RFC 9110 §15.3.5)."""

Fetch = Callable[[str, Mapping[str, str]], Awaitable[Resource | None]]
"""Fetches a URL with the request headers of a page; None if it is not sent or has no answer."""


class BrowserStartError(Exception):
    """Raised when Chromium does not start; the text is one line."""


class PageError(Exception):
    """Raised when a page cannot be rendered; the text is one line."""


class ChromiumBrowser:
    """One Chromium, started by the first page. `executable` is its path."""

    def __init__(self, executable: str, *, user_agent: str) -> None:
        self._executable = executable
        self._user_agent = user_agent
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._folder: BrowserFolder | None = None
        self._watching: asyncio.Task[None] | None = None
        self._is_killed = False
        self._starting = asyncio.Lock()
        self._pages = asyncio.Semaphore(MAX_PARALLEL_PAGES)
        self._scripts = _ScriptCache()

    async def render(self, url: str, document: Resource, fetch: Fetch, *, timeout: float) -> str:  # noqa: ASYNC109
        """Return the HTML of a page after its scripts ran, at most `timeout` seconds. Its own response is `document`.

        Raises TimeoutError, PageError, BrowserStartError, and what `fetch` raises.
        """
        async with self._pages:
            browser = await self._started()
            try:
                async with asyncio.timeout(timeout):
                    return await self._render(browser, url, document, fetch)
            except (PlaywrightError, PageError) as error:
                if self._is_killed and not browser.is_connected():
                    raise PageError(f"the browser took more than {MAX_MEMORY // 10**6:,} MB of memory") from error
                raise PageError(_first_line(error)) from error

    async def _render(self, browser: Browser, url: str, document: Resource, fetch: Fetch) -> str:
        context = await browser.new_context(
            user_agent=self._user_agent, accept_downloads=False, service_workers="block", reduced_motion="reduce"
        )
        try:
            page = await context.new_page()
            loading = _PageLoading(page, url, document, fetch, self._scripts)
            await context.route("**/*", loading.handle)
            await context.route_web_socket("**/*", _close_socket)
            context.on("page", loading.close_popup)
            page.on("domcontentloaded", loading.parsed)
            page.on("crash", loading.ended)
            page.on("close", loading.ended)  # also if the whole browser has ended
            await page.goto(url, wait_until="commit", timeout=0)
            await loading.wait_quiet()
            html: str = await page.evaluate(SERIALIZE)  # content() waits for ever if a script went on to another page
            return html
        finally:
            await self._close_context(browser, context)

    async def _close_context(self, browser: Browser, context: BrowserContext) -> None:
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await context.close()
        except (TimeoutError, PlaywrightError):
            if browser is self._browser:  # not the one that another page has started since
                await self._stop()  # the next page starts another

    async def _started(self) -> Browser:
        async with self._starting:
            if self._browser is None or not self._browser.is_connected():
                await self._stop()
                try:
                    self._folder = BrowserFolder() if sys.platform != "win32" else None
                    with nullcontext() if self._folder is None else self._folder.for_new_processes():
                        self._playwright = await async_playwright().start()
                    self._browser = await self._playwright.chromium.launch(
                        executable_path=self._executable,
                        args=list(ARGUMENTS),
                        chromium_sandbox=hasattr(os, "geteuid") and os.geteuid() != 0,  # root cannot have it
                        env=dict(os.environ),  # of the crawl: paths of sockets are short, that of the folder is long
                        handle_sigint=False,
                        handle_sigterm=False,
                        handle_sighup=False,
                    )
                except (PlaywrightError, OSError) as error:
                    await self._stop()
                    raise BrowserStartError(f"{self._executable} did not start: {_first_line(error)}") from error
                self._is_killed = False
                self._watching = asyncio.create_task(self._watch_memory(self._browser))
            return self._browser

    async def _watch_memory(self, browser: Browser) -> None:
        """Kill a browser that takes too much memory, which limits of JavaScript alone do not prevent."""
        with suppress(PlaywrightError):  # the browser has ended
            session = await browser.new_browser_cdp_session()
            while True:
                running = (await session.send("SystemInfo.getProcessInfo"))["processInfo"]
                if sum(map(own_memory, (process["id"] for process in running))) > MAX_MEMORY:
                    self._is_killed = True
                    for process in running:
                        with suppress(ProcessLookupError):
                            os.kill(process["id"], signal.SIGKILL)
                    return
                await asyncio.sleep(MEMORY_INTERVAL)

    async def close(self) -> None:
        """End the browser and its driver."""
        async with self._starting:
            await self._stop()

    async def _stop(self) -> None:
        watching, self._watching = self._watching, None
        if watching is not None:
            watching.cancel()
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        with suppress(PlaywrightError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT):
                if browser is not None:
                    await browser.close()
        if playwright is not None:
            with suppress(PlaywrightError, TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await playwright.stop()  # ends the driver, which kills the browser if it is left
        folder, self._folder = self._folder, None
        if folder is not None:
            folder.remove()


def own_memory(pid: int) -> int:
    """Read the resident memory of a process that it shares with no other, in bytes; 0 without /proc."""
    try:
        resident, shared = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1:3]
    except (OSError, ValueError):
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def _close_socket(socket: WebSocketRoute) -> Any:
    return socket.close()


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


@dataclass(slots=True)
class _ScriptCache:
    """Scripts by URL: most pages of a site load the same ones."""

    _scripts: dict[str, Resource] = field(default_factory=dict)
    _size: int = 0

    def get(self, url: str) -> Resource | None:
        return self._scripts.get(url)

    def add(self, url: str, script: Resource) -> None:
        if script.status == 200 and self._size + len(script.body) <= MAX_CACHED_BYTES:
            self._size += len(script.body)
            self._scripts[url] = script


class _PageLoading:
    """Answer the requests of one page, and tell when it makes no more."""

    def __init__(self, page: Page, url: str, document: Resource, fetch: Fetch, scripts: _ScriptCache) -> None:
        self._page = page
        self._document = document
        self._url = url
        self._fetch = fetch
        self._scripts = scripts
        self._count = 0
        self._pending = 0
        self._is_parsed = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._error: BaseException | None = None

    async def handle(self, route: Route) -> None:
        """Answer a request with what the crawl got for it, or fail it."""
        self._pending += 1
        self._is_idle.clear()
        try:
            resource = await self._resource(route.request)
            with suppress(PlaywrightError):  # the page may be gone
                if resource is None:
                    await route.abort()
                else:
                    await route.fulfill(status=resource.status, headers=dict(resource.headers), body=resource.body)
        except Exception as error:  # noqa: BLE001  (Playwright would print it; wait_quiet raises it)
            # A request of a window that is being opened has no frame yet.
            if not isinstance(error, PlaywrightError):
                self._error = error
            with suppress(PlaywrightError):
                await route.abort()
        finally:
            self._pending -= 1
            if not self._pending:
                self._is_idle.set()

    async def _resource(self, request: Request) -> Resource | None:
        if request.is_navigation_request():
            if request.frame != self._page.main_frame:
                return None
            if self._document is NO_CONTENT and not self._is_parsed.is_set():  # which it will never be
                self._error = PageError(f"a script in it leads on to {request.url[:200]}")
                self._is_parsed.set()
            document, self._document = self._document, NO_CONTENT
            return document
        if request.resource_type not in LOADED_TYPES or request.method != "GET":
            return None
        self._count += 1
        if self._count > MAX_SUBREQUESTS:
            logger.debug("%s: more than %d resources; not loaded: %s", self._url, MAX_SUBREQUESTS, request.url)
            return None
        is_script = request.resource_type == "script"
        if is_script and (known := self._scripts.get(request.url)) is not None:
            return known
        resource = await self._fetch(request.url, request.headers)
        if is_script and resource is not None:
            self._scripts.add(request.url, resource)
        return resource

    def parsed(self, _page: Page) -> None:
        """Note that the whole document is parsed, and the scripts in it have run."""
        self._is_parsed.set()

    def ended(self, _page: Page) -> None:
        """Note that the browser has ended the page, for which no call of Playwright may be waiting."""
        self._error = self._error or PageError("the browser has ended it")
        self._is_parsed.set()
        self._is_idle.set()

    async def wait_quiet(self) -> None:
        """Wait until the document is parsed and no request was made for QUIET_TIME. Raises what a fetch raised."""
        await self._is_parsed.wait()
        while True:
            if self._pending and self._error is None:
                await self._is_idle.wait()
            count = self._count
            await asyncio.sleep(QUIET_TIME)
            if self._error is not None:
                raise self._error
            if not self._pending and count == self._count:
                return

    async def close_popup(self, page: Page) -> None:
        """Close a window that the page opened."""
        if page != self._page:
            with suppress(PlaywrightError):
                await page.close()
