"""Subscribers hear of what happens: each thing at least once, and nobody waits for anybody else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.notifications.events import EventType, campaign_notice
from functions.domain.notifications.notification import (
    BACKOFF,
    LEASE,
    NoResponse,
    Notification,
    NotificationStatus,
    Responded,
    notification_from,
)
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import suppressions
from functions.engine.notifications import delivery, outbox, replay, subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from functions.engine.ports.store import Update
from functions.engine.process.receiver_slots import ReceiverSlots
from functions.engine.process.subscriber_cache import LIFE
from functions.engine.scheduling import check
from tests.engine.interleaving import InterleavingStore
from tests.engine.recording_channel import NO_ANSWER, REJECTED
from tests.engine.world import MINUTE, ORG, World, number

URL = "https://crm.example.com/hook"
EVERYTHING = list(EventType)
CAMPAIGNS = [each for each in EventType if each.startswith("campaign.")]
DAY = timedelta(days=1)


async def subscribe(
    world: World, events: Sequence[str] = EVERYTHING, *, url: str = URL, org: str = ORG
) -> Subscription:
    """Let the world's receiver hear of events."""
    new = NewSubscription(url=url, events=events, by="ann")
    return (await subscriptions.create(world.engine, org, new)).value


async def told(world: World, to: Subscription) -> list[Notification]:
    """Return what a subscription was, or is to be, told, in the order in which it happened."""
    found = await world.documents(paths.notifications(to.org, to.id))
    notifications = [notification_from(each.id, each.data) for each in found]
    return sorted(notifications, key=lambda each: each.created_at)


async def one_told(world: World) -> tuple[Subscription, Notification]:
    """Subscribe, and have one thing happen: a campaign is scheduled. Nothing is sent yet."""
    to = await subscribe(world)
    await world.add_list(1)
    await world.create(scheduled_at=world.clock.now() + DAY)
    (notification,) = await told(world, to)
    return to, notification


# --- What is heard ---------------------------------------------------------------------------


async def test_a_campaigns_whole_life_is_heard(world: World) -> None:
    """Scheduled, started, each message, completed: everything is heard once, in the end."""
    await subscribe(world)
    await world.add_list(2)
    world.carrier.script = {number(1): [NO_ANSWER] * 3}
    campaign = await world.create(scheduled_at=world.clock.now() + MINUTE)
    await world.finish(campaign)
    await world.settle()
    assert sorted(world.receiver.types) == [
        "campaign.completed",
        "campaign.scheduled",
        "campaign.started",
        "message.delivered",
        *["message.delivered"] * 3,  # a phone that rings and is not answered, three times
        "message.failed",
    ]
    assert set(world.receiver.times.values()) == {1}
    assert all(each.told["org"] == ORG for each in world.receiver.heard)


async def test_what_people_do_to_a_campaign_is_heard(world: World) -> None:
    """Pausing, resuming and cancelling are told, with the reason."""
    await subscribe(world, CAMPAIGNS)
    await world.add_list(1)
    campaign = await world.create()
    for action in (Action.PAUSE, Action.RESUME, Action.CANCEL):
        await lifecycle.change(world.engine, ORG, campaign.id, action, by="ann", reason="because")
        await world.settle()
    assert world.receiver.types == [
        "campaign.started",
        "campaign.paused",
        "campaign.resumed",
        "campaign.cancelled",
    ]
    assert world.receiver.heard[-1].told["data"]["reason"] == "because"


async def test_a_message_that_is_refused_when_it_is_sent_is_heard(world: World) -> None:
    """No receipt ever tells of it, so the sending itself does, also beside a faster receipt."""
    to = await subscribe(world, [EventType.MESSAGE_FAILED])
    await world.add_list(2)
    world.carrier.script = {number(0): [REJECTED]}
    campaign = await world.create()
    await world.finish(campaign)
    refused = await world.message_to(campaign, number(0))
    assert [each.data["message_id"] for each in await told(world, to)] == [refused.id]


async def test_an_opt_out_is_heard_without_the_address(world: World) -> None:
    """Whoever is suppressed is told of by the contact's id."""
    await subscribe(world, [EventType.CONTACT_OPTED_OUT])
    address = number(1)
    await suppressions.suppress(world.engine, ORG, address, reason="asked_not_to", by="ann")
    await suppressions.suppress(world.engine, ORG, address, reason="asked_not_to", by="ann")
    await world.settle()
    (heard,) = world.receiver.heard
    assert heard.told["data"]["reason"] == "asked_not_to"
    assert address.encode() not in heard.body


