"""Plivo, played on loopback: it takes calls, answers, signs and calls back as Plivo does.

It shares no code with the adapter that it tests. Within a test the calls move when the test
says so; on its own, `python tests/channels/plivo_server.py PORT`, they move by themselves, and

    GET  /ledger    tells the calls that were placed
    POST /script    {"faults": ["500", "drop"], "outcomes": {"15550100": 3010}} sets what comes
"""

import argparse
import asyncio
import hmac
import json
import sys
import uuid
from base64 import b64encode
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit
from xml.etree import ElementTree as ET

import httpx

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


class Fault(StrEnum):
    """What goes wrong with one request for a call."""

    THROTTLE = "429"
    SERVER_ERROR = "500"  #: and the call is placed
    REDIRECT = "302"
    HANG = "hang"  #: the call is placed, the answer never comes
    DROP = "drop"  #: the call is placed, the connection breaks
    UNREADABLE = "unreadable"  #: the call is placed, the answer is not JSON
    NAMELESS = "nameless"  #: the call is placed, the answer names no request_uuid


Response = tuple[int, Any]

REFUSALS: Final[Mapping[Fault | None, Response]] = {
    Fault.THROTTLE: (429, {"error": "Too many requests"}),
    Fault.REDIRECT: (302, {"error": "moved"}),
}
BROKEN_ANSWERS: Final[Mapping[Fault | None, Response | None]] = {
    Fault.SERVER_ERROR: (500, {"error": "server error"}),
    Fault.DROP: None,
    Fault.UNREADABLE: (201, "<html>call fired</html>"),
    Fault.NAMELESS: (201, {"message": "call fired"}),
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


class SignedCallback(NamedTuple):
    """A callback as it goes over the wire."""

    url: str
    headers: dict[str, str]
    body: bytes


class PlivoServer:
    """One Plivo account and its calls."""

    def __init__(
        self, *, requests_per_window: int = 300, ring_s: float = 0.0, talk_s: float = 0.0
    ) -> None:
        self.calls: list[Call] = []
        self.faults: deque[Fault] = deque()
        self.outcomes: dict[str, int] = {}  #: hangup cause by number, else 4000
        self._talk_s = talk_s
        self.moves_by_itself = False
        self._ring_s = ring_s
        self._requests_per_window = requests_per_window
        self._requests: deque[float] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._http = httpx.AsyncClient(trust_env=False, timeout=10)

    @property
    def url(self) -> str:
        """Where the API is."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def close(self) -> None:
        """Stop listening, and drop every connection and call."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

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
        """Let the phone ring."""
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

    def callback(self, call: Call, url_field: str, form: Mapping[str, str]) -> SignedCallback:
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
        signed = self.callback(call, url_field, form)
        policy = dict(parse_qsl(call.order[url_field].partition("#")[2]))
        for _ in range(1 + int(policy.get("rc", "1"))):
            failure, response = await self._post(signed)
            if failure not in policy.get("rp", "ct,rt").split(","):
                break
            await asyncio.sleep(0.2)
        call.answers.append(response.status_code if response else 0)
        return response

    async def _post(self, signed: SignedCallback) -> tuple[str, httpx.Response | None]:
        try:
            response = await self._http.post(
                signed.url, content=signed.body, headers=signed.headers
            )
        except httpx.ConnectError:
            return "ct", None
        except httpx.TransportError:
            return "rt", None
        return f"{response.status_code // 100}xx", response

    # --- the API ----------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        answer = await self._route(method, urlsplit(path).path, headers, body)
        if answer is None:
            return False
        writer.write(_http_response(*answer))
        await writer.drain()
        return headers.get("connection", "").lower() != "close"

    async def _route(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> Response | None:
        if (method, path) == ("GET", "/ledger"):
            return 200, [asdict(call) for call in self.calls]
        if (method, path) == ("POST", "/script"):
            return self._take_script(json.loads(body))
        if not _knows_password(headers):
            return 401, "Could not verify your access level for that URL."
        if self._is_over_limit():
            return REFUSALS[Fault.THROTTLE]
        return await self._api(method, path, body)

    async def _api(self, method: str, path: str, body: bytes) -> Response | None:
        calls = f"/v1/Account/{AUTH_ID}/Call/"
        if (method, path) == ("POST", calls):
            return await self._take_order(json.loads(body))
        if method == "GET" and path.startswith(calls):
            return self._record(path.removeprefix(calls).strip("/"))
        requests = f"/v1/Account/{AUTH_ID}/Request/"
        if method == "DELETE" and path.startswith(requests):
            return self._cancel(path.removeprefix(requests).strip("/"))
        return 404, {"error": "not found"}

    def _take_script(self, script: Mapping[str, Any]) -> Response:
        self.faults.extend(map(Fault, script.get("faults", [])))
        self.outcomes.update(script.get("outcomes", {}))
        return 200, {}

    def _is_over_limit(self) -> bool:
        now = asyncio.get_running_loop().time()
        while self._requests and self._requests[0] < now - WINDOW_S:
            self._requests.popleft()
        self._requests.append(now)
        return len(self._requests) > self._requests_per_window

    async def _take_order(self, order: dict[str, Any]) -> Response | None:
        fault = self.faults.popleft() if self.faults else None
        if fault in REFUSALS:
            return REFUSALS[fault]
        error = _error_in(order)
        if error:
            return 400, {"error": error}
        call = self._place(order)
        if fault is Fault.HANG:
            await asyncio.Event().wait()
        if fault in BROKEN_ANSWERS:
            return BROKEN_ANSWERS[fault]
        return 201, {"message": "call fired", "request_uuid": call.uuid, "api_id": call.uuid}

    def _place(self, order: dict[str, Any]) -> Call:
        to, sender = order["to"].lstrip("+"), order["from"].lstrip("+")
        call = Call(str(uuid.uuid4()), to, sender, order, self.outcomes.get(to, 4000))
        self.calls.append(call)
        if self.moves_by_itself:
            task = asyncio.create_task(self.live_through(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return call

    def _cancel(self, request_uuid: str) -> Response:
        """Give up a call that nobody has answered yet; it goes on to its hangup by itself."""
        call = next((call for call in self.calls if call.uuid == request_uuid), None)
        if call is None or call.answered or call.ended:
            return 404, {"error": "request not found"}
        call.cause = 1000
        self.end(call)
        return 204, ""

    def _record(self, call_uuid: str) -> Response:
        """Return the call detail record, which there is once a call has ended."""
        call = next((call for call in self.calls if call.uuid == call_uuid), None)
        if call is None or not call.ended:
            return 404, {"error": "call not found"}
        return 200, {
            "call_uuid": call.uuid,
            "bill_duration": call.duration_s,
            "end_time": "2026-03-02 14:30:00+05:30",
            "from_number": call.sender,
            "hangup_cause_code": call.cause,
            "to_number": call.to,
        }


def machine_form(*, machine: bool) -> dict[str, str]:
    """Return what a machine detection callback adds."""
    return {"Event": "MachineDetection", "Machine": "true" if machine else "false"}


def hangup_form(call: Call) -> dict[str, str]:
    """Return what a hangup callback adds."""
    cause, seconds = str(call.cause), str(call.duration_s)
    form = {"HangupCauseCode": cause, "Duration": seconds, "BillDuration": seconds}
    return {"Event": "Hangup", "EndTime": "2026-03-02 14:30:00", **form}


def sign(url: str, form: Mapping[str, str]) -> SignedCallback:
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
    return SignedCallback(url, headers, urlencode(form).encode())


def _knows_password(headers: Mapping[str, str]) -> bool:
    expected = b64encode(f"{AUTH_ID}:{AUTH_TOKEN}".encode()).decode()
    return headers.get("authorization") == f"Basic {expected}"


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


def _http_response(status: int, content: Any) -> bytes:
    body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    extra = {429: "Retry-After: 7\r\n", 302: "Location: /elsewhere\r\n"}.get(status, "")
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\nConnection: close\r\n{extra}"
    return f"{line}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int, help="0 picks a free one, which is printed")
    parser.add_argument("--ring-s", type=float, default=0.05)
    parser.add_argument("--talk-s", type=float, default=0.5)
    options = parser.parse_args()
    server = PlivoServer(ring_s=options.ring_s, talk_s=options.talk_s)
    server.moves_by_itself = True
    await server.start(options.port)
    sys.stdout.write(f"{server.url}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(_main())
