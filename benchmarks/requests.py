"""Figure 5: create-campaign under load, against a function that does nothing."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, make_list
from functions.stores.sqlite import SqliteStore

_ROOT = Path(__file__).parent.parent
_REQUESTS = 2_000
_CONNECTIONS = 16
_ROUNDS = 3


async def measure() -> list[Row]:
    """Measure both functions under the framework's own server, one worker each, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(f"{folder}/bench.db", INDEXES)
        await make_list(store, "people", 1)
        await store.close()
        async with (
            _function(_ROOT / "benchmarks/bare/main.py", "bare", {}) as bare,
            _function(_ROOT / "main.py", "create_campaign", _settings(folder)) as ours,
        ):
            rates = [(await _load(ours, n), await _load(bare, n)) for n in range(_ROUNDS)]
    mine, theirs = (max(side) for side in zip(*rates, strict=True))
    against = f"a bare function {theirs:,.0f}/s"
    return [Row("create-campaign, SQLite", f"{mine:,.0f}/s", against, mine / theirs, "told")]


def _settings(folder: str) -> dict[str, str]:
    """Return the settings: a campaign is scheduled far ahead, so that only creating it counts."""
    return {
        "STORE_URL": f"sqlite:///{folder}/bench.db",
        "SIMULATOR_LEDGER": f"{folder}/carrier.jsonl",
        "LOG_LEVEL": "error",
    }


@asynccontextmanager
async def _function(source: Path, target: str, settings: dict[str, str]) -> AsyncIterator[int]:
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
        yield port
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


async def _load(port: int, number: int) -> float:
    """Send the requests over kept connections; return how many were answered a second."""
    requests = iter([_request(port, f"{number}-{n}") for n in range(_REQUESTS)])
    start = time.perf_counter()
    await asyncio.gather(*(_connection(port, requests) for _ in range(_CONNECTIONS)))
    return _REQUESTS / (time.perf_counter() - start)


def _request(port: int, name: str) -> bytes:
    body = orjson.dumps(
        {
            "campaignName": f"Campaign {name}",
            "listId": "people",
            "fromNumber": "+12025550100",
            "wssUrl": "wss://bot.example.com/socket",
            "scheduledTime": "2099-01-01T00:00:00Z",
        }
    )
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Org-Id: {ORG}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _connection(port: int, requests: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()
