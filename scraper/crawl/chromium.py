"""Find the Chromium that renders the pages of sources with `render = true`."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

from storage.model.errors import ConfigError

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names of its executable, searched on PATH in this order."""


def find_browser(chosen: str, *, source: str) -> str:
    """Return the path of Chromium: `chosen`, the setting, or the first on PATH.

    Raises ConfigError if there is none, or Playwright is not installed.
    """
    reason = f"source {source} says render = true"
    if find_spec("playwright") is None:
        raise ConfigError(f"{reason}, which needs Playwright; install presswatch[browser]")
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise ConfigError(f"scraper.browser: {chosen} is not an executable file")
        return chosen
    found = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if found is None:
        raise ConfigError(f"{reason}, and no Chromium is on PATH; install it, or set scraper.browser to its path")
    return found
