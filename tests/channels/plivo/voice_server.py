"""Plivo, played on loopback: it takes calls, answers, signs and calls back as Plivo does.

It shares no code with the adapter that it tests. Within a test the calls move when the test
says so; on its own, `python -m tests.channels.plivo.voice_server PORT`, they move by themselves,
and

    GET  /ledger    tells the calls that were placed
    POST /script    {"faults": ["500", "drop"], "outcomes": {"15550100": 3010}} sets what comes
"""

import argparse
import asyncio
import hmac
import json
import uuid
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any, Final
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

import httpx

from functions.engine.ports.channel import WebhookRequest
from tests.channels.provider_server import (
    Fault,
    Request,
    Response,
    StandIn,
    knows_password,
    run_alone,
)

AUTH_ID: Final = "MAXXXXXXXXXXXXXXXXXX"
AUTH_TOKEN: Final = "token-of-nobody"
WINDOW_S: Final = 5.0  #: Plivo counts API requests per five seconds

STATUSES: Final = {
    3000: "no-answer",
    3010: "busy",
    4000: "completed",
    4010: "completed",
    6010: "timeout",
    9100: "completed",
}
ANSWERED: Final = frozenset({4000, 4010, 9100})
RETRIES: Final = "rc=1&rp=ct,rt"  #: how callbacks are repeated whose URL does not say it


REFUSALS: Final[Mapping[Fault | None, Response]] = {
    Fault.THROTTLE: Response(429, {"error": "Too many requests"}, {"Retry-After": "7"}),
    Fault.FORBIDDEN: Response(403, {"error": "forbidden"}),
    Fault.REDIRECT: Response(302, {"error": "moved"}, {"Location": "/elsewhere"}),
}
BROKEN_ANSWERS: Final[Mapping[Fault | None, Response | None]] = {
    Fault.SERVER_ERROR: Response(500, {"error": "server error"}),
    Fault.DROP: None,
    Fault.UNREADABLE: Response(201, "<html>call fired</html>"),
    Fault.NAMELESS: Response(201, {"message": "call fired"}),
}


@dataclass
class Call:
    """A call that was really placed."""

    uuid: str
    to: str
    sender: str
    order: dict[str, Any]
    cause: int
    answered: bool = False
    ended: bool = False
    duration_s: int = 0
    answers: list[int] = field(default_factory=list)  #: what our callbacks were answered

    @property
    def status(self) -> str:
        """The call's status in Plivo's words."""
        if self.ended:
            return STATUSES.get(self.cause, "failed")
        return "in-progress" if self.answered else "ringing"


