"""What walks read: nothing twice, and nothing of those who wait."""

from dataclasses import replace

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.lanes import lane_names
from functions.engine.plans.walk import PAGE
from functions.engine.ports.store import Create
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import JourneyWorld, plan
from tests.engine.world import NEW_YORK, ORG, number


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


async def test_a_first_message_to_a_list_is_sent_unread() -> None:
    """Who enters at the start is sent to as it was made, a page of them after the other."""
    async with JourneyWorld(replace(Limits(), launch_page=2)) as world:
        for n in range(5):
            person = {"address": number(n), "region": "US", "zones": NEW_YORK, "attributes": {}}
            await world.store.commit(Create(f"{paths.members(ORG, 'people')}/{n:024x}", person))
        await world.store.commit(Create(paths.list_(ORG, "people"), {"name": "people", "size": 5}))
        watched = watch(world)
        hello = {"id": "hello", "action": "send", "sender": "+12025550100", "body": "hello"}
        await world.begin(
            plan({**hello, "channel": "sms"}),
            entry=Entry(EntryBy.LIST),
            audience=Audience(AudienceKind.LIST, "people"),
        )

        assert world.sent == ["hello"] * 5
        asked = zip(watched.queries, watched.found, strict=True)
        pending = [
            document
            for query, found in asked
            if query.collection.endswith("/messages")
            for document in found
            if document.data["status"] == "pending"
        ]
        assert not pending


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
