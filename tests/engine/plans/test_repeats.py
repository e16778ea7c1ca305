"""Steps that come again, and steps at intervals, walked by lanes: each message once, in time."""

from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.messages.message import Message
from functions.domain.plans.timing import Timing
from functions.domain.sending_rules.windows import SendWindow
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.engine import Limits
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.plans import steering
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.scheduling import check
from tests.engine.counting_store import CountingStore
from tests.engine.plans.journeys import ANN, DAY, HOUR, JourneyWorld, on, plan, send
from tests.engine.world import ORG

SAID = {"id": "news", "sender": "us@example.com", "subject": "Hi", "body": "news"}
WEEKLY = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0"}
NEW_YORK = ZoneInfo("America/New_York")
WEEK = 7 * DAY


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world of one lane, whose carrier delivers mails."""
    async with JourneyWorld(replace(Limits(), lanes=1)) as made:
        yield made


async def begin(world: JourneyWorld, **timing: Any) -> Campaign:
    """Start a sequence of one step in New York, and let Ann enter it."""
    document = {"timezone": "America/New_York", "steps": [{**SAID, **timing}]}
    campaign = await world.begin(document)
    await world.enter(campaign)
    return campaign


def hours(world: JourneyWorld) -> list[str]:
    """Return when mails were handed over, by the clocks of New York."""
    return [f"{call.at.astimezone(NEW_YORK):%m-%d %H:%M}" for call in world.carrier.requests]


async def pass_time(
    world: JourneyWorld, campaign: Campaign, length: timedelta, *, hop: timedelta = 6 * HOUR
) -> None:
    """Let time pass in hops, and by what is due next; a check looks after each."""
    end = world.clock.now() + length
    while (now := world.clock.now()) < end:
        looks = [each.next_at for each in await world.walks(campaign)]
        ahead = [at for at in looks if at is not None and at > now]
        await world.pass_time(min([end, now + hop, *ahead]) - now, checks=False)
        await check.check(world.engine)
        await world.settle()


async def steer(world: JourneyWorld, campaign: Campaign, step: str) -> None:
    """Do something to the only one who has entered."""
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    act = {"pause": steering.pause, "resume": steering.resume, "exit": steering.exit_}[step]
    await act(world.engine, ORG, campaign.id, document.id, by="ann")
    await world.settle()


@pytest.mark.slow
async def test_a_year_of_weekly_steps_is_52_messages_one_enrollment_and_constant_work(
    world: JourneyWorld,
) -> None:
    """At nine by the clocks there, over both changes; a late week reads as much as an early one."""
    campaign = await begin(world, repeat={**WEEKLY, "count": 52})
    watched = CountingStore(world.store)
    world.engine = replace(world.engine, store=watched)
    work = []
    for _ in range(52):
        watched.asked.clear()
        watched.found.clear()
        await pass_time(world, campaign, WEEK, hop=WEEK)
        work.append(len(watched.asked) + sum(map(len, watched.found)))

    assert len(world.sent) == len(await world.messages(campaign)) == 52
    assert {at[-5:] for at in hours(world)} == {"09:00"}
    walk = await world.walk(campaign)
    assert (walk.status, len(walk.moves), walk.pages) == ("completed", 52, 0)
    assert len(await world.documents(paths.enrollments(ORG, campaign.id))) == 1
    assert max(work[1:-1]) <= work[1] + 2


async def test_a_paused_person_gets_one_message_after_weeks(world: JourneyWorld) -> None:
    """What waited is written off and made anew; what was missed meanwhile goes out once."""
    campaign = await begin(world, repeat=WEEKLY)
    await pass_time(world, campaign, WEEK)
    await world.pass_time(2 * HOUR - timedelta(minutes=1))  # the next one is made, and not yet due
    sent = len(world.sent)
    await steer(world, campaign, "pause")
    await pass_time(world, campaign, 3 * WEEK + DAY)
    await steer(world, campaign, "resume")
    await pass_time(world, campaign, HOUR)
    assert len(world.sent) == sent + 1
    await pass_time(world, campaign, WEEK)
    assert len(world.sent) == sent + 2
    assert hours(world)[-1][-5:] == "09:00"


async def test_a_message_made_ahead_is_made_anew_after_a_pause_in_between(
    world: JourneyWorld,
) -> None:
    """Paused a minute before nine and resumed at once, the same Monday's message goes out, once."""
    campaign = await begin(world, repeat={**WEEKLY, "count": 2})
    await world.pass_time(2 * HOUR - timedelta(minutes=1))
    assert world.sent == []
    await steer(world, campaign, "pause")
    await steer(world, campaign, "resume")
    await pass_time(world, campaign, 2 * WEEK)
    assert [at[-5:] for at in hours(world)] == ["09:00", "09:00"]
    statuses = Counter(each.status for each in await world.messages(campaign))
    assert statuses == {"delivered": 2, "cancelled": 1}


