"""A process may die at any moment: nobody is called twice for it, and nobody is forgotten.

Each test runs one small campaign again and again. Each time the process dies at another commit,
task or call, a new process takes over with nothing but the store, and the every-minute check
brings the campaign to its end.
"""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.message import FINAL, MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.engine import Limits
from tests.engine.crashes import AFTER, Crash, CrashPoint, mortal
from tests.engine.recording_channel import BUSY, NO_ANSWER, TALKS
from tests.engine.world import MINUTE, ORG, World, number

SECOND = timedelta(seconds=1)

WHOLE = Limits(
    lanes=2,
    rate_per_s=50,
    live_calls_per_org=4,
    live_calls_total=4,
    windows=False,
    lane_lease=10 * SECOND,
)
PAGED = replace(WHOLE, launch_page=3, dispatch_page=4, chunk=2)
POLICY = DeliveryPolicy(
    backoff=10 * SECOND,
    send_lease=15 * SECOND,
    unknown_wait=30 * SECOND,
    look_up_after=20 * SECOND,
    longest_call=60 * SECOND,
)
BUSY_ONE, ABSENT_ONE, SUPPRESSED_ONE = number(2), number(3), number(5)
#: Seven people, one of whom stands twice in the list, in different pages.
PEOPLE = [*(number(n) for n in range(1, 7)), number(1), number(7)]


async def _small_world(limits: Limits) -> World:
    world = World(limits, POLICY)
    await world.add_list(PEOPLE)
    await world.suppress(SUPPRESSED_ONE)
    world.carrier.script = {BUSY_ONE: [BUSY, TALKS], ABSENT_ONE: [NO_ANSWER] * 3}
    return world


def _restart(world: World) -> None:
    """Begin a new process, which has nothing but the store."""
    world.queue = world.new_queue()
    world.engine = world.new_engine()


async def _live_and_die(world: World, point: CrashPoint) -> None:
    """Run a campaign in a process that dies of it, or does not."""
    try:
        campaign = await world.create(scheduled_at=world.clock.now() + SECOND)
        while not point.is_dead and not (await world.load(campaign)).has_ended:
            await world.pass_time(SECOND)
    except Crash:
        pass


async def _take_over(world: World) -> Campaign:
    """Let a new process finish what it finds; if it finds nothing, ask again as a person would."""
    _restart(world)
    found = await world.documents(paths.campaigns(ORG))
    if not found:
        campaign = await world.create()
    else:
        campaign = campaign_from(ORG, found[0].id, found[0].data)
    await world.finish(campaign, within=timedelta(minutes=20))
    return campaign


async def _check(world: World, campaign: Campaign, *, redelivers: bool) -> None:
    """Hold the store against the carrier's book."""
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert world.carrier.repeated == []
    assert world.carrier.rung_after_talking == []
    assert world.carrier.most_live <= WHOLE.live_calls_per_org
    assert world.task_errors == []
    messages = await world.messages(campaign)
    assert sorted(message.address for message in messages) == sorted(PEOPLE)
    for message in messages:
        assert message.status in FINAL | {MessageStatus.UNKNOWN}
        assert message.status == MessageStatus.COMPLETED or message.reason
    if not redelivers:
        # Nobody repeats the receipt in the midst of which the process died: its slot expires.
        world.clock.advance(POLICY.longest_call + timedelta(minutes=5))
    assert await world.slots() == {"org": 0, "all": 0}


async def _die_at(at: int, limits: Limits, *, after: bool, redelivers: bool) -> bool:
    """Die at one side effect and recover; False where there is no such side effect any more."""
    async with await _small_world(limits) as world:
        point = CrashPoint(at, after=after)
        world.engine = mortal(world.engine, point)
        await _live_and_die(world, point)
        if not redelivers and point.is_dead:
            world.carrier.forget_receipts()
        try:
            await _check(world, await _take_over(world), redelivers=redelivers)
        except AssertionError as error:
            error.add_note(f"died {point.what}")
            raise
        return point.is_dead


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


#: Whether the process dies after the side effect, whether the carrier repeats its receipts, and
#: how the list is launched. What is run each time; the other combinations belong to the storm.
USUAL = [(False, True, PAGED), (True, False, WHOLE)]
RARE = [each for each in product((False, True), (False, True), (PAGED, WHOLE)) if each not in USUAL]


@pytest.mark.parametrize(
    ("after", "redelivers", "limits"),
    [*USUAL, *(pytest.param(*each, marks=pytest.mark.storm) for each in RARE)],
)
async def test_a_death_at_any_side_effect_repeats_nothing_and_forgets_nobody(
    *, after: bool, redelivers: bool, limits: Limits
) -> None:
    """Killed before or after any commit, task or call, the campaign completes, each call once.

    It is the same whether the carrier delivers its receipts again or not: then they are looked
    up. And it is the same whether the list is launched page by page or as a whole.
    """
    at = 1
    while await _die_at(at, limits, after=after, redelivers=redelivers):
        at += 1
    assert at > 50, "the campaign has fewer side effects than it should"


@pytest.mark.parametrize("after", AFTER)
async def test_a_death_during_a_cancel_leaves_nobody_waiting(*, after: bool) -> None:
    """Killed at any moment of a campaign that is being cancelled, it ends with all written off."""
    at = 1
    while await _die_cancelling(at, after=after):
        at += 1
    assert at > 15, "the cancel has fewer side effects than it should"


async def _die_cancelling(at: int, *, after: bool) -> bool:
    """Die at one side effect of a cancel and recover; False where there is no such one any more."""
    async with await _small_world(PAGED) as world:
        campaign = await world.create()
        await world.run_until(lambda: len(world.carrier.requests) == 2)
        _restart(world)
        point = CrashPoint(at, after=after)
        world.engine = mortal(world.engine, point)
        with suppress(Crash):
            await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ann")
            await world.pass_time(MINUTE)
        _restart(world)
        await world.pass_time(10 * MINUTE)
        await _check_cancelled(world, campaign)
        return point.is_dead


async def _check_cancelled(world: World, campaign: Campaign) -> None:
    """Hold that nobody waits any more, whether the cancel was done before the death or not."""
    assert world.carrier.repeated == []
    assert (await world.load(campaign)).has_ended
    for message in await world.messages(campaign):
        assert message.status in FINAL | {MessageStatus.UNKNOWN}
