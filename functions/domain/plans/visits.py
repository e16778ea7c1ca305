"""Visits: which message somebody's visit of a node has, and whether it may still be tried."""

from collections.abc import Sequence

from functions.domain.campaigns.campaign import Campaign
from functions.domain.kinds import CampaignKind
from functions.domain.messages.ids import following_id, node_send, walk_message_id
from functions.domain.messages.message import Message
from functions.domain.plans.enrollment import MIGRATED, Enrollment, EnrollmentStatus
from functions.domain.plans.leaving import is_forgotten


def message_name(campaign: Campaign, enrollment: Enrollment, node: str, visit: int) -> str:
    """Return the id of somebody's message of a visit of a node."""
    place = f"{enrollment.entry}/{enrollment.key}/{node}"
    return walk_message_id(enrollment.who, campaign.id, place, visit)


def why_over(
    campaign: Campaign, walk: Enrollment, message: Message, *, chain: Sequence[str]
) -> str:
    """Return why a message is not to be tried again, by where its person is; "" where it may.

    `chain` has the keys of what may follow its node's own send, in order.
    """
    if walk.status == EnrollmentStatus.EXITED or is_forgotten(walk):
        return "left_plan"
    if not _is_of_entry(campaign, walk, message, chain):
        return "left_plan"
    # The steps of a sequence wait each for itself: nobody moves on from one to another.
    if campaign.kind is CampaignKind.SEQUENCE or _is_there(walk, message):
        return ""
    return "moved_on"


def _is_of_entry(
    campaign: Campaign, walk: Enrollment, message: Message, chain: Sequence[str]
) -> bool:
    """Tell whether a message is of the entry that its person is on, and not of an earlier one."""
    sent = node_send(message.send)
    id_ = message_name(campaign, walk, sent.node, message.visit)
    for key in chain[: sent.number]:
        id_ = following_id(id_, campaign.id, send=key)
    return id_ == message.id


def _is_there(walk: Enrollment, message: Message) -> bool:
    """Tell whether somebody stands where a message of theirs was made, or has ended there."""
    if walk.threads:  # a visit is of one node, though another version may call that otherwise
        return message.visit in {thread.visit for thread in walk.threads.values()}
    node, made_at = node_send(message.send).node, message.created_at
    for move in walk.moves:
        is_called = move.on == MIGRATED and move.source == node
        node = move.target if is_called and made_at and move.seen >= made_at else node
    ended_there = bool(walk.moves) and walk.moves[-1].source == node
    moves = [move for move in walk.moves if move.target == node and move.on != MIGRATED]
    came = max((move.seen for move in moves), default=None)
    return ended_there and (not came or not message.created_at or message.created_at >= came)
