"""A process that dies at a chosen side effect, and what dies with it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, TypeVar

import pytest

from functions.domain.messages.delivery_events import DeliveryEvent, Inbound, MessageRef
from functions.domain.messages.send_outcomes import SendOutcome
from functions.domain.notifications.notification import PostResult
from functions.engine.kernel.engine import Engine
from functions.engine.ports.channel import NOTHING_TOLD, Answer, Channel, Outbound, WebhookRequest
from functions.engine.ports.notifier import Notifier
from functions.engine.ports.queue import Task, TaskQueue
from functions.engine.ports.store import Store
from tests.engine.wrapped_store import Do, Operation, WrappedStore

T = TypeVar("T")

#: Whether to die after a side effect, in long tests: that is nearly always as to die before the
#: next one, and belongs to the storm.
AFTER: Final = [False, pytest.param(True, marks=pytest.mark.storm)]


class Crash(BaseException):
    """The process is gone. No handler of ours may catch this, as none survives kill -9."""


class CrashPoint:
    """Lets a process live until just before, or just after, its side effect number `at`."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.is_dead = False
        self.what = ""  #: what the process died of
        self._at = at
        self._after = after
        self._count = 0

    async def effect(self, what: str, do: Callable[[], Awaitable[T]]) -> T:
        """Do a side effect, unless the process dies of it or is dead."""
        self.check_alive()
        self._count += 1
        fatal = self._count == self._at
        if fatal and not self._after:
            self._die(f"before {what}")
        try:
            result = await do()
        finally:
            if fatal:
                self._die(f"after {what}")
        # Whatever the world has done for a process that died meanwhile, it does not learn of it.
        self.check_alive()
        return result

    async def read(self, do: Callable[[], Awaitable[T]]) -> T:
        """Read, if the process is alive before and after."""
        self.check_alive()
        result = await do()
        self.check_alive()
        return result

    def check_alive(self) -> None:
        """Raise Crash in a process that is dead."""
        if self.is_dead:
            raise Crash

    def _die(self, what: str) -> None:
        self.is_dead, self.what = True, f"{what} (side effect {self._count})"
        raise Crash


class CrashingStore(WrappedStore):
    """A store as a process uses it that dies at a commit, if it does not die elsewhere."""

    def __init__(self, store: Store, point: CrashPoint) -> None:
        super().__init__(store, self._live)
        self._point = point

    async def _live(self, operation: Operation, do: Do) -> Any:
        if operation.name != "commit":
            return await self._point.read(do)
        where = operation.paths[0] if operation.paths else "nothing"
        return await self._point.effect(f"commit to {where}", do)


class CrashingQueue:
    """A queue as a process uses it that dies at its crash point."""

    def __init__(self, queue: TaskQueue, point: CrashPoint) -> None:
        self._queue = queue
        self._point = point

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool:
        """Enqueue, which may be the last thing that this process does."""
        what = f"enqueue of {task.kind} {task.body.get('lane', '')}"
        return await self._point.effect(what, lambda: self._queue.enqueue(task, at=at, key=key))

    async def is_well(self) -> bool:
        """Pass on."""
        return await self._queue.is_well()

    async def close(self) -> None:
        """Leave the queue open."""


class CrashingChannel:
    """A channel as a process uses it that dies at its crash point."""

    def __init__(self, channel: Channel, point: CrashPoint) -> None:
        self.traits = channel.traits
        self._channel = channel
        self._point = point

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Send, which may be the last thing that this process does."""
        what = f"send {outbound.attempt} to {outbound.to}"
        return await self._point.effect(what, lambda: self._channel.send(outbound))

    def parse_webhook(self, request: WebhookRequest) -> Sequence[DeliveryEvent | Inbound]:
        """Pass on."""
        return self._channel.parse_webhook(request)

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Look up."""
        return await self._point.read(lambda: self._channel.look_up(sent, provider_id))

    async def recall(self, sent: Outbound, provider_id: str) -> bool:
        """Recall."""
        what = f"recall of {sent.attempt} to {sent.to}"
        return await self._point.effect(what, lambda: self._channel.recall(sent, provider_id))

    def greet(self, request: WebhookRequest) -> Answer:
        """Pass on."""
        return self._channel.greet(request)

    def answer(
        self,
        ref: MessageRef,
        attempt: int,
        bot_url: str,
        about: Mapping[str, str] = NOTHING_TOLD,
    ) -> Answer:
        """Pass on."""
        return self._channel.answer(ref, attempt, bot_url, about)

    async def close(self) -> None:
        """Leave the channel open: its carrier outlives this process."""


class CrashingNotifier:
    """A notifier as a process uses it that dies at its crash point."""

    def __init__(self, notifier: Notifier, point: CrashPoint) -> None:
        self._notifier = notifier
        self._point = point

    async def why_refused(self, url: str) -> str:
        """Pass on."""
        return await self._point.read(lambda: self._notifier.why_refused(url))

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> PostResult:
        """Tell, which may be the last thing that this process does."""
        what = f"telling {headers['webhook-id']}"
        return await self._point.effect(what, lambda: self._notifier.post(url, headers, body))

    async def close(self) -> None:
        """Leave the notifier open: its receivers outlive this process."""


def mortal(engine: Engine, point: CrashPoint) -> Engine:
    """Return an engine as a process runs it that is going to die, or does not."""
    return replace(
        engine,
        store=CrashingStore(engine.store, point),
        queue=CrashingQueue(engine.queue, point),
        channels={name: CrashingChannel(each, point) for name, each in engine.channels.items()},
    )
