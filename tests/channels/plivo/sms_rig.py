"""Plivo's channel of texts and the server that plays Plivo, put together."""

from functions.channels.plivo.sms import PlivoSms
from functions.channels.provider_api import Account
from functions.domain.messages.send_outcomes import Accepted
from functions.engine.ports.channel import Outbound, WebhookRequest
from tests.channels.conformance import outbound
from tests.channels.plivo.sms_server import PlivoSmsServer, Text
from tests.channels.plivo.voice_server import AUTH_ID, AUTH_TOKEN
from tests.channels.served_rig import BASE, NINE, ServedRig
from tests.clock import MovedClock


def plivo_sms(
    server_url: str,
    *,
    timeout: float = 10.0,
    auth_token: str = AUTH_TOKEN,
    base: str = BASE,
    dlt_entity_id: str = "1201159",
) -> PlivoSms:
    """Return the channel, pointed at a server."""
    return PlivoSms(
        Account(AUTH_ID, auth_token, server_url, base, MovedClock(NINE), timeout=timeout),
        dlt_entity_id=dlt_entity_id,
        dlt_template_category="promotional",
    )


class PlivoSmsRig(ServedRig[PlivoSms, PlivoSmsServer]):
    """Plivo, which texts, and its stand-in."""

    def __init__(self) -> None:
        super().__init__(plivo_sms, PlivoSmsServer())

    def placed(self) -> int:
        """Count the server's texts."""
        return len(self.server.texts)

    async def live_through(self) -> list[WebhookRequest]:
        """Bring the latest text to its phone."""
        text = self.server.texts[-1]
        return [self.told(text, state) for state in ("queued", "sent", "delivered")]

    def told(self, text: Text, state: str, error: int = 0) -> WebhookRequest:
        """Move a text, and return what Plivo tells of that."""
        text.state, text.error = state, error
        return self.server.receipt(text)


async def taken(rig: PlivoSmsRig, sent: Outbound | None = None) -> Text:
    """Send, and return the text that Plivo took."""
    assert isinstance(await rig.channel.send(sent or outbound()), Accepted)
    return rig.server.texts[-1]