async def test_only_what_was_asked_for_is_heard(world: World) -> None:
    """A subscription hears of its own events, and an organisation of its own campaigns."""
    await subscribe(world, [EventType.CAMPAIGN_PAUSED])
    await subscribe(world, CAMPAIGNS, org="other")
    await world.add_list(1)
    await world.finish(await world.create())
    assert world.receiver.heard == []


async def test_nobody_listening_costs_one_query_in_a_while(world: World) -> None:
    """However much happens, an organisation without subscriptions is asked for them once in 5 s."""
    asked: list[str] = []

    def is_it(operation: str, paths_: Sequence[str]) -> bool:
        asked.extend(path for path in paths_ if operation == "query" and "/subscriptions/" in path)
        return False

    async def nothing() -> None:
        """Never happens."""

    world.engine = replace(world.engine, store=InterleavingStore(world.store, is_it, nothing))
    for _ in range(100):
        assert await outbox.subscribers(world.engine, ORG) == ()
    assert len(asked) == 1
    world.clock.advance(LIFE)
    await asyncio.gather(*(outbox.subscribers(world.engine, ORG) for _ in range(100)))
    assert len(asked) == 2


async def test_another_process_hears_of_a_subscription_within_seconds(world: World) -> None:
    """A process that knew of no subscription writes for a new one once its memory is over."""
    elsewhere = world.new_engine()
    assert await outbox.subscribers(elsewhere, ORG) == ()
    made = await subscribe(world)
    assert await outbox.subscribers(elsewhere, ORG) == ()
    world.clock.advance(LIFE)
    assert [each.id for each in await outbox.subscribers(elsewhere, ORG)] == [made.id]


async def test_it_is_written_with_the_change_or_not_at_all(world: World) -> None:
    """A change that somebody else was faster with leaves nothing to be told."""
    to = await subscribe(world)
    await world.add_list(1)
    campaign = await world.create(scheduled_at=world.clock.now() + DAY)

    async def cancel() -> None:
        await lifecycle.change(world.new_engine(), ORG, campaign.id, Action.CANCEL, by="ben")

    world.interleave("commit", f"campaigns/{campaign.id}", cancel)
    with pytest.raises(Exception, match="Cannot reschedule"):
        await lifecycle.change(world.engine, ORG, campaign.id, Action.RESCHEDULE, by="ann")
    types = {each.type for each in await told(world, to)}
    assert types == {"campaign.scheduled", "campaign.cancelled"}
    assert len(await told(world, to)) == 2


# --- Attempts --------------------------------------------------------------------------------


async def test_a_receiver_that_fails_is_tried_again_until_it_takes_it(world: World) -> None:
    """Whatever goes wrong is tried again with growing waits, under one id and anew signed."""
    to, _ = await one_told(world)
    world.receiver.script = [NoResponse("timeout"), Responded(302), Responded(500)]
    begun_at = world.clock.now()
    await world.pass_time(timedelta(minutes=10))
    (notification,) = await told(world, to)
    assert notification.status == NotificationStatus.DELIVERED
    assert notification.attempts == 4
    times = [int(each.headers["webhook-timestamp"]) for each in world.receiver.heard]
    waits = [after - before for before, after in pairwise(times)]
    assert times[0] == int(begun_at.timestamp())
    for wait, planned in zip(waits, BACKOFF, strict=False):
        assert planned.total_seconds() <= wait <= planned.total_seconds() * 1.2 + 1
    assert len(world.receiver.times) == 1
    assert len({each.body for each in world.receiver.heard}) == 1


async def test_a_receiver_that_never_takes_it_is_given_up(world: World) -> None:
    """After nine attempts in about a day it has failed; nothing is left to do."""
    to, _ = await one_told(world)
    world.receiver.otherwise = Responded(500)
    await world.pass_time(timedelta(hours=27))
    failed = [each for each in await told(world, to) if each.type == "campaign.scheduled"]
    assert [(each.status, each.attempts) for each in failed] == [("failed", 9)]
    assert (failed[0].last_error, failed[0].wake_at) == ("answered_500", None)


async def test_retry_after_is_kept_to(world: World) -> None:
    """A receiver that asks for an hour is not called within it."""
    await one_told(world)
    world.receiver.script = [Responded(429, timedelta(hours=1))]
    await world.pass_time(timedelta(minutes=59))
    assert len(world.receiver.heard) == 1
    await world.pass_time(timedelta(minutes=2))
    assert len(world.receiver.heard) == 2


