"""Choose the time zone of a page: that of its address, else that of the reader's cookie, else that of the settings.

An address is shared, a cookie is not: an address that asks for something is led to the one that names the zone as
well, so that whoever opens it sees the same days. Other formats have no reader: they follow their address alone.
"""

from __future__ import annotations

from datetime import tzinfo

from starlette.datastructures import URL
from starlette.requests import Request
from starlette.responses import Response

from presswatch.web.safety.guard import cookie
from storage.model.errors import ConfigError
from storage.model.time_zones import zone_name, zone_named

PARAMETER = "timezone"
COOKIE = "presswatch-timezone"
COOKIE_SECONDS = 365 * 86_400


def typed_zone(typed: str) -> tzinfo:
    """Return the zone of a name as typed. Raises ConfigError, with the nearest names."""
    try:
        return zone_named(typed.strip())
    except ValueError as error:
        raise ConfigError(f"time zone: {typed[:100]!r} {error}") from error


def zone_of_address(request: Request) -> str:
    """Return the zone that an address names, empty if it names none."""
    return request.query_params.get(PARAMETER, "").strip()


def zone_of_reader(request: Request, default: str) -> tzinfo:
    """Return the zone that the reader has chosen on another page, or that of the settings."""
    chosen = cookie({"cookie": request.headers.get("cookie", "")}, COOKIE)
    try:
        return zone_named(chosen or default)
    except ValueError:
        return zone_named(default)


def address_with_zone(request: Request, default: str) -> str | None:
    """Return the address that names the reader's zone as well; None if there is nothing to add."""
    zone = zone_name(zone_of_reader(request, default))
    if request.method != "GET" or not request.url.query or zone_of_address(request) or zone == default:
        return None
    return _local(request.url.include_query_params(**{PARAMETER: zone}))


def address_without_zone(address: str) -> str:
    """Return an address of ours that names no zone; what leads elsewhere becomes the first page."""
    if not address.startswith("/") or address.startswith(("//", "/\\")):
        return "/"
    return _local(URL(address).remove_query_params(PARAMETER))


def _local(url: URL) -> str:
    return url.path + (f"?{url.query}" if url.query else "")


def remember_zone(response: Response, zone: tzinfo, *, default: str, secure: bool) -> None:
    """Keep the choice of a reader; that of the settings needs no cookie."""
    if zone_name(zone) == default:
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=secure)
    else:
        # Lax: who follows a link from a mail wants his own zone, too.
        name, age = zone_name(zone), COOKIE_SECONDS
        response.set_cookie(COOKIE, name, max_age=age, httponly=True, samesite="lax", secure=secure)
