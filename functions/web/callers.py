"""Who sends a request, by whatever names a caller: an API key, a session, or AUTH_MODE."""

from typing import Final

from fastapi import Request

from functions.engine.accounts import api_keys
from functions.web.auth import (
    Caller,
    UnauthenticatedError,
    key_caller,
    presented_key,
    require_local,
)
from functions.web.context import AppContext
from functions.web.middleware.answer_headers import told
from functions.web.middleware.client_address import client_address
from functions.web.origins import is_own_page
from functions.web.signing_in.sessions import COOKIE, Session

_SESSION: Final = "clarion.session"
#: Bytes that a body counts as whose sender does not tell them.
_UNTOLD: Final = 1_000_000


async def who(context: AppContext, request: Request) -> Caller:
    """Tell who calls. An Authorization header goes before the cookie of a session.

    Raises what tells that nobody does, or that it cannot be known.
    """
    if context.sessions.is_on and "authorization" not in request.headers:
        if COOKIE in request.cookies:
            return await _of_session(context, request)
    elif (token := presented_key(request.headers)) is not None:
        return await _of_key(context, request, token)
    return await context.authenticator.caller(request.headers, peer(request))


def session_of(request: Request) -> Session | None:
    """Return the session that has named a request's caller, None where something else has."""
    session: Session | None = request.scope.get(_SESSION)
    return session


def admit(context: AppContext, request: Request, caller: Caller) -> None:
    """Hold the caller's organisation to its rate, and tell it of that. Raises RateLimitedError."""
    try:
        context.rates.admit(caller.org, size=_size(request))
    finally:
        told(request.scope).update(context.rates.headers(caller.org))


def peer(request: Request) -> str | None:
    """Return the address that a request comes from, None within this process."""
    return request.client.host if request.client else None


async def _of_session(context: AppContext, request: Request) -> Caller:
    if not is_own_page(request.headers, context.sessions.own_hosts):
        raise UnauthenticatedError("A session counts only for what our own pages ask.")
    session = context.sessions.read(request.cookies)
    if session is None:
        raise UnauthenticatedError("The session has ended; sign in again.")
    caller = session.who
    if not isinstance(caller, Caller):
        key = await api_keys.identify(context.engine, caller)
        if key is None:  # no guess: it was right when we sealed it
            raise UnauthenticatedError("The API key of the session is refused; sign in again.")
        caller = key_caller(key)
    request.scope[_SESSION] = session
    return caller


async def _of_key(context: AppContext, request: Request, token: str) -> Caller:
    if context.settings.auth_mode == "off":
        require_local(request.headers, peer(request))
    address = client_address(request, context.settings.trusted_proxies)
    context.guesses.check(address, token)
    key = await api_keys.identify(context.engine, token)
    if key is None:
        context.guesses.note_wrong(address, token)
        raise UnauthenticatedError("The API key is refused.")
    context.guesses.note_right(token)
    return key_caller(key)


def _size(request: Request) -> int:
    """Return how many bytes a request says that it has."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit():
        return int(length)
    return _UNTOLD if "transfer-encoding" in request.headers else 0
