"""What people do with campaigns: start, pause, resume, cancel, reschedule.

Every change of status is one commit: the campaign conditional on its version, its entry in the
audit trail, and its lanes, whose changed version stops whoever is working on them.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from functions.domain.campaigns.attention import is_stop
from functions.domain.campaigns.campaign import (
    Campaign,
    campaign_fields,
    campaign_from,
    some_fields,
)
from functions.domain.campaigns.lifecycle import check_start_time, transition
from functions.domain.campaigns.series import goes_on, successor
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.campaigns.validation import check_not_after
from functions.domain.errors import WrongStatusError
from functions.domain.notifications.events import campaign_notice
from functions.engine import paths
from functions.engine.accounts import organisation
from functions.engine.campaigns.senders import check_named, check_senders, with_senders
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import at_version
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import (
    LAUNCH,
    POLL,
    RECALL,
    fence,
    lane_names,
    new_lanes,
    recall_lane,
    working_lanes,
)
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.notifications.outbox import Decision, commit_with_notices, modify_with_notices
from functions.engine.ports.store import Create, Document, Update, Write

log = structlog.get_logger()


async def create_campaign(engine: Engine, campaign: Campaign, *also: Write) -> Campaign:
    """Store a new campaign, and start it where it is running. Raises ConflictError."""
    org = campaign.org
    running = campaign.status is CampaignStatus.RUNNING
    notice = campaign_notice(campaign, Action.CREATE, now=campaign.created_at)
    writes: list[Write] = [
        *_creation(campaign, campaign.created_by),
        *(new_lanes(campaign, campaign.created_at) if running else ()),
        *also,
    ]
    await commit_with_notices(engine, org, writes, [notice])
    log.info("campaign_created", org=org, campaign_id=campaign.id, status=campaign.status)
    await _announce(engine, campaign, Action.CREATE)
    return campaign


def _creation(campaign: Campaign, by: str) -> list[Write]:
    return [
        Create(paths.campaign(campaign.org, campaign.id), campaign_fields(campaign)),
        _audit(campaign, Action.CREATE, by, campaign.created_at),
    ]


async def load(engine: Engine, org: str, id_: str) -> Campaign:
    """Return a campaign. Raises NotFoundError, also for one of another organisation."""
    return (await load_with_version(engine, org, id_))[0]


async def load_with_version(engine: Engine, org: str, id_: str) -> tuple[Campaign, int]:
    """Return a campaign and the version it has in the store. Raises NotFoundError."""
    document = at_version(await engine.store.get(paths.campaign(org, id_)), "Campaign", id_)
    return campaign_from(org, id_, document.data), document.version


async def change(
    engine: Engine,
    org: str,
    id_: str,
    action: Action,
    *,
    by: str,
    reason: str | None = None,
    also: Callable[[Campaign], Mapping[str, Any]] = lambda _: {},
    if_version: int | None = None,
) -> Campaign:
    """Take one arrow of the lifecycle and tell the lanes.

    `also` returns what else changes of the campaign as it stands, or raises. Raises
    NotFoundError, WrongStatusError, StaleError where the campaign has not `if_version`, and
    InvalidFieldError where it is to be sent and its organisation may not use the sender.
    """
    now = engine.clock.now()
    decided = await organisation.load(engine, org) if action in _LEADS_TO_SENDING else None

    def decide(documents: list[Document | None]) -> Decision[tuple[Campaign, Sequence[Campaign]]]:
        stored = at_version(documents[0], "Campaign", id_, if_version)
        found = campaign_from(org, id_, stored.data)
        before = found if decided is None else with_senders(engine, decided, found)
        changes = {**transition(before, action, now=now, reason=reason), **also(before)}
        changes["attention"] = by == "clarion" and is_stop(before, action)
        if before is not found:
            named = {name: getattr(before, name) for name in ("own_send", "fallbacks", "routes")}
            changes = {**named, **changes}
        after = replace(before, **changes)
        if decided is not None:
            check_named(engine, after)
            check_senders(engine, decided, after)
        after, new = _with_next(before, after, action, now=now)
        changes |= {"repeat": after.repeat} if new else {}
        update = Update(stored.path, some_fields(after, changes), stored.version)
        trail = _audit(after, action, by, now)
        lanes = _lane_writes(engine, before, after, action)
        created = (write for each in new for write in _creation(each, by))
        notices = [campaign_notice(after, action, now=now)]
        notices += [campaign_notice(each, Action.CREATE, now=now) for each in new]
        return (after, new), [update, trail, *lanes, *created], notices

    campaign, new = await modify_with_notices(engine, org, [paths.campaign(org, id_)], decide)
    for each in new:
        log.info("campaign_created", org=org, campaign_id=each.id, status=each.status)
        await _announce(engine, each, Action.CREATE)
    if campaign.entry and campaign.entry.event:
        engine.memory.entries.forget(org, campaign.entry.event)
    log.info(f"campaign_{campaign.status}", org=org, campaign_id=id_, by=by, reason=reason)  # noqa: G004 - the event is named after the status
    await _announce(engine, campaign, action)
    return campaign


def _with_next(
    before: Campaign, after: Campaign, action: Action, *, now: datetime
) -> tuple[Campaign, Sequence[Campaign]]:
    """Return a campaign after a change, and the next run where it is one that makes that."""
    following = successor(after, now=now) if goes_on(before, after, action) else None
    if following is None or after.repeat is None:
        return after, ()
    return replace(after, repeat=after.repeat._replace(following=following.id)), [following]


async def complete(engine: Engine, campaign: Campaign) -> bool:
    """End a campaign whose lanes have all come to rest, and take them back; False: it goes on.

    Whoever enters its plan, or is told that a text is to be tried again, opens a lane again: that
    lane changes, and this is not the end.
    Raises WrongStatusError, and ConflictError where a lane is opened meanwhile.
    """
    now, action, by = engine.clock.now(), Action.COMPLETE, "clarion"
    names = lane_names(campaign)
    asked = [paths.lane(campaign.org, campaign.id, name) for name in names]

    def decide(documents: list[Document | None]) -> Decision[Campaign | None]:
        stored = at_version(documents[0], "Campaign", campaign.id)
        lanes = [lane for lane in documents[1:] if lane is not None and lane.data["done"]]
        if len(lanes) < len(names):
            return None, [], ()
        before = campaign_from(campaign.org, campaign.id, stored.data)
        changes = transition(before, action, now=now)
        after = replace(before, **changes)
        writes: list[Write] = [
            Update(stored.path, some_fields(after, changes), stored.version),
            _audit(after, action, by, now),
            *_lane_writes(engine, before, after, action),
        ]
        # Their workers know the campaign as running: whoever comes now is not to walk. And a lane
        # that is reopened meanwhile is not at its end.
        taken = {"epoch": after.epoch, "lease_until": None, "wake_at": None}
        writes += [Update(lane.path, taken, lane.version) for lane in lanes]
        return after, writes, [campaign_notice(after, action, now=now)]

    path = paths.campaign(campaign.org, campaign.id)
    ended = await modify_with_notices(engine, campaign.org, [path, *asked], decide)
    if ended is not None:
        log.info("campaign_completed", org=campaign.org, campaign_id=campaign.id, by=by)
        await _announce(engine, ended, action)
    return ended is not None


#: After these a campaign sends, or waits for its time to.
_LEADS_TO_SENDING: Final = frozenset(
    {Action.SCHEDULE, Action.RESCHEDULE, Action.SEND, Action.START, Action.RESUME}
)


async def reschedule(
    engine: Engine, org: str, id_: str, scheduled_at: datetime, *, by: str
) -> Campaign:
    """Move the start of a campaign that waits for it.

    Raises NotFoundError, WrongStatusError, and InvalidFieldError for a time that is not ahead.
    """
    check_start_time(scheduled_at, now=engine.clock.now())

    def also(campaign: Campaign) -> dict[str, Any]:
        check_not_after(campaign, scheduled_at)
        return {"scheduled_at": scheduled_at}

    return await change(engine, org, id_, Action.RESCHEDULE, by=by, also=also)


async def stop(
    engine: Engine, campaign: Campaign, reason: str, *, also: Mapping[str, Any] | None = None
) -> None:
    """Pause a campaign that would fail for everybody, and say why; `also` changes with it."""
    org, id_, more = campaign.org, campaign.id, also or {}
    try:
        await change(
            engine, org, id_, Action.PAUSE, by="clarion", reason=reason, also=lambda _: more
        )
    except WrongStatusError:
        log.info("campaign_stopped_already", campaign_id=campaign.id, reason=reason)


async def fail(engine: Engine, campaign: Campaign, *, reason: str) -> None:
    """End a campaign that has reached nobody, and say why."""
    with suppress(WrongStatusError):  # somebody has paused or cancelled it
        await change(engine, campaign.org, campaign.id, Action.FAIL, by="clarion", reason=reason)


def poll_after(engine: Engine, campaign: Campaign) -> Sequence[timedelta]:
    """Return how long after a campaign's end its receipts are counted, each time."""
    if campaign.rules.poll_after_s is None:
        return engine.limits.poll_after
    return [timedelta(seconds=seconds) for seconds in campaign.rules.poll_after_s]


