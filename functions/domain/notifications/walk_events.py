"""The events of walks, and the data that a notification of each carries."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.notifications.events import EventType, Notice, notice_id
from functions.domain.plans.enrollment import Enrollment, EnrollmentStatus
from functions.domain.times import iso


class Change(NamedTuple):
    """A walk before and after; `before` is None where somebody enters."""

    id: str
    before: Enrollment | None
    after: Enrollment


def walk_notices(campaign: Campaign, change: Change, *, now: datetime) -> Iterator[Notice]:
    """Yield the events of a walk that changes so."""
    _, before, after = change
    entered = before is None or after.entry > before.entry
    if entered:
        yield _notice(campaign, change, EventType.ENROLLMENT_ENTERED, after.entry, at=now)
    seen = 0 if before is None or entered else len(before.moves)
    for number, move in enumerate(after.moves[seen:], start=seen + 1):
        if move.target:
            more = {"from": move.source, "to": move.target, "on": move.on, "moved_at": iso(move.at)}
            what = (after.entry, after.pages, number)
            yield _notice(campaign, change, EventType.ENROLLMENT_MOVED, *what, at=now, **more)
    if after.has_ended and (entered or before is None or not before.has_ended):
        yield from _end(campaign, change, now)


def _end(campaign: Campaign, change: Change, now: datetime) -> Iterator[Notice]:
    after = change.after
    if after.goal_at is not None:
        yield _notice(campaign, change, EventType.GOAL_REACHED, after.entry, at=now)
    completed = after.status == EnrollmentStatus.COMPLETED
    type_ = EventType.ENROLLMENT_COMPLETED if completed else EventType.ENROLLMENT_EXITED
    yield _notice(campaign, change, type_, after.entry, at=now)


def _notice(
    campaign: Campaign, change: Change, type_: EventType, *what: object, at: datetime, **more: Any
) -> Notice:
    walk = change.after
    data = {
        "campaign_id": campaign.id,
        "enrollment_id": f"{campaign.id}.{change.id}",
        "contact_id": walk.contact.rpartition("/")[2] or None,
        "subject": walk.subject,
        "key": walk.key or None,
        "status": walk.status,
        "reason": walk.exit or None,
        "entered_at": iso(walk.entered_at),
        "ended_at": iso(walk.ended_at),
        **more,
    }
    return Notice(notice_id(type_, campaign.id, change.id, *what), type_, at, data)
