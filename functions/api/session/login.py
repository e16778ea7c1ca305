"""Signing in at the identity provider: to it, and back. A browser comes here, no program."""

from typing import Annotated, ClassVar, Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from functions.api.session.views import NOT_SET_UP
from functions.web.context import AppContext, Context
from functions.web.origins import is_foreign_page
from functions.web.routing.route import Route
from functions.web.routing.strict_route import OpenRoute
from functions.web.signing_in import logins
from functions.web.signing_in.logins import Login
from functions.web.signing_in.provider import Failure, LoginError, Provider
from functions.web.signing_in.sessions import SignInOffError, Way, forget

router = APIRouter(prefix="/session", tags=["session"], route_class=OpenRoute)
log = structlog.get_logger()

_SEE_OTHER: Final = 303


class _WayBack(Route):
    """A route that takes any parameters: providers add their own."""

    tells_problems: ClassVar[bool] = True


@router.get("/login", include_in_schema=False)
async def begin_login(
    request: Request, context: Context, next_: Annotated[str, Query(alias="next")] = ""
) -> Response:
    """Lead a browser to the identity provider, to come back with who it is."""
    provider = _provider(context)
    login = Login(logins.place_in_console(next_))
    if is_foreign_page(request.headers, context.sessions.own_hosts):
        return _to_sign_in(context, login.place)
    try:
        url = await provider.authorization_url(login)
    except LoginError as error:
        return _failed(context, error, login.place)
    now = context.engine.clock.now()
    response = logins.begin(context.sessions.seals, login, request.cookies, now=now)
    response.headers["location"] = url
    return response


async def end_login(request: Request, context: Context) -> Response:
    """Begin the session of whoever comes back from the identity provider."""
    provider, answered = _provider(context), request.query_params
    login = logins.begun(context.sessions.seals, request.cookies, answered.get("state", ""))
    if login is None:
        why = "this browser has begun no such login, or has ended it"
        return _failed(context, LoginError(Failure.EXPIRED, why), "")
    try:
        caller = await provider.caller(login, answered)
    except LoginError as error:
        response = _failed(context, error, login.place)
    else:
        response = _to(context, login.place or "#/")
        context.sessions.begin(response, Way.OIDC, caller)
        log.info("signed_in", org=caller.org, by=caller.subject, way=Way.OIDC)
    forget(response, login.cookie)
    return response


router.add_api_route("/callback", end_login, include_in_schema=False, route_class_override=_WayBack)


def _provider(context: AppContext) -> Provider:
    if context.provider is None:
        raise SignInOffError(NOT_SET_UP)
    return context.provider


def _failed(context: AppContext, error: LoginError, place: str) -> Response:
    log.warning("sign_in_failed", failure=error.failure, error=str(error))
    return _to_sign_in(context, place, error=error.failure)


def _to_sign_in(context: AppContext, place: str, **told: str) -> Response:
    """Lead to the console's page for signing in, which says what went wrong."""
    query = urlencode({**told, **({"next": place} if place else {})})
    return _to(context, f"#/sign-in?{query}" if query else "#/sign-in")


def _to(context: AppContext, place: str) -> Response:
    return RedirectResponse(f"{context.settings.console_url}/{place}", _SEE_OTHER)
