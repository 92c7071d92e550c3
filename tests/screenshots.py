"""`python -m tests.screenshots [FOLDER]`: take the pictures of the pages that README and docs show.

A real Chromium looks at a real server with three weeks of invented articles (tests/support/showcase.py). Run it after a
change of the pages, and look at what it made: pictures are compared with nothing.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser

from tests.support.chromium import chromium
from tests.support.paths import ROOT
from tests.support.rows import address_of, empty_database
from tests.support.showcase import fill_showcase, recent
from tests.support.web_server import WebServer

IMAGES = ROOT / "docs" / "images"
DESK, PHONE = (1200, 900), (390, 780)


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture: its name, the address of the page, the size of the window, light or dark."""

    name: str
    path: str
    size: tuple[int, int] = DESK
    is_dark: bool = False
    anchor: str | None = None
    """Element that the picture begins with."""


SHOTS = (
    Shot("today", "/"),
    Shot("search", "/search?q=senate+OR+budget&sort=date"),
    Shot("article", "/articles/6", is_dark=True),
    Shot("versions", "/articles/6?from=1&to=3", anchor="#versions"),
    Shot("source", "/sources/caliber"),
    Shot("compare", "/compare?q=senate&q=parliament&q=Quist&since=12d"),
    Shot("phone", "/", size=PHONE),
)


def main(arguments: list[str]) -> None:
    """Write the pictures to a folder, by default docs/images."""
    folder = Path(arguments[0]) if arguments else IMAGES
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work, chromium() as browser:
        (Path(work) / "news.db").write_bytes(empty_database())
        fill_showcase(address_of(Path(work)), recent()).close()
        with WebServer(Path(work), address_of(Path(work))) as server:
            for shot in SHOTS:
                _take(browser, server, shot, folder)


def _take(browser: Browser, server: WebServer, shot: Shot, folder: Path) -> None:
    width, height = shot.size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if shot.is_dark else "light"
    )
    page = context.new_page()
    page.goto(server.address + shot.path)
    page.evaluate("document.fonts.ready")
    if shot.anchor is not None:
        page.locator(shot.anchor).evaluate("one => one.scrollIntoView({behavior: 'instant'})")
    page.screenshot(path=folder / f"{shot.name}.png")
    context.close()
    print(folder / f"{shot.name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
