"""Plivo's channel and the server that plays Plivo, put together."""

from datetime import UTC, datetime
from typing import Any, Final

import httpx

from functions.channels.plivo import PlivoVoice
from functions.engine.ports import (
    Accepted,
    Outbound,
    WebhookRequest,
)
from tests.channels.conformance import Weather
from tests.channels.plivo_server import (
    AUTH_ID,
    AUTH_TOKEN,
    Call,
    Fault,
    PlivoServer,
    hangup_form,
)
from tests.clock import MovedClock

NINE: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
BASE: Final = "https://app.example/clarion"
UNREACHABLE: Final = "http://127.0.0.1:1"  # port 1: nobody listens there


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
        auth_id=AUTH_ID,
        auth_token=auth_token,
        api_url=server_url,
        public_base_url=base,
        call_time_limit_s=600,
        ring_timeout_s=30,
        clock=MovedClock(NINE),
        http=http,
        timeout=timeout,
    )


class PlivoRig:
    """Plivo and its stand-in."""

    FAULTS: Final = {
        Weather.BUSY: Fault.THROTTLE,
        Weather.ERROR: Fault.SERVER_ERROR,
        Weather.SILENCE: Fault.DROP,
    }

    def __init__(self, server: PlivoServer) -> None:
        self.server = server
        self.channel = plivo(server.url)

    async def expect(self, weather: Weather) -> None:
        """Script the server, or leave it."""
        if weather is Weather.AWAY:
            await self.channel.close()
            self.channel = plivo(UNREACHABLE)
        elif weather in self.FAULTS:
            self.server.faults.append(self.FAULTS[weather])

    def placed(self) -> int:
        """Count the server's calls."""
        return len(self.server.calls)

    async def live_through(self) -> list[WebhookRequest]:
        """Answer the latest call, and talk for a while; of a cancelled one, tell that."""
        call = self.server.calls[-1]
        if call.ended:
            return [self.webhook(call, "hangup_url", hangup_form(call))]
        ring = self.webhook(call, "ring_url", {"Event": "Ring"})
        call.answered = True
        answer = self.webhook(call, "answer_url", {"Event": "StartApp"})
        self.server.end(call, talked_s=42)
        return [ring, answer, self.webhook(call, "hangup_url", hangup_form(call))]

    def webhook(self, call: Call, url_field: str, form: dict[str, str]) -> WebhookRequest:
        """Return a callback as our application would get it."""
        signed = self.server.callback(call, url_field, form)
        return WebhookRequest("POST", signed.url, signed.headers, signed.body)


async def order(rig: PlivoRig, sent: Outbound) -> dict[str, Any]:
    """Send, and return what Plivo was asked for."""
    assert isinstance(await rig.channel.send(sent), Accepted)
    return rig.server.calls[-1].order
