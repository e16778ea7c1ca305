"""A lease: one document, worked on by one worker at a time.

Whoever acquires the document raises its fencing token; whoever takes it away from its worker
changes its epoch or raises the token too. Every commit is conditional on the document's version: a
worker that has lost its lease can write nothing more, however late it notices. A lost lease raises
LeaseLostError, which ends the task; it is caught in one place, `Lease.work`.
"""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog

from functions.engine.kernel.engine import Engine
from functions.engine.kernel.task_queue import enqueue
from functions.engine.ports.queue import Task
from functions.engine.ports.store import ConflictError, Document, Update, Write

log = structlog.get_logger()


class LeaseLostError(Exception):
    """The document was taken away from this worker, whose task has nothing more to do."""


class LookAgainError(ConflictError):
    """Something that was to be written has changed meanwhile; the lease is still ours."""


@dataclass(slots=True)
class Lease:
    """A document that this worker holds, and the task that continues the work on it."""

    engine: Engine
    task: Task
    path: str
    data: dict[str, Any]
    version: int
    deadline: datetime = field(init=False)  #: when this task hands on to its continuation
    is_held: bool = field(init=False, default=False)  #: acquired, and not yet given back
    held_at: datetime = field(init=False)  #: when a commit has last shown that it is still ours

    def __post_init__(self) -> None:
        self.held_at = self.engine.clock.now()
        self.deadline = self.held_at + self.engine.limits.task_deadline

    @property
    def is_late(self) -> bool:
        """True once the task should hand on to its continuation."""
        return self.engine.stopping.is_set() or self.engine.clock.now() >= self.deadline

    async def acquire(self, **changes: Any) -> bool:
        """Take the document, and change it so; False where somebody else was faster."""
        fence, holder = self.data["fence"] + 1, self.engine.instance
        try:
            await self._write({**self._renewal(), "fence": fence, "holder": holder, **changes})
        except ConflictError:
            return False
        self.is_held = True
        return True

    async def work(self, pass_: Callable[[], Awaitable[None]]) -> None:
        """Make passes, at least one, until one of them gives the document back.

        The task ends before that where the lease is lost, and hands on once it is late.
        """
        try:
            while self.is_held:
                with suppress(LookAgainError):
                    await pass_()
                if self.is_held and self.is_late:
                    await self.hand_on()
        except LeaseLostError:
            log.info("lease_lost", path=self.path)

    async def commit(self, *writes: Write, **changes: Any) -> list[int]:
        """Renew the lease and commit changes of the document with other writes.

        Returns the other writes' versions. Raises LeaseLostError, and LookAgainError where only
        something else has changed; nothing is written then.
        """
        return await self._commit({**self._renewal(), **changes}, writes)

    async def keep(self, at_least: timedelta | None = None) -> None:
        """Renew the lease where no more is left than `at_least`; None: half of it.

        Raises what commit raises.
        """
        left = self.data["lease_until"] - self.engine.clock.now()
        if left <= (at_least or self.engine.limits.lane_lease / 2):
            await self.commit()

    async def release(
        self, wake_at: datetime | None = None, *, with_task: bool = True, **changes: Any
    ) -> None:
        """Give the document back, to be looked at again at `wake_at`; None: not before it is woken.

        The check looks at it then even without a task. Raises what commit raises.
        """
        await self._commit({**changes, "lease_until": None, "wake_at": wake_at})
        self.is_held = False
        if wake_at is not None and with_task:
            await enqueue(self.engine, self.task, at=wake_at)

    async def hand_on(self) -> None:
        """Leave the document to a task that continues at once."""
        while self.is_held:
            with suppress(LookAgainError):
                await self.release(self.engine.clock.now())

    async def is_lost(self) -> bool:
        """Tell whether the document was taken away, without a conflict to tell it."""
        return not self.owns(await self.engine.store.get(self.path))

    async def confirm(self) -> None:
        """Raise LeaseLostError where the document was taken away."""
        if await self.is_lost():
            raise LeaseLostError(self.path)

    def owns(self, document: Document | None) -> bool:
        """Tell by the document as it was read whether it is still ours."""
        return document is not None and _token(document.data) == _token(self.data)

    def _renewal(self) -> dict[str, Any]:
        """Return the fields that keep the lease; the check looks at it once it has run out."""
        now = self.engine.clock.now()
        until = now + self.engine.limits.lane_lease
        return {"lease_until": until, "wake_at": until, "heartbeat_at": now}

    async def _commit(self, changes: dict[str, Any], writes: tuple[Write, ...] = ()) -> list[int]:
        try:
            return await self._write(changes, writes)
        except ConflictError as conflict:
            document = await self.engine.store.get(self.path)
            if document is None or not self.owns(document):
                raise LeaseLostError(self.path) from conflict
            self.version, self.data = document.version, document.data
            raise LookAgainError(str(conflict)) from conflict

    async def _write(self, changes: dict[str, Any], writes: tuple[Write, ...] = ()) -> list[int]:
        update, began_at = Update(self.path, changes, self.version), self.engine.clock.now()
        self.version, *versions = await self.engine.store.commit(update, *writes)
        self.data.update(changes)
        self.held_at = began_at
        return versions


def is_leased(document: Document, now: datetime) -> bool:
    """Tell whether somebody holds a document."""
    until = document.data["lease_until"]
    return until is not None and until > now


def _token(data: dict[str, Any]) -> tuple[int | None, int]:
    return data.get("epoch"), data["fence"]
