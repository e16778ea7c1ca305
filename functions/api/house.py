"""What a request handler is given: the engine, the settings, and who is calling."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

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


HouseOf = Annotated[House, Depends(_house)]


async def _viewer(request: Request, house: HouseOf) -> Caller:
    return await house.authenticator.caller(request.headers, _peer(request))


async def _operator(caller: Annotated[Caller, Depends(_viewer)]) -> Caller:
    caller.require(Role.OPERATOR)
    return caller


async def _invoker(request: Request, house: HouseOf) -> None:
    await house.invoker.verify(request.headers, _peer(request))


def _peer(request: Request) -> str | None:
    return request.client.host if request.client else None


#: Who may read; who may create, start and stop; Google's scheduler and task queue.
Viewer = Annotated[Caller, Depends(_viewer)]
Operator = Annotated[Caller, Depends(_operator)]
ByInvoker = Depends(_invoker)
