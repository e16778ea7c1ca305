"""What a request handler is given: the engine, the settings, and who is calling."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from functions.domain.urls.tracking_links import Links
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import Receiver
from functions.settings.model import Settings
from functions.web.auth import (
    Authenticator,
)
from functions.web.invoker import Invoker
from functions.web.rate_limit import RateLimiter


@dataclass(frozen=True, slots=True)
class House:
    """Everything behind the HTTP faces, made once by bootstrap."""

    engine: Engine
    settings: Settings
    authenticator: Authenticator
    invoker: Invoker
    rates: RateLimiter
    links: Links  #: reads what readers of mails follow
    receivers: Mapping[str, Receiver]  #: whose callbacks this process takes


def house_of(request: Request) -> House:
    """Return what stands behind the application that a request is sent to."""
    house: House = request.app.state.house
    return house


async def _depend_on_house(request: Request) -> House:
    return house_of(request)  # FastAPI would run a plain function in a thread, at twice the price


HouseOf = Annotated[House, Depends(_depend_on_house)]
