"""The engine in this process: with a worker it calls back, without one it only writes."""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import orjson

from functions.bootstrap.stores import open_store
from functions.channels.callback import PROVIDER, Call, Callback, CallbackChannel
from functions.domain.campaigns.campaign import campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.kinds import ChannelKind
from functions.domain.messages.attempts import DeliveryPolicy, claimed
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.message import message_from
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine import paths
from functions.engine import worker as tasks
from functions.engine.eligibility.halted import halted
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.kernel.engine import Engine, Limits
from functions.engine.ports.channel import Traits
from functions.engine.ports.clock import Clock
from functions.engine.ports.queue import Task
from functions.engine.scheduling.check import check
from functions.queues.local import LocalQueue
from functions.settings.urls import StoreUrl
from functions.transport import public_http
from functions.transport.notifier import HttpNotifier
from functions.transport.voice_bots import HttpBots

#: Attempts of a task, and how long it waits before the next: what fails is found by every poll.
_ATTEMPTS: Final = 3
_BACKOFF: Final = (timedelta(milliseconds=200), timedelta(seconds=30))
#: How long it may take at most to store what has come of a callback.
_MARGIN: Final = timedelta(seconds=10)
#: How long what is being called has to come to its end once the worker is to stop.
_GRACE: Final = timedelta(seconds=10)
_LANES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What calls back, and how.

    A `callback` is a function, async or not, of one Call. One that blocks runs in a thread. At
    most `concurrency` are under way at once; each has `timeout` to return. Every `poll_interval`
    the worker looks for what other processes have written. With `idempotent` an action is called
    again, with the same key, where a process died in its callback; without, it has failed.
    """

    callback: Callback
    concurrency: int = 200
    poll_interval: timedelta = timedelta(seconds=15)
    timeout: timedelta = timedelta(seconds=60)
    idempotent: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never work."""
        if not callable(self.callback):
            raise TypeError(f"callback: must be a function, not {self.callback!r}")
        if not isinstance(self.concurrency, int) or self.concurrency < 1:
            raise ValueError(f"concurrency: must be 1 or more, not {self.concurrency!r}")
        for name in ("poll_interval", "timeout"):
            if getattr(self, name) <= timedelta():
                raise ValueError(f"{name}: must be longer than nothing")


class _NoQueue:
    """The queue of a process without a worker: those that have one find what is due."""

    async def enqueue(
        self,
        task: Task,  # noqa: ARG002 (the port's signature, as below)
        *,
        at: datetime | None = None,  # noqa: ARG002
        key: str | None = None,  # noqa: ARG002
    ) -> bool:
        """Hold nothing."""
        return False

    async def is_well(self) -> bool:
        """Tell that nothing is delivered."""
        return False

    async def close(self) -> None:
        """Let go of nothing."""


