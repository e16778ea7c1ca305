"""Plivo's channel and the server that plays Plivo, put together."""

from typing import Any

import httpx

from functions.channels.plivo.voice import PlivoVoice
from functions.channels.provider_api import Account
from functions.domain.messages.send_outcomes import Accepted
from functions.engine.ports.channel import Outbound, WebhookRequest
from tests.channels.plivo.voice_server import AUTH_ID, AUTH_TOKEN, PlivoServer, hangup_form
from tests.channels.served_rig import BASE, NINE, ServedRig
from tests.clock import MovedClock


def plivo(
    server_url: str,
    *,
    timeout: float = 10.0,
    auth_token: str = AUTH_TOKEN,
    base: str = BASE,
    http: httpx.AsyncClient | None = None,
) -> PlivoVoice:
    """Return the channel, pointed at a server."""
    return PlivoVoice(
        Account(AUTH_ID, auth_token, server_url, base, MovedClock(NINE), http, timeout),
        call_time_limit_s=600,
        ring_timeout_s=30,
    )


class PlivoRig(ServedRig[PlivoVoice, PlivoServer]):
    """Plivo and its stand-in."""

    def __init__(self) -> None:
        super().__init__(plivo, PlivoServer())

    def placed(self) -> int:
        """Count the server's calls."""
        return len(self.server.calls)

    async def live_through(self) -> list[WebhookRequest]:
        """Answer the latest call, and talk for a while; of a cancelled one, tell that."""
        call = self.server.calls[-1]
        if call.ended:
            return [self.server.callback(call, "hangup_url", hangup_form(call))]
        ring = self.server.callback(call, "ring_url", {"Event": "Ring"})
        call.answered = True
        answer = self.server.callback(call, "answer_url", {"Event": "StartApp"})
        self.server.end(call, talked_s=42)
        return [ring, answer, self.server.callback(call, "hangup_url", hangup_form(call))]


async def order(rig: PlivoRig, sent: Outbound) -> dict[str, Any]:
    """Send, and return what Plivo was asked for."""
    assert isinstance(await rig.channel.send(sent), Accepted)
    return rig.server.calls[-1].order
