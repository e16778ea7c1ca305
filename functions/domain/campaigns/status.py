"""A campaign's statuses and the one table of its arrows (drawn in docs/lifecycle.md)."""

from collections.abc import Mapping
from enum import StrEnum


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
    SKIP = "skip"  #: a run of a series is passed over; the next one comes
    RESCHEDULE = "reschedule"
    HOLD = "hold"  #: its start was missed by so much that somebody is to decide
    COMPLETE = "complete"
    FAIL = "fail"


_S = CampaignStatus
ARROWS: Mapping[Action, tuple[frozenset[CampaignStatus], CampaignStatus]] = {
    Action.SCHEDULE: (frozenset({_S.DRAFT}), _S.SCHEDULED),
    Action.SEND: (frozenset({_S.DRAFT}), _S.RUNNING),
    Action.START: (frozenset({_S.SCHEDULED}), _S.RUNNING),
    Action.RESCHEDULE: (frozenset({_S.SCHEDULED}), _S.SCHEDULED),
    Action.HOLD: (frozenset({_S.SCHEDULED}), _S.PAUSED),
    Action.PAUSE: (frozenset({_S.RUNNING}), _S.PAUSED),
    Action.RESUME: (frozenset({_S.PAUSED}), _S.RUNNING),
    Action.CANCEL: (frozenset({_S.DRAFT, _S.SCHEDULED, _S.RUNNING, _S.PAUSED}), _S.CANCELLED),
    Action.SKIP: (frozenset({_S.SCHEDULED, _S.PAUSED}), _S.CANCELLED),
    Action.COMPLETE: (frozenset({_S.RUNNING}), _S.COMPLETED),
    Action.FAIL: (frozenset({_S.RUNNING, _S.COMPLETED}), _S.FAILED),
}
