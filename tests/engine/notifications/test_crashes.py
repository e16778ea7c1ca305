"""A process may die at any moment: whatever has happened is heard of, and nothing that has not.

Each test runs the same small life of a campaign again and again. Each time the process dies at
another commit, task or request, and a new one takes over with nothing but the store.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.notifications.events import EventType
from functions.domain.notifications.notification import NoResponse, NotificationStatus, Responded
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.notifications import subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from tests.engine.crashes import AFTER, Crash, CrashingNotifier, CrashPoint, mortal
from tests.engine.recording_channel import BUSY
from tests.engine.world import MINUTE, ORG, World, number

SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


def _let_crash(world: World, point: CrashPoint) -> None:
    """Run the engine in a process that is going to die."""
    notifier = CrashingNotifier(world.receiver, point)
    world.engine = replace(mortal(world.engine, point), notifier=notifier)


async def _live(world: World) -> None:
    """Pause and resume a campaign to two people, one of whom is busy at first."""
    campaign = await world.create()
    for action in (Action.PAUSE, Action.RESUME):
        await lifecycle.change(world.engine, ORG, campaign.id, action, by="ann")
    await world.pass_time(8 * MINUTE)


async def _die_at(at: int, *, after: bool) -> bool:
    """Die at one side effect and recover; False where there is no such side effect any more."""
    async with World() as world:
        await world.add_list(2)
        world.carrier.script = {number(1): [BUSY]}
        world.receiver.script = [Responded(500), NoResponse("timeout")]
        new = NewSubscription(url="https://crm.example.com/", events=list(EventType), by="ann")
        to = (await subscriptions.create(world.engine, ORG, new)).value
        point = CrashPoint(at, after=after)
        _let_crash(world, point)
        with suppress(Crash):
            await _live(world)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
        await world.pass_time(20 * MINUTE)
        try:
            await _check(world, to.id, once=not point.is_dead)
        except AssertionError as error:
            error.add_note(f"died {point.what}")
            raise
        return point.is_dead


async def _check(world: World, subscription: str, *, once: bool) -> None:
    """Hold what was heard against what has happened, as the store tells it."""
    documents = await world.documents(paths.notifications(ORG, subscription))
    assert {each.data["status"] for each in documents} <= {NotificationStatus.DELIVERED}
    assert set(world.receiver.times) == {each.id for each in documents}
    heard = {each.id: each.told["type"] for each in world.receiver.heard}
    entries = await world.documents(paths.audit_trail(ORG))
    happened = sum("campaign" in entry.data for entry in entries)
    assert sum(type_.startswith("campaign.") for type_ in heard.values()) == happened
    reached = 0
    for found in await world.documents(paths.campaigns(ORG)):
        messages = await world.documents(f"{found.path}/messages")
        reached += sum(each.data["status"] == "completed" for each in messages)
    assert sum(type_ == "message.delivered" for type_ in heard.values()) == reached
    if once:
        assert (happened, reached) == (4, 2)
        assert sum(world.receiver.times.values()) == len(heard) + 2, "two were not taken at first"


@pytest.mark.parametrize("after", AFTER)
async def test_a_death_at_any_side_effect_leaves_nothing_untold(*, after: bool) -> None:
    """Killed before or after any commit, task or request, each event is heard in the end.

    What is heard is what the audit trail and the messages say: nothing else, and nothing less.
    """
    at = 1
    while await _die_at(at, after=after):
        at += 1
    assert at > 40, "the life of the campaign has fewer side effects than it should"
