"""A task queue inside this process, for one laptop: the same HTTP request, retried the same way."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import uuid4

import structlog

from functions.engine.ports.clock import Clock
from functions.engine.ports.queue import Task
from functions.queues import task_request

Deliver: TypeAlias = Callable[[dict[str, str], bytes], Awaitable[int]]
"""Posts headers and body to the `run_task` function and returns the HTTP status."""

QUEUE_NAME = "local"
NAME_MEMORY = timedelta(hours=24)
NAMES_KEPT = 100_000

_NO_ANSWER = 0
_MAX_DOUBLINGS = 16
_LONGEST_NAP_S = 1.0

log = structlog.get_logger()


@dataclass(order=True, slots=True)
class _Job:
    """A task that waits for its next attempt. Jobs sort by due time, then by arrival."""

    due_at: datetime
    arrival: int
    name: str = field(compare=False)
    kind: str = field(compare=False)
    body: bytes = field(compare=False)
    own: Mapping[str, str] = field(compare=False)  #: the headers that it was made with
    failed: int = field(default=0, compare=False)  #: attempts that failed so far

    def headers(self) -> dict[str, str]:
        told = task_request.headers(
            queue=QUEUE_NAME, name=self.name, retries=self.failed, due_at=self.due_at
        )
        return {**self.own, **told}


class _Names:
    """The names of keyed tasks that wait, or that ended within the last 24 hours."""

    def __init__(self) -> None:
        self._waiting: set[str] = set()
        self._ended: dict[str, datetime] = {}  #: name to when it is forgotten, oldest first

    def claim(self, name: str, *, now: datetime) -> bool:
        """Take a name, unless it is remembered."""
        self._forget(now)
        if name in self._waiting or name in self._ended:
            return False
        self._waiting.add(name)
        return True

    def release(self, name: str, *, now: datetime) -> None:
        """Begin the last 24 hours of a name, if it was claimed."""
        if name in self._waiting:
            self._waiting.remove(name)
            self._ended[name] = now + NAME_MEMORY
            self._forget(now)

    def _forget(self, now: datetime) -> None:
        while self._ended:
            oldest = next(iter(self._ended))
            if self._ended[oldest] > now and len(self._ended) <= NAMES_KEPT:
                return
            del self._ended[oldest]


class LocalQueue:
    """Keeps the TaskQueue promises while this process lives.

    `start` delivers in the background as tasks come due; without it nothing moves until
    `run_due` is called. What is lost with the process is found again by the every-minute check.
    """

    def __init__(
        self,
        deliver: Deliver,
        clock: Clock,
        *,
        max_attempts: int,
        min_backoff: timedelta,
        max_backoff: timedelta,
        concurrency: int = 64,
        grace: timedelta = timedelta(),
    ) -> None:
        self._deliver = deliver
        self._clock = clock
        self._max_attempts = max_attempts
        self._min_backoff = min_backoff
        self._max_backoff = max_backoff
        self._concurrency = concurrency
        self._grace = grace
        self._jobs: list[_Job] = []
        self._arrivals = itertools.count()
        self._names = _Names()
        self._running: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        self._runner: asyncio.Task[None] | None = None
        self._closed = False

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        """Hold the task for its time; False, as in the cloud, if that is over 30 days away."""
        now = self._clock.now()
        if task_request.is_beyond_horizon(at, now=now):
            return False
        name = task_request.task_name(key) if key else uuid4().hex
        if key and not self._names.claim(name, now=now):
            return True
        due_at = max(at or now, now)
        body, own = task_request.encode(task), task_request.own_headers()
        self._push(_Job(due_at, next(self._arrivals), name, task.kind, body, own))
        return True

    def start(self) -> None:
        """Deliver tasks in the background, as they come due, until `close`."""
        self._runner = asyncio.create_task(self._run())

    async def is_well(self) -> bool:
        """Tell whether what delivers in the background, if it was started, is still at it."""
        return not self._closed and (self._runner is None or not self._runner.done())

    async def run_due(self) -> int:
        """Deliver all that is due, and what that enqueues for now; return how many deliveries."""
        delivered = self._begin_due()
        while self._running:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
            delivered += self._begin_due()
        return delivered

    async def close(self) -> None:
        """Stop: what waits is dropped, deliveries under way are cancelled after the grace time."""
        self._closed = True
        await _cancel([self._runner] if self._runner else [])
        if self._running:
            await asyncio.wait(self._running, timeout=self._grace.total_seconds())
        await _cancel(self._running)
        self._jobs.clear()

    async def _run(self) -> None:
        while True:
            self._begin_due()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), self._nap_s())
            self._changed.clear()

    def _nap_s(self) -> float | None:
        """Return the seconds until a look is worth while, None if only a change makes it so."""
        if not self._jobs or len(self._running) >= self._concurrency:
            return None
        wait = self._jobs[0].due_at - self._clock.now()
        # Never long: a laptop that slept, or a corrected clock, has moved now() but not the loop.
        return min(wait.total_seconds(), _LONGEST_NAP_S)

    def _begin_due(self) -> int:
        """Begin as many due deliveries as may run at once; return how many."""
        begun = 0
        while len(self._running) < self._concurrency and self._is_due():
            self._begin(heapq.heappop(self._jobs))
            begun += 1
        return begun

    def _is_due(self) -> bool:
        if self._closed:  # what it began now would be cancelled half-way
            return False
        return bool(self._jobs) and self._jobs[0].due_at <= self._clock.now()

    def _begin(self, job: _Job) -> None:
        delivery = asyncio.create_task(self._attempt(job))
        self._running.add(delivery)
        delivery.add_done_callback(self._end)

    def _end(self, delivery: asyncio.Task[None]) -> None:
        self._running.discard(delivery)
        self._changed.set()

    async def _attempt(self, job: _Job) -> None:
        status = await self._answer(job)
        if status in range(200, 300):
            self._names.release(job.name, now=self._clock.now())
            return
        job.failed += 1
        if job.failed < self._max_attempts:
            self._retry(job, status)
        else:
            self._drop(job, status)

    async def _answer(self, job: _Job) -> int:
        """Return the status of one delivery. Whatever it raises is a failed attempt, no more."""
        try:
            return await self._deliver(job.headers(), job.body)
        except Exception:
            log.exception("task_delivery_broken", task=job.name, kind=job.kind)
            return _NO_ANSWER

    def _retry(self, job: _Job, status: int) -> None:
        wait = self._backoff(job.failed)
        job.due_at = self._clock.now() + wait
        self._push(job)
        log.warning(
            "task_attempt_failed",
            task=job.name,
            kind=job.kind,
            attempt=job.failed,
            status=status,
            retry_in_s=wait.total_seconds(),
        )

    def _drop(self, job: _Job, status: int) -> None:
        self._names.release(job.name, now=self._clock.now())
        log.error("task_dropped", task=job.name, kind=job.kind, attempts=job.failed, status=status)

    def _backoff(self, failed: int) -> timedelta:
        doublings = min(failed - 1, _MAX_DOUBLINGS)
        return min(self._min_backoff * (1 << doublings), self._max_backoff)

    def _push(self, job: _Job) -> None:
        heapq.heappush(self._jobs, job)
        self._changed.set()


async def _cancel(tasks: Iterable[asyncio.Task[None]]) -> None:
    doomed = list(tasks)
    for each in doomed:
        each.cancel()
    await asyncio.gather(*doomed, return_exceptions=True)
