"""Tasks, and the rule that a lost one loses nothing: what is due stands in the store."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog

from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.ports.queue import Task

log = structlog.get_logger()

#: An id as it stands in a path; Firestore keeps names between double underscores for itself.
_ID: Final = re.compile(r"(?!__.*__$)[A-Za-z0-9_-]{1,128}")
#: Tasks that are enqueued at a time.
_AT_ONCE: Final = 20


class TaskKind(StrEnum):
    """The kinds of task; worker.py names the use case of each."""

    START = "start"  #: start a scheduled campaign whose time has come
    LANE = "lane"  #: work on one lane of a campaign
    NOTIFY = "notify"  #: make one attempt to send a notification
    IMPORT = "import"  #: work on an import
    FORGET = "forget"  #: remove the notifications of a deleted subscription


#: The names of each task's arguments: the ids in the path of the document that it works on.
ARGUMENTS: Final[Mapping[TaskKind, Sequence[str]]] = {
    TaskKind.START: ("org", "campaign"),
    TaskKind.LANE: ("org", "campaign", "lane"),
    TaskKind.NOTIFY: ("org", "subscription", "notification"),
    TaskKind.IMPORT: ("org", "import"),
    TaskKind.FORGET: ("org", "subscription"),
}


def check_arguments(task: Task) -> None:
    """Raise InvalidFieldError where an argument cannot be an id, and so no part of a path."""
    for name, value in task.body.items():
        if not _ID.fullmatch(value):
            rule = "must be 1 to 128 letters, digits, hyphens and underscores"
            raise InvalidFieldError(f"body.{name}", f"body.{name}: {rule}")


def task_of(kind: TaskKind, *ids: str) -> Task:
    """Return the task of a kind for these arguments, in the order of ARGUMENTS."""
    return Task(kind, dict(zip(ARGUMENTS[kind], ids, strict=True)))


async def enqueue(
    engine: Engine, task: Task, *, at: datetime | None = None, key: str | None = None
) -> None:
    """Enqueue a task; a queue that is out of order is logged and left to the next check."""
    try:
        await engine.queue.enqueue(task, at=at, key=key)
    except Exception:
        log.exception("enqueue_failed", kind=task.kind, **task.body)


async def enqueue_for(
    engine: Engine, kind: TaskKind, documents: Sequence[str], *, at: datetime | None = None
) -> None:
    """Enqueue a task for each of these documents, given by their paths."""
    await enqueue_each(engine, kind, dict.fromkeys(documents, at))


async def enqueue_each(
    engine: Engine, kind: TaskKind, times: Mapping[str, datetime | None]
) -> None:
    """Enqueue a task for each of these documents, given by their paths, each at its own time."""
    tasks = [(task_of(kind, *paths.ids(path)), at) for path, at in times.items()]
    await for_each(tasks, lambda each: enqueue(engine, each[0], at=each[1]), at_once=_AT_ONCE)
