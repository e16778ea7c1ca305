"""How campaigns come to run: at once, on time, and once."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import (
    InvalidFieldError,
    NameTakenError,
    NotFoundError,
    WrongStatusError,
)
from functions.engine import paths
from functions.engine.campaigns import copies, lifecycle, single_message
from functions.engine.ports.queue import Task
from functions.engine.ports.store import Update
from functions.engine.scheduling.check import check
from functions.engine.worker import run
from tests.engine.recording_channel import BUSY, LOST_REQUEST
from tests.engine.world import LIMITS, ORG, VOICE, World, after_turns, number

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


async def _trail(world: World, campaign: Campaign) -> list[tuple[str, str]]:
    """Return who did what to a campaign."""
    entries = await world.documents(f"orgs/{ORG}/audit")
    ours = [e.data for e in entries if e.data["campaign"] == campaign.id]
    return [(e["action"], e["by"]) for e in sorted(ours, key=lambda e: str(e["at"]))]


async def test_a_campaign_without_a_time_starts_at_once(world: World) -> None:
    """It runs when it is created, calls everybody in its list, and completes."""
    await world.add_list(3)
    campaign = await world.create()
    assert (campaign.status, campaign.started_at) == ("running", world.clock.now())
    await world.finish(campaign)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert world.carrier.called == {number(0): 1, number(1): 1, number(2): 1}


async def test_a_scheduled_campaign_starts_on_the_second(world: World) -> None:
    """Its own task starts it at its time: lateness 0, without a check, and no call before."""
    await world.add_list(1)
    at = world.clock.now() + HOUR
    campaign = await world.create(scheduled_at=at)
    await world.pass_time(HOUR - SECOND, checks=False)
    assert world.carrier.requests == []
    await world.pass_time(SECOND, checks=False)
    started = await world.load(campaign)
    assert (started.started_at, started.start_lateness) == (at, timedelta())
    assert [call.at for call in world.carrier.calls] == [at]


async def test_a_lost_start_task_is_made_good_by_the_check() -> None:
    """Where the queue has lost the task, the next check starts the campaign and its calls."""
    async with World(lose_tasks=True) as world:
        await world.add_list(1)
        campaign = await world.create(scheduled_at=world.clock.now() + HOUR)
        await world.pass_time(2 * HOUR)
        assert (await world.load(campaign)).start_lateness == timedelta()
        assert world.carrier.calls == []  # its lanes' tasks were lost as well
        world.lose_tasks, world.engine = False, replace(world.engine, queue=world.queue)
        await world.finish(campaign)
        assert world.carrier.called == {number(0): 1}


async def test_every_step_goes_on_without_a_single_task() -> None:
    """Where every task is lost, the checks alone bring a campaign from its start to its end."""
    async with World(lose_tasks=True) as world:
        await world.add_list(3)
        campaign = await world.create(scheduled_at=world.clock.now() + HOUR)
        await world.pass_time(HOUR)
        for _ in range(10):
            await _check_by_hand(world)
            await world.pass_time(MINUTE, checks=False)
        assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
        assert sum(world.carrier.called.values()) == 3


async def _check_by_hand(world: World) -> None:
    """Check with a queue that takes what this check enqueues, and nothing else."""
    queue = world.new_queue()
    await check(replace(world.engine, queue=queue))
    await queue.run_due()
    await queue.close()


@pytest.mark.parametrize("ahead", [timedelta(), -SECOND])
async def test_a_time_that_is_not_ahead_is_refused(world: World, ahead: timedelta) -> None:
    """A start now or in the past is refused, and nothing is created."""
    await world.add_list(1)
    with pytest.raises(InvalidFieldError):
        await world.create(scheduled_at=world.clock.now() + ahead)
    assert await world.documents(paths.campaigns(ORG)) == []


async def test_a_name_is_used_once(world: World) -> None:
    """A second campaign of one name is refused, even where both are created at once."""
    await world.add_list(1)
    made = await asyncio.gather(world.create(), world.create(), return_exceptions=True)
    assert sorted(type(each).__name__ for each in made) == ["Campaign", "NameTakenError"]
    with pytest.raises(NameTakenError, match="named 'Spring' already exists"):
        await world.create()


async def test_an_unknown_list_is_refused(world: World) -> None:
    """A list that this organisation does not have is not found."""
    with pytest.raises(NotFoundError, match="List not found"):
        await world.create("nobody")


async def test_a_reschedule_moves_the_start(world: World) -> None:
    """The old time passes without a call, and the campaign starts at the new one."""
    await world.add_list(1)
    before, after = world.clock.now() + HOUR, world.clock.now() + 2 * HOUR
    campaign = await world.create(scheduled_at=before)
    await lifecycle.reschedule(world.engine, ORG, campaign.id, after, by="bob")
    await world.pass_time(HOUR)
    assert (await world.load(campaign)).status is CampaignStatus.SCHEDULED
    await world.pass_time(HOUR)
    assert (await world.load(campaign)).started_at == after
    assert (await _trail(world, campaign))[:3] == [
        ("create", "ann"),
        ("reschedule", "bob"),
        ("start", "clarion"),
    ]


async def test_a_check_starts_the_oldest_first_and_leaves_the_rest() -> None:
    """No check starts more than MAX_CAMPAIGNS; it tells how many it has left."""
    async with World(replace(LIMITS, max_campaigns=2), lose_tasks=True) as world:
        await world.add_list(1)
        for n in (3, 1, 2):
            await world.create(name=f"c{n}", scheduled_at=world.clock.now() + n * MINUTE)
        world.clock.advance(HOUR)
        first, second = await check(world.engine), await check(world.engine)
    assert [sorted(c.name for c in result.started) for result in (first, second)] == [
        ["c1", "c2"],
        ["c3"],
    ]
    assert (first.skipped, second.skipped) == (1, 0)


async def test_twenty_checks_at_once_start_each_campaign_once() -> None:
    """However many checks overlap, each due campaign is started by one, at most five by each."""
    async with World(lose_tasks=True) as world:
        await world.add_list(1)
        for n in range(50):
            await world.create(name=f"c{n}", scheduled_at=world.clock.now() + SECOND)
        world.clock.advance(SECOND)
        results = await asyncio.gather(*(check(world.engine) for _ in range(20)))
        started = [campaign.id for result in results for campaign in result.started]
        assert len(started) == len(set(started)) == 50
        assert max(len(result.started) for result in results) <= LIMITS.max_campaigns
        assert not any(result.failed for result in results)


async def test_a_campaign_that_cannot_start_does_not_hold_up_the_others(world: World) -> None:
    """What goes wrong with one campaign is told, and the others start."""
    await world.add_list(1)
    broken = await world.create(name="broken", scheduled_at=world.clock.now() + SECOND)
    await world.create(name="whole", scheduled_at=world.clock.now() + 2 * SECOND)
    stored = await world.store.get(paths.campaign(ORG, broken.id))
    assert stored is not None
    engine = replace(world.engine, limits=replace(LIMITS, max_campaigns=1))
    await _break(world, stored.path)
    world.clock.advance(HOUR)
    result = await check(engine)
    assert [campaign.name for campaign in result.started] == ["whole"]
    assert {name for name, _ in result.failed.values()} == {"broken"}


async def _break(world: World, path: str) -> None:
    """Damage a stored campaign."""
    await world.store.commit(Update(path, {"kind": "nonsense"}))


@pytest.mark.parametrize("turns", range(0, 60, 2))
async def test_a_cancel_that_races_with_the_start_wins_or_loses(turns: int) -> None:
    """A campaign that was cancelled first calls nobody; one that was started first is written off.

    The cancel comes in after as many turns of the event loop, the start and a check after twenty.
    """
    async with World() as world:
        await world.add_list(2)
        campaign = await world.create(scheduled_at=world.clock.now() + SECOND)
        world.clock.advance(SECOND)

        task = Task("start", {"org": ORG, "campaign": campaign.id})
        await asyncio.gather(
            after_turns(
                turns, lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
            ),
            after_turns(20, run(world.engine, task)),
            after_turns(20, check(world.engine)),
        )
        await world.pass_time(MINUTE)
        cancelled = await world.load(campaign)
        assert cancelled.status is CampaignStatus.CANCELLED
        if cancelled.started_at is None:
            assert world.carrier.requests == []
            assert await world.messages(campaign) == []
        else:
            assert set(await world.statuses(campaign)) <= {"cancelled", "completed"}


async def test_a_cancelled_campaign_is_not_started_by_a_late_task(world: World) -> None:
    """The task of a campaign that was cancelled meanwhile finds nothing to do."""
    await world.add_list(1)
    campaign = await world.create(scheduled_at=world.clock.now() + HOUR)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
    await world.pass_time(2 * HOUR)
    assert (await world.load(campaign)).status is CampaignStatus.CANCELLED
    assert world.carrier.requests == []


async def test_a_single_call_calls_one_number(world: World) -> None:
    """One call outside any list is a campaign of its own, at once, whatever the hour."""
    to = parse_phone(number(7))
    campaign, message_id = await single_message.call_once(world.engine, ORG, VOICE, to)
    await world.finish(campaign)
    [message] = await world.messages(campaign)
    assert (message.id, message.status, message.address) == (message_id, "completed", number(7))
    assert world.carrier.called == {number(7): 1}


async def test_a_retry_calls_those_who_were_not_reached(world: World) -> None:
    """A retry calls those who failed; those whose outcome is unknown only where it is asked to."""
    await world.add_list(3)
    world.carrier.script = {number(1): [BUSY] * 3, number(2): [LOST_REQUEST]}
    campaign = await world.create()
    with pytest.raises(InvalidFieldError, match="Cannot retry running campaign"):
        await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=False)
    await world.finish(campaign)
    world.carrier.script = {}
    for unknown, people in ((False, {number(1)}), (True, {number(1), number(2)})):
        world.carrier.requests.clear()
        again = await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=unknown)
        await world.finish(again)
        assert set(world.carrier.called) == people
        assert again.name == f"Spring (retry {1 + unknown})"
        assert again.total == len(people)


async def test_a_retry_needs_somebody_to_call(world: World) -> None:
    """Where everybody was reached there is nothing to retry."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    with pytest.raises(InvalidFieldError, match="nobody to call again"):
        await copies.retry(world.engine, ORG, campaign.id, by="ann", unknown=True)


async def test_other_organisations_see_nothing(world: World) -> None:
    """A campaign of one organisation is not found by another."""
    await world.add_list(1)
    campaign = await world.create()
    with pytest.raises(NotFoundError):
        await lifecycle.load(world.engine, "other", campaign.id)
    with pytest.raises(NotFoundError):
        await lifecycle.change(world.engine, "other", campaign.id, Action.CANCEL, by="eve")
    with pytest.raises(WrongStatusError):
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
