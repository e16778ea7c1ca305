"""A whole Clarion and every provider beside it, played on loopback: each signs what it tells."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape
from typing import Any, Final

from functions.engine.ports.channel import WebhookRequest
from tests.api.conftest import MakeRig
from tests.api.plans.plans import started
from tests.api.rig import BASE, SENDER, Rig
from tests.channels.mail.rig import SendGrid
from tests.channels.mail.smtp_server import HOST, MailServer
from tests.channels.plivo.sms_server import PlivoSmsServer
from tests.channels.plivo.voice_server import AUTH_ID, AUTH_TOKEN
from tests.channels.provider_server import Request, Response, StandIn
from tests.channels.twilio import server as twilio
from tests.channels.twilio.server import TwilioServer
from tests.channels.whatsapp import server as whatsapp
from tests.channels.whatsapp.server import WhatsAppServer

PHONE: Final = "+12125552001"
MAIL: Final = "zoe@home.example"
#: What a node says by each channel.
SAID: Final[Mapping[str, Mapping[str, Any]]] = {
    "email": {
        "sender": "us@shop.example",
        "subject": "News",
        "body": "Look: https://shop.example/a",
        "html": '<p><a href="https://shop.example/a">Look</a>',
    },
    "sms": {"sender": SENDER, "body": "Hello"},
    "whatsapp": {"sender": whatsapp.PHONE_NUMBER_ID, "body": "Hello"},
    "voice": {"sender": SENDER, "botUrl": "wss://bot.example.com/talk"},
    "webhook": {"webhookUrl": "", "body": "Hello"},
}
_SECRET: Final = "a secret of at least thirty-two bytes"
_BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


class OwnServer(StandIn):
    """The organisation's own server, which takes messages or refuses them."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 200

    async def route(self, request: Request) -> Response:
        """Answer whoever posts."""
        assert request.headers["webhook-signature"].startswith("v1,")
        return Response(self.status, {})


