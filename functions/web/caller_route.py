"""A route that knows its caller before it reads the body."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any, ClassVar, TypeAlias

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from functions.engine.accounts import api_keys
from functions.web.auth import (
    Caller,
    Role,
    UnauthenticatedError,
    presented_key,
    require_local,
)
from functions.web.context import House, HouseOf, house_of
from functions.web.openapi import with_bearer

Handle: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]


class CallerFirst(APIRoute):
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
            house = house_of(request)
            request.state.caller = caller = await _who(house, request)
            house.rates.admit(caller.org)
            caller.require_area(areas)
            return await handle(request)

        return handle_known


async def _who(house: House, request: Request) -> Caller:
    """Tell who calls: by an API key of ours, else by AUTH_MODE."""
    peer = _peer(request)
    token = presented_key(request.headers)
    if token is None:
        return await house.authenticator.caller(request.headers, peer)
    if house.settings.auth_mode == "off":
        require_local(request.headers, peer)
    key = await api_keys.identify(house.engine, token)
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


async def _invoker(request: Request, house: HouseOf) -> None:
    if request.scope.get(FROM_INSIDE):
        return
    await house.invoker.verify(request.headers, _peer(request))


def _peer(request: Request) -> str | None:
    return request.client.host if request.client else None


#: Who may read; who may create, start and stop; who may do everything (all of them on CallerFirst
#: routes); Google's scheduler and task queue.
Viewer = Annotated[Caller, Depends(_viewer)]
Operator = Annotated[Caller, Depends(_operator)]
Admin = Annotated[Caller, Depends(_admin)]
ByInvoker = Depends(_invoker)
