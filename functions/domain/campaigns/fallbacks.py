"""Fallbacks: when a message by another channel follows a message that reached nobody.

A campaign has its fallbacks in order, each with the reasons that it follows. Every change of a
message is looked at here, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.attempts import DeliveryPolicy
from functions.domain.messages.happened import reasons_of
from functions.domain.messages.ids import following_id, lane_number, send_lane
from functions.domain.messages.message import Changes, Message, MessageStatus, changed, planned
from functions.domain.messages.reasons import explain

#: In a fallback's `after` besides reason codes. Every failure:
FAILED: Final = "failed"
#: no receipt has told in time that it arrived,
NOT_DELIVERED: Final = "not_delivered"
#: nobody knows whether it was sent at all: the person may be reached twice,
UNKNOWN: Final = "unknown"
#: or the person has no address that the channel could reach.
NO_ADDRESS: Final = "no_address"
CAUSES: Final = (FAILED, NOT_DELIVERED, UNKNOWN, NO_ADDRESS)
#: Reasons for which messages fail, besides those that are a provider's own.
_FAILURES: Final = frozenset(
    {
        *("busy", "no_answer", "machine", "undelivered", "bounced", "expired", "opted_out"),
        *("invalid_address", "invalid_sender", "webhook_url_refused", "mailbox_full"),
        *("relay_denied", "sender_listed", "sender_refused", "not_authenticated"),
        *("login_refused", "sending_quota", "refused_by_policy", "unsubscribed", "complained"),
    }
)


def may_follow(cause: str) -> bool:
    """Tell whether a message can ever end for this cause, so that a fallback may name it."""
    is_known = explain(cause) != cause
    return cause in CAUSES or cause in _FAILURES or (cause.startswith("provider_") and is_known)


class Next(NamedTuple):
    """The message by the next channel."""

    id: str
    fields: dict[str, Any]


class Follower(NamedTuple):
    """The send that may follow a message, and when."""

    key: str
    after: Sequence[str]
    wait_s: int
    following: Sequence[Mapping[str, Any]] = ()  #: of a node's send: what may follow that


def follower_of(campaign: Campaign, message: Message) -> Follower | None:
    """Return the send that may follow a message; a message of a plan's node says so itself."""
    if message.enrollment:
        if not message.following:
            return None
        first, *others = message.following
        return Follower(first["key"], first["after"], first["wait_s"], others)
    fallback = campaign.fallback_after(message.send)
    return fallback and Follower(fallback.send.key, fallback.after, fallback.wait_s)


def receipt_patience(
    campaign: Campaign, message: Message, policy: DeliveryPolicy
) -> timedelta | None:
    """Return how long to wait for the receipt of a text that a fallback may follow.

    None where no fallback follows the message.
    """
    follower = follower_of(campaign, message) if campaign.may_follow_up else None
    return follower and (timedelta(seconds=follower.wait_s) or policy.look_up_after)


def next_message(
    campaign: Campaign, before: Message, changes: Changes, *, now: datetime
) -> Next | None:
    """Return the message that follows one which has just ended without reaching the person.

    Nothing follows a message that its lane no longer waits for: its campaign may have ended.
    """
    follower = follower_of(campaign, before)
    if before.followed or before.lane is None or follower is None:
        return None
    after = changed(before, changes)
    if _causes(before, after).isdisjoint(follower.after):
        return None
    # Who was not delivered to has been waited for already.
    failed = after.status == MessageStatus.FAILED
    wait = timedelta(seconds=follower.wait_s) if failed else timedelta()
    id_ = following_id(after.id, campaign.id, send=follower.key)
    lane = send_lane(lane_number(id_, campaign.lanes))
    more = {"send": follower.key, "filled": False, **_of_walk(after, follower)}
    return Next(id_, planned(after, lane, now + wait, now, more))


#: What a message that is part of a walk hands on to the one that follows it.
_WALKED: Final = ("enrollment", "visit", "listens", "ends", "timed_at")


def _of_walk(before: Message, follower: Follower) -> Changes:
    """Return what the next message takes over from one that is part of a walk."""
    if not before.enrollment:
        return {}
    walked = {name: getattr(before, name) for name in _WALKED}
    return {**walked, "following": follower.following, "not_after": before.not_after}


def _causes(before: Message, after: Message) -> set[str]:
    """Return why a message has not reached its recipient; nothing where it still may."""
    if after.status == MessageStatus.FAILED and before.status != MessageStatus.FAILED:
        return {FAILED, *reasons_of(after)}
    given_up = after.lane is None and before.status == after.status
    match after.status:
        case MessageStatus.SKIPPED if after.reason == NO_ADDRESS:
            return {NO_ADDRESS}
        case MessageStatus.SENT if given_up:
            return {NOT_DELIVERED}
        case MessageStatus.UNKNOWN if given_up:
            return {UNKNOWN}
        case _:
            return set()