async def test_whoever_leaves_gets_nothing_more(world: JourneyWorld) -> None:
    """What is made already is written off."""
    campaign = await begin(world, repeat=WEEKLY)
    await world.pass_time(2 * HOUR - timedelta(minutes=1))
    await steer(world, campaign, "exit")
    await pass_time(world, campaign, 2 * WEEK)
    assert world.sent == []
    (message,) = await world.messages(campaign)
    assert (message.status, message.reason) == ("cancelled", "left_plan")


async def test_a_paused_campaign_sends_one_late_run(world: JourneyWorld) -> None:
    """Not one for each week."""
    campaign = await begin(world, repeat=WEEKLY)
    await pass_time(world, campaign, DAY)
    sent = len(world.sent)
    for action, length in ((Action.PAUSE, 4 * WEEK), (Action.RESUME, HOUR)):
        await lifecycle.change(world.engine, ORG, campaign.id, action, by="ann")
        await world.settle()
        await pass_time(world, campaign, length)
    assert len(world.sent) == sent + 1


async def test_what_comes_round_while_a_window_is_closed_goes_out_once(
    world: JourneyWorld,
) -> None:
    """A mail each day at nine, and hours that open on Mondays alone: one a week, at nine."""
    document = {"steps": [{**SAID, "repeat": {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0"}}]}
    mondays = SendWindow("08:00", "18:00", ("mon",))
    campaign = await world.begin(document, send_window=mondays)
    ann = Entrant(address=ANN, zones=["America/New_York"])
    await enroll(world.engine, ORG, campaign.id, [ann])
    await world.settle()
    await pass_time(world, campaign, 2 * WEEK, hop=3 * HOUR)
    assert hours(world) == [f"03-{day:02} 09:00" for day in (2, 9)]
    statuses = Counter(each.status for each in await world.messages(campaign))
    assert statuses["cancelled"] == 0


async def test_an_interval_is_drawn_from_campaign_subject_and_step(world: JourneyWorld) -> None:
    """The message leaves at the instant that whoever knows these three computes beforehand."""
    campaign = await begin(world, interval={"offset": "1day-3days", "time": "10:00-15:00"})
    walk = await world.walk(campaign)
    (node,) = (await plan_of(world.engine, campaign, 1)).plan.nodes.values()
    timing = Timing(NEW_YORK, walk.entered_at, campaign.id, walk.subject)
    drawn = timing.due(node, walk.threads["news"])  # type: ignore[arg-type]
    await pass_time(world, campaign, WEEK)
    (call,) = world.carrier.requests
    assert drawn is not None
    assert timedelta() <= call.at - drawn < timedelta(seconds=1)
    assert 10 <= call.at.astimezone(NEW_YORK).hour < 15


async def test_a_pause_changes_nothing_of_what_was_drawn(world: JourneyWorld) -> None:
    """Also where the message was made, and the plan was over for them: it is made as it was."""
    interval = {"offset": "1hour-2hours"}
    last = send("last", schedule={"interval": interval})
    campaign = await world.begin(plan(send("hello", on("elapsed", "last", after="PT1H")), last))
    await world.enter(campaign)
    made: list[Message] = []
    while not made:
        await world.pass_time(timedelta(minutes=4))
        made = [each for each in await world.messages(campaign) if each.body == "last"]
    await steer(world, campaign, "pause")
    await steer(world, campaign, "resume")
    every = [each for each in await world.messages(campaign) if each.body == "last"]
    assert sorted(each.status for each in every) == ["cancelled", "pending"]
    assert {each.due_at for each in every} == {made[0].due_at}
