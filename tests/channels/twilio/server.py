"""Twilio, played on loopback: it takes messages, answers, signs and calls back as Twilio does.

It shares no code with the adapter that it tests. Within a test the messages move when the test
says so; on its own, `python -m tests.channels.twilio.server PORT`, they move by themselves, and

    GET  /ledger    tells the messages that were taken
    POST /script    {"faults": ["500", "drop"], "fates": {"+15550100": "undelivered 30003"},
                    "opted_out": ["+15550101"]} sets what comes; {"away_s": 3} closes for a while;
                    {"unruly": 7} has receipts come shuffled, late and some of them twice, by a seed
"""

import argparse
import asyncio
import hmac
import json
import re
import uuid
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha1
from random import Random
from typing import Any, Final
from urllib.parse import urlencode

from functions.engine.ports.channel import WebhookRequest
from tests.channels.provider_server import (
    Fault,
    Request,
    Response,
    StandIn,
    knows_password,
    run_alone,
)

ACCOUNT_SID: Final = "AC" + "0" * 32
AUTH_TOKEN: Final = "token-of-nobody"
API: Final = f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages"

_ADDRESS: Final = re.compile(r"(whatsapp:)?\+[1-9][0-9]{4,14}")
_SENDER_ID: Final = re.compile(r"[A-Za-z0-9 ]{1,11}")
_LATEST_S: Final = 2.0
_CHANNEL_SID: Final = "XE" + "1" * 32


def error(status: int, code: int, message: str) -> Response:
    """Return an error as Twilio tells it."""
    more = f"https://www.twilio.com/docs/errors/{code}"
    content = {"code": code, "message": message, "more_info": more, "status": status}
    return Response(status, content, {"Retry-After": "7"} if status == 429 else {})


REFUSALS: Final[Mapping[Fault | None, Response]] = {
    Fault.THROTTLE: error(429, 20429, "Too Many Requests"),
    Fault.FORBIDDEN: error(403, 20403, "Forbidden"),
    Fault.REDIRECT: Response(302, "", {"Location": "/elsewhere"}),
}
BROKEN_ANSWERS: Final[Mapping[Fault | None, Response | None]] = {
    Fault.SERVER_ERROR: error(500, 20500, "Internal Server Error"),
    Fault.DROP: None,
    Fault.UNREADABLE: Response(201, "<html>queued</html>"),
    Fault.NAMELESS: Response(201, {"status": "queued"}),
}


@dataclass
class Sent:
    """A message that was really taken."""

    sid: str
    order: dict[str, str]
    created_at: datetime
    updated_at: datetime
    status: str
    error_code: int | None = None
    direction: str = "outbound-api"
    told: list[str] = field(default_factory=list)  #: the statuses, with what we answered

    @property
    def to(self) -> str:
        """Whom it is to, as Twilio writes addresses."""
        return self.order["To"]

    @property
    def sender(self) -> str:
        """Whom it is from: of a service, one of its numbers."""
        return self.order.get("From", "+15550000000")

    @property
    def body(self) -> str:
        """What it says: of a content template, what Twilio knows."""
        return self.order.get("Body", "The words of the template")


