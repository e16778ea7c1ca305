"""What walks read: nothing twice, and nothing of those who wait."""

from dataclasses import replace

from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.lanes import lane_names
from functions.engine.plans.walk import PAGE
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import JourneyWorld
from tests.engine.world import ORG


def watch(world: JourneyWorld) -> CountingStore:
    """Have the world's engine read through a store that takes notes."""
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    return watched


async def test_a_message_that_a_walk_has_come_to_is_sent_unread() -> None:
    """A lane that goes on walking hands over what it has made; its first look reads one page."""
    async with JourneyWorld(Limits(lanes=1)) as world:
        campaign = await world.begin()
        watched = watch(world)
        people = [f"person-{number}@example.com" for number in range(3 * PAGE)]
        await world.enter(campaign, *people)

        assert world.sent == ["hello"] * len(people)
        asked = zip(watched.queries, watched.found, strict=True)
        messages = [found for query, found in asked if query.collection.endswith("/messages")]
        assert sum(map(len, messages)) <= PAGE


async def test_a_look_reads_nobody_who_waits() -> None:
    """Three people wait for a day, and nobody is due."""
    async with JourneyWorld() as world:
        campaign = await world.begin()
        await world.enter(campaign, "ann@example.com", "bob@example.com", "cy@example.com")
        watched = watch(world)
        for name in lane_names(campaign):
            await dispatch(world.engine, ORG, campaign.id, name)

        walked = zip(watched.queries, watched.found, strict=True)
        ranges = [found for query, found in walked if any(each.op == "<=" for each in query.where)]
        assert ranges
        assert not any(ranges)
