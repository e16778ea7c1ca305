"""Twilio's channels and the server that plays Twilio, put together."""

from functools import partial
from typing import Final

import httpx

from functions.channels.provider_api import Account
from functions.channels.twilio.messages import Twilio
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import DeliveryEvent, Inbound
from functions.domain.messages.send_outcomes import (
    Accepted,
)
from functions.engine.ports.channel import Outbound, WebhookRequest
from tests.channels.served_rig import BASE, ServedRig
from tests.channels.twilio.server import ACCOUNT_SID, AUTH_TOKEN, Sent, TwilioServer
from tests.clock import MovedClock


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
    clock = clock or MovedClock()
    account = Account(ACCOUNT_SID, auth_token, server_url, base, clock, http, timeout)
    return Twilio(kind, account)


class TwilioRig(ServedRig[Twilio, TwilioServer]):
    """Twilio and its stand-in."""

    def __init__(self, kind: ChannelKind = ChannelKind.SMS) -> None:
        self.kind = kind
        self.clock = MovedClock()
        build = partial(twilio, kind=kind, clock=self.clock)
        super().__init__(build, TwilioServer(now=self.clock.now))

    def placed(self) -> int:
        """Count the server's messages."""
        return len(self.server.messages)

    async def live_through(self) -> list[WebhookRequest]:
        """Let the latest message leave, and arrive."""
        message = self.server.messages[-1]
        return [self.server.move(message, status) for status in ("sent", "delivered")]

    async def send(self, sent: Outbound) -> Sent:
        """Send, and return the message that Twilio has taken."""
        assert isinstance(await self.channel.send(sent), Accepted)
        return self.server.messages[-1]

    def told(
        self, message: Sent, status: str, code: int | None = None
    ) -> list[DeliveryEvent | Inbound]:
        """Bring a message to a status; return the events of its callback."""
        return self.channel.parse_webhook(self.server.move(message, status, code))


SERVICE: Final = "MG" + "a" * 32
CONTENT: Final = "HX" + "b" * 32