class TwilioServer(StandIn):
    """One Twilio account and its messages."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        super().__init__()
        self.messages: list[Sent] = []
        self.refusals: dict[str, int] = {}  #: errors with which requests are refused, by number
        self.fates: dict[str, str] = {}  #: how messages end, by number, else "delivered"
        self.opted_out: set[str] = set()
        self.begins_as = "queued"  #: "scheduled" for a service that holds its messages back
        self.moves_by_itself = False
        self.unruly: Random | None = None  #: draws when receipts come, and how often
        self.step_s = 0.0  #: from one status to the next, of messages that move by themselves
        self._now = now

    # --- Messages -----------------------------------------------------------------------------

    def move(self, message: Sent, status: str, code: int | None = None) -> WebhookRequest:
        """Bring a message to a status; return the callback that tells it."""
        message.status, message.error_code, message.updated_at = status, code, self._now()
        return sign(message.order["StatusCallback"].partition("#")[0], status_form(message))

    async def live_through(self, message: Sent) -> None:
        """Take a message to its end, with all its callbacks."""
        end, _, code = self.fates.get(message.to, "delivered").partition(" ")
        for status in ("sending", "sent", end):
            await asyncio.sleep(self.step_s)
            if message.status == "canceled":
                return
            signed = self.move(message, status, int(code) if code and status == end else None)
            if status == "sending":  # of which Twilio tells nothing
                continue
            if self.unruly is None:
                await self._tell_of(message, status, signed)
            for _ in range(self.unruly.randint(1, 2) if self.unruly else 0):
                self.run_beside(self._tell_late(message, status, signed))

    async def _tell_late(self, message: Sent, status: str, signed: WebhookRequest) -> None:
        assert self.unruly is not None
        await asyncio.sleep(self.unruly.uniform(0, _LATEST_S))
        await self._tell_of(message, status, signed)

    async def _tell_of(self, message: Sent, status: str, signed: WebhookRequest) -> None:
        retries = message.order["StatusCallback"].partition("#")[2]
        answer = await self.post(signed, retries=retries)
        message.told.append(f"{status} {answer.status_code}")

    # --- The API ------------------------------------------------------------------------------

    async def route(self, request: Request) -> Response | None:
        """Answer a request for the API, or for the ledger."""
        match (request.method, request.path):
            case ("GET", "/ledger"):
                return Response(200, [json.loads(_shown(each)) for each in self.messages])
            case ("POST", "/script"):
                return self._take_script(json.loads(request.body))
        if not knows_password(request, ACCOUNT_SID, AUTH_TOKEN):
            return error(401, 20003, "Authenticate")
        return await self._api(request)

    async def _api(self, request: Request) -> Response | None:
        sid = request.path.removeprefix(f"{API}/").removesuffix(".json")
        match (request.method, request.path == f"{API}.json"):
            case ("POST", True):
                return await self._take_order(request.form)
            case ("GET", True):
                return self._list(request.query)
        message = next((each for each in self.messages if each.sid == sid), None)
        if message is None:
            return error(404, 20404, f"The requested resource {request.path} was not found")
        if request.method == "POST":
            return self._update(message, request.form)
        return Response(200, record_of(message))

    def _take_script(self, script: Mapping[str, Any]) -> Response:
        self.faults.extend(map(Fault, script.get("faults", [])))
        self.fates.update(script.get("fates", {}))
        self.refusals.update(script.get("refusals", {}))
        self.opted_out.update(script.get("opted_out", []))
        if "unruly" in script:
            self.unruly = Random(script["unruly"])  # noqa: S311  it only has to be repeatable
        if "away_s" in script:
            self.run_beside(self.go_away(script["away_s"]))
        return Response(200, {})

    async def _take_order(self, order: dict[str, str]) -> Response | None:
        fault = self.next_fault()
        if fault in REFUSALS:
            return REFUSALS[fault]
        if code := self._code_of(order):
            return error(400, code, "The request cannot be met.")
        message = self._take(order)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in BROKEN_ANSWERS:
            return BROKEN_ANSWERS[fault]
        return Response(201, record_of(message))

    def _code_of(self, order: Mapping[str, str]) -> int:
        """Return the error in an order, 0 where there is none."""
        if order.get("To", "").removeprefix("whatsapp:") in self.opted_out:
            return 21610
        return self.refusals.get(order.get("To", ""), 0) or error_in(order)

    def _take(self, order: dict[str, str]) -> Sent:
        now = self._now()
        begins_as = "accepted" if "MessagingServiceSid" in order else "queued"
        if self.begins_as != "queued":
            begins_as = self.begins_as
        message = Sent(f"SM{uuid.uuid4().hex}", order, now, now, begins_as)
        self.messages.append(message)
        if self.moves_by_itself:
            self.run_beside(self.live_through(message))
        return message

    def _list(self, query: Mapping[str, str]) -> Response:
        """List messages, the latest first."""
        found = [
            record_of(message)
            for message in reversed(self.messages)
            if query.get("To", message.to) == message.to
            and query.get("From", message.sender) == message.sender
        ]
        size = int(query.get("PageSize", "50"))
        following = f"{API}.json?Page=1&PageToken=PA0" if found[size:] else None
        page = {"messages": found[:size], "page": 0, "page_size": size, "start": 0}
        return Response(200, {**page, "next_page_uri": following, "uri": f"{API}.json"})

    def _update(self, message: Sent, changes: Mapping[str, str]) -> Response:
        """Cancel a message, which is possible as long as it is scheduled."""
        if changes != {"Status": "canceled"}:
            return error(400, 20001, "Unknown parameters")
        if message.status not in {"scheduled", "canceled"}:
            return error(409, 30409, "This message cannot be canceled")
        signed = self.move(message, "canceled")
        if self.moves_by_itself:
            retries = message.order["StatusCallback"].partition("#")[2]
            self.run_beside(self._tell(signed, retries))
        return Response(200, record_of(message))

    async def _tell(self, signed: WebhookRequest, retries: str) -> None:
        await self.post(signed, retries=retries)


def error_in(order: Mapping[str, str]) -> int:
    """Return the error with which Twilio refuses an order, 0 where it takes it."""
    if "To" not in order:
        return 21604
    if not _ADDRESS.fullmatch(order["To"]):
        return 21211
    return _error_in_sender(order) or _error_in_content(order) or _error_in_terms(order)


def _error_in_sender(order: Mapping[str, str]) -> int:
    sender, service = order.get("From", ""), order.get("MessagingServiceSid", "")
    if not sender and not service:
        return 21603
    if service:
        return 0 if re.fullmatch(r"MG[0-9a-f]{32}", service) else 21701
    if not _ADDRESS.fullmatch(sender) and not _SENDER_ID.fullmatch(sender):
        return 21212
    same = sender.startswith("whatsapp:") == order["To"].startswith("whatsapp:")
    return 0 if same else 21910


def _error_in_content(order: Mapping[str, str]) -> int:
    body, content = order.get("Body", ""), order.get("ContentSid", "")
    if not body and not content:
        return 21619
    if content and not re.fullmatch(r"HX[0-9a-f]{32}", content):
        return 21655
    try:
        variables = json.loads(order.get("ContentVariables", "{}"))
    except ValueError:
        return 21656
    is_good = isinstance(variables, dict) and all(variables.values())
    return 21656 if not is_good else (21617 if len(body) > 1600 else 0)


def _error_in_terms(order: Mapping[str, str]) -> int:
    validity = order.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity) <= 36000:
        return 90007
    is_url = order.get("StatusCallback", "http://").startswith(("http://", "https://"))
    return 0 if is_url else 21609


def record_of(message: Sent) -> dict[str, Any]:
    """Return a message as the API shows it; an instant is in RFC 2822's form."""
    waits = message.status in {"accepted", "scheduled", "queued", "sending"}
    updated = format_datetime(message.updated_at)
    service = message.order.get("MessagingServiceSid")
    return {
        "account_sid": ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": message.body,
        "date_created": format_datetime(message.created_at),
        "date_sent": None if waits else updated,
        "date_updated": updated,
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": None,
        # A service chooses one of its numbers once the message leaves its queue.
        "from": None if service and waits else message.sender,
        "messaging_service_sid": service,
        "num_segments": "1",
        "sid": message.sid,
        "status": message.status,
        "to": message.to,
        "uri": f"{API}/{message.sid}.json",
    }


