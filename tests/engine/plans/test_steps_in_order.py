"""Steps behind other steps, walked by lanes: each begins as the one before it is over, once."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.domain.messages.send_outcomes import Rejected, Unknown
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans import steering
from functions.engine.plans.enrollments import following
from tests.engine.crashes import Crash, CrashingQueue, CrashingStore, CrashPoint
from tests.engine.plans.journeys import DAY, HOUR, JourneyWorld, path_of
from tests.engine.recording_channel import Fate, Receipt
from tests.engine.world import MINUTE, ORG, with_limits

ONE_LANE = with_limits(lanes=1, lane_lease=timedelta(seconds=10))
PEOPLE = ("ann@example.com", "zoe@example.com")


def step(id_: str, after: str | None = None, **timing: Any) -> dict[str, Any]:
    """Return a step that sends a mail which says its id."""
    said = {"sender": "us@example.com", "subject": id_, "body": id_}
    return {"id": id_, **said, **({"after": after} if after else {}), **timing}


CHAIN = {
    "steps": [
        step("a", offset="PT1H"),
        step("b", "a", offset="PT2H"),
        step("c", "b"),
        step("d", "a", offset="PT1H"),
    ]
}


@pytest.fixture(autouse=True)
async def _silence() -> None:
    """Keep asyncio from reporting what died with a process."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world of one lane, whose carrier delivers mails."""
    async with JourneyWorld(ONE_LANE) as made:
        yield made


def at_hours(world: JourneyWorld, start: datetime) -> dict[str, float]:
    """Return how many hours after the start each mail was handed over, to a minute."""
    hours = {call.body: (call.at - start) / HOUR for call in world.carrier.requests}
    return {body: round(after, 1) for body, after in hours.items()}


async def steer(world: JourneyWorld, campaign: Campaign, act: str) -> None:
    """Do something to the only one who has entered."""
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    acts = {"pause": steering.pause, "resume": steering.resume, "exit": steering.exit_}
    await acts[act](world.engine, ORG, campaign.id, document.id, by="ann")
    await world.settle()


async def test_each_step_goes_out_as_long_after_the_one_before_it_as_it_says(
    world: JourneyWorld,
) -> None:
    """Within seconds of that: the message that leaves has its walk looked at."""
    campaign, start = await world.begin(CHAIN), world.clock.now()
    await world.enter(campaign)
    await world.pass_time(6 * HOUR)
    assert at_hours(world, start) == {"a": 1.0, "d": 2.0, "b": 3.0, "c": 3.0}
    b, c = [await world.message(campaign, body) for body in ("b", "c")]
    assert b.sent_at is not None
    assert c.sent_at is not None
    assert c.sent_at - b.sent_at < timedelta(seconds=30)
    walk = await world.walk(campaign)
    assert walk.status == "completed"
    assert walk.began.keys() == {"b", "c", "d"}


async def test_what_is_sent_next_is_told_as_far_as_it_is_known(world: JourneyWorld) -> None:
    """Steps that wait have no time yet, and the next one is known as soon as theirs is over."""
    campaign = await world.begin(CHAIN)
    await world.enter(campaign)
    plan = (await plan_of(world.engine, campaign, 1)).plan
    first = following(campaign.id, plan, await world.walk(campaign))
    assert first is not None
    assert first.node == "a"
    await world.pass_time(HOUR + MINUTE)
    second = following(campaign.id, plan, await world.walk(campaign))
    assert second is not None
    assert (second.node, second.at) == ("d", (await world.walk(campaign)).began["d"] + HOUR)


@pytest.mark.parametrize(
    "outcome",
    [Rejected("invalid_address"), Rejected("no_such_template", Retry.NEVER), Unknown("timeout")],
)
async def test_behind_a_step_that_fails_or_whose_answer_is_lost_the_next_one_begins(
    world: JourneyWorld, outcome: Any
) -> None:
    """Nobody stands still because of what became of the one before."""
    world.carrier.otherwise = Fate(outcome=outcome, placed=False)
    plan = {"steps": [step("a", offset="PT1H"), step("b", "a", offset="PT1H")]}
    campaign = await world.begin(plan)
    await world.enter(campaign)
    await world.pass_time(3 * DAY)
    walk = await world.walk(campaign)
    assert walk.has_ended
    if outcome.reason != "invalid_address":  # a mailbox that is not there ends the walk
        assert path_of(walk) == ["a", "b", "completed"]


