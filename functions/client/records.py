"""What the library tells of campaigns, schedules and actions. Instants are UTC."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple


class ActionState(StrEnum):
    """Where an action of a subject stands."""

    PENDING = "pending"  #: it is to come
    PROCESSING = "processing"  #: the callback has been called and has not returned
    COMPLETED = "completed"  #: the callback has returned
    FAILED = "failed"  #: it raised, took too long, was lost with its process, or came too late


class ActionDefinition(NamedTuple):
    """An action of a campaign, as `define` was given it."""

    id: str
    interval: Mapping[str, str]  #: offset, and perhaps time
    repeat: Mapping[str, Any]  #: how it comes again; empty where it does not
    callback: Mapping[str, Any]
    after: str = ""  #: the action from whose end its interval counts; "": from the schedule


class CampaignRecord(NamedTuple):
    """A campaign: the actions that each of its subjects is to have."""

    id: str
    active: bool
    actions: Sequence[ActionDefinition]
    timezone: str
    version: int  #: counts the definitions that differed from the one before
    created_at: datetime
    updated_at: datetime


class ActionChange(NamedTuple):
    """What a definition would change of an action, and whom that concerns."""

    action_id: str
    members: Sequence[
        str
    ]  #: of interval, repeat and callback, which differ; () if it comes or goes
    subjects: int  #: for whom it is pending; of one that is added, who are scheduled


class Changes(NamedTuple):
    """What a definition would change of a campaign; all empty where it changes nothing."""

    campaign_id: str
    version: int  #: that the campaign would have
    added: Sequence[ActionChange]
    removed: Sequence[ActionChange]
    changed: Sequence[ActionChange]
    members: Sequence[str]  #: of the campaign itself: active, timezone


class Action(NamedTuple):
    """An action of a campaign for one subject."""

    campaign_id: str
    action_id: str
    subject: str
    state: ActionState
    expected_at: datetime | None  #: when it is due; None: known once the one before it is over
    callback: Mapping[str, Any]
    started_at: datetime | None = None
    ended_at: datetime | None = None
    log: str = ""  #: what the callback returned, or why it failed
    active: bool = True  #: False where its campaign is inactive: it waits for that to change


class Schedule(NamedTuple):
    """A subject of a campaign."""

    campaign_id: str
    subject: str
    active: bool  #: its actions go on, or are all done
    scheduled_at: datetime  #: from when its intervals count
    actions: Sequence[Action] = ()


class Lateness(NamedTuple):
    """How late actions began, seconds after they were expected; None where none has begun."""

    p50: float | None
    p95: float | None
    p99: float | None


class Status(NamedTuple):
    """How much there is of everything, and how late it comes."""

    campaigns: Mapping[str, int]  #: active, inactive
    schedules: Mapping[str, int]  #: active, completed, unscheduled
    actions: Mapping[str, int]  #: by state
    drift_s: Lateness
