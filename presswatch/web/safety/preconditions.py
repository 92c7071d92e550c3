"""Check what must hold before pages are served: the libraries are there, and nobody is let in by oversight."""

from __future__ import annotations

from importlib.util import find_spec

from presswatch.web.safety.hosts import is_local
from storage.config.web_settings import WebSettings
from storage.model.errors import ConfigError
from storage.model.extras import Extra, missing_extra

LIBRARIES = ("starlette", "jinja2", "uvicorn")


def require_libraries() -> None:
    """Raise ConfigError, which says how to get them, if the libraries of the extra are not installed."""
    missing = next((name for name in LIBRARIES if find_spec(name) is None), None)
    if missing is not None:
        raise ConfigError(missing_extra(f"the pages of presswatch serve need {missing}", Extra.WEB))


def require_protection(settings: WebSettings, host: str) -> str | None:
    """Return a warning for pages that are open beyond this machine; None if they are not, or need a token.

    Raises ConfigError if the settings neither name a token nor say that none is wanted.
    """
    if settings.token_hash or (is_local(host) and not settings.public_url):
        return None
    reached = f"web.public_url = {settings.public_url}" if is_local(host) else f"web.host = {host}"
    if not settings.allow_anonymous:
        raise ConfigError(
            f"{reached} lets other machines in: set web.token_hash, for which presswatch serve --new-token makes a "
            "token, or web.allow_anonymous = true"
        )
    return f"{reached}: everybody who reaches it can read all articles, and change nothing (web.allow_anonymous)"
