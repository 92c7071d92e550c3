"""A real Chromium for tests of pages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scraper.crawl.chromium import find_browser
from storage.model.errors import ConfigError
from tests.support.paths import ROOT

AXE = ROOT / "tests" / "support" / "axe" / "axe.min.js"
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")


def has_chromium() -> bool:
    """Return whether a Chromium is installed."""
    try:
        find_browser("", reason="a test looks at pages")
    except ConfigError:
        return False
    return True


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser, and end it."""
    path = find_browser("", reason="a test looks at pages")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(path), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def serious_findings(page: Page) -> list[str]:
    """Return what axe-core finds on a page against WCAG 2.2 AA that is serious or critical."""
    # Evaluated, not added as a script: the policy of the pages would refuse that.
    page.evaluate(Path(AXE).read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
        "best-practice"]})).violations.map(one => [one.impact, one.id, one.nodes.map(node => node.html).slice(0, 3)])"""
    )
    return [f"{rule}: {nodes}" for impact, rule, nodes in found if impact in {"serious", "critical"}]