async def test_behind_a_call_the_next_step_begins_once_it_has_ended(world: JourneyWorld) -> None:
    """Not while they are talking; a text that is not a call is over as it leaves."""
    talks = (Receipt(1, EventKind.ANSWERED), Receipt(600, EventKind.COMPLETED))
    world.carrier.otherwise = Fate(talks)
    sender = {"sender": "+14155550100"}
    bot = {"channel": "voice", "botUrl": "wss://bot.example.com/x"}
    call = {"id": "call", "offset": "P0D", **bot, **sender}
    text = {"id": "sms", "after": "call", "channel": "sms", "body": "sms", **sender}
    campaign = await world.begin({"steps": [call, text]})
    await world.enter(campaign, "+14155550123")
    await world.pass_time(HOUR)
    first, second = world.carrier.requests
    assert second.body == "sms"
    assert timedelta(seconds=600) <= second.at - first.at < timedelta(seconds=630)


async def test_behind_a_step_that_expires_the_next_one_begins(world: JourneyWorld) -> None:
    """It waited for the campaign to be resumed for longer than it was worth sending."""
    plan = {
        "steps": [
            step("a", offset="PT1M", expiresAfter="PT1H"),
            step("b", "a", offset="PT1H"),
        ]
    }
    campaign = await world.begin(plan)
    await world.enter(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await world.pass_time(5 * HOUR)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.pass_time(3 * HOUR)
    assert world.sent == ["b"]
    assert (await world.message(campaign, "a")).status == "expired"


async def test_paused_and_resumed_in_each_state_of_a_chain_nothing_is_lost_or_twice(
    world: JourneyWorld,
) -> None:
    """Before the first is made, while it waits, when it has left, and so on."""
    campaign = await world.begin(CHAIN)
    await world.enter(campaign)
    for _ in range(40):
        await steer(world, campaign, "pause")
        await world.pass_time(3 * MINUTE)
        await steer(world, campaign, "resume")
        await world.pass_time(4 * MINUTE)
        if (await world.walk(campaign)).has_ended:
            break
    await world.pass_time(4 * HOUR)
    assert Counter(world.sent) == dict.fromkeys("abcd", 1)
    assert world.sent.index("a") < world.sent.index("b") < world.sent.index("c")
    assert (await world.walk(campaign)).status == "completed"


async def test_whoever_leaves_while_steps_wait_gets_none_of_them(world: JourneyWorld) -> None:
    """Neither those that wait for another step, nor what was made."""
    campaign = await world.begin(CHAIN)
    await world.enter(campaign)
    await world.pass_time(HOUR + MINUTE)
    await steer(world, campaign, "exit")
    await world.pass_time(DAY)
    assert world.sent == ["a"]
    walk = await world.walk(campaign)
    assert (walk.status, sorted(walk.left)) == ("exited", ["b", "c", "d"])


async def _story(world: JourneyWorld, point: CrashPoint | None) -> dict[str, Any]:
    """Let people walk a chain by a process that dies at a point, and return what is stored."""
    short = {
        "steps": [
            step("a", offset="P0D"),
            step("b", "a", offset="PT1M"),
            step("c", "b"),
        ]
    }
    campaign = await world.begin(short)
    await world.enter(campaign, *PEOPLE, settle=False)
    if point is not None:
        store, queue = CrashingStore(world.store, point), CrashingQueue(world.queue, point)
        world.engine = replace(world.engine, store=store, queue=queue)
        with suppress(Crash):
            await world.pass_time(5 * MINUTE)
        world.queue = world.new_queue()
        world.engine = world.new_engine()
    await world.pass_time(20 * MINUTE)
    walks, messages = await world.walks(campaign), await world.messages(campaign)
    return {
        "walks": sorted((each.address, each.status, *sorted(path_of(each))) for each in walks),
        "messages": sorted((each.address, each.body) for each in messages),
    }


@pytest.mark.parametrize("after", [False, True])
async def test_a_death_at_any_commit_of_a_chain_sends_each_step_once_to_everybody(
    *, after: bool
) -> None:
    """Before or after each commit or task."""
    async with JourneyWorld(ONE_LANE) as world:
        expected = await _story(world, None)
    assert len(expected["messages"]) == 3 * len(PEOPLE)
    at, is_dead = 1, True
    while is_dead:
        point = CrashPoint(at, after=after)
        async with JourneyWorld(ONE_LANE) as world:
            assert await _story(world, point) == expected, point.what
            assert max(Counter((c.to, c.body) for c in world.carrier.requests).values()) == 1
        is_dead = point.is_dead
        at += 1
    assert at > 15, "the walk has fewer side effects than it should"
