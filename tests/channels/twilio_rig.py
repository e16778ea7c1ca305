"""Twilio's channels and the server that plays Twilio, put together."""

from typing import Final

import httpx

from functions.channels.twilio import Twilio
from functions.domain.campaign import ChannelKind
from functions.domain.events import DeliveryEvent, Inbound
from functions.engine.ports import Accepted, Outbound, WebhookRequest
from tests.channels.conformance import Weather
from tests.channels.stand_in import SignedCallback
from tests.channels.twilio_server import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    Fault,
    Sent,
    TwilioServer,
)
from tests.clock import MovedClock

BASE: Final = "https://app.example/clarion"
UNREACHABLE: Final = "http://127.0.0.1:1"  # port 1: nobody listens there


def twilio(
    server_url: str,
    kind: ChannelKind = ChannelKind.SMS,
    *,
    clock: MovedClock | None = None,
    timeout: float = 10.0,
    auth_token: str = AUTH_TOKEN,
    base: str = BASE,
    http: httpx.AsyncClient | None = None,
) -> Twilio:
    """Return the channel, pointed at a server."""
    return Twilio(
        kind,
        account_sid=ACCOUNT_SID,
        auth_token=auth_token,
        api_url=server_url,
        public_base_url=base,
        clock=clock or MovedClock(),
        http=http,
        timeout=timeout,
    )


class TwilioRig:
    """Twilio and its stand-in."""

    FAULTS: Final = {
        Weather.BUSY: Fault.THROTTLE,
        Weather.ERROR: Fault.SERVER_ERROR,
        Weather.SILENCE: Fault.DROP,
    }

    def __init__(self, kind: ChannelKind = ChannelKind.SMS) -> None:
        self.kind = kind
        self.clock = MovedClock()
        self.server = TwilioServer(now=self.clock.now)
        self.channel = twilio(UNREACHABLE, kind, clock=self.clock)

    async def start(self) -> None:
        """Let there be Twilio."""
        await self.server.start()
        await self.connect(self.server.url)

    async def connect(self, url: str, *, patience_s: float = 10.0) -> None:
        """Point the channel elsewhere."""
        await self.channel.close()
        self.channel = twilio(url, self.kind, clock=self.clock, timeout=patience_s)

    async def close(self) -> None:
        """Let go of both."""
        await self.channel.close()
        await self.server.close()

    async def expect(self, weather: Weather) -> None:
        """Script the server, or leave it."""
        if weather is Weather.AWAY:
            await self.connect(UNREACHABLE)
        elif weather in self.FAULTS:
            self.server.faults.append(self.FAULTS[weather])

    def placed(self) -> int:
        """Count the server's messages."""
        return len(self.server.messages)

    async def live_through(self) -> list[WebhookRequest]:
        """Let the latest message leave, and arrive."""
        message = self.server.messages[-1]
        return [webhook(self.server.move(message, status)) for status in ("sent", "delivered")]

    async def send(self, sent: Outbound) -> Sent:
        """Send, and return the message that Twilio has taken."""
        assert isinstance(await self.channel.send(sent), Accepted)
        return self.server.messages[-1]

    def told(
        self, message: Sent, status: str, code: int | None = None
    ) -> list[DeliveryEvent | Inbound]:
        """Bring a message to a status; return the events of its callback."""
        return self.channel.parse_webhook(webhook(self.server.move(message, status, code)))


def webhook(signed: SignedCallback) -> WebhookRequest:
    """Return a callback as our application would get it."""
    return WebhookRequest("POST", signed.url, signed.headers, signed.body)