@dataclass
class SignedWorld:
    """The stack, its providers, and one person on their way."""

    plivo: PlivoSmsServer = field(default_factory=PlivoSmsServer)
    twilio: TwilioServer = field(default_factory=TwilioServer)
    meta: WhatsAppServer = field(default_factory=WhatsAppServer)
    mails: MailServer = field(default_factory=MailServer)
    own: OwnServer = field(default_factory=OwnServer)
    sendgrid: SendGrid = field(default_factory=SendGrid)
    walk: str = ""
    _servers: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def open(self, make_rig: MakeRig, **settings: Any) -> None:
        """Start everything."""
        for server in (self.plivo, self.twilio, self.meta, self.mails, self.own):
            await server.start()
            self._servers.push_async_callback(server.close)
        usual: dict[str, Any] = {
            "signing_secret": _SECRET,
            "max_attempts": 1,
            "voice_provider": "plivo",
            "plivo_auth_id": AUTH_ID,
            "plivo_auth_token": AUTH_TOKEN,
            "plivo_api_url": self.plivo.url,
            "sms_provider": "twilio",
            "twilio_account_sid": twilio.ACCOUNT_SID,
            "twilio_auth_token": twilio.AUTH_TOKEN,
            "twilio_api_url": self.twilio.url,
            "whatsapp_provider": "cloud",
            "whatsapp_phone_number_id": whatsapp.PHONE_NUMBER_ID,
            "whatsapp_token": whatsapp.TOKEN,
            "whatsapp_app_secret": whatsapp.APP_SECRET,
            "whatsapp_verify_token": whatsapp.VERIFY_TOKEN,
            "whatsapp_api_url": self.meta.url,
            "email_provider": "smtp",
            "smtp_url": f"smtp://{HOST}:{self.mails.port}",
            "sendgrid_webhook_public_key": self.sendgrid.public_key,
            "webhook_provider": "http",
            "allow_private_hosts": True,
        }
        self.rig: Rig = make_rig(**usual | settings)

    async def close(self) -> None:
        """End every server."""
        await self._servers.aclose()

    # --- The person ---------------------------------------------------------------------------

    async def enter(
        self, channel: str, event: str, *, exits: Sequence[Any] = (), **node: Any
    ) -> None:
        """Let somebody enter a plan that goes on upon this event, or after nine days."""
        said = dict(SAID[channel])
        if channel == "webhook":
            said["webhookUrl"] = f"{self.own.url}/hook"
        ways = [{"on": event, "to": "told"}, {"on": "elapsed", "to": "late", "after": "P9D"}]
        ask = {"id": "ask", "action": "send", "channel": channel, "transitions": ways}
        stops = [{"id": id_, "action": "stop"} for id_ in ("told", "late")]
        document: dict[str, Any] = {
            "startNodeId": "ask",
            "nodes": [{**ask, **said, **node}, *stops],
        }
        document["exits"] = list(exits)
        campaign = await started(self.rig, document)
        person = {"email": MAIL} if channel == "email" else {"phone": PHONE}
        path = f"/campaigns/{campaign}/enrollments"
        answer = await self.rig.post(path, {"subjects": [person]})
        self.walk = answer.json()["results"][0]["id"]
        await self.settle()

    async def settle(self) -> None:
        """Let everything happen that is due within a few seconds."""
        for _ in range(4):
            await self.rig.settle()
            self.rig.clock.advance(timedelta(seconds=2))

    async def stands(self) -> tuple[str, str]:
        """Return by what somebody was moved, or where they stand; and how their walk ended."""
        shown = (await self.rig.get(f"/enrollments/{self.walk}")).json()
        moved = [move["on"] for move in shown["moves"] if move["source"] == "ask"]
        return (moved[0] if moved else shown["nodes"][0]), shown["reason"] or ""

    async def hear(self, request: WebhookRequest) -> int:
        """Take in what a provider or a reader sends; return the answer's status."""
        return (await self.rig.call_back(request)).status_code

    # --- What is told -------------------------------------------------------------------------

    def inbound(self, provider: str) -> str:
        """Return the URL at which a provider tells of what people write, and of batches."""
        return f"{BASE}/webhooks/{provider}/inbound/default"

    def told_by_sendgrid(self, kind: str, **more: Any) -> WebhookRequest:
        """Return SendGrid's event of the mail."""
        content, now = self.mails.taken[-1].content, int(self.rig.clock.now().timestamp())
        event = self.sendgrid.event(content, kind, timestamp=now, **more)
        return self.sendgrid.post(event, url=self.inbound("smtp"))

    def link(self, purpose: str) -> WebhookRequest:
        """Return a reader's request for a link: o the mail's picture, c a click, u to leave."""
        return self.links(purpose)[0]

    def links(self, purpose: str) -> list[WebhookRequest]:
        """Return a reader's requests for the mail's links of this purpose."""
        mail = self.mails.taken[-1].mail
        html = unescape(mail.get_body(("html",)).get_content())  # type: ignore[union-attr]
        found = re.findall(rf"{BASE}/links/{purpose}/[^\"' ]+", html)
        method = "POST" if purpose == "u" else "GET"
        body = b"List-Unsubscribe=One-Click" if purpose == "u" else b""
        headers = {"user-agent": _BROWSER, "content-type": "application/x-www-form-urlencoded"}
        return [WebhookRequest(method, url, headers, body) for url in found]

    def told_by_meta(self, status: str, *codes: int) -> WebhookRequest:
        """Return Meta's status of the message."""
        at = str(int(self.rig.clock.now().timestamp()))
        told = whatsapp.told_of(self.meta.messages[-1], status, *codes, at=at)
        return whatsapp.callback(self.inbound("whatsapp"), statuses=[told])

    def written_by_whatsapp(self, **content: Any) -> WebhookRequest:
        """Return what somebody answers to the message, by Meta."""
        told = {
            "from": PHONE.removeprefix("+"),
            "id": "wamid.answer",
            "timestamp": str(int(self.rig.clock.now().timestamp())),
            "context": {"id": self.meta.messages[-1].id},
            **content,
        }
        return whatsapp.callback(self.inbound("whatsapp"), messages=[told])


def forged(request: WebhookRequest) -> WebhookRequest:
    """Return a request whose signature is somebody else's: in its headers, or in its link."""
    if "/links/" in request.url:
        start, _, token = request.url.rpartition("/")
        return replace(request, url=f"{start}/{_changed(token, 0)}")
    signed = {name for name in request.headers if name.endswith(("signature", "-v3", "-v2", "256"))}
    headers = {
        name: _changed(value, -5) if name in signed else value
        for name, value in request.headers.items()
    }
    return replace(request, headers=headers)


def _changed(text: str, at: int) -> str:
    """Return a text with another character in this place."""
    letters = list(text)
    letters[at] = "B" if letters[at] == "A" else "A"
    return "".join(letters)