async def test_gone_switches_the_subscription_off(world: World) -> None:
    """An answer of 410 ends it: what waits fails, nothing more is told, and the trail says so."""
    to, first = await one_told(world)
    world.receiver.otherwise = Responded(410)
    await world.settle()
    held = await subscriptions.load(world.engine, ORG, to.id)
    assert (held.value.active, held.value.reason) == (False, "gone")
    assert [(each.id, each.status) for each in await told(world, to)] == [(first.id, "failed")]
    await world.create(name="Summer")
    await world.settle()
    assert len(world.receiver.heard) == 1
    trail = await world.store.get(paths.audit(ORG, f"subscription-{to.id}-2"))
    assert trail is not None
    assert (trail.data["action"], trail.data["by"]) == ("switch_off", "clarion")


async def test_gone_at_an_address_that_was_left_means_nothing(world: World) -> None:
    """A 410 of the old URL does not switch off a subscription that has a new one meanwhile."""
    to, _ = await one_told(world)
    world.receiver.script = [Responded(410)]

    async def move() -> None:
        changes = {"url": "https://new.example.com/hook"}
        await subscriptions.update(world.engine, ORG, to.id, changes, by="ann")

    world.receiver.on_post = move
    await world.settle()
    assert (await subscriptions.load(world.engine, ORG, to.id)).value.active


async def test_what_waits_for_a_subscription_that_is_switched_off_fails(world: World) -> None:
    """Nothing is sent to a subscription that is not active; its notifications can be replayed."""
    to, _ = await one_told(world)
    await subscriptions.update(world.engine, ORG, to.id, {"active": False}, by="ann")
    await world.settle()
    (notification,) = await told(world, to)
    assert (notification.status, notification.last_error) == ("failed", "subscription_inactive")
    assert world.receiver.heard == []


async def test_what_waits_for_a_deleted_subscription_goes_with_it(world: World) -> None:
    """A deleted subscription leaves nothing behind: not what waits, nor what was told before."""
    to, _ = await one_told(world)
    await world.settle()
    await world.create(name="Summer", scheduled_at=world.clock.now() + DAY)
    await subscriptions.delete(world.engine, ORG, to.id, by="ann")
    await world.pass_time(MINUTE)
    assert await told(world, to) == []
    assert len(world.receiver.heard) == 1


# --- Lost, repeated, at once -----------------------------------------------------------------


async def test_the_check_finds_what_no_task_tells_of() -> None:
    """A notification whose task was lost is sent by the next check."""
    async with World(lose_tasks=True) as world:
        await one_told(world)
        await world.settle()
        assert world.receiver.heard == []
        world.lose_tasks = False
        world.engine = world.new_engine()
        await check.check(world.engine)
        await world.settle()
        assert world.receiver.types == ["campaign.scheduled"]


async def test_two_workers_at_once_send_it_once() -> None:
    """However many workers have the task of one notification, one of them sends it."""
    async with World(task_copies=5) as world:
        to, _ = await one_told(world)
        world.receiver.script = [Responded(500)]
        await world.pass_time(MINUTE)
        (notification,) = await told(world, to)
        assert (notification.status, notification.attempts) == ("delivered", 2)
        assert len(world.receiver.heard) == 2
        assert world.task_errors == []


async def test_a_task_too_early_or_too_late_sends_nothing(world: World) -> None:
    """A task that comes before the next attempt, or after the last one, finds nothing to do."""
    to, notification = await one_told(world)
    world.receiver.script = [Responded(500)]
    for _ in range(3):
        await delivery.deliver(world.engine, ORG, to.id, notification.id)
    assert len(world.receiver.heard) == 1
    await world.pass_time(MINUTE)
    await delivery.deliver(world.engine, ORG, to.id, notification.id)
    await delivery.deliver(world.engine, ORG, to.id, "evt_unknown")
    assert len(world.receiver.heard) == 2


async def test_while_it_is_being_sent_nobody_else_sends_it(world: World) -> None:
    """During an attempt the notification is held; the check does not begin another."""
    to, notification = await one_told(world)

    async def meanwhile() -> None:
        await check.check(world.engine)
        await delivery.deliver(world.engine, ORG, to.id, notification.id)

    world.receiver.on_post = meanwhile
    await delivery.deliver(world.engine, ORG, to.id, notification.id)
    assert len(world.receiver.heard) == 1


async def test_a_sender_that_dies_is_replaced(world: World) -> None:
    """An attempt that nobody has recorded is made again when its lease is over."""
    to, notification = await one_told(world)
    path = paths.notification(ORG, to.id, notification.id)
    lost = {"attempts": 1, "wake_at": world.clock.now() + LEASE}
    await world.store.commit(Update(path, lost))
    await world.pass_time(LEASE - timedelta(seconds=1))
    assert world.receiver.heard == []
    await world.pass_time(2 * MINUTE)
    assert [each.status for each in await told(world, to)] == ["delivered"]