def status_form(message: Sent) -> dict[str, str]:
    """Return the form of a status callback ("Track the message status of outbound messages")."""
    form = {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": message.sender,
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.error_code:
        form["ErrorCode"] = str(message.error_code)
    if message.to.startswith("whatsapp:"):
        event = {"EventType": "READ"} if message.status == "read" else {}
        return {**form, "ChannelInstallSid": _CHANNEL_SID, "ChannelPrefix": "whatsapp", **event}
    if message.status in {"delivered", "undelivered"}:
        form["RawDlrDoneDate"] = message.updated_at.strftime("%y%m%d%H%M")
    return form


def inbound_form(sender: str, to: str, body: str, *, opt_out: str = "") -> dict[str, str]:
    """Return the form of a text that somebody has sent ("Twilio's request to your webhook")."""
    sid = f"SM{uuid.uuid4().hex}"
    form = {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": sender,
        "FromCity": "",
        "FromCountry": "US",
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": to,
    }
    return {**form, "OptOutType": opt_out} if opt_out else form


def sign(url: str, form: Mapping[str, str]) -> WebhookRequest:
    """Sign a POST of a form to a URL."""
    text = url + "".join(key + form[key] for key in sorted(form))
    signature = b64encode(hmac.digest(AUTH_TOKEN.encode(), text.encode(), sha1)).decode()
    headers = {
        "content-type": "application/x-www-form-urlencoded; charset=UTF-8",
        "x-twilio-signature": signature,
    }
    return WebhookRequest("POST", url, headers, urlencode(form).encode())


def _shown(message: Sent) -> str:
    return json.dumps(asdict(message), default=datetime.isoformat)


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0 picks a free one, which is printed")
    parser.add_argument("--step-s", type=float, default=0.05)
    options = parser.parse_args()
    server = TwilioServer()
    server.moves_by_itself, server.step_s = True, options.step_s
    run_alone(server, port=options.port)


if __name__ == "__main__":
    _main()
