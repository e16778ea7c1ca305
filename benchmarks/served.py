"""Functions under functions-framework's own server, one worker each, and load on them."""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import orjson

from benchmarks.report import Row
from benchmarks.rig import ORG

_ROOT = Path(__file__).parent.parent
_REQUESTS = 2_000
_CONNECTIONS = 16
_ROUNDS = 3

Make = Callable[[str], bytes]
"""Makes a request out of a word that no other request gets."""


class Function(NamedTuple):
    """A function that is served."""

    port: int
    pid: int  #: of the process that has started its only worker

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    def processor_s(self) -> float:
        """Return how long the worker has kept a processor busy, seconds."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text(encoding="ascii")
        return sum(map(_processor_s, map(int, children.split())))


def _processor_s(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Load(NamedTuple):
    """What requests a second were answered, how long they took, and what they cost."""

    rate: float
    p50_ms: float
    p99_ms: float
    processor_us: float  #: of the server, for each

    def __str__(self) -> str:
        took = f"p50 {self.p50_ms:.1f}, p99 {self.p99_ms:.1f} ms"
        return f"{self.rate:,.0f}/s ({took}; {self.processor_us:.0f} us)"


class Against(NamedTuple):
    """A function that does nothing, and what it is asked."""

    function: Function
    name: str = "bare"
    make: Make | None = None  #: None: what ours is asked


async def compare(ours: Function, other: Against, name: str, make: Make, *, goal: str) -> Row:
    """Load both functions in turns; return the best of the rounds of each."""
    asked = other.make or make
    rounds = [
        (await _load(ours, make, n), await _load(other.function, asked, n)) for n in range(_ROUNDS)
    ]
    mine, theirs = (max(side) for side in zip(*rounds, strict=True))
    return Row(name, str(mine), f"{other.name} {theirs}", mine.rate / theirs.rate, goal)


def request(method: str, path: str, body: Any = None) -> bytes:
    """Return a request as it is sent."""
    content = b"" if body is None else orjson.dumps(body)
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Org-Id: {ORG}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


# --- Functions -------------------------------------------------------------------------------


def bare(target: str = "bare") -> AbstractAsyncContextManager[Function]:
    """Serve a function that does nothing."""
    return _function(_ROOT / "benchmarks/bare/main.py", target, {})


def ours(target: str, folder: str, **more: str) -> AbstractAsyncContextManager[Function]:
    """Serve one of our functions over `folder`/bench.db, with `more` settings."""
    settings = {
        "STORE_URL": f"sqlite:///{folder}/bench.db",
        "SIMULATOR_LEDGER": f"{folder}/carrier.jsonl",
        "LOG_LEVEL": "error",
        # As many as come are counted, and none is refused.
        "API_RATE_PER_S": "100000",
        **more,
    }
    return _function(_ROOT / "main.py", target, settings)


@asynccontextmanager
async def _function(source: Path, target: str, settings: dict[str, str]) -> AsyncIterator[Function]:
    port = _free_port()
    command = (
        *(sys.executable, "-m", "functions_framework", "--source", str(source), "--asgi"),
        *("--target", target, "--host", "127.0.0.1", "--port", str(port)),
    )
    environment = {**os.environ, **settings, "PYTHONPATH": str(_ROOT)}  # noqa: TID251 - handed on to a child process
    process = subprocess.Popen(  # noqa: ASYNC220, S603 - returns at once; our own command
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await _until_it_answers(port)
        yield Function(port, process.pid)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def _until_it_answers(port: int) -> None:
    for _ in range(200):
        try:
            async with httpx.AsyncClient() as client:
                await client.get(f"http://127.0.0.1:{port}/")
        except httpx.HTTPError:
            await asyncio.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing answers on port {port}")


# --- Load ------------------------------------------------------------------------------------


async def _load(function: Function, make: Make, number: int) -> Load:
    """Send requests over kept connections, on each of them one after the other."""
    requests = iter([make(f"{number}-{n}") for n in range(_REQUESTS)])
    start, worked = time.perf_counter(), function.processor_s()
    parts = await asyncio.gather(
        *(_connection(function.port, requests) for _ in range(_CONNECTIONS))
    )
    seconds, worked = time.perf_counter() - start, function.processor_s() - worked
    waited = [each for part in parts for each in part]
    percentiles = statistics.quantiles(waited, n=100)
    processor_us = worked / len(waited) * 1e6
    return Load(len(waited) / seconds, percentiles[49] * 1000, percentiles[98] * 1000, processor_us)


async def _connection(port: int, requests: Iterator[bytes]) -> list[float]:
    """Return how long each answer took, seconds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    waited = []
    for each in requests:
        start = time.perf_counter()
        writer.write(each)
        await _answer(reader)
        waited.append(time.perf_counter() - start)
    writer.close()
    await writer.wait_closed()
    return waited


async def _answer(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 2"), head
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
