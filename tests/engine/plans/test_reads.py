"""What walks read: nothing twice, and nothing of those who wait."""

from dataclasses import replace
from typing import Any

import pytest

from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.lanes import lane_names
from functions.engine.plans.walk import PAGE
from functions.engine.scheduling import check
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.stored_lists import put_list
from tests.engine.world import NEW_YORK, ORG, number
from tests.engine.wrapped_store import Do, Operation, WrappedStore


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
        rows = (
            {"id": f"{n:024x}", "address": number(n), "region": "US", "zones": NEW_YORK}
            for n in range(5)
        )
        await put_list(world.store, ORG, "people", rows, now=world.clock.now())
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


@pytest.mark.parametrize("people", [1, 40])
async def test_a_day_of_waiting_costs_the_hourly_look_at_each_lane_whoever_waits(
    people: int,
) -> None:
    """Each look takes the lane and gives it back: two writes, six reads, and that of the check."""
    async with JourneyWorld(Limits(lanes=1)) as world:
        waits = wait("wait", on("elapsed", "hello", after="P30D"))
        hello = send("hello", on("elapsed", "stop", after="P1D"))
        campaign = await world.begin(plan(waits, hello, STOP))
        await world.enter(campaign, *(f"person-{n}@example.com" for n in range(people)))
        operations: list[Operation] = []

        async def note(operation: Operation, do: Do) -> Any:
            operations.append(operation)
            return await do()

        world.engine = replace(world.engine, store=WrappedStore(world.store, note))
        for _ in range(24):
            world.clock.advance(HOUR)
            await check.check(world.engine)
            await world.settle()

        of_walks = [each for each in operations if is_of(campaign, each)]
        writes = [each for each in of_walks if each.name == "commit"]
        assert len(writes) == 24 * 2
        assert {path for each in writes for path in each.paths} == {
            paths.lane(ORG, campaign.id, "0")
        }
        asked = [each for each in of_walks if each.name != "commit"]
        reads = sum(1 if each.query else len(each.paths) for each in asked)
        assert reads == 24 * 6
        assert {walk.status for walk in await world.walks(campaign)} == {"active"}


def is_of(campaign: Campaign, operation: Operation) -> bool:
    """Tell whether an operation reads or writes something of a campaign."""
    return any(campaign.id in path for path in operation.paths)