class PlivoServer(StandIn):
    """One Plivo account and its calls."""

    def __init__(
        self, *, requests_per_window: int = 300, ring_s: float = 0.0, talk_s: float = 0.0
    ) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self.outcomes: dict[str, int] = {}  #: hangup cause by number, else 4000
        self._talk_s = talk_s
        self.moves_by_itself = False
        self._ring_s = ring_s
        self._requests_per_window = requests_per_window
        self._requests: deque[float] = deque()

    # --- calls ------------------------------------------------------------------------------

    async def live_through(self, call: Call) -> None:
        """Take a call from ringing to its end, with all its callbacks."""
        await asyncio.sleep(self._ring_s)
        if call.cause in ANSWERED or call.cause in {3000, 6010}:
            await self.ring(call)
        if call.cause in ANSWERED:
            await self.pick_up(call)
        if call.cause in ANSWERED:
            await asyncio.sleep(self._talk_s)
        await self.hang_up(call, talked_s=round(self._talk_s) if call.answered else 0)

    async def ring(self, call: Call) -> None:
        """Let the phone ring; whoever has asked for it is told."""
        if "ring_url" in call.order:
            await self._call_back(call, "ring_url", {"Event": "Ring"})

    async def pick_up(self, call: Call) -> None:
        """Answer: what our answer URL says decides whether there is a call."""
        call.answered = True
        response = await self._call_back(call, "answer_url", {"Event": "StartApp"})
        if response is None or not response.is_success:
            call.cause = 7011
        elif not _has_stream(response.text):
            call.cause = 8011
        elif call.cause == 9100:
            await self._call_back(call, "machine_detection_url", machine_form(machine=True))

    async def hang_up(self, call: Call, *, talked_s: int = 0) -> None:
        """End the call."""
        self.end(call, talked_s=talked_s)
        await self._call_back(call, "hangup_url", hangup_form(call))

    def end(self, call: Call, *, talked_s: int = 0) -> None:
        """End the call without telling anybody, as when the callback is lost."""
        call.ended, call.duration_s = True, talked_s

    def callback(self, call: Call, url_field: str, form: Mapping[str, str]) -> WebhookRequest:
        """Return a callback of this call, signed, to the URL that the call was ordered with."""
        full = {
            "CallUUID": call.uuid,
            "RequestUUID": call.uuid,
            "CallStatus": call.status,
            "From": call.sender,
            "To": call.to,
            "SessionStart": "2026-03-02 09:00:00.123456",
            **form,
        }
        return sign(call.order[url_field].partition("#")[0], full)

    async def _call_back(
        self, call: Call, url_field: str, form: Mapping[str, str]
    ) -> httpx.Response | None:
        if url_field not in call.order:
            return None
        asked = call.order[url_field].partition("#")[2]
        webhook = self.callback(call, url_field, form)
        response = await self.post(webhook, retries=f"{RETRIES}&{asked}")
        call.answers.append(response.status_code)
        return response

    # --- the API ----------------------------------------------------------------------------

    async def route(self, request: Request) -> Response | None:
        """Answer a request for the API, or for the ledger."""
        match (request.method, request.path):
            case ("GET", "/ledger"):
                return Response(200, [asdict(call) for call in self.calls])
            case ("POST", "/script"):
                return self._take_script(json.loads(request.body))
        if not knows_password(request, AUTH_ID, AUTH_TOKEN):
            return Response(401, "Could not verify your access level for that URL.")
        if self._is_over_limit():
            return REFUSALS[Fault.THROTTLE]
        return await self.api(request)

    async def api(self, request: Request) -> Response | None:
        """Answer a request for the API that may be made."""
        method, path = request.method, request.path
        calls = f"/v1/Account/{AUTH_ID}/Call/"
        if (method, path) == ("POST", calls):
            return await self._take_order(json.loads(request.body))
        if method == "GET" and path.startswith(calls):
            return self._record(path.removeprefix(calls).strip("/"))
        requests = f"/v1/Account/{AUTH_ID}/Request/"
        if method == "DELETE" and path.startswith(requests):
            return self._cancel(path.removeprefix(requests).strip("/"))
        return Response(404, {"error": "not found"})

    def _take_script(self, script: Mapping[str, Any]) -> Response:
        self.faults.extend(map(Fault, script.get("faults", [])))
        self.outcomes.update(script.get("outcomes", {}))
        return Response(200, {})

    def _is_over_limit(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self._requests and self._requests[0] < now - WINDOW_S:
            self._requests.popleft()
        self._requests.append(now)
        return len(self._requests) > self._requests_per_window

    async def _take_order(self, order: dict[str, Any]) -> Response | None:
        fault = self.next_fault()
        if fault in REFUSALS:
            return REFUSALS[fault]
        error = _error_in(order)
        if error:
            return Response(400, {"error": error})
        call = self._place(order)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in BROKEN_ANSWERS:
            return BROKEN_ANSWERS[fault]
        fired = {"message": "call fired", "request_uuid": call.uuid, "api_id": call.uuid}
        return Response(201, fired)

    def _place(self, order: dict[str, Any]) -> Call:
        to, sender = order["to"].lstrip("+"), order["from"].lstrip("+")
        call = Call(str(uuid.uuid4()), to, sender, order, self.outcomes.get(to, 4000))
        self.calls.append(call)
        if self.moves_by_itself:
            self.run_beside(self.live_through(call))
        return call

    def _cancel(self, request_uuid: str) -> Response:
        """Give up a call that nobody has answered yet; it goes on to its hangup by itself."""
        call = next((call for call in self.calls if call.uuid == request_uuid), None)
        if call is None or call.answered or call.ended:
            return Response(404, {"error": "request not found"})
        call.cause = 1000
        self.end(call)
        return Response(204, "")

    def _record(self, call_uuid: str) -> Response:
        """Return the call detail record, which there is once a call has ended."""
        call = next((call for call in self.calls if call.uuid == call_uuid), None)
        if call is None or not call.ended:
            return Response(404, {"error": "call not found"})
        record = {
            "call_uuid": call.uuid,
            "bill_duration": call.duration_s,
            "end_time": "2026-03-02 14:30:00+05:30",
            "from_number": call.sender,
            "hangup_cause_code": call.cause,
            "to_number": call.to,
        }
        return Response(200, record)


def machine_form(*, machine: bool) -> dict[str, str]:
    """Return what a machine detection callback adds."""
    return {"Event": "MachineDetection", "Machine": "true" if machine else "false"}


def hangup_form(call: Call) -> dict[str, str]:
    """Return what a hangup callback adds."""
    cause, seconds = str(call.cause), str(call.duration_s)
    form = {"HangupCauseCode": cause, "Duration": seconds, "BillDuration": seconds}
    return {"Event": "Hangup", "EndTime": "2026-03-02 14:30:00", **form}


def sign(url: str, form: Mapping[str, str]) -> WebhookRequest:
    """Sign a POST to a URL without a query, as version 3 of Plivo's signature has it."""
    nonce = str(uuid.uuid4().int % 10**20)
    fields = "".join(key + form[key] for key in sorted(form))
    message = f"{url}?{fields}.{nonce}".encode()
    signature = b64encode(hmac.digest(AUTH_TOKEN.encode(), message, sha256)).decode()
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-plivo-signature-v3": signature,
        "x-plivo-signature-v3-nonce": nonce,
    }
    return WebhookRequest("POST", url, headers, urlencode(form).encode())


def _error_in(order: Mapping[str, Any]) -> str:
    missing = [name for name in ("from", "to", "answer_url") if not order.get(name)]
    if missing:
        return f"{', '.join(missing)} parameter not present"
    if not order["to"].lstrip("+").isdigit():
        return "to is not a valid phone number"
    detects = order.get("machine_detection")
    if detects not in {None, "true", "hangup"}:
        return "machine_detection must be true or hangup"
    if detects and not 2000 <= order.get("machine_detection_time", 5000) <= 10000:
        return "machine_detection_time must be between 2000 and 10000"
    return ""


def _has_stream(xml: str) -> bool:
    try:
        root = ET.fromstring(xml)  # noqa: S314 (our own application's XML)
    except ET.ParseError:
        return False
    return root.tag == "Response" and bool(root.findtext("Stream"))


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0 picks a free one, which is printed")
    parser.add_argument("--ring-s", type=float, default=0.05)
    parser.add_argument("--talk-s", type=float, default=0.5)
    options = parser.parse_args()
    server = PlivoServer(ring_s=options.ring_s, talk_s=options.talk_s)
    server.moves_by_itself = True
    run_alone(server, port=options.port)


if __name__ == "__main__":
    _main()
