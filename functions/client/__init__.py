"""The library: sequences of actions for single subjects, in a program of one's own."""

from functions.channels.callback import Call
from functions.client.process import Worker
from functions.client.records import (
    Action,
    ActionChange,
    ActionDefinition,
    ActionState,
    CampaignRecord,
    Changes,
    Lateness,
    Schedule,
    Status,
)
from functions.client.scheduler import CampaignScheduler, LogEntry
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.engine.ports.store import StoreError

__all__ = [
    "Action",
    "ActionChange",
    "ActionDefinition",
    "ActionState",
    "Call",
    "CampaignRecord",
    "CampaignScheduler",
    "Changes",
    "InvalidFieldError",
    "Lateness",
    "LogEntry",
    "NotFoundError",
    "Schedule",
    "Status",
    "StoreError",
    "Worker",
]
