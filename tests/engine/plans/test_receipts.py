"""What is told of a walk's messages moves it once, at the time of what happened, or not at all."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.ports.store import Create, Delete
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.world import ORG


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_a_receipt_of_a_walk_that_is_gone_is_applied_once(world: JourneyWorld) -> None:
    """It is not tried fifty times."""
    campaign = await world.begin()
    await world.enter(campaign)
    (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
    store = world.engine.store
    await store.commit(Delete(walk.path))
    counting = CountingStore(store)
    world.engine = replace(world.engine, store=counting)
    await world.tell(campaign, "hello", EventKind.READ)
    world.engine = replace(world.engine, store=store)

    assert counting.asked.count(walk.path) == 1
    assert (await world.message(campaign, "hello")).status == MessageStatus.READ
    await store.commit(Create(walk.path, walk.data))  # for the statistics


async def test_a_receipt_reads_no_walk(world: JourneyWorld) -> None:
    """It marks it unread; where nobody listens it writes none either."""
    campaign = await world.begin()
    await world.enter(campaign)
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))
    counting = CountingStore(world.engine.store)
    world.engine = replace(world.engine, store=counting)
    await world.tell(campaign, "hello", EventKind.CLICKED)
    asked = [path for path in counting.asked if "/enrollments/" in path]
    assert (asked, world.sent) == ([], ["hello", "thanks"])
    assert before.version
