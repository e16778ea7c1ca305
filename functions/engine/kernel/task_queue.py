"""Tasks, and the rule that a lost one loses nothing: what is due stands in the store."""

from datetime import datetime

import structlog

from functions.engine.kernel.engine import Engine
from functions.engine.ports.queue import Task

log = structlog.get_logger()


def start_task(org: str, campaign: str) -> Task:
    """Start a scheduled campaign whose time has come."""
    return Task("start", {"org": org, "campaign": campaign})


def lane_task(org: str, campaign: str, lane: str) -> Task:
    """Work on one lane of a campaign."""
    return Task("lane", {"org": org, "campaign": campaign, "lane": lane})


def notify_task(org: str, subscription: str, notification: str) -> Task:
    """Make one attempt to tell a subscription something."""
    body = {"org": org, "subscription": subscription, "notification": notification}
    return Task("notify", body)


def forget_task(org: str, subscription: str) -> Task:
    """Remove what a deleted subscription was told."""
    return Task("forget", {"org": org, "subscription": subscription})


async def enqueue(
    engine: Engine, task: Task, *, at: datetime | None = None, key: str | None = None
) -> None:
    """Enqueue a task; a queue that is out of order is logged and left to the next check."""
    try:
        await engine.queue.enqueue(task, at=at, key=key)
    except Exception:
        log.exception("enqueue_failed", kind=task.kind, **task.body)
