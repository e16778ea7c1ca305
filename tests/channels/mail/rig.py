"""Mails, a mail server, and SendGrid's events of what became of them, put together."""

import json
import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from functions.channels.mail.composer import Composer
from functions.channels.mail.sendgrid_events import SendGridEvents
from functions.channels.mail.sendgrid_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, read_key
from functions.channels.mail.smtp import Smtp
from functions.channels.mail.smtp_connections import Access
from functions.channels.mail.smtp_connections import MailServer as Connections
from functions.domain.kinds import ChannelKind
from functions.domain.messages.send_outcomes import (
    SendOutcome,
)
from functions.domain.urls.tracking_links import Links
from functions.engine.ports.channel import Outbound, WebhookRequest
from tests.channels.conformance import Weather, outbound
from tests.channels.mail.smtp_server import (
    DROP,
    GARBAGE,
    HOST,
    MailServer,
)
from tests.clock import MovedClock

BASE: Final = "https://app.example/clarion"
INBOUND: Final = f"{BASE}/webhooks/smtp/inbound/acme"
SENDER: Final = "Ana <ana@shop.example>"
TO: Final = "zoe@home.example"
LINKS: Final = Links("a secret of at least thirty-two bytes")
SENT_AT: Final = 1772445600


def mail(**changes: Any) -> Outbound:
    """Return an attempt to write to somebody, changed."""
    usual = {"to": TO, "sender": SENDER, "subject": "News", "channel": ChannelKind.EMAIL}
    return outbound()._replace(**usual | changes)


class SendGrid:
    """Signs batches of events as SendGrid does, with a key of its own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        der = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.public_key = b64encode(der).decode()

    def post(self, *events: Any, url: str = INBOUND) -> WebhookRequest:
        """Return a batch as it comes in."""
        return self.signed(json.dumps(events).encode() + b"\r\n", url=url)

    def signed(self, body: bytes, *, url: str = INBOUND) -> WebhookRequest:
        """Return a body as it comes in, whatever it is."""
        signature = self._key.sign(str(SENT_AT).encode() + body, ec.ECDSA(SHA256()))
        headers = {
            SIGNATURE_HEADER: b64encode(signature).decode(),
            TIMESTAMP_HEADER: str(SENT_AT),
        }
        return WebhookRequest("POST", url, headers, body)

    def event(self, content: bytes, kind: str, **more: Any) -> dict[str, Any]:
        """Return an event of a mail, with what the mail's header has it tell."""
        header = BytesHeaderParser().parsebytes(content)
        told = json.loads(header["X-SMTPAPI"])["unique_args"]
        return {
            "email": header["To"],
            "timestamp": SENT_AT,
            "smtp-id": header["Message-ID"],
            "event": kind,
            "sg_event_id": f"{kind}-{header['Message-ID']}",
            "sg_message_id": "filter0001.1-0",
            **told,
            **more,
        }


class ToMailboxes(Smtp):
    """Smtp, for a suite that knows telephone numbers: each is a mailbox here."""

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Send to the number's mailbox."""
        to, sender = (f"{number}@home.example" for number in (outbound.to, outbound.sender))
        return await super().send(outbound._replace(to=to, sender=sender))


@dataclass
class SmtpRig:
    """The channel and its server."""

    server: MailServer
    sendgrid: SendGrid | None = field(default_factory=SendGrid)
    clock: MovedClock = field(default_factory=MovedClock)
    user: str = ""
    password: str = ""
    plain_login: bool = False
    trusts: ssl.SSLContext | None = None
    kind: type[Smtp] = Smtp

    def __post_init__(self) -> None:
        self.open()

    def open(self, port: int | None = None, host: str = HOST) -> None:
        """Make the channel anew, perhaps for another address."""
        access = Access(
            host,
            port or self.server.port,
            self.user,
            self.password,
            implicit_tls=self.server.implicit_tls,
            plain_login=self.plain_login,
        )
        key = self.sendgrid and read_key(self.sendgrid.public_key)
        self.channel = self.kind(
            server=Connections(access, name="app.example", clock=self.clock, tls=self.trusts),
            composer=Composer(links=LINKS, public_base_url=BASE, for_sendgrid=key is not None),
            events=SendGridEvents(key, clock=self.clock) if key else None,
            clock=self.clock,
        )

    async def expect(self, weather: Weather) -> None:
        """Script the server, or leave it."""
        match weather:
            case Weather.BUSY:
                self.server.script(RCPT="450 4.7.1 Greylisted")
            case Weather.ERROR:
                self.server.script(DATA=GARBAGE)
            case Weather.SILENCE:
                self.server.script(DATA=DROP)
            case Weather.AWAY:
                self.open(port=1)  # nobody listens there
            case Weather.FINE:
                pass

    def placed(self) -> int:
        """Count the mails that the server has taken."""
        return len(self.server.taken)

    async def live_through(self) -> list[WebhookRequest]:
        """Let the latest mail arrive."""
        assert self.sendgrid is not None
        content = self.server.taken[-1].content
        kinds = ("processed", "deferred", "delivered")
        return [self.sendgrid.post(self.sendgrid.event(content, kind)) for kind in kinds]


async def start(server: MailServer | None = None, **options: Any) -> SmtpRig:
    """Start a server; return it with its channel."""
    server = server or MailServer()
    await server.start()
    return SmtpRig(server, **options)


async def stop(rig: SmtpRig) -> None:
    """End both."""
    await rig.channel.close()
    await rig.server.close()
