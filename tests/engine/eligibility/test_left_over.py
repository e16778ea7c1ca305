"""What a provider gives back of people who have moved on or left is not tried again."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import AFTER_EXIT, Entry, EntryBy
from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import EventKind, Retry
from functions.engine import paths
from functions.engine.contacts import contacts
from functions.engine.plans import steering
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from tests.engine.plans.journeys import ANN, DAY, HOUR, JourneyWorld, on, plan, send, wait
from tests.engine.recording_channel import Fate, Receipt
from tests.engine.world import ORG, SENDER

PHONE = "+12025550142"

AGAIN = Fate((Receipt(120, EventKind.FAILED, "greylisted", Retry.LATER),))
#: Whoever has paid goes on at once, and all others after a day.
PAID = plan(
    send("hello", on("paid", "thanks"), on("elapsed", "bye", after="P1D")),
    wait("thanks", on("elapsed", "hello", after="P3D")),
    send("bye"),
)


STEP = {
    "steps": [
        {"id": "one", "offset": "PT1H", "sender": "us@example.com", "subject": "1", "body": "one"}
    ]
}


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def told(world: JourneyWorld, campaign: Campaign) -> list[tuple[str, str]]:
    """Return what has become of a campaign's messages."""
    return [(each.status, each.reason) for each in await world.messages(campaign)]


@pytest.mark.parametrize("leaves", ["exit", "move", "event"])
async def test_what_a_provider_gives_back_of_a_node_that_was_left_is_not_tried_again(
    world: JourneyWorld, leaves: str
) -> None:
    """Not after an exit, and not after a move, whether by an operator or by an event."""
    world.carrier.script = {ANN: [AGAIN]}
    campaign = await world.begin(PAID)
    await world.enter(campaign)
    if leaves == "event":
        await tell(world.engine, ORG, [NewEvent(name="paid", address=ANN)])
    else:
        (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
        at = (world.engine, ORG, campaign.id, walk.id)
        await (
            steering.exit_(*at, by="ben")
            if leaves == "exit"
            else steering.move(*at, "thanks", by="ben")
        )
    await world.pass_time(DAY)

    reason = "left_plan" if leaves == "exit" else "moved_on"
    assert await told(world, campaign) == [("cancelled", reason)]
    assert world.sent == ["hello"]


@pytest.mark.parametrize("document", [PAID, plan(send("hello")), STEP])
async def test_what_a_provider_gives_back_is_tried_again_where_somebody_still_is(
    world: JourneyWorld, document: dict[str, Any]
) -> None:
    """Also where the plan had ended with that message."""
    world.carrier.script = {ANN: [AGAIN]}
    campaign = await world.begin(document)
    await world.enter(campaign)
    await world.pass_time(DAY + HOUR)
    first, second, *_ = world.sent
    assert first == second
    assert (await told(world, campaign))[0] == ("delivered", "")


async def test_a_fallback_is_sent_to_whoever_is_still_there_and_to_nobody_else(
    world: JourneyWorld,
) -> None:
    """It follows what has failed; once its person has moved on it is written off."""
    text = {"channel": "sms", "sender": SENDER, "body": "text"}
    document = plan(
        {**PAID["nodes"][0], "fallbacks": [text]},
        *PAID["nodes"][1:],
    )
    await contacts.create(world.engine, ORG, read_details({"phone": PHONE, "email": ANN}))
    failed = Fate((Receipt(120, EventKind.FAILED, "mailbox_full"),))
    for leaves, sent in ((False, ["hello", "text"]), (True, ["hello"])):
        world.carrier.script, before = {ANN: [failed]}, len(world.sent)
        campaign = await world.begin(document)
        await world.enter(campaign, PHONE)
        if leaves:
            await tell(world.engine, ORG, [NewEvent(name="paid", address=PHONE)])
        await world.pass_time(HOUR)
        assert world.sent[before:] == sent


async def test_what_is_given_back_of_an_earlier_entry_is_not_tried_again(
    world: JourneyWorld,
) -> None:
    """Whoever enters once more gets what this entry brings, and nothing twice."""
    world.carrier.script = {ANN: [AGAIN]}
    campaign = await world.begin(PAID, entry=Entry(EntryBy.API, reentry=AFTER_EXIT))
    await world.enter(campaign)
    (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
    await steering.exit_(world.engine, ORG, campaign.id, walk.id, by="ben")
    await world.enter(campaign)
    await world.pass_time(HOUR)
    assert world.sent == ["hello", "hello"]
    assert sorted(await told(world, campaign)) == [("cancelled", "left_plan"), ("delivered", "")]
