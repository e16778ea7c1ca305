"""People pause, resume and move one person's walk, or take them out of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.errors import EnrollmentStatusError, InvalidFieldError, NotFoundError
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Deferred
from functions.domain.plans.enrollment import EnrollmentStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.plans import steering
from functions.engine.plans.enrollments import find
from functions.engine.plans.steering import Steered
from tests.engine.plans.journeys import (
    ANN,
    DAY,
    HOUR,
    STOP,
    JourneyWorld,
    on,
    plan,
    send,
)
from tests.engine.recording_channel import Fate
from tests.engine.world import MINUTE, ORG

WEEK = timedelta(days=7)
SAID = {"sender": "us@example.com", "subject": "Hi"}
#: Three mails on three days.
DAILY = {
    "steps": [{"id": f"day{n}", "offset": f"P{n}D", "body": f"day{n}", **SAID} for n in range(1, 4)]
}
STEPS = {
    "pause": steering.pause,
    "resume": steering.resume,
    "exit": steering.exit_,
    "move": steering.move,
}


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def steer(
    world: JourneyWorld, campaign: Campaign, step: str, *node: str, settle: bool = True
) -> Steered:
    """Do something to the only one who has entered."""
    (document,) = await world.documents(paths.enrollments(ORG, campaign.id))
    act: Any = STEPS[step]
    steered: Steered = await act(world.engine, ORG, campaign.id, document.id, *node, by="ana")
    if settle:
        await world.settle()
    return steered


async def statuses(world: JourneyWorld, campaign: Campaign) -> list[tuple[str, str]]:
    """Return what became of each message, and why."""
    return sorted((str(each.status), each.reason) for each in await world.messages(campaign))


# --- Pause and resume -----------------------------------------------------------------------------


async def test_nothing_is_sent_to_somebody_who_is_paused(world: JourneyWorld) -> None:
    """The message that was made ahead of its time is written off, and their timers wait."""
    campaign = await world.begin(plan(send("late", schedule={"delay": "PT1H"})))
    await world.enter(campaign)
    await world.pass_time(HOUR - 2 * MINUTE)
    assert await statuses(world, campaign) == [("pending", "")]

    await steer(world, campaign, "pause")
    await world.pass_time(DAY)

    assert world.sent == []
    assert await statuses(world, campaign) == [("cancelled", "enrollment_paused")]
    assert (await world.walk(campaign)).status == EnrollmentStatus.PAUSED
    assert (await world.load(campaign)).status == "running"


async def test_whoever_goes_on_gets_what_was_written_off_by_their_pause(
    world: JourneyWorld,
) -> None:
    """It is made anew; its time counts from when its node was entered."""
    campaign = await world.begin(plan(send("late", schedule={"delay": "PT1H"})))
    await world.enter(campaign)
    await world.pass_time(HOUR - 2 * MINUTE)
    await steer(world, campaign, "pause")
    await steer(world, campaign, "resume")
    assert world.sent == []
    await world.pass_time(3 * MINUTE)

    assert world.sent == ["late"]
    assert await statuses(world, campaign) == [
        ("cancelled", "enrollment_paused"),
        ("delivered", ""),
    ]


async def test_one_person_paused_a_week_gets_one_overdue_step(world: JourneyWorld) -> None:
    """The newest of the steps that fell due stands for those before it."""
    campaign = await world.begin(DAILY)
    await world.enter(campaign)
    await world.pass_time(HOUR)
    await steer(world, campaign, "pause")
    await world.pass_time(WEEK)
    assert world.sent == []
    await steer(world, campaign, "resume")
    await world.pass_time(HOUR)

    assert world.sent == ["day3"]
    assert (await world.walk(campaign)).status == EnrollmentStatus.COMPLETED


async def test_what_came_too_late_by_a_persons_pause_is_dropped(world: JourneyWorld) -> None:
    """`expiresAfter` counts from the time at which it was due."""
    campaign = await world.begin(
        plan(
            send(
                "offer",
                on("elapsed", "next", after="PT1H"),
                schedule={"delay": "PT1H"},
                expiresAfter="P2D",
            ),
            send("next", on("elapsed", "stop", after="PT1H")),
            STOP,
        )
    )
    await world.enter(campaign)
    await steer(world, campaign, "pause")
    await world.pass_time(WEEK)
    await steer(world, campaign, "resume")
    await world.pass_time(2 * HOUR)

    assert world.sent == ["next"]
    assert ("expired", "expired") in await statuses(world, campaign)


async def test_a_step_whose_message_was_made_is_made_anew_after_a_pause(
    world: JourneyWorld,
) -> None:
    """The steps of a sequence are over as their messages are made: this one is taken up again."""
    campaign = await world.begin(DAILY)
    await world.enter(campaign)
    await world.pass_time(DAY - 2 * MINUTE)
    for _ in range(2):
        await steer(world, campaign, "pause")
        await steer(world, campaign, "resume")
    await world.pass_time(WEEK)

    assert world.sent == ["day1", "day2", "day3"]
    assert await statuses(world, campaign) == [
        *[("cancelled", "enrollment_paused")] * 2,
        *[("delivered", "")] * 3,
    ]


async def test_paused_and_resumed_at_once_nobody_walks_twice(world: JourneyWorld) -> None:
    """Ten times, while a lane works: each step is sent once."""
    campaign = await world.begin()
    await world.enter(campaign, settle=False)

    async def flicker() -> None:
        for _ in range(10):
            await steer(world, campaign, "pause", settle=False)
            await steer(world, campaign, "resume", settle=False)

    await asyncio.gather(flicker(), world.settle())
    await world.pass_time(3 * DAY)

    assert world.sent == ["hello", "again"]
    assert await world.path(campaign) == ["hello", "again", "stop", "completed"]


async def test_what_happens_in_a_pause_counts_at_its_own_time(world: JourneyWorld) -> None:
    """It is noted, and leads on when the person goes on: the timer came later."""
    campaign = await world.begin()
    await world.enter(campaign)
    await steer(world, campaign, "pause")
    await world.pass_time(HOUR)
    await world.tell(campaign, "hello", EventKind.READ)
    await world.pass_time(3 * DAY)
    assert world.sent == ["hello"]
    await steer(world, campaign, "resume")

    assert world.sent == ["hello", "thanks"]
    assert (await world.walk(campaign)).moves[0].on == "opened"


async def test_a_message_that_comes_back_from_the_provider_waits_for_the_end_of_a_pause(
    world: JourneyWorld,
) -> None:
    """It was with the provider when the person was paused: it is told, and held back."""
    world.carrier.script = {ANN: [Fate(outcome=Deferred("provider_429"), placed=False)]}
    campaign = await world.begin()
    await world.enter(campaign)
    await steer(world, campaign, "pause")
    await world.pass_time(DAY)
    assert len(world.sent) == 1  # refused
    assert await statuses(world, campaign) == [("pending", "enrollment_paused")]

    await steer(world, campaign, "resume")
    await world.pass_time(MINUTE)
    assert world.sent == ["hello", "hello"]
    assert await statuses(world, campaign) == [("delivered", "")]


async def test_an_event_while_somebody_is_paused_is_kept(world: JourneyWorld) -> None:
    """The pause conflicts with a mark that was written in between, and is made over it."""
    mail = send("mail", on("elapsed", "stop", after="P9D"))
    campaign = await world.begin(plan(mail, STOP, exits=[{"on": "clicked", "as": "done"}]))
    await world.enter(campaign)

    async def click() -> None:
        message, now = await world.message(campaign, "mail"), world.clock.now()
        ref = MessageRef(ORG, campaign.id, message.id)
        await world.receive(DeliveryEvent("click", ref, 1, EventKind.CLICKED, now))

    world.interleave("commit", "/enrollments/", click)
    await steer(world, campaign, "pause")
    assert "clicked" in (await world.walk(campaign)).exits
    await steer(world, campaign, "resume")
    assert await world.path(campaign) == ["mail", "done"]


# --- Exit -----------------------------------------------------------------------------------------


async def test_after_an_exit_no_message_is_claimed(world: JourneyWorld) -> None:
    """What waits is written off, and what follows never comes."""
    campaign = await world.begin(plan(send("late", schedule={"delay": "PT1H"})))
    await world.enter(campaign)
    await world.pass_time(HOUR - 2 * MINUTE)
    told = await steer(world, campaign, "exit")
    await world.pass_time(DAY)

    assert told.beyond_recall == []
    assert world.sent == []
    assert await world.path(campaign) == ["late", "operator"]
    assert await statuses(world, campaign) == [("cancelled", "left_plan")]


async def test_a_step_that_is_over_is_not_sent_either_after_an_exit(world: JourneyWorld) -> None:
    """Not even that of the last step, with which the sequence had come to its end."""
    steps = [DAILY["steps"][0]]
    campaign = await world.begin({"steps": steps})
    await world.enter(campaign)
    await world.pass_time(DAY - 2 * MINUTE)
    assert (await world.walk(campaign)).status == EnrollmentStatus.COMPLETED
    await steer(world, campaign, "exit")
    await world.pass_time(WEEK)

    assert world.sent == []
    with pytest.raises(EnrollmentStatusError, match="already exited"):
        await steer(world, campaign, "exit")


async def test_a_message_that_is_being_handed_over_is_told_as_beyond_recall(
    world: JourneyWorld,
) -> None:
    """If the provider gives it back, it is not tried again."""
    world.carrier.script = {ANN: [Fate(outcome=Deferred("provider_429"), placed=False)]}
    campaign = await world.begin()
    told = list[Steered]()

    async def leave() -> None:
        told.append(await steer(world, campaign, "exit", settle=False))

    world.carrier.on_send = leave
    await world.enter(campaign)
    await world.pass_time(DAY)

    (message,) = await world.messages(campaign)
    assert told[0].beyond_recall == [f"{campaign.id}.{message.id}"]
    assert len(world.sent) == 1
    assert await statuses(world, campaign) == [("cancelled", "left_plan")]


# --- Move -----------------------------------------------------------------------------------------


async def test_somebody_is_moved_to_another_node(world: JourneyWorld) -> None:
    """They enter it now; what waited at the old one is not sent."""
    campaign = await world.begin(
        plan(
            send("late", on("elapsed", "stop", after="P1D"), schedule={"delay": "PT3M"}),
            send("now", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    await steer(world, campaign, "move", "now")
    await world.pass_time(HOUR)

    assert world.sent == ["now"]
    assert ("cancelled", "moved_on") in await statuses(world, campaign)
    assert [move.on for move in (await world.walk(campaign)).moves] == ["operator"]


async def test_somebody_who_is_paused_is_moved_and_waits_there(world: JourneyWorld) -> None:
    """They enter the node now, and go on when they are resumed."""
    campaign = await world.begin()
    await world.enter(campaign)
    await steer(world, campaign, "pause")
    await steer(world, campaign, "move", "again")
    await world.pass_time(HOUR)
    assert world.sent == ["hello"]
    await steer(world, campaign, "resume")
    assert world.sent == ["hello", "again"]


async def test_nobody_is_moved_to_a_node_that_there_is_not(world: JourneyWorld) -> None:
    """It is named; and the steps of a sequence are no nodes."""
    campaign = await world.begin()
    await world.enter(campaign)
    with pytest.raises(InvalidFieldError, match="the plan has no node 'nowhere'"):
        await steer(world, campaign, "move", "nowhere")
    sequence = await world.begin(DAILY)
    await world.enter(sequence)
    with pytest.raises(InvalidFieldError, match="is for journeys"):
        await steer(world, sequence, "move", "day2")


# --- What is refused ------------------------------------------------------------------------------


async def test_whoever_has_ended_is_not_steered(world: JourneyWorld) -> None:
    """Nor is anybody paused twice, or resumed who walks."""
    campaign = await world.begin()
    await world.enter(campaign)
    with pytest.raises(EnrollmentStatusError, match="Cannot resume enrollment with status: active"):
        await steer(world, campaign, "resume")
    await steer(world, campaign, "pause")
    with pytest.raises(EnrollmentStatusError, match="already paused"):
        await steer(world, campaign, "pause")
    await steer(world, campaign, "exit")
    for step in ("pause", "resume"):
        with pytest.raises(EnrollmentStatusError, match="status: exited"):
            await steer(world, campaign, step)
    with pytest.raises(NotFoundError):
        await find(world.engine, "other", campaign.id, "abc")


async def test_in_a_campaign_that_has_ended_nobody_is_under_way(world: JourneyWorld) -> None:
    """Its end touches no enrollment: what has become of them is told when they are looked at."""
    campaign = await world.begin()
    await world.enter(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.CANCEL, by="ana")
    await world.settle()

    assert (await world.walk(campaign)).status == EnrollmentStatus.ACTIVE
    for step in ("pause", "resume", "exit"):
        with pytest.raises(EnrollmentStatusError, match="exited"):
            await steer(world, campaign, step)


async def test_what_people_do_to_an_enrollment_is_in_the_audit_trail(world: JourneyWorld) -> None:
    """Each step once, with who did it and what it was done to."""
    campaign = await world.begin()
    await world.enter(campaign)
    steered = await steer(world, campaign, "move", "again")
    await steer(world, campaign, "exit")
    trail = [each.data for each in await world.documents(paths.audit_trail(ORG))]
    done = [each for each in trail if each.get("enrollment") == steered.found.whole_id]

    assert sorted(each["action"] for each in done) == ["exit_enrollment", "move_enrollment"]
    assert {each["by"] for each in done} == {"ana"}
    assert [each["to"] for each in done if "to" in each] == ["again"]
    assert MessageStatus.PENDING not in {each.status for each in await world.messages(campaign)}
