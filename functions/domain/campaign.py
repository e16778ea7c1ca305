"""A campaign and the one table of its statuses (drawn in docs/lifecycle.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.domain.errors import InvalidFieldError, NotDueError, WrongStatusError


class CampaignStatus(StrEnum):
    """Where a campaign stands. completed, cancelled and failed are the ends."""

    DRAFT = "draft"  #: being written; can still be changed or deleted
    SCHEDULED = "scheduled"  #: waits for its time
    RUNNING = "running"  #: its messages are being created and sent
    PAUSED = "paused"  #: sends nothing until it is resumed; keeps its position
    COMPLETED = "completed"  #: every message has come to its end
    CANCELLED = "cancelled"  #: stopped for good by a person
    FAILED = "failed"  #: could not run, or every message failed


ENDED = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED, CampaignStatus.FAILED})


class Action(StrEnum):
    """What changes a campaign's status."""

    CREATE = "create"
    SCHEDULE = "schedule"
    SEND = "send"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    COMPLETE = "complete"
    FAIL = "fail"


_S = CampaignStatus
ARROWS: Mapping[Action, tuple[frozenset[CampaignStatus], CampaignStatus]] = {
    Action.SCHEDULE: (frozenset({_S.DRAFT}), _S.SCHEDULED),
    Action.SEND: (frozenset({_S.DRAFT}), _S.RUNNING),
    Action.START: (frozenset({_S.SCHEDULED}), _S.RUNNING),
    Action.RESCHEDULE: (frozenset({_S.SCHEDULED}), _S.SCHEDULED),
    Action.PAUSE: (frozenset({_S.RUNNING}), _S.PAUSED),
    Action.RESUME: (frozenset({_S.PAUSED}), _S.RUNNING),
    Action.CANCEL: (frozenset({_S.DRAFT, _S.SCHEDULED, _S.RUNNING, _S.PAUSED}), _S.CANCELLED),
    Action.COMPLETE: (frozenset({_S.RUNNING}), _S.COMPLETED),
    Action.FAIL: (frozenset({_S.RUNNING, _S.COMPLETED}), _S.FAILED),
}


class CampaignKind(StrEnum):
    """How a campaign comes by its messages."""

    BROADCAST = "broadcast"  #: one message per person of its audience
    SINGLE = "single"  #: one message to one number, made with the campaign


class ChannelKind(StrEnum):
    """By what means a campaign reaches people."""

    VOICE = "voice"
    SMS = "sms"
    WHATSAPP = "whatsapp"


class AudienceKind(StrEnum):
    """Where a broadcast's people come from."""

    RECIPIENTS = "recipients"  #: people whom the campaign names itself
    LIST = "list"  #: the members of a list
    SEGMENT = "segment"  #: the contacts that a segment's conditions hold for
    EVERYONE = "everyone"  #: every active contact
    RETRY = "retry"  #: those whom an earlier campaign did not reach


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """One campaign, as stored under orgs/{org}/campaigns/{id}. All instants are UTC."""

    id: str
    org: str
    name: str
    kind: CampaignKind
    status: CampaignStatus
    epoch: int  #: grows with every change of status
    provider: str
    channel: ChannelKind = ChannelKind.VOICE
    sender: str  #: the number or address that people see
    bot_url: str = ""  #: where answered calls are connected to, ws:// or wss://
    template: str = ""  #: what its text messages say, before it is filled in
    template_id: str = ""  #: the named template that this text was taken from
    template_version: int = 0
    missing: str = "blank"  #: what becomes of a person who lacks a field of the template
    defaults: Mapping[str, str] = field(default_factory=dict)  #: values for those who have none
    audience: Mapping[str, str]  #: {"kind": ..., "id": ...}
    lanes: int  #: how many slices its messages are dispatched in
    rate_per_s: float | None  #: messages a second, of this campaign and of its sender
    created_at: datetime
    created_by: str
    updated_at: datetime | None = None  #: when a draft was last changed
    total: int = 0  #: people in the audience when it was created
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None
    started_at: datetime | None = None
    paused_at: datetime | None = None
    resumed_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None  #: why it was paused, cancelled or failed
    trouble: str | None = None  #: the last task that was given up, for the operator
    quiet_hours: Mapping[str, str] | None = None  #: the organisation's own, {"start", "end"}
    default_zone: str = ""  #: for people whose zone nobody knows
    poll_after_s: Sequence[int] | None = None  #: the organisation's own polling schedule
    bot_ready: bool = field(default=False)  #: the bot has answered since the campaign started

    @property
    def suppression_scopes(self) -> frozenset[str]:
        """What somebody may have been suppressed for, so that this campaign leaves them out."""
        return frozenset({"all", self.channel, self.kind})

    @property
    def has_ended(self) -> bool:
        """True once nothing can bring the campaign back to work."""
        return self.status in ENDED

    @property
    def start_lateness(self) -> timedelta | None:
        """Time from the promised to the actual start."""
        if self.scheduled_at is None or self.started_at is None:
            return None
        return self.started_at - self.scheduled_at


_NAMES = frozenset(f.name for f in fields(Campaign)) - {"id", "org"}


def campaign_from(org: str, id_: str, data: Mapping[str, Any]) -> Campaign:
    """Rebuild a campaign from its stored fields."""
    stored = {name: value for name, value in data.items() if name in _NAMES}
    stored["kind"] = CampaignKind(stored["kind"])
    # Campaigns that were stored before there were texts have none.
    stored["channel"] = ChannelKind(stored.get("channel", ChannelKind.VOICE))
    stored["status"] = CampaignStatus(stored["status"])
    return Campaign(id=id_, org=org, **stored)


def campaign_fields(campaign: Campaign) -> dict[str, Any]:
    """Return what is stored of a campaign; its id and org are its path."""
    stored = {name: getattr(campaign, name) for name in _NAMES}
    return {**stored, "name_key": name_key(campaign.name)}


def name_key(name: str) -> str:
    """Return what names are sorted and searched by: their beginning, without regard to case."""
    return name.casefold()


def step(
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
    changes: dict[str, Any] = {"status": target, "epoch": campaign.epoch + 1, "reason": reason}
    stamp = _STAMPS.get(action)
    if stamp:
        changes[stamp] = now
    return changes


_STAMPS = {
    Action.SEND: "started_at",
    Action.START: "started_at",
    Action.PAUSE: "paused_at",
    Action.RESUME: "resumed_at",
    Action.CANCEL: "ended_at",
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