async def test_a_sender_that_dies_every_time_is_given_up(world: World) -> None:
    """A notification that has used up its attempts, the last without a result, has failed."""
    to, notification = await one_told(world)
    path = paths.notification(ORG, to.id, notification.id)
    await world.store.commit(Update(path, {"attempts": len(BACKOFF) + 1}))
    await world.settle()
    (found,) = await told(world, to)
    assert (found.status, found.last_error) == ("failed", "sender_lost")
    assert world.receiver.heard == []


async def test_telling_it_again_never_fails_the_change(world: World) -> None:
    """What was told already is told again under its id, instead of refusing its change."""
    await subscribe(world)
    await world.add_list(1)
    campaign = await world.create(scheduled_at=world.clock.now() + DAY)
    await world.settle()
    notice = campaign_notice(campaign, Action.CREATE, now=world.clock.now())
    await outbox.commit_with_notices(world.engine, ORG, [], [notice])
    await world.settle()
    assert list(world.receiver.times.values()) == [2]


# --- Slow receivers --------------------------------------------------------------------------


async def test_a_dead_receiver_does_not_hold_up_another(world: World) -> None:
    """While a hundred requests to one receiver would wait, few of them do, and others are told."""
    dead, alive = [
        await subscribe(world, [EventType.CAMPAIGN_SCHEDULED], url=f"https://{name}.example.com/")
        for name in ("dead", "alive")
    ]
    await world.add_list(1)
    never = asyncio.Event()

    async def hang() -> None:
        if "dead" in world.receiver.heard[-1].url:
            await never.wait()

    world.receiver.on_post = hang
    for n in range(100):
        await world.create(name=f"c{n}", scheduled_at=world.clock.now() + DAY)
    working = asyncio.create_task(world.queue.run_due())
    deadline = world.clock.now() + MINUTE
    while sum("alive" in each.url for each in world.receiver.heard) < 100:
        assert world.clock.now() < deadline, "the dead receiver holds up the other"
        await asyncio.sleep(0.005)
        world.clock.advance(timedelta(milliseconds=10))
        world.queue._begin_due()
    assert sum("dead" in each.url for each in world.receiver.heard) == ReceiverSlots.FULL
    never.set()
    await working
    assert {each.status for each in await told(world, alive)} == {"delivered"}
    await world.pass_time(timedelta(hours=1))
    assert {each.status for each in await told(world, dead)} == {"delivered"}
    assert set(world.receiver.times.values()) == {2}, "once for each of the two"


def test_a_receiver_that_fails_gets_fewer_turns_and_regains_them() -> None:
    """Each failure halves how many requests a receiver may have under way; success restores it."""
    slots = ReceiverSlots()

    def free() -> int:
        taken = 0
        while slots.take("a"):
            taken += 1
        for _ in range(taken):
            slots._under_way["a"] -= 1
            slots._total -= 1
        slots._under_way.pop("a", None)
        return taken

    seen = [free()]
    for failed in [True] * 6 + [False] * 20:
        assert slots.take("a")
        slots.give_back("a", failed=failed)
        seen.append(free())
    assert seen[:8] == [16, 8, 4, 2, 1, 1, 1, 2]
    assert seen[-1] == 16
    assert slots._allowed == {}


def test_all_receivers_together_leave_room_for_other_work() -> None:
    """However many receivers are slow, their requests fill at most half of the queue's places."""
    slots = ReceiverSlots()
    assert sum(slots.take(f"r{n}") for n in range(100)) == ReceiverSlots.TOTAL
    slots.give_back("r0", failed=False)
    assert slots.take("another")


# --- Replaying and trying out ----------------------------------------------------------------


async def test_one_notification_can_be_told_again(world: World) -> None:
    """Whatever came of it, it is sent again under the same id, with all attempts."""
    to, notification = await one_told(world)
    await world.settle()
    again = await replay.tell_again(world.engine, ORG, to.id, notification.id)
    assert (again.status, again.attempts) == ("pending", 0)
    await world.settle()
    assert world.receiver.times == {notification.id: 2}


async def test_a_replay_during_an_attempt_is_not_lost(world: World) -> None:
    """What is replayed while it is being sent is sent once more."""
    to, notification = await one_told(world)

    async def again() -> None:
        world.receiver.on_post = None
        await replay.tell_again(world.engine, ORG, to.id, notification.id)

    world.receiver.on_post = again
    await world.settle()
    assert world.receiver.times == {notification.id: 2}
    assert [each.status for each in await told(world, to)] == ["delivered"]


