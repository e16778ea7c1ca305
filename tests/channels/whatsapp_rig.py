"""WhatsApp's channel and the server that plays Meta, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from functions.channels.whatsapp import WhatsAppCloud
from functions.engine.ports import WebhookRequest
from tests.channels.conformance import Weather
from tests.channels.plivo_rig import BASE, NINE, PlivoRig
from tests.channels.whatsapp_server import (
    APP_SECRET,
    PHONE_NUMBER_ID,
    TOKEN,
    VERIFY_TOKEN,
    WhatsAppServer,
    callback,
    told_of,
)
from tests.clock import MovedClock

INBOUND: Final = f"{BASE}/webhooks/whatsapp/inbound/acme"


def whatsapp(
    server_url: str, *, timeout: float = 10.0, token: str = TOKEN, app_secret: str = APP_SECRET
) -> WhatsAppCloud:
    """Return the channel, pointed at a server."""
    return WhatsAppCloud(
        phone_number_id=PHONE_NUMBER_ID,
        token=token,
        app_secret=app_secret,
        verify_token=VERIFY_TOKEN,
        api_url=server_url,
        clock=MovedClock(NINE),
        timeout=timeout,
    )


class WhatsAppRig:
    """Meta and its stand-in."""

    def __init__(self, server: WhatsAppServer) -> None:
        self.server = server
        self.channel = whatsapp(server.url)

    async def reconnect(self, channel: WhatsAppCloud) -> None:
        """Take another channel to the same server, or to none."""
        await self.channel.close()
        self.channel = channel

    async def expect(self, weather: Weather) -> None:
        """Script the server, or leave it."""
        if weather is Weather.AWAY:
            await self.reconnect(whatsapp("http://127.0.0.1:1"))  # nobody listens there
        elif weather in PlivoRig.FAULTS:
            self.server.faults.append(PlivoRig.FAULTS[weather])

    def placed(self) -> int:
        """Count the server's messages."""
        return len(self.server.messages)

    async def live_through(self) -> list[WebhookRequest]:
        """Send, deliver and read the latest message."""
        message = self.server.messages[-1]
        statuses = [told_of(message, status) for status in ("sent", "delivered", "read")]
        return [callback(INBOUND, statuses=[status]) for status in statuses]


@asynccontextmanager
async def whatsapp_rig() -> AsyncIterator[WhatsAppRig]:
    """Set the two up, and take them down."""
    server = WhatsAppServer()
    await server.start()
    rig = WhatsAppRig(server)
    yield rig
    await rig.channel.close()
    await server.close()
