"""What servers that play a provider on loopback have in common: HTTP, and what goes wrong in it."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx


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


class SignedCallback(NamedTuple):
    """A callback as it goes over the wire."""

    url: str
    headers: dict[str, str]
    body: bytes


class StandIn:
    """An HTTP server whose `route` answers requests; None breaks the connection."""

    def __init__(self) -> None:
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

    def run_beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something happen while requests are answered."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def post(self, signed: SignedCallback, *, retries: str = "") -> int:
        """Deliver a callback, as often as its URL's fragment asks; return what was answered."""
        policy = dict(parse_qsl(retries))
        for _ in range(1 + int(policy.get("rc", "1"))):
            failure, status = await self._post_once(signed)
            if failure not in policy.get("rp", "ct").split(","):
                break
            await asyncio.sleep(0.2)
        return status

    async def _post_once(self, signed: SignedCallback) -> tuple[str, int]:
        try:
            response = await self._http.post(
                signed.url, content=signed.body, headers=signed.headers
            )
        except httpx.ConnectError:
            return "ct", 0
        except httpx.TransportError:
            return "rt", 0
        return f"{response.status_code // 100}xx", response.status_code

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has gone, or the test is over
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await _read(reader)
        response = await self.route(request)
        if response is None:
            return False
        writer.write(_wire(response))
        await writer.drain()
        return request.headers.get("connection", "").lower() != "close"


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
