"""Who is signed in; signing in with a token or an API key, and signing out."""

from typing import Any, Final

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from functions.api.session.views import NOT_SET_UP, ShownSession, shown
from functions.web.auth import (
    Caller,
    ForbiddenError,
    UnauthenticatedError,
    bearer,
    presented_key,
)
from functions.web.callers import admit, session_of, who
from functions.web.context import AppContext, Context
from functions.web.origins import is_foreign_page
from functions.web.routing.strict_route import OpenRoute
from functions.web.signing_in.provider import LoginError
from functions.web.signing_in.sessions import COOKIE, Session, SignInOffError, Way, forget

router = APIRouter(prefix="/session", tags=["session"], route_class=OpenRoute)
log = structlog.get_logger()

_NEEDS_TOKEN: Final[dict[str, Any]] = {"security": [{"bearer": []}]}


class SignedOut(BaseModel):
    """Where to go to be signed out at the identity provider as well; null: nowhere."""

    end_session_url: str | None


@router.get("", response_model=ShownSession)
async def get_session(request: Request, context: Context) -> dict[str, Any]:
    """Tell who is signed in; with nobody signed in, how one does."""
    return shown(context, await _asker(context, request), session_of(request))


@router.post("", response_model=ShownSession, openapi_extra=_NEEDS_TOKEN)
async def sign_in(request: Request, context: Context, response: Response) -> dict[str, Any]:
    """Sign in a browser with the bearer token or API key of this request."""
    _require_no_foreign_page(context, request)
    if Way.TOKEN not in context.sessions.ways:
        sentence = "Here nobody needs to sign in." if _is_open(context) else NOT_SET_UP
        raise SignInOffError(sentence)
    bearer(request.headers)
    caller = await who(context, request)
    admit(context, request, caller)
    key = presented_key(request.headers)
    way = Way.TOKEN if key is None else Way.KEY
    session = context.sessions.begin(response, way, key or caller)
    log.info("signed_in", org=caller.org, by=caller.subject, way=way)
    return shown(context, caller, session)


@router.delete("", response_model=SignedOut)
async def sign_out(request: Request, context: Context, response: Response) -> dict[str, Any]:
    """Sign a browser out, and say where to go for that at the identity provider as well."""
    _require_no_foreign_page(context, request)
    session = context.sessions.read(request.cookies)
    forget(response, COOKIE)
    return {"end_session_url": await _end_session_url(context, session)}


async def _asker(context: AppContext, request: Request) -> Caller | None:
    """Return who asks; None of a stranger. A wrong token or key is refused all the same."""
    try:
        caller = await who(context, request)
    except UnauthenticatedError:
        if "authorization" in request.headers:
            raise
        return None
    admit(context, request, caller)
    return caller


async def _end_session_url(context: AppContext, session: Session | None) -> str | None:
    if context.provider is None or session is None or session.way is not Way.OIDC:
        return None
    try:
        return await context.provider.end_session_url()
    except LoginError as error:
        log.warning("sign_out_incomplete", error=str(error))
        return None


def _is_open(context: AppContext) -> bool:
    return context.settings.auth_mode == "off"


def _require_no_foreign_page(context: AppContext, request: Request) -> None:
    """Raise ForbiddenError where a page of another origin would sign somebody in or out."""
    if is_foreign_page(request.headers, context.sessions.own_hosts):
        raise ForbiddenError("Pages of other sites are not answered.")
