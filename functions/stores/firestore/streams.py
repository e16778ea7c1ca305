"""Long answers of Firestore, each read by a thread of its own.

With grpc's asyncio every message of an answer passes through the loop, which costs five times what
it costs a thread that reads nothing else. Short answers are better off there: many threads at once
would wait for each other.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import Executor
from itertools import islice
from threading import Semaphore
from typing import Any, Final

from grpc.experimental import ChannelOptions

#: What a channel needs for its calls to be read by whoever iterates over them.
OPTION: Final = (ChannelOptions.SingleThreadedUnaryStream, 1)

#: Parts that a thread hands over before it waits for somebody to take them.
_PARTS_AHEAD: Final = 4


async def read(call: Any, size: int, threads: Executor) -> AsyncGenerator[list[Any], None]:
    """Yield the messages of an answer, in parts of `size`, as they come. Raises grpc.RpcError.

    `call` is what a stub returns whose channel has OPTION. To be closed by whoever stops early.
    """
    loop = asyncio.get_running_loop()
    parts: asyncio.Queue[list[Any]] = asyncio.Queue()
    room = Semaphore(_PARTS_AHEAD)

    def tell(part: list[Any]) -> None:
        loop.call_soon_threadsafe(parts.put_nowait, part)

    reading = loop.run_in_executor(threads, _read, call, size, room, tell)
    try:
        while part := await parts.get():
            room.release()
            yield part
        await reading
    finally:
        call.cancel()
        room.release()
        await asyncio.gather(reading, return_exceptions=True)


def _read(call: Any, size: int, room: Semaphore, tell: Callable[[list[Any]], None]) -> None:
    """Hand over every part, and an empty one at the end, however it comes."""
    try:
        while part := list(islice(call, size)):
            room.acquire()
            tell(part)
    finally:
        tell([])
