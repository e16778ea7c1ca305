"""The use case of each kind of task, and what happens when a task is given up.

What few tasks do is imported by the first of them: a cold start is mostly for sending.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from functions.domain.errors import DomainError, InvalidFieldError
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.delivery.launch import launch
from functions.engine.delivery.recall import recall
from functions.engine.kernel.engine import Engine, ProviderMissingError
from functions.engine.kernel.lanes import LAUNCH, MIGRATION, POLL, RECALL
from functions.engine.kernel.task_queue import ARGUMENTS, TaskKind, check_arguments
from functions.engine.notifications.delivery import deliver
from functions.engine.notifications.subscriptions import forget
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Set, StoreError, Update
from functions.engine.scheduling.poll import poll
from functions.engine.scheduling.start import start

log = structlog.get_logger()


async def _work(engine: Engine, org: str, campaign: str, lane: str) -> None:
    """Work on one lane of a campaign: launch, migration, poll, recall or dispatch."""
    if lane in _LANES:
        await _LANES[lane](engine, org, campaign)
    else:
        await dispatch(engine, org, campaign, lane)


async def _migrate(engine: Engine, org: str, campaign: str) -> None:
    from functions.engine.plans.migration.lane import migrate

    await migrate(engine, org, campaign)


async def _import(engine: Engine, org: str, id_: str) -> None:
    from functions.engine.imports import jobs

    await jobs.run(engine, org, id_)


#: What the lanes are for that hold no messages.
_LANES: Final = {LAUNCH: launch, MIGRATION: _migrate, POLL: poll, RECALL: recall}
#: The use case of each kind of task.
_USE_CASES: Final[Mapping[TaskKind, Callable[..., Awaitable[object]]]] = {
    TaskKind.START: start,
    TaskKind.LANE: _work,
    TaskKind.NOTIFY: deliver,
    TaskKind.IMPORT: _import,
    TaskKind.FORGET: forget,
}


async def run(engine: Engine, task: Task) -> None:
    """Do a task. Doing it twice, or two at once, does no harm. Raises InvalidFieldError."""
    try:
        kind = TaskKind(task.kind)
    except ValueError:
        sentence = f"kind: there is no task of kind '{task.kind}'"
        raise InvalidFieldError("kind", sentence) from None
    for name in ARGUMENTS[kind]:
        if not task.body.get(name):
            raise InvalidFieldError(name, f"{name}: is missing")
    await _USE_CASES[kind](engine, *(task.body[name] for name in ARGUMENTS[kind]))


async def attempt(engine: Engine, task: Task, name: str, *, retries: int, most: int) -> str | None:
    """Do a task that was delivered; return what is answered, None: it is to be delivered again.

    `retries` counts the attempts before this one, of `most` in all; after the last one the task
    is given up. Raises InvalidFieldError for what is no task.
    """
    check_arguments(task)
    try:
        await run(engine, task)
    except DomainError as error:
        # Delivering it again would not mend it, and would slow down the whole queue.
        log.warning("task_refused", kind=task.kind, error=str(error))
        return str(error)
    except Exception as error:
        log.exception("task_failed", kind=task.kind, retries=retries, body=task.body)
        if retries + 1 < most:
            return None
        await give_up(engine, task, _in_words(error), name)
    return "OK"


def _in_words(error: Exception) -> str:
    """Name an error to the operator: its sentence where it is ours, else only its kind."""
    ours = isinstance(error, StoreError | ProviderMissingError)
    return str(error) if ours else type(error).__name__


async def give_up(engine: Engine, task: Task, error: str, task_name: str) -> None:
    """Write down, where the operator sees it, that a task failed for the last time.

    Nothing is lost with it: the check enqueues what is left to do again.
    """
    org, campaign = task.body.get("org"), task.body.get("campaign")
    log.error("task_given_up", kind=task.kind, error=error, body=task.body)
    if task.kind == TaskKind.IMPORT:
        from functions.engine.imports import jobs

        await jobs.give_up(engine, task.body["org"], task.body["import"], error)
    if not org or not campaign:
        return
    now = engine.clock.now()
    what = " ".join((task.kind, task.body.get("lane", ""))).strip()
    trouble = f"{what}: {error}"
    entry = {
        "campaign": campaign,
        "action": "give_up",
        "by": "clarion",
        "reason": trouble,
        "at": now,
    }
    await engine.store.commit(
        Update(paths.campaign(org, campaign), {"trouble": trouble, "attention": True}),
        Set(paths.audit(org, f"{campaign}-{task_name}"), entry),
    )
