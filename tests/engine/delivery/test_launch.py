"""Launch: one message for each person, or the reason why there is none."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.engine.campaigns import lifecycle
from functions.engine.delivery.launch import launch
from functions.engine.ports.channel import Traits
from tests.engine.living_clock import LivingClock
from tests.engine.world import LIMITS, ORG, World, number

PAGED = replace(LIMITS, launch_page=2)
MINUTE = timedelta(minutes=1)


async def _launched(world: World, addresses: list[str]) -> Counter[tuple[str, str, str]]:
    """Launch a campaign to a list; return how many messages each address has, with the reason."""
    await world.add_list(addresses)
    campaign = await world.create()
    await launch(world.engine, ORG, campaign.id)
    found = await world.messages(campaign)
    return Counter((m.address, str(m.status), m.reason) for m in found)


@pytest.mark.parametrize("people", [0, 1, 2, 3, 4, 5, 8, 9])
async def test_every_person_gets_a_message_whatever_the_pages(people: int) -> None:
    """Pages that end early, late or exactly: everybody has one pending message."""
    async with World(PAGED) as world:
        made = await _launched(world, [number(n) for n in range(people)])
        assert made == {(number(n), "pending", ""): 1 for n in range(people)}


@pytest.mark.parametrize("distance", [1, 2, 5])
async def test_an_address_is_called_once_however_often_it_is_listed(distance: int) -> None:
    """A repeated address in the same page, the next one or later is skipped, and says why."""
    async with World(PAGED) as world:
        people = [number(n) for n in range(8)]
        people[distance] = people[0]
        made = await _launched(world, people)
        assert made[number(0), "pending", ""] == 1
        assert made[number(0), "skipped", "duplicate_address"] == 1
        assert sum(made.values()) == 8


async def test_an_address_that_fills_a_list_is_called_once() -> None:
    """A list of one address alone, over several pages, makes one call."""
    async with World(PAGED) as world:
        made = await _launched(world, [number(1)] * 7)
        assert made[number(1), "pending", ""] == 1
        assert made[number(1), "skipped", "duplicate_address"] == 6


async def test_suppressed_people_are_skipped(world: World) -> None:
    """Whoever does not want to be called has a skipped message that says so."""
    await world.suppress(number(1))
    made = await _launched(world, [number(0), number(1)])
    assert made == {(number(0), "pending", ""): 1, (number(1), "skipped", "suppressed"): 1}


async def test_a_campaign_to_nobody_fails(world: World) -> None:
    """A campaign without a single person ends at once and says why, instead of running for good."""
    await world.add_list(0)
    campaign = await world.create()
    await world.settle()
    ended = await world.load(campaign)
    assert (ended.status, ended.reason) == (CampaignStatus.FAILED, "no_recipients")


async def test_a_list_of_suppressed_people_completes(world: World) -> None:
    """A campaign in which everybody is skipped completes, and has not failed."""
    await world.add_list(2)
    await world.suppress(number(0))
    await world.suppress(number(1))
    campaign = await world.create()
    await world.pass_time(35 * MINUTE)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert await world.statuses(campaign) == {"skipped": 2}


async def test_a_launch_hands_on_when_its_time_is_up() -> None:
    """A task that may not work any longer continues in another, and nobody is lost or repeated."""
    limits = replace(PAGED, task_deadline=timedelta(milliseconds=50))
    async with World(limits) as world:
        await world.add_list(99)
        campaign = await world.create()
        world.engine = replace(world.engine, clock=TickingClock(world.clock))
        await launch(world.engine, ORG, campaign.id)
        assert 0 < len(await world.messages(campaign)) < 99
        await world.finish(campaign)
        addresses = [message.address for message in await world.messages(campaign)]
        assert sorted(addresses) == [number(n) for n in range(99)]


class TickingClock(LivingClock):
    """A clock on which every look takes a millisecond."""

    def __init__(self, clock: LivingClock) -> None:
        super().__init__()
        self._clock = clock

    def now(self) -> datetime:
        """Return the time, and let some pass."""
        self._clock.advance(timedelta(milliseconds=1))
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Sleep by the clock behind."""
        await self._clock.sleep(seconds)


async def test_a_cancel_during_launch_leaves_nobody_without_a_reason() -> None:
    """Those whom the launch had not come to are written off as cancelled as well."""
    async with World(PAGED) as world:
        await world.add_list(9)
        campaign = await world.create()
        slow = replace(PAGED, task_deadline=timedelta(milliseconds=8))
        ticking = TickingClock(world.clock)
        await launch(replace(world.engine, limits=slow, clock=ticking), ORG, campaign.id)
        begun = len(await world.messages(campaign))
        await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
        await world.pass_time(MINUTE)
        messages = await world.messages(campaign)
        assert 0 < begun < len(messages) == 9
        assert {(m.status, m.reason) for m in messages} == {("cancelled", "campaign_cancelled")}
        assert world.carrier.requests == []


async def test_a_bot_is_woken_once_before_the_first_message(world: World) -> None:
    """Where the channel needs it, the bot behind the campaign is warm before anybody is called."""
    world.carrier.traits = Traits(holds_live_call=True, needs_bot=True)
    await world.add_list(2)
    campaign = await world.create()
    await world.finish(campaign)
    assert world.bots.woken == [campaign.own_send.content.bot_url]
    assert (await world.load(campaign)).bot_ready


async def test_a_bot_that_does_not_answer_pauses_the_campaign(world: World) -> None:
    """Nobody is called to be connected with nothing; resumed when the bot is well, all are."""
    world.carrier.traits = Traits(holds_live_call=True, needs_bot=True)
    world.bots.ready = False
    await world.add_list(2)
    campaign = await world.create()
    await world.pass_time(MINUTE)
    paused = await world.load(campaign)
    assert (paused.status, paused.reason) == ("paused", "bot_not_ready")
    assert world.carrier.requests == []
    world.bots.ready = True
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.finish(campaign)
    assert sum(world.carrier.called.values()) == 2
