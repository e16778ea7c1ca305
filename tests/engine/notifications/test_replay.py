"""Notifications are sent again on request, and a receiver is tried out."""

from datetime import timedelta

import pytest

from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.notifications.events import EventType
from functions.domain.notifications.notification import (
    Notification,
    NotificationStatus,
    Responded,
)
from functions.domain.notifications.subscription import Subscription
from functions.engine.notifications import delivery, replay, subscriptions
from tests.engine.notifications.subscribing import CAMPAIGNS, DAY, one_told, subscribe, told
from tests.engine.world import MINUTE, ORG, World


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
