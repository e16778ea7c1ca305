"""What a task looks like on the wire, whoever delivers it: Cloud Tasks' HTTP request."""

from datetime import datetime, timedelta

import orjson

from functions import logs
from functions.domain.digest import digest
from functions.engine.ports.queue import Task

HORIZON = timedelta(days=30) - timedelta(hours=1)
"""How far ahead a queue holds a task: Cloud Tasks' limit, less a margin for clocks that differ."""

CONTENT_TYPE = {"Content-Type": "application/json"}


def encode(task: Task) -> bytes:
    """Return the request body: `{"kind": ..., "body": {...}}`."""
    return orjson.dumps({"kind": task.kind, "body": dict(task.body)})


def task_name(key: str) -> str:
    """Return the name that dedupes `key`.

    Hashed, because Cloud Tasks slows down on names with a common beginning, and because a key may
    hold characters that a name may not.
    """
    return digest(key)


def is_beyond_horizon(at: datetime | None, *, now: datetime) -> bool:
    """Tell whether a task due at `at` is further ahead than a queue can hold."""
    return at is not None and at - now > HORIZON


def own_headers() -> dict[str, str]:
    """Return the headers of a new task: what it is, and which request asks for it."""
    id_ = logs.request_id()
    return {**CONTENT_TYPE, "X-Request-Id": id_} if id_ else CONTENT_TYPE


def headers(*, queue: str, name: str, retries: int, due_at: datetime) -> dict[str, str]:
    """Return the headers by which a queue tells which attempt of which task it is.

    `retries` counts the attempts that failed so far. Source: Cloud Tasks, "Create HTTP target
    tasks", section on task request headers.
    """
    return {
        "X-CloudTasks-QueueName": queue,
        "X-CloudTasks-TaskName": name,
        "X-CloudTasks-TaskRetryCount": str(retries),
        "X-CloudTasks-TaskETA": f"{due_at.timestamp():.6f}",
    }
