"""What is told of a walk's messages moves it once, at the time of what happened, or not at all."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action
from functions.domain.contacts.contact import read_details
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, MessageRef
from functions.domain.messages.message import MessageStatus
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import contacts
from functions.engine.kernel import lanes
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from functions.engine.ports.store import Create, Delete
from functions.engine.receipts.inbound import receive_inbound
from functions.engine.receipts.receive import receive
from tests.engine.counting_store import CountingStore
from tests.engine.interleaving import InterleavingStore
from tests.engine.plans.journeys import DAY, HOUR, STOP, JourneyWorld, on, plan, send, wait
from tests.engine.recording_channel import PROVIDER
from tests.engine.world import ORG, SENDER


@pytest.fixture
async def world() -> AsyncIterator[JourneyWorld]:
    """Give a world whose carrier delivers mails."""
    async with JourneyWorld() as made:
        yield made


async def test_a_receipt_of_a_walk_that_is_gone_is_applied_once(world: JourneyWorld) -> None:
    """It is not tried fifty times."""
    campaign = await world.begin()
    await world.enter(campaign)
    (walk,) = await world.documents(paths.enrollments(ORG, campaign.id))
    store = world.engine.store
    await store.commit(Delete(walk.path))
    counting = CountingStore(store)
    world.engine = replace(world.engine, store=counting)
    await world.tell(campaign, "hello", EventKind.READ)
    world.engine = replace(world.engine, store=store)

    assert counting.asked.count(walk.path) == 1
    assert (await world.message(campaign, "hello")).status == MessageStatus.READ
    await store.commit(Create(walk.path, walk.data))  # for the statistics


async def test_a_receipt_reads_no_walk_and_writes_none_where_nobody_listens(
    world: JourneyWorld,
) -> None:
    """It is marked unread by what its node names, and by nothing else."""
    campaign = await world.begin()
    await world.enter(campaign)
    (before,) = await world.documents(paths.enrollments(ORG, campaign.id))
    counting = CountingStore(world.engine.store)
    world.engine = replace(world.engine, store=counting)
    await world.tell(campaign, "hello", EventKind.DELIVERED)
    (after,) = await world.documents(paths.enrollments(ORG, campaign.id))
    assert after.version == before.version
    await world.tell(campaign, "hello", EventKind.READ)
    asked = [path for path in counting.asked if "/enrollments/" in path]
    assert (asked, world.sent) == ([], ["hello", "thanks"])


ROUND = plan(
    send("ask", on("clicked", "stop"), on("no_click", "wait", after="P1D")),
    wait("wait", on("elapsed", "ask", after="P1D")),
    STOP,
)


async def test_a_click_on_a_message_of_an_earlier_visit_moves_nobody(world: JourneyWorld) -> None:
    """She has come round to the node once more, and this visit's message is not clicked."""
    campaign = await world.begin(ROUND)
    await world.enter(campaign)
    (first,) = await world.messages(campaign)
    await world.pass_time(2 * DAY + HOUR)
    assert world.sent == ["ask", "ask"]
    ref = MessageRef(ORG, campaign.id, first.id)
    click = DeliveryEvent("click", ref, first.attempt, EventKind.CLICKED, world.clock.now())
    await world.receive(click)
    await world.settle()
    assert await world.path(campaign) == ["ask", "wait", "ask"]


async def test_a_reply_to_the_first_text_ends_the_walk_three_nodes_on(world: JourneyWorld) -> None:
    """The exit counts for every message of the walk."""
    text = {"channel": "sms", "sender": SENDER, "subject": None}
    days = plan(
        *(
            send(f"day {number}".replace(" ", "-"), on("elapsed", f"day-{number + 1}", after="P1D"))
            | (text if number == 1 else {})
            for number in range(1, 4)
        ),
        send("day-4", on("elapsed", "stop", after="P1D")),
        STOP,
        exits=[{"on": "replied", "as": "answered"}],
    )
    phone, mail = "+12025550142", "ann@example.com"
    await contacts.create(world.engine, ORG, read_details({"phone": phone, "email": mail}))
    campaign = await world.begin(days)
    await world.enter(campaign, phone)
    await world.pass_time(3 * DAY + HOUR)
    assert await world.path(campaign) == ["day-1", "day-2", "day-3", "day-4"]
    reply = Inbound("in-1", phone, SENDER, "Yes please", world.clock.now())
    await receive_inbound(world.engine, ORG, PROVIDER, reply)
    await world.settle()
    assert (await world.walk(campaign)).exit == "answered"
    await world.pass_time(2 * DAY)
    assert len(world.sent) == 4


async def test_opened_told_while_not_opened_is_being_committed_moves_once(
    world: JourneyWorld,
) -> None:
    """Whoever opened in time goes that way: the commit by the timer fails, and nothing of it is."""
    campaign = await world.begin()
    await world.enter(campaign)
    message = await world.message(campaign, "hello")
    engine = world.engine
    ref = MessageRef(ORG, campaign.id, message.id)

    async def open_it() -> None:
        event = DeliveryEvent("read", ref, 1, EventKind.READ, world.clock.now() - HOUR)
        await receive(engine, event)

    await world.pass_time(DAY - HOUR)
    world.interleave("commit", "/enrollments/", open_it)
    await world.pass_time(2 * HOUR)
    assert world.sent == ["hello", "thanks"]
    assert (await world.path(campaign))[:2] == ["hello", "thanks"]


