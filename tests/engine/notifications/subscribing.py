"""Subscriptions and their notifications that several tests share."""

from collections.abc import Sequence
from datetime import timedelta

from functions.domain.notifications.events import EventType
from functions.domain.notifications.notification import (
    Notification,
    notification_from,
)
from functions.domain.notifications.subscription import Subscription
from functions.engine import paths
from functions.engine.notifications import subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from tests.engine.world import ORG, World

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
