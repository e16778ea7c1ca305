"""What an action changes of a campaign, and when a campaign may start."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.status import ARROWS, ENDED, Action
from functions.domain.errors import InvalidFieldError, NotDueError, WrongStatusError


class LateStart(StrEnum):
    """What becomes of a campaign whose start comes later than its grace period allows."""

    RUN = "run"  #: it starts all the same
    SKIP = "skip"  #: it is cancelled
    ASK = "ask"  #: it is paused until somebody decides


def transition(
    campaign: Campaign, action: Action, *, now: datetime, reason: str | None = None
) -> dict[str, Any]:
    """Return the fields that `action` changes.

    Raises WrongStatusError where the campaign's status does not allow it, and NotDueError for a
    start before its time.
    """
    allowed, target = ARROWS[action]
    if campaign.status not in allowed:
        raise WrongStatusError(
            action,
            campaign.status,
            already=campaign.status == target,
            ended=campaign.status in ENDED,
        )
    if action is Action.START and campaign.scheduled_at and campaign.scheduled_at > now:
        raise NotDueError(campaign.id)
    changes: dict[str, Any] = {
        "status": target,
        "epoch": campaign.epoch + 1,
        "reason": reason,
        "attention": False,
        "updated_at": now,
    }
    stamp = _STAMPS.get(action)
    if stamp and not campaign.has_ended:  # what turns out to have failed ended when it did
        changes[stamp] = now
    if action is Action.RESUME and campaign.started_at is None:
        changes["started_at"] = now
    return changes


def start_action(campaign: Campaign, *, now: datetime) -> Action:
    """Return the action for a campaign that is due, however late it is."""
    grace = timedelta(seconds=campaign.grace_s)
    if campaign.scheduled_at is None or now - campaign.scheduled_at <= grace:
        return Action.START
    action = _LATE_STARTS[LateStart(campaign.late_start)]
    return Action.SKIP if campaign.repeat and action is Action.CANCEL else action


_LATE_STARTS = {
    LateStart.RUN: Action.START,
    LateStart.SKIP: Action.CANCEL,
    LateStart.ASK: Action.HOLD,
}
_STAMPS = {
    Action.SEND: "started_at",
    Action.START: "started_at",
    Action.HOLD: "paused_at",
    Action.PAUSE: "paused_at",
    Action.RESUME: "resumed_at",
    Action.CANCEL: "ended_at",
    Action.SKIP: "ended_at",
    Action.COMPLETE: "ended_at",
    Action.FAIL: "ended_at",
}


def check_start_time(
    scheduled_at: datetime,
    *,
    now: datetime,
    field: str = "scheduledTime",
    longest: timedelta | None = None,
) -> None:
    """Refuse a start that does not lie ahead, or too far. Raises InvalidFieldError."""
    if scheduled_at <= now:
        raise InvalidFieldError(field, f"{field} must be in the future.")
    if longest is not None and scheduled_at > now + longest:
        raise InvalidFieldError(field, f"{field} must be at most {longest.days} days ahead.")
