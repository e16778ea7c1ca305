"""The queue inside the process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from structlog.testing import capture_logs

from functions.engine.ports.queue import Task
from functions.queues import local
from functions.queues.local import Deliver, LocalQueue
from tests.clock import MovedClock
from tests.queues.conformance import (
    DAY,
    MAX_ATTEMPTS,
    MAX_BACKOFF,
    MIN_BACKOFF,
    TASK,
    Rig,
    TaskQueueConformance,
)
from tests.queues.receiver import Receiver

Handler = Callable[[Request], Awaitable[Response]]


def make_queue(deliver: Deliver, clock: MovedClock, *, concurrency: int = 64) -> LocalQueue:
    """Make a queue with the attempts and back-off that the tests count on."""
    return LocalQueue(
        deliver,
        clock,
        max_attempts=MAX_ATTEMPTS,
        min_backoff=MIN_BACKOFF,
        max_backoff=MAX_BACKOFF,
        concurrency=concurrency,
    )


def deliver_to(handler: Handler) -> Deliver:
    """Deliver to a real ASGI app without a network, as the laptop stack does."""
    app = Starlette(routes=[Route("/tasks/run", handler, methods=["POST"])])
    transport = httpx.ASGITransport(app)

    async def deliver(headers: dict[str, str], body: bytes) -> int:
        async with httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            answer = await client.post("/tasks/run", headers=headers, content=body)
        return answer.status_code

    return deliver


async def answer_ok(_request: Request) -> Response:
    """Succeed."""
    return Response()


async def answer_error(_request: Request) -> Response:
    """Fail."""
    return Response(status_code=500)


async def let_others_run() -> None:
    """Give every other part of the program its turns."""
    for _ in range(50):
        await asyncio.sleep(0)


class CountingClock(MovedClock):
    """Counts how often it is looked at."""

    looks = 0

    def now(self) -> datetime:
        """Return the time at which the clock stands."""
        self.looks += 1
        return super().now()


class TestLocalQueue(TaskQueueConformance):
    """The local queue keeps every promise, over a real socket."""

    @pytest.fixture
    async def rig(self, clock: MovedClock, receiver: Receiver) -> AsyncIterator[Rig]:
        """Give a local queue that posts to the receiver."""
        async with httpx.AsyncClient(trust_env=False) as client:

            async def deliver(headers: dict[str, str], body: bytes) -> int:
                answer = await client.post(receiver.url, headers=headers, content=body)
                return answer.status_code

            queue = make_queue(deliver, clock)
            yield Rig(queue, queue.run_due, clock, receiver)
            await queue.close()


async def test_run_due_follows_chains(clock: MovedClock) -> None:
    """A task that enqueues its continuation for now is followed to the end of the chain."""

    async def handler(request: Request) -> Response:
        left = int((await request.json())["kind"])
        if left:
            await queue.enqueue(Task(str(left - 1)))
        return Response()

    queue = make_queue(deliver_to(handler), clock)
    await queue.enqueue(Task("4"))
    assert await queue.run_due() == 5


async def test_never_runs_more_than_its_concurrency(clock: MovedClock) -> None:
    """However many tasks are due, no more than `concurrency` are delivered at once."""
    running = most = 0

    async def handler(_request: Request) -> Response:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return Response()

    queue = make_queue(deliver_to(handler), clock, concurrency=3)
    for _ in range(10):
        await queue.enqueue(TASK)
    assert await queue.run_due() == 10
    assert most == 3


async def test_says_when_it_drops_a_task(clock: MovedClock) -> None:
    """A task whose last attempt failed is logged as an error, by name and kind."""
    queue = make_queue(deliver_to(answer_error), clock)
    await queue.enqueue(TASK)
    with capture_logs() as logs:
        for _ in range(MAX_ATTEMPTS):
            await queue.run_due()
            clock.advance(MAX_BACKOFF)
    [dropped] = [entry for entry in logs if entry["log_level"] == "error"]
    assert dropped["event"] == "task_dropped"
    assert (dropped["kind"], dropped["attempts"], dropped["status"]) == ("dispatch", 5, 500)


async def test_an_exception_is_a_failed_attempt(clock: MovedClock) -> None:
    """A handler that raises is tried again, and the log holds what it raised."""
    attempts = []

    async def handler(request: Request) -> Response:
        attempts.append(request.headers["X-CloudTasks-TaskRetryCount"])
        raise RuntimeError(request.url.path)

    queue = make_queue(deliver_to(handler), clock)
    await queue.enqueue(TASK)
    with capture_logs() as logs:
        await queue.run_due()
        clock.advance(MIN_BACKOFF)
        await queue.run_due()
    assert attempts == ["0", "1"]
    assert logs[0]["event"] == "task_delivery_broken"
    assert logs[0]["exc_info"]


async def test_names_kept_are_bounded(clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest names are forgotten before a day is over, once there are too many."""
    monkeypatch.setattr(local, "NAMES_KEPT", 2)
    queue = make_queue(deliver_to(answer_ok), clock)
    for key in ("one", "two", "three"):
        await queue.enqueue(TASK, key=key)
        await queue.run_due()
    await queue.enqueue(TASK, key="three")
    assert await queue.run_due() == 0
    await queue.enqueue(TASK, key="one")
    assert await queue.run_due() == 1


