"""Meta's Cloud API for WhatsApp, played on loopback: it takes messages, refuses, signs and tells.

It shares no code with the adapter that it tests. Within a test the messages move when the test
says so; on its own, `python -m tests.channels.whatsapp.server [CALLBACK_URL]`, it prints its URL,
every message is sent, delivered and read by itself, and

    GET  /ledger    tells the messages that were taken
    POST /script    {"faults": ["500", "drop"], "codes": [130429], "fates": {"15550100": 131026},
                    "callback_url": "http://..."} sets what comes, who is not reached, and where
                    that is told
"""

import argparse
import asyncio
import hmac
import json
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final

from functions.engine.ports.channel import WebhookRequest
from tests.channels.provider_server import Fault, Request, Response, StandIn, run_alone

PHONE_NUMBER_ID: Final = "106540352242922"
DISPLAY_NUMBER: Final = "15550199"
TOKEN: Final = "token-of-nobody"
APP_SECRET: Final = "app-secret-of-nobody"
VERIFY_TOKEN: Final = "verify-token-of-nobody"
VERSION: Final = "v23.0"

#: The statuses of HTTP that Meta's codes come with; 400 for the others.
HTTP_STATUS: Final[Mapping[int, int]] = {
    **dict.fromkeys((0, 190), 401),
    **dict.fromkeys((10, 131005, 131031, 368), 403),
    **dict.fromkeys((4, 130429, 131048), 429),
    **dict.fromkeys((3, 131000, 131016, 131057), 500),
    **dict.fromkeys((132001,), 404),
    **dict.fromkeys((2,), 503),
}

#: What Meta does not allow in what fills in a template.
_BREAKS: Final = re.compile(r"[\n\t]| {5}")

JSON = dict[str, Any]


def refusal(code: int) -> Response:
    """Return an error as Meta tells it."""
    error = {"message": f"(#{code}) An error", "type": "OAuthException", "code": code}
    return Response(HTTP_STATUS.get(code, 400), {"error": error})


REFUSALS: Final[Mapping[Fault | None, Response]] = {
    Fault.THROTTLE: refusal(130429),
    Fault.FORBIDDEN: refusal(10),
    Fault.REDIRECT: Response(302, {}),
}
BROKEN_ANSWERS: Final[Mapping[Fault | None, Response | None]] = {
    Fault.SERVER_ERROR: refusal(131000),
    Fault.DROP: None,
    Fault.UNREADABLE: Response(200, "<html>accepted</html>"),
    Fault.NAMELESS: Response(200, {"messages": []}),
}


@dataclass
class Message:
    """A message that was really taken."""

    id: str
    to: str
    order: JSON
    told: list[str] = field(default_factory=list)  #: the statuses that we have heard


class WhatsAppServer(StandIn):
    """One number of one business account, and its messages."""

    def __init__(self, callback_url: str = "") -> None:
        super().__init__()
        self.requests: list[Request] = []  #: what has arrived, taken or not
        self.messages: list[Message] = []
        self.codes: deque[int] = deque()  #: the errors that the following messages meet
        self.wa_ids: dict[str, str] = {}  #: of people whom it knows by another number
        self.fates: dict[str, int] = {}  #: with which error messages fail in the end, by number
        self._callback_url = callback_url

    @property
    def url(self) -> str:
        """Where the API is, with its version."""
        return f"{super().url}/{VERSION}"

    # --- The API ------------------------------------------------------------------------------

    async def route(self, request: Request) -> Response | None:
        """Answer a request for the API, or for the ledger."""
        self.requests.append(request)
        match request.method, request.path:
            case "GET", "/ledger":
                return Response(200, [asdict(message) for message in self.messages])
            case "POST", "/script":
                return self._take_script(json.loads(request.body))
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return refusal(190)
        if (request.method, request.path) != ("POST", f"/{VERSION}/{PHONE_NUMBER_ID}/messages"):
            return refusal(100)
        return await self._take_order(json.loads(request.body))

    def _take_script(self, script: JSON) -> Response:
        self.faults.extend(map(Fault, script.get("faults", [])))
        self.codes.extend(script.get("codes", []))
        self.fates.update(script.get("fates", {}))
        self._callback_url = script.get("callback_url", self._callback_url)
        return Response(200, {})

    async def _take_order(self, order: JSON) -> Response | None:
        fault = self.next_fault()
        code = self.codes.popleft() if self.codes else _error_in(order)
        if fault in REFUSALS:
            return REFUSALS[fault]
        if code is not None:
            return refusal(code)
        message = self._place(order)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in BROKEN_ANSWERS:
            return BROKEN_ANSWERS[fault]
        wa_id = self.wa_ids.get(message.to, message.to)
        answer = {"messages": [{"id": message.id}], "contacts": [{"wa_id": wa_id}]}
        return Response(200, answer)

    def _place(self, order: JSON) -> Message:
        id_ = f"wamid.{len(self.messages) + 1:024}"
        message = Message(id_, order["to"].lstrip("+"), order)
        self.messages.append(message)
        if self._callback_url:
            self.run_beside(self._live_through(message))
        return message

    # --- Callbacks ----------------------------------------------------------------------------

    async def _live_through(self, message: Message) -> None:
        code = self.fates.get(message.to)
        steps = ("sent", "failed") if code else ("sent", "delivered", "read")
        for status in steps:
            codes = (code,) if code and status == "failed" else ()
            told = told_of(message, status, *codes, at=str(int(time.time())))
            await self.post_until_heard(callback(self._callback_url, statuses=[told]))
            message.told.append(status)


def told_of(message: Message, status: str, *codes: int, at: object = "1772442000") -> JSON:
    """Return a status of a message, as it stands among those of a callback."""
    told: JSON = {
        "id": message.id,
        "status": status,
        "timestamp": at,
        "recipient_id": message.to,
        "biz_opaque_callback_data": message.order["biz_opaque_callback_data"],
    }
    if codes:
        told["errors"] = [
            {"code": code, "title": "An error", "message": "An error"} for code in codes
        ]
    return told


def callback(url: str, **value: list[JSON]) -> WebhookRequest:
    """Return a callback with these statuses or messages, signed."""
    metadata = {"display_phone_number": DISPLAY_NUMBER, "phone_number_id": PHONE_NUMBER_ID}
    told = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": told}]}
    return signed(url, {"object": "whatsapp_business_account", "entry": [entry]})


def signed(url: str, content: object) -> WebhookRequest:
    """Return a post to a URL, signed as Meta does, whatever it says."""
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    signature = hmac.new(APP_SECRET.encode(), body, sha256).hexdigest()
    headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}
    return WebhookRequest("POST", url, headers, body)


def _error_in(order: JSON) -> int | None:
    """Return what Meta refuses a message for, if anything."""
    if order.get("messaging_product") != "whatsapp" or not order.get("to"):
        return 100
    if len(order.get("biz_opaque_callback_data", "")) > 512:
        return 100
    match order:
        case {"type": "text", "text": {"body": str(body)}} if 0 < len(body) <= 4096:
            return None
        case {"type": "template", "template": {"name": str(), "language": {"code": str(code)}}}:
            return _error_in_parameters(order["template"]) if code else 100
    return 100


def _error_in_parameters(template: JSON) -> int | None:
    components = template.get("components", [])
    texts = [each["text"] for part in components for each in part["parameters"]]
    if any(not text for text in texts):
        return 131008
    return 132018 if any(map(_BREAKS.search, texts)) else None


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("callback_url", nargs="?", default="", help="else nothing is told")
    run_alone(WhatsAppServer(parser.parse_args().callback_url))


if __name__ == "__main__":
    _main()
