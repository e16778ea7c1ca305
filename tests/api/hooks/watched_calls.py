"""Calls that are watched: by somebody who wants to hear of phones that ring, and by a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from functions.domain.notifications.events import EventType
from functions.engine.notifications import subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from tests.api.rig import Rig


@asynccontextmanager
async def ringing_heard(rig: Rig) -> AsyncIterator[None]:
    """Have somebody subscribe to phones that ring, while calls are made and no longer."""
    engine, told = rig.stack.engine, [EventType.MESSAGE_DELIVERED]
    new = NewSubscription(url="https://8.8.8.8/", events=told, by="ann")
    heard = (await subscriptions.create(engine, "default", new)).value
    yield
    await subscriptions.delete(engine, "default", heard.id, by="ann")


async def status(rig: Rig, campaign: str) -> Any:
    """Return the status of a campaign's only message."""
    (row,) = await rig.report(campaign)
    return row["status"]
