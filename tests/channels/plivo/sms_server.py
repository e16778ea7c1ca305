"""Plivo's account, texting: what voice_server.py plays for calls, for text messages.

Within a test the texts move when the test says so; on its own,
`python -m tests.channels.plivo.sms_server PORT`, they move by themselves, and GET /ledger tells
the texts that were taken. Plivo promises to sign what it tells of texts as V2; it is seen to send
V3 as well, and so does this server.
"""

import argparse
import asyncio
import hmac
import json
import uuid
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final

from functions.engine.ports.channel import WebhookRequest
from tests.channels.plivo.voice_server import (
    AUTH_ID,
    AUTH_TOKEN,
    BROKEN_ANSWERS,
    REFUSALS,
    PlivoServer,
    sign,
)
from tests.channels.provider_server import Fault, Request, Response, run_alone

TEXTS: Final = f"/v1/Account/{AUTH_ID}/Message/"

BROKEN: Final[Mapping[Fault | None, Response | None]] = {
    **BROKEN_ANSWERS,
    Fault.UNREADABLE: Response(202, "<html>message(s) queued</html>"),
    Fault.NAMELESS: Response(202, {"message": "message(s) queued", "message_uuid": []}),
}


@dataclass
class Text:
    """A text that was really taken."""

    uuid: str
    to: str
    order: dict[str, Any]
    state: str = "queued"
    error: int = 0
    answers: list[int] = field(default_factory=list)  #: what our callbacks were answered


class PlivoSmsServer(PlivoServer):
    """One Plivo account and its texts."""

    def __init__(self, *, requests_per_window: int = 300) -> None:
        super().__init__(requests_per_window=requests_per_window)
        self.texts: list[Text] = []

    def receipt(self, text: Text) -> WebhookRequest:
        """Return what Plivo tells of a text as it stands, to the URL that it was ordered with."""
        form = {
            "MessageUUID": text.uuid,
            "From": text.order["src"],
            "To": text.to,
            "Type": "sms",
            "Status": text.state,
            "Units": "1",
            "TotalAmount": "0.00140",
            "Sequence": "1",
            **({"ErrorCode": f"{text.error:03}"} if text.error else {}),
        }
        return signed_both(text.order["url"], form)

    async def live_through_text(self, text: Text) -> None:
        """Take a text from its queue to the phone, or to the error that is scripted for it."""
        failure = self.outcomes.get(text.to, 0)
        for state in ("sent", "undelivered" if failure else "delivered"):
            text.state, text.error = state, failure if state == "undelivered" else 0
            response = await self.post(self.receipt(text), retries="rc=0")
            text.answers.append(response.status_code)

    async def route(self, request: Request) -> Response | None:
        """Answer a request for the API, or for the ledger of texts."""
        if (request.method, request.path) == ("GET", "/ledger"):
            return Response(200, [asdict(text) for text in self.texts])
        return await super().route(request)

    async def api(self, request: Request) -> Response | None:
        """Answer what is asked of texts, and of calls."""
        if (request.method, request.path) == ("POST", TEXTS):
            return await self._take_text(json.loads(request.body))
        if request.method == "GET" and request.path.startswith(TEXTS):
            return self._text_record(request.path.removeprefix(TEXTS).strip("/"))
        return await super().api(request)

    async def _take_text(self, order: dict[str, Any]) -> Response | None:
        fault = self.next_fault()
        if fault in REFUSALS:
            return REFUSALS[fault]
        if error := _error_in(order):
            return Response(400, {"error": error, "api_id": str(uuid.uuid4())})
        text = Text(str(uuid.uuid4()), order["dst"], order)
        self.texts.append(text)
        if self.moves_by_itself:
            self.run_beside(self.live_through_text(text))
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in BROKEN:
            return BROKEN[fault]
        queued = {"message": "message(s) queued", "message_uuid": [text.uuid], "api_id": "x"}
        return Response(202, queued)

    def _text_record(self, text_uuid: str) -> Response:
        text = next((text for text in self.texts if text.uuid == text_uuid), None)
        if text is None:
            return Response(404, {"error": "not found"})
        record = {
            "message_uuid": text.uuid,
            "message_state": text.state,
            "error_code": f"{text.error:03}",
            "message_time": "2026-03-02 14:30:00+05:30",
            "to_number": text.to,
        }
        return Response(200, record)


def signed_both(url: str, form: Mapping[str, str]) -> WebhookRequest:
    """Return a POST with a form, signed as V3 and as V2."""
    signed = sign(url, form)
    headers = {**signed.headers, **signed_v2(url, form).headers}
    return WebhookRequest("POST", url, headers, signed.body)


def signed_v2(url: str, form: Mapping[str, str]) -> WebhookRequest:
    """Return a POST with a form, signed as V2 alone, which covers the URL and not the form."""
    nonce = "05429567804466091622"
    message = f"{url.partition('?')[0]}{nonce}".encode()
    signature = b64encode(hmac.digest(AUTH_TOKEN.encode(), message, sha256)).decode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-plivo-signature-v2": signature,
        "x-plivo-signature-v2-nonce": nonce,
    }
    return WebhookRequest("POST", url, headers, sign(url, form).body)


def _error_in(order: Mapping[str, Any]) -> str:
    missing = [name for name in ("src", "dst", "text", "url") if not order.get(name)]
    if missing:
        return f"{', '.join(missing)} parameter not present"
    if not order["dst"].isdigit():
        return f"{order['dst']} is not a valid phone number"
    if not 5 <= order.get("message_expiry", 5) <= 10_799:
        return "message_expiry must be between 5 and 10799"
    return ""


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0 picks a free one, which is printed")
    server = PlivoSmsServer()
    server.moves_by_itself = True
    run_alone(server, port=parser.parse_args().port)


if __name__ == "__main__":
    _main()
