"""Routes that know their caller before they read the body: the functions' and the REST API's."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request
from fastapi.params import Form
from fastapi.responses import Response
from fastapi.routing import APIRoute

from functions.engine.accounts import api_keys
from functions.web import idempotency
from functions.web.auth import (
    Caller,
    Role,
    UnauthenticatedError,
    presented_key,
    require_local,
)
from functions.web.context import AppContext, Context, Handle, context_of
from functions.web.openapi import with_bearer, with_problems


class CallerRoute(APIRoute):
    """A route that knows its caller before it reads the body: a stranger's upload costs nothing.

    The caller's organisation is held to its rate, and an API key to its areas: the route's tags.
    """

    tells_problems: ClassVar[bool] = False  #: whether its errors are problem documents

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_bearer(options))

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler of a known caller's request."""
        return handle

    def get_route_handler(self) -> Handle:
        """Return the handler, behind the question who calls."""
        handle = self.guarded(super().get_route_handler())
        areas = frozenset(str(tag) for tag in self.tags)

        async def handle_known(request: Request) -> Response:
            context = context_of(request)
            request.state.caller = caller = await _who(context, request)
            context.rates.admit(caller.org)
            caller.require_area(areas)
            return await handle(request)

        return handle_known


class RestRoute(CallerRoute):
    """A route of the REST API: its errors are problem documents, its POSTs take a key.

    `Idempotency-Key` on a POST makes repeating it harmless (idempotency.py).
    """

    tells_problems: ClassVar[bool] = True

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **with_problems(options))

    def guarded(self, handle: Handle) -> Handle:
        """Return the handler; a POST with a key goes through what is known of that key."""
        form = self.body_field is not None and isinstance(self.body_field.field_info, Form)
        return idempotency.guarded(handle, form=form)


async def _who(context: AppContext, request: Request) -> Caller:
    """Tell who calls: by an API key of ours, else by AUTH_MODE."""
    peer = _peer(request)
    token = presented_key(request.headers)
    if token is None:
        return await context.authenticator.caller(request.headers, peer)
    if context.settings.auth_mode == "off":
        require_local(request.headers, peer)
    key = await api_keys.identify(context.engine, token)
    if key is None:
        raise UnauthenticatedError("The API key is refused.")
    areas = None if key.areas is None else frozenset(key.areas)
    return Caller(f"key:{key.id}", key.org, Role(key.role), areas)


async def _viewer(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _operator(caller: Annotated[Caller, Depends(_viewer)]) -> Caller:
    caller.require(Role.OPERATOR)
    return caller


async def _admin(caller: Annotated[Caller, Depends(_viewer)]) -> Caller:
    caller.require(Role.ADMIN)
    return caller


#: Marks the scope of a request that this process makes to itself; none from outside can carry it.
FROM_INSIDE = "clarion.from_inside"


async def _invoker(request: Request, context: Context) -> None:
    if request.scope.get(FROM_INSIDE):
        return
    await context.invoker.verify(request.headers, _peer(request))


def _peer(request: Request) -> str | None:
    return request.client.host if request.client else None


#: Who may read; who may create, start and stop; who may do everything (all of them on CallerRoute
#: routes); Google's scheduler and task queue.
Viewer = Annotated[Caller, Depends(_viewer)]
Operator = Annotated[Caller, Depends(_operator)]
Admin = Annotated[Caller, Depends(_admin)]
ByInvoker = Depends(_invoker)