async def test_start_delivers_in_the_background(clock: MovedClock) -> None:
    """Once started a queue delivers by itself, both what waited for the start and what is new."""
    arrived: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: Request) -> Response:
        arrived.put_nowait((await request.json())["kind"])
        return Response()

    queue = make_queue(deliver_to(handler), clock)
    await queue.enqueue(Task("before"))
    queue.start()
    assert await arrived.get() == "before"
    await queue.enqueue(Task("after"))
    assert await arrived.get() == "after"
    await queue.close()


async def test_background_notices_a_moved_clock(
    clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A started queue delivers when the clock says so, even if it jumped there."""
    monkeypatch.setattr(local, "_LONGEST_NAP_S", 0.01)
    arrived = asyncio.Event()

    async def handler(_request: Request) -> Response:
        arrived.set()
        return Response()

    queue = make_queue(deliver_to(handler), clock)
    queue.start()
    await queue.enqueue(TASK, at=clock.now() + DAY)
    await let_others_run()
    clock.advance(DAY)
    await arrived.wait()
    await queue.close()


async def test_a_slow_task_holds_up_no_other(clock: MovedClock) -> None:
    """While one delivery takes its time, a started queue goes on with what comes due."""
    released = asyncio.Event()
    done: asyncio.Queue[str] = asyncio.Queue()

    async def handler(request: Request) -> Response:
        kind = (await request.json())["kind"]
        if kind == "slow":
            await released.wait()
        done.put_nowait(kind)
        return Response()

    queue = make_queue(deliver_to(handler), clock)
    queue.start()
    await queue.enqueue(Task("slow"))
    await queue.enqueue(Task("quick"))
    assert await done.get() == "quick"
    released.set()
    assert await done.get() == "slow"
    await queue.close()


async def test_a_full_queue_waits_for_a_free_place() -> None:
    """A started queue at its concurrency rests, and goes on as soon as a delivery has ended."""
    clock = CountingClock()
    begun: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def handler(_request: Request) -> Response:
        released = asyncio.Event()
        begun.put_nowait(released)
        await released.wait()
        return Response()

    queue = make_queue(deliver_to(handler), clock, concurrency=1)
    queue.start()
    await queue.enqueue(TASK)
    await queue.enqueue(TASK)
    first = await begun.get()
    clock.looks = 0
    await let_others_run()
    assert clock.looks == 0
    first.set()
    await begun.get()
    await queue.close()


async def test_close_cancels_what_is_running(clock: MovedClock) -> None:
    """Closing cancels the deliveries under way, so that their handlers can clean up."""
    begun, cancelled = asyncio.Event(), asyncio.Event()

    async def handler(_request: Request) -> Response:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        return Response()

    queue = make_queue(deliver_to(handler), clock)
    queue.start()
    await queue.enqueue(TASK)
    await begun.wait()
    await queue.close()
    assert cancelled.is_set()


async def test_delivers_nothing_after_close(clock: MovedClock) -> None:
    """What waited when the queue was closed is not delivered any more."""
    queue = make_queue(deliver_to(answer_ok), clock)
    await queue.enqueue(TASK)
    await queue.close()
    clock.advance(timedelta(hours=1))
    assert await queue.run_due() == 0


async def test_a_queue_whose_worker_has_died_is_not_well(clock: MovedClock) -> None:
    """Well while it delivers in the background; no longer once that has ended, however it did."""
    queue = make_queue(deliver_to(answer_ok), clock)
    queue.start()
    assert await queue.is_well()
    assert queue._runner is not None
    queue._runner.cancel()
    await asyncio.gather(queue._runner, return_exceptions=True)
    assert not await queue.is_well()
    await queue.close()
