"""People are walked through a plan by the lanes that send: each step once, at its time."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from functions.domain.campaigns.status import CampaignStatus
from functions.domain.messages.delivery_events import EventKind
from functions.domain.messages.message import MessageStatus
from functions.engine.plans import campaigns
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from tests.engine.plans.journeys import (
    ANN,
    DAY,
    HOUR,
    STOP,
    JourneyWorld,
    on,
    plan,
    send,
    wait,
)
from tests.engine.recording_channel import Fate, Receipt
from tests.engine.stored_contacts import add_people
from tests.engine.world import ORG, SENDER


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_whoever_does_not_open_gets_another_mail_after_a_day(world: JourneyWorld) -> None:
    """The timer runs from the send."""
    campaign = await world.begin()
    await world.enter(campaign)
    assert world.sent == ["hello"]

    await world.pass_time(DAY - HOUR)
    assert world.sent == ["hello"]
    await world.pass_time(HOUR + HOUR / 60)
    assert world.sent == ["hello", "again"]
    await world.pass_time(2 * HOUR)

    assert await world.path(campaign) == ["hello", "again", "stop", "completed"]


async def test_whoever_opens_gets_the_next_mail_at_once(world: JourneyWorld) -> None:
    """The receipt marks the walk, and its lane moves it."""
    campaign = await world.begin()
    await world.enter(campaign)
    await world.tell(campaign, "hello", EventKind.READ)

    assert world.sent == ["hello", "thanks"]
    await world.pass_time(2 * DAY)
    assert await world.path(campaign) == ["hello", "thanks", "stop", "completed"]


async def test_a_campaign_that_is_open_never_ends_by_itself_and_ends_once_closed(
    world: JourneyWorld,
) -> None:
    """Those inside come to their end first."""
    campaign = await world.begin()
    await world.pass_time(HOUR)
    assert (await world.load(campaign)).status is CampaignStatus.RUNNING
    await world.enter(campaign, ANN, "bob@example.com")
    await campaigns.close(world.engine, "acme", campaign.id, by="ann")
    await world.settle()
    assert (await world.load(campaign)).status is CampaignStatus.RUNNING

    await world.pass_time(2 * DAY)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    assert sorted(world.sent) == ["again", "again", "hello", "hello"]


async def test_ten_requests_at_once_enroll_somebody_once(world: JourneyWorld) -> None:
    """The enrollment's id is the claim."""
    import asyncio

    campaign = await world.begin()
    results = await asyncio.gather(*(world.enter(campaign, settle=False) for _ in range(10)))
    await world.settle()

    assert sorted(str(each.result) for result in results for each in result) == [
        *["already"] * 9,
        "enrolled",
    ]
    assert world.sent == ["hello"]


async def test_a_mail_that_comes_back_leads_on_where_its_node_says_so(world: JourneyWorld) -> None:
    """Elsewhere it ends the walk."""
    bounces = Fate((Receipt(1, EventKind.FAILED, "bounced"),))
    world.carrier.script = {ANN: [bounces]}
    campaign = await world.begin(
        plan(
            send("mail", on("bounced", "pause"), on("elapsed", "stop", after="P1D")),
            wait("pause", on("elapsed", "text", after="PT1H")),
            send("text", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    await world.pass_time(2 * DAY)
    assert await world.path(campaign) == ["mail", "pause", "text", "stop", "completed"]


async def test_a_mail_that_comes_back_ends_the_walk_where_no_node_says_otherwise(
    world: JourneyWorld,
) -> None:
    """Nothing more is sent to a mailbox that does not exist."""
    world.carrier.script = {ANN: [Fate((Receipt(1, EventKind.FAILED, "bounced"),))]}
    campaign = await world.begin()
    await world.enter(campaign)
    await world.pass_time(2 * DAY)
    assert await world.path(campaign) == ["hello", "bounced"]
    assert world.sent == ["hello"]


async def test_a_message_of_a_node_is_found_by_the_reply_that_names_it(
    world: JourneyWorld,
) -> None:
    """A node's message on WhatsApp has the id that replies name, and its mails have none."""
    end = on("elapsed", "stop", after="PT1H")
    chat = {"action": "send", "channel": "whatsapp", "sender": SENDER, "body": "chat"}
    mail = send("mail", on("elapsed", "chat", after="PT1H"))
    campaign = await world.begin(plan(mail, {"id": "chat", "transitions": [end], **chat}, STOP))
    contact = {"email": ANN, "phone": "+12025550142"}
    await add_people(world.engine, [contact])
    await world.enter(campaign, contact["phone"])
    await world.pass_time(2 * HOUR)

    mailed, chatted = [await world.message(campaign, body) for body in ("mail", "chat")]
    assert (bool(mailed.provider_id), mailed.quotable_id) == (True, "")
    assert (bool(chatted.provider_id), chatted.quotable_id) == (True, chatted.provider_id)


async def test_whoever_has_no_address_for_a_channel_is_reached_by_its_fallback(
    world: JourneyWorld,
) -> None:
    """As in a broadcast; the walk waits for what becomes of that."""
    said = {"channel": "sms", "sender": "+12025550100", "body": "text"}
    mail = {"channel": "email", "sender": "us@example.com", "subject": "mail", "body": "mail"}
    node = {
        "id": "hello",
        "action": "send",
        **said,
        "fallbacks": [{**mail, "after": ["no_address"]}],
        "transitions": [on("opened", "stop"), on("elapsed", "stop", after="P1D")],
    }
    campaign = await world.begin(plan(node, STOP))
    await world.enter(campaign)
    assert world.sent == ["mail"]
    await world.tell(campaign, "mail", EventKind.READ)
    assert await world.path(campaign) == ["hello", "stop", "completed"]


@pytest.mark.parametrize(("last", "reason"), [("went_away", "left_plan"), ("later", "moved_on")])
async def test_whoever_has_left_before_anybody_looked_is_sent_nothing_more(
    world: JourneyWorld, last: str, reason: str
) -> None:
    """Two events at once bring somebody to a mail, and away from it: it is written off."""
    later = on("later", "stop")
    campaign = await world.begin(
        plan(
            send("hello", on("sooner", "again"), later, on("elapsed", "stop", after="P1D")),
            send("again", later, on("elapsed", "stop", after="P1D")),
            STOP,
            exits=[{"on": "went_away", "as": "gone"}],
        )
    )
    await world.enter(campaign)
    for name in ("sooner", last):
        world.clock.advance(timedelta(seconds=1))
        await tell(world.engine, ORG, [NewEvent(name=name, id=name, address=ANN)])
    await world.settle()
    assert world.sent == ["hello"]
    again = await world.message(campaign, "again")
    assert (again.status, again.reason) == (MessageStatus.CANCELLED, reason)
