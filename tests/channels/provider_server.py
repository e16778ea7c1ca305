"""What servers that play a provider on loopback have in common: HTTP, and what goes wrong in it."""

import asyncio
import json
import sys
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx

from functions.engine.ports.channel import WebhookRequest


class Fault(StrEnum):
    """What goes wrong with one request for a message."""

    THROTTLE = "429"
    FORBIDDEN = "403"
    SERVER_ERROR = "500"  #: and the message is taken
    REDIRECT = "302"
    HANG = "hang"  #: the message is taken, the answer never comes
    DROP = "drop"  #: the message is taken, the connection breaks
    UNREADABLE = "unreadable"  #: the message is taken, the answer is not JSON
    NAMELESS = "nameless"  #: the message is taken, the answer does not name it


class Request(NamedTuple):
    """What arrived; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body, as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


class Response(NamedTuple):
    """What is answered: a text, or anything that JSON can hold."""

    status: int
    content: Any
    headers: Mapping[str, str] = {}


#: Providers repeat what was not heard for hours or days; time is short here.
_AGAIN_S: Final = 0.2


class StandIn:
    """An HTTP server whose `route` answers requests, one a connection; None breaks it."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()  #: of the next requests for messages
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._http = httpx.AsyncClient(trust_env=False, timeout=10)

    async def route(self, request: Request) -> Response | None:
        """Answer a request."""
        raise NotImplementedError(request.path)

    @property
    def url(self) -> str:
        """Where the API is."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def says(self) -> str:
        """The line that it begins with, as a process of its own."""
        return self.url

    async def start(self, port: int = 0) -> None:
        """Listen on loopback."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def close(self) -> None:
        """Stop listening, and drop every connection and whatever goes on."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.aclose()

    async def go_away(self, seconds: float) -> None:
        """Refuse connections for a while, and break those that there are."""
        assert self._server is not None
        port = self._server.sockets[0].getsockname()[1]
        self._server.close()
        for writer in self._writers:
            writer.close()
        await asyncio.sleep(seconds)
        await self.start(port)

    def next_fault(self) -> Fault | None:
        """Take what is to go wrong with this request for a message."""
        return self.faults.popleft() if self.faults else None

    def run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something happen while requests are answered."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post(self, webhook: WebhookRequest, *, retries: str = "") -> httpx.Response:
        """Deliver a callback, as often as its URL's fragment asks.

        Return the last answer; status 0 where there was none.
        """
        policy = dict(parse_qsl(retries))
        for _ in range(1 + int(policy.get("rc", "1"))):
            failure, response = await self._post_once(webhook)
            if failure not in policy.get("rp", "ct").split(","):
                break
            await asyncio.sleep(_AGAIN_S)
        return response

    async def post_until_heard(self, webhook: WebhookRequest) -> None:
        """Deliver a callback, as often as it takes."""
        while True:
            if (await self.post(webhook, retries="rc=0")).is_success:
                return
            await asyncio.sleep(_AGAIN_S)

    async def _post_once(self, webhook: WebhookRequest) -> tuple[str, httpx.Response]:
        try:
            response = await self._http.post(
                webhook.url, content=webhook.body, headers=dict(webhook.headers)
            )
        except httpx.ConnectError:
            return "ct", httpx.Response(0)
        except httpx.TransportError:
            return "rt", httpx.Response(0)
        return f"{response.status_code // 100}xx", response

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            response = await self.route(await _read(reader))
            if response is not None:
                writer.write(_wire(response))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


@asynccontextmanager
async def process_of(module: str, *arguments: str) -> AsyncIterator[str]:
    """Run a server of tests/channels as a process of its own; give what it says first."""
    command = (sys.executable, "-m", f"tests.channels.{module}", *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


def run_alone(server: StandIn, *, port: int = 0) -> None:
    """Serve until interrupted, as a process of its own; print first what the server says."""
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve_alone(server, port))


async def _serve_alone(server: StandIn, port: int) -> None:
    await server.start(port)
    sys.stdout.write(f"{server.says}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def knows_password(request: Request, user: str, password: str) -> bool:
    """Tell whether a request's basic authentication is right."""
    expected = b64encode(f"{user}:{password}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {expected}"


async def _read(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, target, _ = head[0].split(" ")
    pairs = (line.partition(":") for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, _, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query)), headers, body)


def _wire(response: Response) -> bytes:
    content = response.content
    body = content.encode() if isinstance(content, str) else json.dumps(content).encode()
    lines = [
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}",
        *(f"{name}: {value}" for name, value in response.headers.items()),
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body
