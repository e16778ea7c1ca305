"""The port of a task queue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Task:
    """Work for the `run_task` function: a kind of engine/kernel/task_queue.py and its arguments."""

    kind: str
    body: Mapping[str, str] = field(default_factory=dict)


class TaskQueue(Protocol):
    """Delivers tasks to the `run_task` function, over HTTP, at least once.

    1. A task is delivered at or after `at` (now, if not given), and again with back-off until
       the handler answers 2xx or the attempts are used up; the handler sees which attempt it is.
    2. Two enqueues with one `key` deliver once, within the queue's memory of names.
    3. A task further ahead than the queue can hold is not enqueued (`enqueue` answers False):
       the every-minute check finds it when its time comes.
    4. A lost task loses nothing: what is due stands in the store.
    5. `is_well` tells, without raising, whether tasks are being delivered: no longer once the
       queue was closed, paused or deleted, or does not answer.
    """

    async def enqueue(
        self, task: Task, *, at: datetime | None = None, key: str | None = None
    ) -> bool: ...
    async def is_well(self) -> bool: ...
    async def close(self) -> None: ...
