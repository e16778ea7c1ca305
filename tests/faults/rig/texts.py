"""The providers of texts and mails: each keeps a book of its own, which our kills cannot touch."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Final, Protocol
from urllib.parse import urlsplit

import httpx

from tests.channels.twilio import server as twilio_server
from tests.channels.whatsapp import server as whatsapp_server
from tests.faults.rig.server import free_port
from tests.faults.rig.stand_ins import StandInProcess, running
from tests.faults.rig.storm import numbers
from tests.faults.rig.verdict import Text

Fields = Mapping[str, Any]

_SIGNING_SECRET: Final = "a secret of nobody, in thirty-two bytes"


class TextCarrier(Protocol):
    """Who sends the texts, with which settings our server finds them, and what can be sent."""

    channel: str
    content: ClassVar[Fields]  #: what a campaign by this channel needs besides its words
    known_by: str  #: the contact's field that holds the address

    @property
    def settings(self) -> Mapping[str, str]: ...
    def people(self, count: int) -> list[str]:
        """Return the addresses of so many people."""
        ...

    def call_back(self, server_url: str) -> None:
        """Be told where our server is, where that is not said with each text."""
        ...

    def script(self, **what: Any) -> None:
        """Say what is to come."""
        ...

    def texts(self) -> list[Text]:
        """Return every text that was ever taken, in their order."""
        ...


class _StandIn:
    """A stand-in that is asked over HTTP."""

    def __init__(self, process: StandInProcess, url: str) -> None:
        self.process = process
        self._asked_at = url

    def script(self, **what: Any) -> None:
        """Say what is to come."""
        answer = httpx.post(f"{self._asked_at}/script", json=what, trust_env=False)
        answer.raise_for_status()

    def _ledger(self) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self._asked_at}/ledger", trust_env=False, timeout=10)
        return list(answer.raise_for_status().json())


class TwilioStandIn(_StandIn):
    """Twilio, which repeats a callback a few times and then never again."""

    channel = "sms"
    content: ClassVar[Fields] = {"sender": "+12025550001"}
    known_by = "phone"

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has to be told."""
        return {
            "SMS_PROVIDER": "twilio",
            "TWILIO_API_URL": self._asked_at,
            "TWILIO_ACCOUNT_SID": twilio_server.ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": twilio_server.AUTH_TOKEN,
        }

    def people(self, count: int) -> list[str]:
        """Return numbers."""
        return numbers(count)

    def call_back(self, server_url: str) -> None:
        """Know it already: each text says where its receipts are to go."""

    def texts(self) -> list[Text]:
        """Ask for the book."""
        return [self._text(entry) for entry in self._ledger()]

    def _text(self, entry: dict[str, Any]) -> Text:
        told, status = entry["told"], entry["status"]
        ended = any(each.startswith(f"{status} ") for each in told)
        return Text(
            *_about(entry["order"]["StatusCallback"]),
            entry["order"]["To"],
            delivered=ended and status == "delivered",
            failed=ended and status in {"undelivered", "failed"},
            told=f"{status} 200" in told,
        )


class WhatsAppStandIn(_StandIn):
    """Meta, which repeats a callback until it is heard."""

    channel = "whatsapp"
    content: ClassVar[Fields] = {"sender": "+12025550001"}
    known_by = "phone"

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has to be told."""
        return {
            "WHATSAPP_PROVIDER": "cloud",
            "WHATSAPP_API_URL": f"{self._asked_at}/{whatsapp_server.VERSION}",
            "WHATSAPP_PHONE_NUMBER_ID": whatsapp_server.PHONE_NUMBER_ID,
            "WHATSAPP_TOKEN": whatsapp_server.TOKEN,
            "WHATSAPP_APP_SECRET": whatsapp_server.APP_SECRET,
            "WHATSAPP_VERIFY_TOKEN": whatsapp_server.VERIFY_TOKEN,
        }

    def people(self, count: int) -> list[str]:
        """Return numbers."""
        return numbers(count)

    def call_back(self, server_url: str) -> None:
        """Be told the one URL for everything."""
        self.script(callback_url=f"{server_url}/webhooks/whatsapp/inbound/default")

    def texts(self) -> list[Text]:
        """Ask for the book."""
        return [self._text(entry) for entry in self._ledger()]

    def _text(self, entry: dict[str, Any]) -> Text:
        told = entry["told"]
        about = _about(entry["order"]["biz_opaque_callback_data"])
        delivered, failed = "read" in told, "failed" in told
        return Text(*about, f"+{entry['to']}", delivered, failed, told=delivered or failed)


class SendGridStandIn(_StandIn):
    """SendGrid, which takes mails by SMTP and repeats a batch of events until it is heard."""

    channel = "email"
    content: ClassVar[Fields] = {"sender": "Ana <ana@shop.example>", "subject": "News"}
    known_by = "email"

    def __init__(self, process: StandInProcess) -> None:
        says = json.loads(process.says)
        super().__init__(process, says["url"])
        self._smtp_url, self._key = says["smtp_url"], says["key"]

    @property
    def settings(self) -> Mapping[str, str]:
        """What the server has to be told."""
        return {
            "EMAIL_PROVIDER": "smtp",
            "SMTP_URL": self._smtp_url,
            "SIGNING_SECRET": _SIGNING_SECRET,
            "SENDGRID_WEBHOOK_PUBLIC_KEY": self._key,
        }

    def people(self, count: int) -> list[str]:
        """Return mail addresses."""
        return [f"zoe{number}@home.example" for number in range(count)]

    def call_back(self, server_url: str) -> None:
        """Be told where events are to go."""
        self.script(events_url=f"{server_url}/webhooks/smtp/inbound/default")

    def texts(self) -> list[Text]:
        """Ask for the book."""
        return [self._text(entry) for entry in self._ledger()]

    def _text(self, entry: dict[str, Any]) -> Text:
        message, attempt, campaign, *_ = entry["id"].strip("<>").split(".")
        (to,), end = entry["to"], entry["end"]
        delivered, failed = end == "delivered", end == "bounce"
        return Text(campaign, message, int(attempt), to, delivered, failed, told=bool(end))


@contextmanager
def twilio() -> Iterator[TwilioStandIn]:
    """Run Twilio's stand-in, on a port that nobody takes while it is away."""
    with running("twilio.server", str(free_port())) as process:
        yield TwilioStandIn(process, process.says)


@contextmanager
def whatsapp() -> Iterator[WhatsAppStandIn]:
    """Run Meta's stand-in."""
    with running("whatsapp.server") as process:
        yield WhatsAppStandIn(process, process.says.removesuffix(f"/{whatsapp_server.VERSION}"))


@contextmanager
def sendgrid() -> Iterator[SendGridStandIn]:
    """Run SendGrid's stand-in."""
    with running("mail.sendgrid_server") as process:
        yield SendGridStandIn(process)


def _about(callback: str) -> tuple[str, str, int]:
    """Return campaign, message and attempt, as the path of a text's receipts names them."""
    campaign, message, attempt = urlsplit(callback).path.split("/")[-3:]
    return campaign, message, int(attempt)
