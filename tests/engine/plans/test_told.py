"""What subscribers are told of walks: in the commit of the change, once under one id."""

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_mock import MockerFixture

from functions.api.reference.events import event_of
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.delivery_events import EventKind
from functions.domain.notifications import walk_events
from functions.domain.notifications.events import EventType
from functions.domain.notifications.notification import Responded
from functions.domain.times import iso
from functions.engine.delivery.dispatch import dispatch
from functions.engine.notifications import replay
from functions.engine.plans import campaigns
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.notifications.subscribing import subscribe, told
from tests.engine.plans.journeys import DAY, HOUR, STOP, JourneyWorld, on, plan, send
from tests.engine.recording_channel import REJECTED
from tests.engine.stored_contacts import list_of
from tests.engine.world import ORG

WALKS = [each for each in EventType if each.startswith(("enrollment.", "goal."))]
GOAL = plan(
    send("hello", on("elapsed", "again", after="P1D")),
    send("again", on("elapsed", "stop", after="P1D")),
    STOP,
    goal={"on": "opened"},
)
QUICK = plan(
    send("hello", on("elapsed", "again", after="PT2M")),
    send("again", on("elapsed", "stop", after="PT2M")),
    STOP,
)


async def test_subscribers_hear_of_every_step_of_a_walk() -> None:
    """Entered, moved, and the end; each as the document's webhooks describe it."""
    async with JourneyWorld() as world:
        to = await subscribe(world, WALKS)
        campaign = await world.begin()
        await world.enter(campaign)
        await world.pass_time(2 * DAY)
        found = await told(world, to)
        assert Counter(each.type for each in found) == {
            "enrollment.entered": 1,
            "enrollment.moved": 2,
            "enrollment.completed": 1,
        }
        for each in found:
            whole = {"id": each.id, "type": each.type, "data": each.data, "org": ORG}
            event_of(each.type).model_validate({**whole, "timestamp": iso(each.created_at)})
        moves = [(each.data["from"], each.data["to"]) for each in found if "to" in each.data]
        assert sorted(moves) == [("again", "stop"), ("hello", "again")]


async def test_a_goal_is_told_beside_the_end() -> None:
    """Whoever did what the plan is for has left it."""
    async with JourneyWorld() as world:
        to = await subscribe(world, [EventType.GOAL_REACHED, EventType.ENROLLMENT_EXITED])
        campaign = await world.begin(GOAL)
        await world.enter(campaign)
        await world.tell(campaign, "hello", EventKind.READ)
        found = {each.type: each.data for each in await told(world, to)}
        assert found.keys() == {"goal.reached", "enrollment.exited"}
        assert found["enrollment.exited"]["reason"] == "goal"


async def test_moves_are_told_to_those_alone_who_name_them() -> None:
    """Whoever asks for entries and ends hears of no step in between."""
    async with JourneyWorld() as world:
        to = await subscribe(world, [EventType.ENROLLMENT_COMPLETED])
        await world.enter(await world.begin())
        await world.pass_time(2 * DAY)
        assert [each.type for each in await told(world, to)] == ["enrollment.completed"]


async def test_nothing_is_made_up_of_moves_that_nobody_hears_of(mocker: MockerFixture) -> None:
    """Without subscribers no notice is built, however many people move."""
    made = mocker.spy(walk_events, "_notice")
    async with JourneyWorld() as world:
        await world.enter(await world.begin())
        await world.pass_time(2 * DAY)
        assert made.call_count == 0


@pytest.mark.parametrize("after", [False, True])
async def test_a_crash_repeats_no_news_under_another_id(*, after: bool) -> None:
    """Whatever commit the process dies at, each step is told under one id."""
    at, ids = 1, set[frozenset[str]]()
    while (found := await _die_at(at, after=after)) is not None:
        ids.add(found)
        at += 1
    assert at > 4
    assert all(len(each) == 4 for each in ids)


async def _die_at(at: int, *, after: bool) -> frozenset[str] | None:
    """Die at a commit of a walk, and go on; return the ids of what was told, None at the end."""
    async with JourneyWorld() as world:
        to = await subscribe(world, WALKS)
        campaign = await world.begin(QUICK)
        point, plain = CrashPoint(at, after=after), world.engine
        world.engine = replace(plain, store=CrashingStore(world.store, point))
        with suppress(Crash):
            await world.enter(campaign, settle=False)
            await dispatch(world.engine, ORG, campaign.id, "0")
        world.engine = plain
        await world.enter(campaign)
        await world.pass_time(HOUR)
        found = await told(world, to)
        assert Counter(each.type for each in found)["enrollment.moved"] == 2
        return frozenset(each.id for each in found) if point.is_dead else None


# --- How a campaign ends ------------------------------------------------------------------------


async def test_a_journey_whose_messages_failed_has_still_been_walked() -> None:
    """What fails leads on: the campaign is completed, and stays so."""
    async with JourneyWorld(fate=REJECTED) as world:
        campaign = await world.begin()
        await world.enter(campaign)
        await campaigns.close(world.engine, ORG, campaign.id, by="ben")
        await world.pass_time(4 * DAY)
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


@pytest.mark.parametrize(("by", "status"), [(EntryBy.API, "running"), (EntryBy.LIST, "failed")])
async def test_an_empty_list_fails_a_journey_only_where_nobody_else_may_come(
    by: EntryBy, status: str
) -> None:
    """People may still enter by the API."""
    async with JourneyWorld() as world:
        audience = Audience(AudienceKind.LIST, await list_of(world.engine, []))
        campaign = await world.begin(entry=Entry(by), audience=audience)
        await world.pass_time(DAY)
        assert (await world.load(campaign)).status == status


async def test_what_was_told_of_a_walk_can_be_told_again_under_the_same_ids() -> None:
    """Whatever its receiver had answered; the walk stays where it is."""
    async with JourneyWorld() as world:
        to = await subscribe(world, WALKS)
        world.receiver.otherwise = Responded(500)
        campaign = await world.begin(GOAL)
        await world.enter(campaign)
        await world.tell(campaign, "hello", EventKind.READ)
        await world.pass_time(timedelta(hours=27))
        before, walk = await told(world, to), await world.walk(campaign)
        assert {each.status for each in before} == {"failed"}
        world.receiver.heard.clear()
        world.receiver.otherwise = Responded(200)
        for each in before:
            await replay.tell_again(world.engine, ORG, to.id, each.id)
        await world.pass_time(HOUR)  # a receiver that has failed is told them one by one
        assert world.receiver.times == {each.id: 1 for each in before}
        assert [each.data for each in await told(world, to)] == [each.data for each in before]
        assert await world.walk(campaign) == walk
