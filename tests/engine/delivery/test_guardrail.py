"""Whatever goes wrong, it is noticed before it has gone wrong for everybody."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.safety_limits import Canary, Guardrail
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.delivery_events import Retry
from functions.domain.messages.send_outcomes import Rejected
from functions.engine.campaigns import lifecycle
from tests.engine.recording_channel import INVALID, NO_ANSWER, REFUSED, SILENT, TALKS, Fate
from tests.engine.world import ORG, World, number

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
LATER = Fate(outcome=Rejected("provider_rejected", Retry.LATER), placed=False)
CANARY = Canary(first=10, failed_percent=30, wait_s=300)


async def careful(world: World, people: int, **fields: Any) -> Campaign:
    """Create a campaign to so many people that starts in a minute, under these rules."""
    await world.add_list(people)
    campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
    await world.rewrite(campaign, **fields)
    await world.pass_time(MINUTE)
    return campaign


async def stands(world: World, campaign: Campaign) -> tuple[CampaignStatus, str | None]:
    """Return a campaign's status and why it has it."""
    stored = await world.load(campaign)
    return stored.status, stored.reason


# --- The canary -------------------------------------------------------------------------------


@pytest.mark.parametrize("lanes", [1, 4, 16])
async def test_only_the_first_few_are_called_until_it_is_known_how_that_went(
    world: World, lanes: int
) -> None:
    """With a canary of ten, nobody else is called before the ten have ended; then all are."""
    world.carrier.otherwise = SILENT
    campaign = await careful(world, 100, canary=CANARY, lanes=lanes)
    await world.pass_time(4 * MINUTE)
    assert len(world.carrier.calls) == 10
    world.carrier.otherwise = TALKS
    await world.finish(campaign)
    assert len(world.carrier.called) == 100
    assert set(world.carrier.called.values()) == {1}
    assert (await world.load(campaign)).canary_passed


async def test_the_others_follow_at_once_when_the_first_went_well(world: World) -> None:
    """Nobody waits for the canary's time where its ten calls have ended well before."""
    campaign = await careful(world, 50, canary=CANARY)
    await world.finish(campaign, within=MINUTE)
    assert (await world.statuses(campaign)) == {"completed": 50}


async def test_a_campaign_whose_first_messages_fail_is_paused(world: World) -> None:
    """Too many failures among the first ten pause the campaign; nobody else is called."""
    world.carrier.otherwise = INVALID
    campaign = await careful(world, 100, canary=CANARY)
    await world.pass_time(2 * MINUTE)
    assert await stands(world, campaign) == (CampaignStatus.PAUSED, "canary_failed")
    assert len(world.carrier.calls) == 10


@pytest.mark.parametrize("fate", [LATER, REFUSED])
@pytest.mark.parametrize("lanes", [1, 3])
async def test_who_is_to_be_tried_again_is_still_one_of_the_first(
    world: World, fate: Fate, lanes: int
) -> None:
    """First messages that fail for now make no room for others: only they are tried again."""
    world.carrier.otherwise = fate
    campaign = await careful(world, 100, canary=CANARY._replace(wait_s=3600), lanes=lanes)
    await world.pass_time(20 * SECOND)
    assert len({request.to for request in world.carrier.requests}) == 10
    world.carrier.otherwise = TALKS
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 100}


async def test_the_canary_fails_with_the_last_attempt_of_the_first(world: World) -> None:
    """Ten whose every attempt fails pause the campaign before anybody else is tried."""
    world.carrier.otherwise = LATER
    campaign = await careful(world, 100, canary=CANARY)
    await world.pass_time(4 * MINUTE)
    assert await stands(world, campaign) == (CampaignStatus.PAUSED, "canary_failed")
    assert await world.statuses(campaign) == {"failed": 10, "pending": 90}
    assert len(world.carrier.requests) == 30


async def test_who_resumes_it_has_decided_that_it_goes_on(world: World) -> None:
    """A campaign that was paused by its canary and resumed by a person goes on to its end."""
    world.carrier.otherwise = INVALID
    campaign = await careful(world, 30, canary=CANARY)
    await world.pass_time(2 * MINUTE)
    world.carrier.otherwise = TALKS
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann", reason=None)
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 20, "failed": 10}


async def test_a_canary_larger_than_the_audience_holds_nobody_back(world: World) -> None:
    """Where there are fewer people than the canary wants, all are called."""
    campaign = await careful(world, 5, canary=CANARY)
    await world.finish(campaign)
    assert len(world.carrier.called) == 5