async def test_a_receipt_before_the_send_was_recorded_counts_for_its_visit(
    world: JourneyWorld,
) -> None:
    """The provider was faster with it than with its answer."""
    campaign = await world.begin()
    engine, told = world.engine, []

    def is_being_recorded(done: str, asked: Sequence[str]) -> bool:
        return done == "commit" and bool(world.sent) and any("/messages/" in each for each in asked)

    async def open_it() -> None:
        (message,) = await world.messages(campaign)
        told.append(message.status)
        ref = MessageRef(ORG, campaign.id, message.id)
        event = DeliveryEvent("read", ref, 1, EventKind.READ, world.clock.now())
        await receive(engine, event)

    store = InterleavingStore(world.store, is_being_recorded, open_it)
    world.engine = replace(engine, store=store)
    await world.enter(campaign)
    assert told == [MessageStatus.PENDING]  # its lane names it
    assert world.sent == ["hello", "thanks"]


async def test_a_mail_that_is_opened_once_moves_once_through_two_nodes_that_wait_for_it(
    world: JourneyWorld,
) -> None:
    """However often it is told, and though its message stays in force where she waits."""
    campaign = await world.begin(
        plan(
            send("hello", on("opened", "wait"), on("elapsed", "stop", after="P9D")),
            wait("wait", on("opened", "again"), on("elapsed", "stop", after="P1D")),
            send("again", on("elapsed", "stop", after="P1D")),
            STOP,
        )
    )
    await world.enter(campaign)
    for kind in (EventKind.READ, EventKind.READ, EventKind.CLICKED, EventKind.READ):
        await world.tell(campaign, "hello", kind)
    assert await world.path(campaign) == ["hello", "wait"]
    await world.skip(2 * DAY)
    assert await world.path(campaign) == ["hello", "wait", "stop", "completed"]
    assert world.sent == ["hello"]


async def test_what_was_made_ahead_is_not_sent_to_whoever_leaves_before_it_is_due(
    world: JourneyWorld,
) -> None:
    """Her click ends the walk three minutes before the next mail: that is written off."""
    campaign = await world.begin(
        plan(
            send("hello", on("elapsed", "late", after="PT0S")),
            send("late", on("elapsed", "stop", after="P1D"), schedule={"delay": "PT1H"}),
            STOP,
            exits=[{"on": "clicked", "as": "seen"}],
        )
    )
    await world.enter(campaign)
    await world.skip(timedelta(minutes=1))
    await world.skip(timedelta(minutes=56))
    assert (await world.message(campaign, "late")).status == MessageStatus.PENDING
    await world.tell(campaign, "hello", EventKind.CLICKED)
    await world.skip(DAY)
    late = await world.message(campaign, "late")
    assert (late.status, late.reason) == (MessageStatus.CANCELLED, "left_plan")
    assert world.sent == ["hello"]


async def test_a_receipt_by_a_slow_clock_has_no_timer_fire_early(world: JourneyWorld) -> None:
    """A provider says that a mail arrived an hour before it was due: it had not left by then."""
    campaign = await world.begin()
    await world.enter(campaign)
    left_at = world.carrier.requests[0].at
    await world.tell(campaign, "hello", EventKind.DELIVERED, late=HOUR)
    await world.pass_time(2 * DAY)
    assert [call.at >= left_at + DAY for call in world.carrier.requests[1:]] == [True]


async def test_a_receipt_in_a_pause_counts_at_its_own_time(world: JourneyWorld) -> None:
    """She opened before the day was over, though the campaign was resumed a week later."""
    campaign = await world.begin()
    await world.enter(campaign)
    await lifecycle.change(world.engine, ORG, campaign.id, Action.PAUSE, by="ann")
    await world.tell(campaign, "hello", EventKind.READ)
    await world.pass_time(7 * DAY)
    assert world.sent == ["hello"]
    await lifecycle.change(world.engine, ORG, campaign.id, Action.RESUME, by="ann")
    await world.settle()
    assert world.sent == ["hello", "thanks"]


async def test_events_of_a_campaign_at_work_write_none_of_its_lanes(world: JourneyWorld) -> None:
    """Their worker looks once more before it rests."""
    waits = plan(wait("wait", on("bought", "bye"), on("elapsed", "bye", after="P9D")), send("bye"))
    campaign = await world.begin(waits)
    people = [f"person{number}@example.com" for number in range(50)]
    await world.enter(campaign, *people)
    held = [
        await lanes.acquire(world.engine, ORG, campaign.id, name)
        for name in lanes.lane_names(campaign)
    ]
    assert all(held)
    before = await versions(world, campaign)
    for _ in range(4):
        await tell(world.engine, ORG, [NewEvent(name="bought", address=each) for each in people])
    assert await versions(world, campaign) == before
    for lease in held:
        assert lease is not None
        await lease.hand_on()
    await world.settle()
    assert world.sent == ["bye"] * 50


async def versions(world: JourneyWorld, campaign: Campaign) -> list[int]:
    """Return the versions of a campaign's lanes."""
    asked = [paths.lane(ORG, campaign.id, name) for name in lanes.lane_names(campaign)]
    return [lane.version for lane in await world.store.get_many(asked) if lane is not None]
