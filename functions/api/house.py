"""What a request handler is given: the engine, the settings, and who is calling."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from functions.api.auth import Authenticator, Caller, Role
from functions.api.invoker import Invoker
from functions.engine.core import Engine
from functions.settings import Settings


@dataclass(frozen=True, slots=True)
class House:
    """Everything behind the HTTP faces, made once by bootstrap."""

    engine: Engine
    settings: Settings
    authenticator: Authenticator
    invoker: Invoker


def _house(request: Request) -> House:
    house: House = request.app.state.house
    return house


async def _depend_on_house(request: Request) -> House:
    return _house(request)  # FastAPI would run a plain function in a thread, at twice the price


HouseOf = Annotated[House, Depends(_depend_on_house)]


class CallerFirst(APIRoute):
    """A route that knows its caller before it reads the body: a stranger's upload costs nothing."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, behind the question who calls."""
        handle = super().get_route_handler()

        async def handle_known(request: Request) -> Response:
            authenticator = _house(request).authenticator
            request.state.caller = await authenticator.caller(request.headers, _peer(request))
            return await handle(request)

        return handle_known


async def _viewer(request: Request) -> Caller:
    caller: Caller = request.state.caller
    return caller


async def _operator(caller: Annotated[Caller, Depends(_viewer)]) -> Caller:
    caller.require(Role.OPERATOR)
    return caller


#: Marks the scope of a request that this process makes to itself; none from outside can carry it.
FROM_INSIDE = "clarion.from_inside"


async def _invoker(request: Request, house: HouseOf) -> None:
    if request.scope.get(FROM_INSIDE):
        return
    await house.invoker.verify(request.headers, _peer(request))


def _peer(request: Request) -> str | None:
    return request.client.host if request.client else None


#: Who may read; who may create, start and stop (both on CallerFirst routes); Google's scheduler
#: and task queue.
Viewer = Annotated[Caller, Depends(_viewer)]
Operator = Annotated[Caller, Depends(_operator)]
ByInvoker = Depends(_invoker)