class Process:
    """The engine in this process, and the worker where there is one."""

    def __init__(
        self,
        store: StoreUrl,
        worker: Worker | None,
        *,
        emulator_host: str,
        clock: Clock,
        told: Callable[[Call, SendOutcome], None],
        failed: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self._worker = worker
        self._failed = failed
        self._http = public_http.client()
        self._queue: LocalQueue | None = None
        self._ticker: asyncio.Task[None] | None = None
        self._ending = asyncio.Lock()
        # One waits for room as long as others may take; then its own time begins.
        lease = 2 * (worker.timeout if worker else timedelta()) + _MARGIN
        self._channel = _channel(worker, clock, told, self._is_wanted) if worker else None
        channels = {PROVIDER: self._channel} if self._channel else {}
        self.engine = Engine(
            store=open_store(store, emulator_host=emulator_host),
            queue=_NoQueue(),
            channels=channels,
            bots=HttpBots(allow_private_hosts=False, http=self._http),
            notifier=HttpNotifier(allow_private_hosts=False, clock=clock, http=self._http),
            clock=clock,
            limits=Limits(lanes=_LANES, windows=False, lane_lease=lease),
            policy=DeliveryPolicy(send_lease=lease),
            providers={ChannelKind.CALLBACK: PROVIDER},
            known={PROVIDER: Traits()},
            instance=f"{socket.gethostname()}-{os.getpid()}",
        )

    @property
    def is_started(self) -> bool:
        """True from `start` to `stop`."""
        return self._ticker is not None

    def start(self) -> None:
        """Begin to call back. Raises RuntimeError without a worker, and while `run_due` runs."""
        queue, worker = self._begun()
        queue.start()
        self._ticker = asyncio.create_task(self._tick(worker.poll_interval))

    async def run_due(self) -> None:
        """Call back all that is due now, and what others have left, and end."""
        queue, _ = self._begun()
        try:
            await self._poll()
            await queue.run_due()
        finally:
            await self._end()

    async def stop(self) -> None:
        """Let what is being called come to its end; what was claimed and not begun goes back."""
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait([self._ticker])
            self._ticker = None
        await self._end()

    def _begun(self) -> tuple[LocalQueue, Worker]:
        """Return a queue for the engine's tasks. Raises RuntimeError without a worker."""
        if self._worker is None:
            raise RuntimeError(
                "this scheduler has no worker: give it one, or start another process"
            )
        if self._queue is not None:
            raise RuntimeError("the worker is at work already")
        shortest, longest = _BACKOFF
        self._queue = LocalQueue(
            self._deliver,
            self.engine.clock,
            max_attempts=_ATTEMPTS,
            min_backoff=shortest,
            max_backoff=longest,
            grace=_GRACE + self._worker.timeout,
        )
        self.engine = replace(self.engine, queue=self._queue, stopping=asyncio.Event())
        if self._channel is not None:
            self._channel.is_halted = False
        return self._queue, self._worker

    async def _end(self) -> None:
        self.engine.stopping.set()
        if self._channel is not None:
            self._channel.is_halted = True
        async with self._ending:  # whoever comes second waits, too
            if self._queue is not None:
                await self._queue.close()
                self._queue = None
                self.engine = replace(self.engine, queue=_NoQueue())

    async def close(self) -> None:
        """Stop, and let go of everything."""
        await self.stop()
        for channel in self.engine.channels.values():
            await channel.close()
        await self._http.aclose()
        await self.engine.store.close()

    async def _is_wanted(self, ref: MessageRef) -> bool:
        """Tell whether an action that was claimed a while ago is still to be called."""
        campaign, message = await self.engine.store.get_many(
            [paths.campaign(ref.org, ref.campaign), paths.message(ref)]
        )
        if campaign is None or message is None:
            return False
        of = campaign_from(ref.org, ref.campaign, campaign.data)
        handed = claimed(message_from(message.id, message.data), until=self.engine.clock.now())
        tracked = Versioned(handed, message.version)
        runs = of.status is CampaignStatus.RUNNING
        return runs and not await halted(self.engine, of, [tracked])

    async def _poll(self) -> None:
        """Look for what is due and what others have written."""
        try:
            await check(self.engine)
        except Exception as error:  # noqa: BLE001 - the next one may go well
            self._failed("poll_failed", {"error": f"{type(error).__name__}: {error}"})

    async def _tick(self, interval: timedelta) -> None:
        while True:
            await self._poll()
            await self.engine.clock.sleep(interval.total_seconds())

    async def _deliver(self, headers: Mapping[str, str], body: bytes) -> int:
        """Do a task; an answer other than 2xx has it delivered again."""
        told = orjson.loads(body)
        task = Task(told["kind"], told["body"])
        retries, name = (
            int(headers["X-CloudTasks-TaskRetryCount"]),
            headers["X-CloudTasks-TaskName"],
        )
        said = await tasks.attempt(self.engine, task, name, retries=retries, most=_ATTEMPTS)
        if said is None:
            self._failed("task_failed", {"kind": task.kind, "retries": retries})
        return 500 if said is None else 200


def _channel(
    worker: Worker,
    clock: Clock,
    told: Callable[[Call, SendOutcome], None],
    is_wanted: Callable[[MessageRef], Awaitable[bool]],
) -> CallbackChannel:
    return CallbackChannel(
        worker.callback,
        concurrency=worker.concurrency,
        lanes=_LANES,
        timeout=worker.timeout,
        idempotent=worker.idempotent,
        told=told,
        is_wanted=is_wanted,
        clock=clock,
    )
