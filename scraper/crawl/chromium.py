"""Find the Chromium that renders the pages of sources with `render = true`."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

from storage.model.errors import ConfigError
from storage.model.extras import Extra, missing_extra

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
"""Names of its executable, searched on PATH in this order."""


def find_browser(chosen: str, *, reason: str) -> str:
    """Return the path of Chromium: `chosen`, the setting, or the first on PATH; `reason` says what needs it.

    Raises ConfigError if there is none, or Playwright is not installed.
    """
    if find_spec("playwright") is None:
        raise ConfigError(missing_extra(f"{reason}, which needs Playwright", Extra.BROWSER))
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise ConfigError(f"scraper.browser: {chosen} is not an executable file")
        return chosen
    found = next(filter(None, map(shutil.which, BROWSER_NAMES)), None)
    if found is None:
        raise ConfigError(f"{reason}, and no Chromium is on PATH; install it, or set scraper.browser to its path")
    return found
