"""Subscribers hear of what happens: each thing at least once, and nobody waits for anybody else."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from functions.domain.campaigns.status import Action
from functions.domain.notifications.events import EventType, campaign_notice
from functions.domain.notifications.notification import (
    BACKOFF,
    LEASE,
    NoResponse,
    NotificationStatus,
    Responded,
)
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.contacts import suppressions
from functions.engine.notifications import delivery, outbox, subscriptions
from functions.engine.ports.store import Update
from functions.engine.process.subscriber_cache import LIFE
from functions.engine.scheduling import check
from tests.engine.interleaving import InterleavingStore
from tests.engine.notifications.subscribing import CAMPAIGNS, DAY, one_told, subscribe, told
from tests.engine.recording_channel import NO_ANSWER, REJECTED
from tests.engine.world import MINUTE, ORG, World, number

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
    assert [each.data["message_id"] for each in await told(world, to)] == [
        f"{campaign.id}.{refused.id}"
    ]


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
