"""A `run_task` function on loopback: notes every task it gets and answers as the test says."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any

import httpx
import orjson


@dataclass(frozen=True, slots=True)
class Received:
    """One delivery, as it arrived."""

    request: str  #: method and path
    headers: httpx.Headers
    task: dict[str, Any]

    @property
    def retries(self) -> int:
        """The attempts that failed before this one."""
        return int(self.headers["X-CloudTasks-TaskRetryCount"])

    @property
    def name(self) -> str:
        """The task's short name."""
        return self.headers["X-CloudTasks-TaskName"]


class Receiver:
    """Answers the next of `answers`, and 200 once they are used up."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[int] = deque()
        self._port = 0
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where tasks are delivered."""
        return f"http://127.0.0.1:{self._port}/tasks/run"

    @property
    def kinds(self) -> list[str]:
        """The kinds of the tasks received, in order of arrival."""
        return [each.task["kind"] for each in self.received]

    async def start(self) -> None:
        """Listen: on a free port at first, on the same one after a `stop`."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._server:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request and close: a server of our own, since it stops without a wait."""
        self.received.append(await _read(reader))
        status = self.answers.popleft() if self.answers else 200
        writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
        writer.close()
        await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    request, *lines = head.strip().split("\r\n")
    pairs = (line.split(": ", 1) for line in lines)
    headers = httpx.Headers([(name, value) for name, value in pairs])
    body = await reader.readexactly(int(headers["Content-Length"]))
    return Received(request.removesuffix(" HTTP/1.1"), headers, orjson.loads(body))
