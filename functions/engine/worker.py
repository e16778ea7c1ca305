"""What a task makes the engine do."""

from collections.abc import Mapping

import structlog

from functions.domain.errors import InvalidFieldError
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.delivery.launch import launch
from functions.engine.delivery.recall import recall
from functions.engine.imports import jobs
from functions.engine.kernel.engine import Engine
from functions.engine.notifications import delivery
from functions.engine.notifications.subscriptions import forget
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Set, Update
from functions.engine.scheduling.poll import poll
from functions.engine.scheduling.start import start

log = structlog.get_logger()


async def run(engine: Engine, task: Task) -> None:
    """Do a task. Doing it twice, or two at once, does no harm. Raises InvalidFieldError."""
    match task.kind:
        case "start":
            await start(engine, _need(task.body, "org"), _need(task.body, "campaign"))
        case "lane":
            await _work(engine, task.body)
        case "notify":
            await _notify(engine, task.body)
        case "import":
            await jobs.run(engine, _need(task.body, "org"), _need(task.body, "import"))
        case "forget":
            await forget(engine, _need(task.body, "org"), _need(task.body, "subscription"))
        case _:
            raise InvalidFieldError("kind", f"kind: there is no task of kind '{task.kind}'")


async def _work(engine: Engine, body: Mapping[str, str]) -> None:
    org, campaign, lane = (_need(body, name) for name in ("org", "campaign", "lane"))
    match lane:
        case "launch":
            await launch(engine, org, campaign)
        case "poll":
            await poll(engine, org, campaign)
        case "recall":
            await recall(engine, org, campaign)
        case _:
            await dispatch(engine, org, campaign, lane)


async def _notify(engine: Engine, body: Mapping[str, str]) -> None:
    names = ("org", "subscription", "notification")
    org, subscription, notification = (_need(body, name) for name in names)
    await delivery.deliver(engine, org, subscription, notification)


def _need(body: Mapping[str, str], name: str) -> str:
    value = body.get(name)
    if not value:
        raise InvalidFieldError(name, f"{name}: is missing")
    return value


async def give_up(engine: Engine, task: Task, error: str, task_name: str) -> None:
    """Write down, where the operator sees it, that a task failed for the last time.

    Nothing is lost with it: the check enqueues what is left to do again.
    """
    org, campaign = task.body.get("org"), task.body.get("campaign")
    log.error("task_given_up", kind=task.kind, error=error, body=task.body)
    if task.kind == "import":
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
        Update(paths.campaign(org, campaign), {"trouble": trouble}),
        Set(paths.audit(org, f"{campaign}-{task_name}"), entry),
    )