async def test_all_that_failed_since_then_can_be_told_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failures since an instant are sent again, a page at a time; older ones and others are not."""
    monkeypatch.setattr(replay, "PAGE", 2)
    to = await subscribe(world, [EventType.CAMPAIGN_SCHEDULED])
    await world.add_list(1)
    world.receiver.otherwise = Responded(500)
    instants = []
    for n in range(5):
        instants.append(world.clock.now())
        await world.create(name=f"c{n}", scheduled_at=world.clock.now() + 30 * DAY)
        world.clock.advance(MINUTE)
    await world.pass_time(timedelta(hours=27))
    assert {each.status for each in await told(world, to)} == {"failed"}
    world.receiver.heard.clear()
    world.receiver.otherwise = Responded(200)
    answers = [
        await replay.tell_failed_again(world.engine, ORG, to.id, since=instants[1])
        for _ in range(3)
    ]
    assert answers == [(2, True), (2, False), (0, False)]
    await world.pass_time(10 * MINUTE)
    assert len(world.receiver.heard) == 4
    statuses = [each.status for each in await told(world, to)]
    assert statuses == ["failed", *["delivered"] * 4]


async def test_nothing_is_replayed_to_a_subscription_that_is_switched_off(world: World) -> None:
    """It would fail at once; so the request is refused."""
    to, notification = await one_told(world)
    await subscriptions.update(world.engine, ORG, to.id, {"active": False}, by="ann")
    with pytest.raises(InvalidFieldError, match="switched off"):
        await replay.tell_again(world.engine, ORG, to.id, notification.id)
    with pytest.raises(InvalidFieldError, match="switched off"):
        await replay.tell_failed_again(world.engine, ORG, to.id, since=world.clock.now())


@pytest.mark.parametrize(("answer", "status"), [(200, "delivered"), (500, "failed")])
async def test_a_test_is_sent_at_once_and_once(world: World, answer: int, status: str) -> None:
    """Whoever tries out a subscription sees what the receiver answered; it is not tried again."""
    to = await subscribe(world)
    await subscriptions.update(world.engine, ORG, to.id, {"active": False}, by="ann")
    world.receiver.otherwise = Responded(answer)
    sent = await replay.send_test(world.engine, ORG, to.id)
    assert (sent.type, sent.status, sent.last_status) == ("subscription.test", status, answer)
    await world.pass_time(timedelta(hours=1))
    assert len(world.receiver.heard) == 1


async def test_what_was_told_is_listed_newest_first(world: World) -> None:
    """Pages of what a subscription was told, by status, each of them seen once."""
    to = await subscribe(world, CAMPAIGNS)
    await world.add_list(1)
    for n in range(5):
        await world.create(name=f"c{n}", scheduled_at=world.clock.now() + DAY)
        world.clock.advance(MINUTE)
    world.receiver.script = [Responded(500)] * 2
    await world.settle()
    for status, expected in (
        (None, 5),
        (NotificationStatus.PENDING, 2),
        (NotificationStatus.DELIVERED, 3),
    ):
        assert len(await _pages(world, to, status)) == expected
    everything = await _pages(world, to, None)
    assert everything == sorted(everything, key=lambda each: each.created_at, reverse=True)
    assert len({each.id for each in everything}) == 5


async def _pages(
    world: World, to: Subscription, status: NotificationStatus | None
) -> list[Notification]:
    found, after = await replay.page_of(world.engine, ORG, to.id, status=status, limit=2)
    while after:
        rows, after = await replay.page_of(
            world.engine, ORG, to.id, status=status, limit=2, start_after=after
        )
        found += rows
    return found


async def test_another_organisations_subscription_does_not_exist(world: World) -> None:
    """Whatever is asked of another organisation's subscription, it is not found."""
    to, notification = await one_told(world)
    engine, since = world.engine, world.clock.now()
    for asked in (
        subscriptions.load(engine, "other", to.id),
        subscriptions.update(engine, "other", to.id, {"active": False}, by="eve"),
        subscriptions.rotate_secret(engine, "other", to.id, by="eve"),
        subscriptions.delete(engine, "other", to.id, by="eve"),
        replay.page_of(engine, "other", to.id, limit=10),
        replay.send_test(engine, "other", to.id),
        replay.tell_again(engine, "other", to.id, notification.id),
        replay.tell_failed_again(engine, "other", to.id, since=since),
    ):
        with pytest.raises(NotFoundError):
            await asked
    await delivery.deliver(engine, "other", to.id, notification.id)
    assert world.receiver.heard == []
    assert (await subscriptions.load(engine, ORG, to.id)).value == to
