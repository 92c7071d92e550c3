"""The application: routes, the making of pages in threads, errors in words."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from presswatch.output.display_zone import display_zone, shown_in
from presswatch.web.api_routes import api_routes
from presswatch.web.pages.rendering import STATIC, render, static_address
from presswatch.web.pages.request import (
    Answer,
    BadFormError,
    Document,
    Page,
    PageMaker,
    PageRequest,
    Redirect,
    Site,
)
from presswatch.web.pages.routes import FORMATS, PAGES
from presswatch.web.safety.guard import ACCESS, CHOOSE_ZONE, SIGN_IN, Access, Guard, Rules, cookie
from presswatch.web.safety.problem import API, is_api, problem
from presswatch.web.safety.response_headers import FOR_EVER
from presswatch.web.safety.tokens import is_token
from presswatch.web.serving import Server, status_of
from presswatch.web.zone_choice import (
    PARAMETER,
    address_with_zone,
    address_without_zone,
    remember_zone,
    typed_zone,
    zone_of_address,
    zone_of_reader,
)
from storage.database.reader import time_limit
from storage.model.errors import ConfigError, PresswatchError
from storage.model.time_zones import zone_name
from storage.model.version import VERSION

logger = logging.getLogger(__name__)

FORM_COOKIE = "presswatch-form"
FORM_FIELD = "form_token"
MAX_FIELDS = 50
SESSION_DAYS = 30
PATHS = frozenset(path for path, _maker, _methods in PAGES)
STATIC_FILES = frozenset(path.name for path in STATIC.iterdir())
API_TEXTS: Mapping[HTTPStatus, str] = {
    HTTPStatus.NOT_FOUND: f"Nothing is at this address; {API}/openapi.json says what is.",
    HTTPStatus.METHOD_NOT_ALLOWED: f"This method is none of this address; {API}/openapi.json says which are.",
}
FORM_TYPE = "application/x-www-form-urlencoded"


def create_app(site: Site, rules: Rules) -> ASGIApp:
    """Make the application: pages, and the routes below /api."""
    server = Server(site, rules)
    routes: list[BaseRoute] = [
        *(_page_route(server, path, maker, methods) for path, maker, methods in PAGES),
        *(_page_route(server, path, maker, ("GET",), is_page=False) for path, maker in FORMATS),
        Route(CHOOSE_ZONE, _choose_zone(server), methods=["POST"]),
        Route(SIGN_IN, _sign_in(server), methods=["GET", "POST"]),
        Route("/sign-out", _sign_out(server), methods=["POST"]),
        Route("/static/{name}", _static, methods=["GET"]),
    ]
    routes.append(Mount(API, routes=list(api_routes(server))))
    app = Starlette(
        routes=routes,
        exception_handlers={HTTPException: _http_error(server), Exception: _unexpected(server)},
        max_body_size=rules.settings.max_body_size,
    )
    return Guard(app, rules)  # around all of it: what Starlette answers by itself gets its headers, too


def _page_route(server: Server, path: str, maker: PageMaker, methods: Sequence[str], *, is_page: bool = True) -> Route:
    async def handle(request: Request) -> Response:
        default = server.site.config.output.timezone
        if is_page and (named := address_with_zone(request, default)) is not None:
            return RedirectResponse(named, status_code=HTTPStatus.SEE_OTHER)
        try:
            asked = await _page_request(server, request)
            typed = zone_of_address(request) or ("" if is_page else default)
            request.state.zone = typed_zone(typed) if typed else zone_of_reader(request, default)
            return await to_thread.run_sync(_made, server, request, asked, maker, limiter=server.limiter)
        except PresswatchError as error:
            return _told(server, request, error)

    return Route(path, handle, methods=list(methods), name=maker.__name__ + path)


async def _page_request(server: Server, request: Request) -> PageRequest:
    access: Access = request.scope[ACCESS]
    query = request.url.query
    return PageRequest(
        site=server.site,
        address=request.url.path + (f"?{query}" if query else ""),
        now=server.now(),
        path={name: str(value) for name, value in request.path_params.items()},
        query=_fields(query),
        form=await _form(server, request, access) if request.method == "POST" else {},
        may_change=access.may_change,
    )


def _fields(text: str) -> Mapping[str, tuple[str, ...]]:
    """Parse a query or a form. Raises ConfigError for one with too many fields."""
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError as error:
        raise ConfigError(f"an address has at most {MAX_FIELDS} fields") from error
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value.replace("\r\n", "\n"))
    return found


async def _form(server: Server, request: Request, access: Access) -> Mapping[str, tuple[str, ...]]:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
        raise BadFormError("a form is sent as application/x-www-form-urlencoded")
    found = _fields((await request.body()).decode("utf-8", "replace"))
    sent = found.get(FORM_FIELD, ("",))[-1]
    if not access.has_bearer and not server.forms.is_valid(request.cookies.get(FORM_COOKIE, ""), sent):
        raise BadFormError("this form is too old, or was not sent by one of these pages: go back and load it again")
    return found


def _made(server: Server, request: Request, asked: PageRequest, maker: PageMaker) -> Response:
    """Make a page in a thread: its queries, and its text."""
    with time_limit(server.rules.settings.query_timeout), shown_in(request.state.zone):
        return _response(server, request, maker(asked))


def _response(server: Server, request: Request, answer: Answer) -> Response:
    if isinstance(answer, Redirect):
        return RedirectResponse(answer.address, status_code=answer.status)
    if isinstance(answer, Document):
        headers = dict(answer.headers)
        if answer.file_name:
            headers["content-disposition"] = f'inline; filename="{answer.file_name}"'
        return Response("".join(answer.pieces), media_type=answer.media_type, headers=headers)
    return _html(server, request, answer)


def _html(server: Server, request: Request, page: Page) -> Response:
    zone = getattr(request.state, "zone", None) or zone_of_reader(request, server.site.config.output.timezone)
    with shown_in(zone):
        return _html_in_zone(server, request, page)


def _html_in_zone(server: Server, request: Request, page: Page) -> Response:
    access: Access = request.scope[ACCESS]
    form_cookie = cookie({"cookie": request.headers.get("cookie", "")}, FORM_COOKIE)
    fresh = form_cookie or secrets.token_urlsafe(24)
    shared = {
        "title": page.title,
        "path": request.url.path,
        "here": request.url.path + (f"?{request.url.query}" if request.method == "GET" and request.url.query else ""),
        "zone": zone_name(display_zone()),
        "address_zone": zone_of_address(request),
        "may_change": access.may_change,
        "is_signed_in": access.is_signed_in and not access.has_bearer,
        "form_token": server.forms.issue(fresh),
        "version": VERSION,
        "now": server.now(),
        "pages": PATHS,
    }
    response = HTMLResponse(render(page.template, {**shared, **page.values}), status_code=page.status)
    if not form_cookie:
        secure = server.rules.is_secure
        response.set_cookie(FORM_COOKIE, fresh, httponly=True, samesite="strict", secure=secure)
    return response


def _message(server: Server, request: Request, status: HTTPStatus, text: str) -> Response:
    page = Page(template="message.html", title=status.phrase, values={"text": text, "status": status}, status=status)
    return _html(server, request, page)


def _told(server: Server, request: Request, error: PresswatchError) -> Response:
    return _message(server, request, status_of(error), str(error))


def _http_error(server: Server) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
        texts = {
            HTTPStatus.NOT_FOUND: "There is no page at this address.",
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is more than web.max_body_size allows.",
        }
        if is_api(request.url.path):
            headers = error.headers if isinstance(error, HTTPException) else None  # Allow, of a method that is none
            return problem(status, API_TEXTS.get(status, texts.get(status, f"{status.phrase}.")), headers)
        return _message(server, request, status, texts.get(status, f"{status.phrase}."))

    return handle


def _unexpected(server: Server) -> Callable[[Request, Exception], Response]:
    def handle(request: Request, error: Exception) -> Response:
        # Starlette raises the error again for the server, which logs its trace.
        logger.error("%s %s: %s", request.method, request.url.path, type(error).__name__)
        text = "Something went wrong here; the log of presswatch serve has the trace."
        if is_api(request.url.path):
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, text)
        return _message(server, request, HTTPStatus.INTERNAL_SERVER_ERROR, text)

    return handle


def _choose_zone(server: Server) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        default = server.site.config.output.timezone
        try:
            form = await _form(server, request, request.scope[ACCESS])
            zone = typed_zone(form.get(PARAMETER, ("",))[-1] or default)
        except PresswatchError as error:
            return _told(server, request, error)
        back = address_without_zone(form.get("back", ("/",))[-1])
        response = RedirectResponse(back, status_code=HTTPStatus.SEE_OTHER)
        remember_zone(response, zone, default=default, secure=server.rules.is_secure)
        return response

    return handle


def _sign_in(server: Server) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        wanted = request.query_params.get("next", "/")
        following = wanted if wanted.startswith("/") and not wanted.startswith(("//", "/\\")) else "/"
        is_wrong = False
        if request.method == "POST":
            try:
                form = await _form(server, request, request.scope[ACCESS])
            except PresswatchError as error:
                return _told(server, request, error)
            token = form.get("token", ("",))[-1].strip()
            if is_token(token, server.rules.settings.token_hash):
                return _signed_in(server, following, token)
            is_wrong = True
        values = {"is_wrong": is_wrong, "action": request.url.path + f"?{request.url.query}"}
        status = HTTPStatus.FORBIDDEN if is_wrong else HTTPStatus.OK
        return _html(server, request, Page(template="sign_in.html", title="Sign in", values=values, status=status))

    return handle


def _signed_in(server: Server, following: str, token: str) -> Response:
    response = RedirectResponse(following, status_code=HTTPStatus.SEE_OTHER)
    response.set_cookie(
        server.rules.cookie_name,
        token,
        max_age=SESSION_DAYS * 86_400,
        httponly=True,
        samesite="strict",
        secure=server.rules.is_secure,
    )
    return response


def _sign_out(server: Server) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        try:
            await _form(server, request, request.scope[ACCESS])
        except PresswatchError as error:
            return _told(server, request, error)
        response = RedirectResponse(SIGN_IN, status_code=HTTPStatus.SEE_OTHER)
        response.delete_cookie(server.rules.cookie_name, secure=server.rules.is_secure, samesite="strict")
        return response

    return handle


async def _static(request: Request) -> Response:
    """Answer with a file of ours by its name with its hash; a font, which never changes, has none in its name."""
    asked = str(request.path_params["name"])
    stem, _, ending = asked.rpartition(".")
    name = asked if ending == "woff2" else f"{stem.rpartition('.')[0]}.{ending}"
    is_current = ending == "woff2" or (name in STATIC_FILES and static_address(name) == request.url.path)
    if name not in STATIC_FILES or not is_current:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(STATIC / name, headers={"cache-control": FOR_EVER})
