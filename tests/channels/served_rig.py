"""A channel and the server on loopback that plays its provider, put together."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Generic, Self, TypeVar

from functions.domain.messages.send_outcomes import Rejected, SendOutcome, Unknown
from functions.engine.ports.channel import Channel
from tests.channels.conformance import Weather, outbound
from tests.channels.provider_server import Fault, StandIn
from tests.loop_time import put_loop_forward

NINE: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE: Final = "https://app.example/clarion"
UNREACHABLE: Final = "http://127.0.0.1:1"  # port 1: nobody listens there

_FAULTS: Final = {
    Weather.BUSY: Fault.THROTTLE,
    Weather.ERROR: Fault.SERVER_ERROR,
    Weather.SILENCE: Fault.DROP,
}

#: What comes of requests that go wrong in ways for which no provider has words of its own.
LOST_OR_STRANGE: Final[Sequence[tuple[Fault, SendOutcome]]] = (
    (Fault.REDIRECT, Rejected("provider_302")),
    (Fault.SERVER_ERROR, Unknown("provider_500")),
    (Fault.DROP, Unknown("provider_disconnected")),
    (Fault.HANG, Unknown("provider_timeout")),
    (Fault.UNREADABLE, Unknown("provider_unreadable_answer")),
    (Fault.NAMELESS, Unknown("provider_unreadable_answer")),
)

ChannelT = TypeVar("ChannelT", bound=Channel)
ServerT = TypeVar("ServerT", bound=StandIn)


class ServedRig(Generic[ChannelT, ServerT]):
    """The two, for the length of an `async with`. `build` makes a channel to a URL."""

    def __init__(self, build: Callable[..., ChannelT], server: ServerT) -> None:
        self._build = build
        self.server = server
        self.channel = build(UNREACHABLE)

    async def __aenter__(self) -> Self:
        await self.server.start()
        await self.connect(self.server.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.channel.close()
        await self.server.close()

    async def connect(self, url: str, **changes: Any) -> None:
        """Take another channel, to the same server or to another."""
        await self.channel.close()
        self.channel = self._build(url, **changes)

    async def meet(self, fault: Fault) -> SendOutcome:
        """Send, and have this go wrong."""
        self.server.faults.append(fault)
        sending = asyncio.create_task(self.channel.send(outbound()))
        while fault is Fault.HANG and not sending.done():
            await asyncio.sleep(0)
            if not self.server.faults:  # the server has the order, and says nothing
                put_loop_forward()
        return await sending

    async def expect(self, weather: Weather) -> None:
        """Script the server, or leave it."""
        if weather is Weather.AWAY:
            await self.connect(UNREACHABLE)
        elif weather in _FAULTS:
            self.server.faults.append(_FAULTS[weather])
