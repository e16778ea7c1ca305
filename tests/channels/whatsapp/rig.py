"""WhatsApp's channel and the server that plays Meta, put together."""

from typing import Final

from functions.channels.provider_api import Account
from functions.channels.whatsapp.cloud_api import WhatsAppCloud
from functions.engine.ports.channel import WebhookRequest
from tests.channels.served_rig import BASE, NINE, ServedRig
from tests.channels.whatsapp.server import (
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
        Account(PHONE_NUMBER_ID, token, server_url, BASE, MovedClock(NINE), timeout=timeout),
        app_secret=app_secret,
        verify_token=VERIFY_TOKEN,
    )


class WhatsAppRig(ServedRig[WhatsAppCloud, WhatsAppServer]):
    """Meta and its stand-in."""

    def __init__(self) -> None:
        super().__init__(whatsapp, WhatsAppServer())

    def placed(self) -> int:
        """Count the server's messages."""
        return len(self.server.messages)

    async def live_through(self) -> list[WebhookRequest]:
        """Send, deliver and read the latest message."""
        message = self.server.messages[-1]
        statuses = [told_of(message, status) for status in ("sent", "delivered", "read")]
        return [callback(INBOUND, statuses=[status]) for status in statuses]