def _lane_writes(engine: Engine, before: Campaign, after: Campaign, action: Action) -> list[Write]:
    """Take the lanes away from their workers, and set when each lane wakes again."""
    now = engine.clock.now()
    match action:
        case Action.START | Action.SEND | Action.HOLD:
            return new_lanes(after, None if action is Action.HOLD else now)
        case Action.PAUSE:
            return fence(after, None)
        case Action.RESUME:
            return fence(after, now)
        case Action.CANCEL | Action.FAIL if before.started_at and not before.has_ended:
            recall = [recall_lane(after, now)] if action is Action.CANCEL else []
            return [*fence(after, now), *recall]
        case Action.COMPLETE:
            poll = paths.lane(after.org, after.id, POLL)
            return [Update(poll, {"wake_at": now + poll_after(engine, after)[0]})]
        case _:
            return []


def _audit(campaign: Campaign, action: Action, by: str, now: datetime) -> Create:
    return audit_trail.entry(
        campaign.org,
        f"{campaign.id}-{campaign.epoch}",
        action=action,
        by=by,
        at=now,
        reason=campaign.reason,
        campaign=campaign.id,
        status=campaign.status,
    )


async def _announce(engine: Engine, campaign: Campaign, action: Action) -> None:
    """Enqueue what the new status asks for, so that nobody waits for the next check."""
    org, id_ = campaign.org, campaign.id
    if campaign.status is CampaignStatus.SCHEDULED:
        key = f"start/{org}/{id_}/{campaign.epoch}"
        await enqueue(engine, task_of(TaskKind.START, org, id_), at=campaign.scheduled_at, key=key)
    if campaign.status is CampaignStatus.COMPLETED:
        first_at = engine.clock.now() + poll_after(engine, campaign)[0]
        await enqueue(engine, task_of(TaskKind.LANE, org, id_, POLL), at=first_at)
    for name in _woken(campaign, action):
        await enqueue(engine, task_of(TaskKind.LANE, org, id_, name))


def _woken(campaign: Campaign, action: Action) -> Sequence[str]:
    """Return the lanes that have work at once; the launch wakes the dispatching lanes."""
    if campaign.started_at is None or campaign.status not in _WORKING:
        return ()
    launches = action in {Action.CREATE, Action.START, Action.SEND}
    if launches and campaign.launches:
        return (LAUNCH,)
    recalls = (RECALL,) if campaign.status is CampaignStatus.CANCELLED else ()
    return [*working_lanes(campaign), *recalls]


_WORKING = frozenset({CampaignStatus.RUNNING, CampaignStatus.CANCELLED, CampaignStatus.FAILED})
