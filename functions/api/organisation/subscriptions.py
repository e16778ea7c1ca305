"""Subscriptions over REST: URLs of the organisation's own that hear what happens."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, Field

from functions.domain.notifications.events import EventType
from functions.domain.notifications.notification import Notification, NotificationStatus
from functions.domain.notifications.subscription import Subscription
from functions.domain.plain_text import check_name
from functions.engine.kernel.commits.versioned import Versioned
from functions.engine.notifications import replay, subscriptions
from functions.engine.notifications.subscriptions import NewSubscription
from functions.web.auth import Area
from functions.web.caller_route import Admin, CallerContext, Operator, RestRoute, Viewer
from functions.web.cursors import (
    Cursor,
    Limit,
    Page,
    after_id,
    decode_cursor,
    encode_cursor,
    id_cursor,
    page,
)
from functions.web.etags import IfMatch
from functions.web.fields import Id, Instant, MaybeInstant, RestBody, Url, ZonedInstant, example

router = APIRouter(prefix="/subscriptions", tags=[Area.SUBSCRIPTIONS], route_class=RestRoute)

_EXAMPLE: dict[str, Any] = {
    "url": "https://crm.example.com/hooks/clarion",
    "events": ["campaign.completed", "message.failed"],
    "description": "The CRM",
}
Events = Annotated[list[EventType], Field(min_length=1, max_length=50)]
Description = Annotated[str, Field(max_length=200), AfterValidator(check_name)]


class SubscriptionOrder(RestBody):
    """Where to tell of which events: an https URL on the public Internet."""

    url: Url
    events: Events
    description: Description = ""
    active: bool = True

    model_config = example(_EXAMPLE)


class SubscriptionChanges(RestBody):
    """What is to change of a subscription; what is left out stays."""

    url: Url | None = None
    events: Events | None = None
    description: Description | None = None
    active: bool | None = None

    model_config = example({"active": False})


class ReplaySince(RestBody):
    """From when on."""

    since: ZonedInstant

    model_config = example({"since": "2026-03-02T12:00:00Z"})


class ShownSubscription(BaseModel):
    """A subscription. `reason` tells why Clarion switched it off: `gone` after an answer of 410."""

    id: str
    url: str
    events: list[EventType]
    description: str
    active: bool
    reason: str | None
    created_at: Instant
    created_by: str
    updated_at: MaybeInstant
    old_secret_until: MaybeInstant = Field(
        description="Until then the secret before signs as well."
    )


class SubscriptionPage(Page[ShownSubscription]):
    """Some subscriptions."""


class MadeSubscription(ShownSubscription):
    """A subscription with its new secret, which is not shown again."""

    secret: str


class ShownNotification(BaseModel):
    """What a subscription was, or is to be, told of one event."""

    id: str = Field(description="The same at each attempt and for each subscription: webhook-id.")
    type: str
    data: dict[str, Any]
    created_at: Instant
    status: NotificationStatus
    attempts: int
    attempted_at: MaybeInstant
    last_status: int | None = Field(description="The status of the last answer; null without one.")
    last_error: str | None
    next_attempt_at: MaybeInstant = Field(validation_alias="wake_at")


class NotificationPage(Page[ShownNotification]):
    """Some of what a subscription was told, newest first."""


class ReplayCount(BaseModel):
    """How many are sent again. `more`: ask again for the rest."""

    replayed: int
    more: bool


@router.post("", status_code=201, response_model=MadeSubscription)
async def create_subscription(order: SubscriptionOrder, context: Admin) -> Subscription:
    """Let a URL hear of events. The secret that signs them is in this answer, and in no other."""
    new = NewSubscription(
        url=order.url,
        events=order.events,
        description=order.description,
        active=order.active,
        by=context.by,
    )
    return _with_secret(await subscriptions.create(context.engine, context.org, new), context)


@router.get("", response_model=SubscriptionPage)
async def list_subscriptions(
    context: Viewer, cursor: Cursor = "", limit: Limit = 100
) -> dict[str, Any]:
    """Show the organisation's subscriptions."""
    found, following = await subscriptions.page_of(
        context.engine, context.org, limit=limit, after=after_id(cursor)
    )
    return page(found, id_cursor(following))


@router.get("/{subscription_id}", response_model=ShownSubscription)
async def get_subscription(subscription_id: Id, context: Viewer) -> Subscription:
    """Show a subscription."""
    return context.tagged(await subscriptions.load(context.engine, context.org, subscription_id))


@router.patch("/{subscription_id}", response_model=ShownSubscription)
async def change_subscription(
    subscription_id: Id, changes: SubscriptionChanges, context: Admin, if_version: IfMatch
) -> Subscription:
    """Change a subscription. One that is switched off hears of nothing, also not of it later."""
    held = await subscriptions.update(
        context.engine,
        context.org,
        subscription_id,
        changes.model_dump(exclude_none=True),
        by=context.by,
        if_version=if_version,
    )
    return context.tagged(held)


@router.delete("/{subscription_id}", status_code=204)
async def delete_subscription(subscription_id: Id, context: Admin, if_version: IfMatch) -> None:
    """Delete a subscription, with everything that it was told and is still to be told."""
    await subscriptions.delete(
        context.engine, context.org, subscription_id, by=context.by, if_version=if_version
    )


@router.post("/{subscription_id}/rotate-secret", response_model=MadeSubscription)
async def rotate_secret(subscription_id: Id, context: Admin, if_version: IfMatch) -> Subscription:
    """Make a new secret. For 24 hours the one before signs as well, so that nobody is left out."""
    held = await subscriptions.rotate_secret(
        context.engine, context.org, subscription_id, by=context.by, if_version=if_version
    )
    return _with_secret(held, context)


@router.post("/{subscription_id}/test", response_model=ShownNotification)
async def test_subscription(subscription_id: Id, context: Operator) -> Notification:
    """Send `subscription.test` once, now, and show what came of it."""
    return await replay.send_test(context.engine, context.org, subscription_id)


@router.get("/{subscription_id}/notifications", response_model=NotificationPage)
async def list_notifications(
    subscription_id: Id,
    context: Viewer,
    status: Annotated[NotificationStatus | None, Query()] = None,
    cursor: Cursor = "",
    limit: Limit = 100,
) -> dict[str, Any]:
    """Show what a subscription was told, newest first."""
    found, following = await replay.page_of(
        context.engine,
        context.org,
        subscription_id,
        status=status,
        limit=limit,
        start_after=decode_cursor(cursor, datetime, str),
    )
    return page(found, encode_cursor(following) if following else None)


@router.post(
    "/{subscription_id}/notifications/{notification_id}/replay", response_model=ShownNotification
)
async def replay_notification(
    subscription_id: Id, notification_id: Id, context: Operator
) -> Notification:
    """Send one notification again, under the id that it has, whatever came of it before."""
    return await replay.tell_again(context.engine, context.org, subscription_id, notification_id)


@router.post("/{subscription_id}/replay", response_model=ReplayCount)
async def replay_failed(
    subscription_id: Id, wanted: ReplaySince, context: Operator
) -> dict[str, Any]:
    """Send again whatever has failed of all that happened since then, 200 of it at a time."""
    done = await replay.tell_failed_again(
        context.engine, context.org, subscription_id, since=wanted.since
    )
    return {"replayed": done.number, "more": done.more}


def _with_secret(held: Versioned[Subscription], context: CallerContext) -> Subscription:
    context.forbid_keeping()
    return context.tagged(held)