async def test_a_task_that_dies_does_not_give_the_canary_more_room(world: World) -> None:
    """How many were sent is known by the store: a lane taken up anew sends no further ten."""
    world.carrier.otherwise = SILENT
    campaign = await careful(world, 100, canary=CANARY._replace(wait_s=3600))
    for _ in range(3):
        world.engine = world.new_engine()
        await world.pass_time(2 * MINUTE)
    assert len(world.carrier.calls) == 10
    assert (await world.load(campaign)).status is CampaignStatus.RUNNING


# --- The guardrail ----------------------------------------------------------------------------


async def test_a_campaign_that_begins_to_fail_is_paused(world: World) -> None:
    """More than a fifth of the last fifty failed: it is paused long before the end."""

    async def turn_bad_after_two_hundred() -> None:
        if len(world.carrier.requests) > 200:
            world.carrier.otherwise = INVALID

    world.carrier.on_send = turn_bad_after_two_hundred
    rules = Guardrail(failed_percent=20, of_last=50)
    campaign = await careful(world, 400, guardrail=rules, rate_per_s=10.0)
    await world.pass_time(2 * MINUTE)
    assert await stands(world, campaign) == (CampaignStatus.PAUSED, "too_many_failed")
    assert 210 < len(world.carrier.calls) < 280


async def test_what_was_resumed_is_judged_anew(world: World) -> None:
    """Failures before the pause do not count again once a person has resumed the campaign."""
    world.carrier.otherwise = INVALID
    rules = Guardrail(failed_percent=20, of_last=20)
    campaign = await careful(world, 300, guardrail=rules, rate_per_s=10.0)
    await world.pass_time(20 * SECOND)
    assert await stands(world, campaign) == (CampaignStatus.PAUSED, "too_many_failed")
    world.carrier.otherwise = TALKS
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann", reason=None)
    await world.finish(campaign)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_attempts_that_are_to_be_repeated_are_no_failures(world: World) -> None:
    """A busy or unanswered call that is to be tried again does not trip the guardrail."""
    campaign = await careful(
        world, 60, guardrail=Guardrail(failed_percent=5, of_last=20), rate_per_s=10.0
    )
    world.carrier.script = {number(n): (NO_ANSWER, TALKS) for n in range(60)}
    await world.finish(campaign)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


# --- A start that was missed ------------------------------------------------------------------


async def missed(world: World, late_start: str, *, grace_s: int = 3600) -> Campaign:
    """Create a campaign whose start is found two hours late, by a check."""
    await world.add_list(3)
    campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
    await world.rewrite(campaign, late_start=late_start, grace_s=grace_s)
    await world.queue.close()  # and with it the start's task
    world.clock.advance(timedelta(hours=2))
    world.queue = world.new_queue()
    world.engine = world.new_engine()
    await world.pass_time(2 * MINUTE)
    return campaign


async def test_a_late_campaign_runs_all_the_same_by_default(world: World) -> None:
    """Better late than never, unless the campaign says otherwise."""
    campaign = await missed(world, "run")
    await world.finish(campaign)
    assert len(world.carrier.called) == 3


async def test_a_late_campaign_can_be_skipped(world: World) -> None:
    """Two hours late with a grace period of one: it is cancelled, says why, and calls nobody."""
    campaign = await missed(world, "skip")
    assert await stands(world, campaign) == (CampaignStatus.CANCELLED, "late_start")
    assert world.carrier.calls == []


async def test_within_its_grace_period_a_campaign_starts(world: World) -> None:
    """Two hours late with a grace period of three it starts, whatever it says of lateness."""
    campaign = await missed(world, "skip", grace_s=3 * 3600)
    await world.finish(campaign)
    assert len(world.carrier.called) == 3


async def test_a_late_campaign_can_ask_what_to_do(world: World) -> None:
    """It is paused and says why; once somebody resumes it, it runs as it would have."""
    campaign = await missed(world, "ask")
    assert await stands(world, campaign) == (CampaignStatus.PAUSED, "late_start")
    assert world.carrier.calls == []
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann", reason=None)
    await world.finish(campaign)
    assert await world.statuses(campaign) == {"completed": 3}


async def test_a_campaign_that_asks_can_be_cancelled(world: World) -> None:
    """Cancelled instead of resumed, it ends without a call."""
    campaign = await missed(world, "ask")
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann", reason=None)
    await world.pass_time(2 * MINUTE)
    assert (await world.load(campaign)).status is CampaignStatus.CANCELLED
    assert world.carrier.calls == []
