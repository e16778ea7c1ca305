"""The types of events, and the data that a notification of each carries."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.digest import digest
from functions.domain.messages.ids import whole_id
from functions.domain.messages.message import Changes, Message, MessageStatus, changed
from functions.domain.messages.reasons import explain
from functions.domain.times import iso


class EventType(StrEnum):
    """What a subscription can hear of."""

    CAMPAIGN_SCHEDULED = "campaign.scheduled"  #: it has a time, or another one than before
    CAMPAIGN_STARTED = "campaign.started"
    CAMPAIGN_PAUSED = "campaign.paused"
    CAMPAIGN_RESUMED = "campaign.resumed"
    CAMPAIGN_COMPLETED = "campaign.completed"
    CAMPAIGN_CANCELLED = "campaign.cancelled"
    CAMPAIGN_FAILED = "campaign.failed"
    MESSAGE_DELIVERED = "message.delivered"  #: an attempt reached the person's device
    MESSAGE_FAILED = "message.failed"  #: its last attempt has failed
    MESSAGE_REPLIED = "message.replied"  #: somebody has written to one of our numbers
    CONTACT_OPTED_OUT = "contact.opted_out"  #: an address was suppressed, whoever asked for it
    ENROLLMENT_ENTERED = "enrollment.entered"  #: somebody begins to walk through a plan
    ENROLLMENT_MOVED = "enrollment.moved"  #: they have come to another node
    ENROLLMENT_COMPLETED = "enrollment.completed"  #: the plan has come to its end for them
    ENROLLMENT_EXITED = "enrollment.exited"  #: they have left before that
    GOAL_REACHED = "goal.reached"  #: they have done what the plan is for


#: The type of what is sent on request, to see whether a receiver works. Nobody subscribes to it.
TEST: Final = "subscription.test"


class Notice(NamedTuple):
    """One event. Its id is derived from its content: the same event written twice has one id."""

    id: str
    type: str
    at: datetime
    data: Mapping[str, Any]


def notice_id(*promise: object) -> str:
    """Derive a notice's id from its content."""
    return f"evt_{digest(*promise)}"


_TYPES: Final[Mapping[Action, EventType]] = {
    Action.SCHEDULE: EventType.CAMPAIGN_SCHEDULED,
    Action.RESCHEDULE: EventType.CAMPAIGN_SCHEDULED,
    Action.SEND: EventType.CAMPAIGN_STARTED,
    Action.START: EventType.CAMPAIGN_STARTED,
    Action.PAUSE: EventType.CAMPAIGN_PAUSED,
    Action.HOLD: EventType.CAMPAIGN_PAUSED,
    Action.RESUME: EventType.CAMPAIGN_RESUMED,
    Action.COMPLETE: EventType.CAMPAIGN_COMPLETED,
    Action.CANCEL: EventType.CAMPAIGN_CANCELLED,
    Action.SKIP: EventType.CAMPAIGN_CANCELLED,
    Action.FAIL: EventType.CAMPAIGN_FAILED,
}
_TYPES_OF_NEW: Final[Mapping[CampaignStatus, EventType]] = {
    CampaignStatus.SCHEDULED: EventType.CAMPAIGN_SCHEDULED,
    CampaignStatus.RUNNING: EventType.CAMPAIGN_STARTED,
}


def campaign_notice(campaign: Campaign, action: Action, *, now: datetime) -> Notice | None:
    """Return the event of a campaign that `action` has just changed; None for a new draft."""
    type_ = _TYPES.get(action)
    if action is Action.CREATE:
        type_ = _TYPES_OF_NEW.get(campaign.status)
    if type_ is None:
        return None
    data = {
        "campaign_id": campaign.id,
        "name": campaign.name,
        "channel": campaign.channel,
        "status": campaign.status,
        "reason": campaign.reason,
        "reason_words": explain(campaign.reason) if campaign.reason else None,
        "scheduled_at": iso(campaign.scheduled_at),
        "started_at": iso(campaign.started_at),
        "ended_at": iso(campaign.ended_at),
    }
    return Notice(notice_id(type_, campaign.id, campaign.epoch), type_, now, data)


#: The statuses that say that the attempt has reached the person's device.
_REACHED: Final = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.ANSWERED,
        MessageStatus.READ,
        MessageStatus.COMPLETED,
    }
)


def may_be_told(changes: Changes) -> bool:
    """Tell whether there may be a notice of a message that changes so."""
    status = changes.get("status")
    return status == MessageStatus.FAILED or status in _REACHED


def message_notice(
    campaign: Campaign, before: Message, changes: Changes, *, now: datetime
) -> Notice | None:
    """Return the event of a message that `changes` are written to; None where it has none."""
    after = changed(before, changes)
    if after.status == MessageStatus.FAILED and before.status != MessageStatus.FAILED:
        type_ = EventType.MESSAGE_FAILED
    elif after.status in _REACHED and before.status not in _REACHED:
        type_ = EventType.MESSAGE_DELIVERED
    else:
        return None
    data = {
        "campaign_id": campaign.id,
        "message_id": whole_id(campaign.id, before.id),
        "contact_id": before.contact.rpartition("/")[2] or None,
        "channel": campaign.send(before.send).channel,
        "status": after.status,
        "reason": after.reason or None,
        "attempt": after.attempt,
    }
    return Notice(notice_id(type_, campaign.id, before.id, after.attempt), type_, now, data)


def reply_notice(inbound_id: str, contact_id: str, message: str | None, *, at: datetime) -> Notice:
    """Return the event of a text from a person; `message` is the message that it answers."""
    type_ = EventType.MESSAGE_REPLIED
    data = {
        "inbound_id": inbound_id,
        "contact_id": contact_id,
        "campaign_id": message and message.partition(".")[0],
        "message_id": message,
    }
    return Notice(notice_id(type_, inbound_id), type_, at, data)


def opt_out_notice(contact_id: str, scope: str, reason: str, *, at: datetime) -> Notice:
    """Return the event of a person who must not be contacted any more, under a scope."""
    type_ = EventType.CONTACT_OPTED_OUT
    data = {"contact_id": contact_id, "scope": scope, "reason": reason}
    return Notice(notice_id(type_, contact_id, scope, at.isoformat()), type_, at, data)
