"""What people do with campaigns: create, start, pause, resume, cancel, reschedule, retry.

Every change of status is one commit: the campaign conditional on its version, its entry in the
audit trail, and its lanes, whose changed version stops whoever is working on them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any
from uuid import uuid4

import structlog

from functions.domain.campaign import (
    Action,
    AudienceKind,
    Campaign,
    CampaignKind,
    CampaignStatus,
    campaign_fields,
    campaign_from,
    check_start_time,
    step,
)
from functions.domain.errors import (
    InvalidFieldError,
    NameTakenError,
    NotFoundError,
    WrongStatusError,
)
from functions.domain.message import MessageStatus, lane_number, message_id, send_lane
from functions.domain.phones import Phone
from functions.engine import paths
from functions.engine.core import Engine
from functions.engine.enqueue import enqueue, lane_task, start_task
from functions.engine.modify import modify
from functions.engine.ports import ConflictError, Create, Document, Query, Update, Where, Write

log = structlog.get_logger()

LAUNCH = "launch"
POLL = "poll"
_NAME_LENGTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a new campaign shall be. `scheduled_at` None starts it at once."""

    name: str
    sender: str
    bot_url: str
    provider: str
    by: str
    client_id: str | None = None
    machine_detection: str = ""
    scheduled_at: datetime | None = None
    scheduled_by: str | None = None


async def create_for_list(engine: Engine, org: str, wish: Wish, list_id: str) -> Campaign:
    """Create a broadcast to a list and start or schedule it.

    Raises InvalidFieldError (time not ahead), NotFoundError (list), NameTakenError.
    """
    if wish.scheduled_at is not None:
        check_start_time(wish.scheduled_at, now=engine.clock.now())
    people = await engine.store.get(paths.lists(org, list_id))
    if people is None:
        raise NotFoundError("List", list_id)
    audience = {"kind": AudienceKind.LIST, "id": list_id}
    campaign = _new(engine, org, wish, audience, total=people.data["size"])
    return await _create(engine, campaign)


async def retry(engine: Engine, org: str, id_: str, *, by: str, unknown: bool) -> Campaign:
    """Create and start a campaign that calls again those whom campaign `id_` did not reach.

    Those whose outcome is unknown may have been reached: they are called only where `unknown`
    says so. Raises NotFoundError, and InvalidFieldError where there is nobody to call.
    """
    source = await load(engine, org, id_)
    if not source.has_ended:
        raise InvalidFieldError("campaignId", f"Cannot retry {source.status} campaign")
    statuses = [MessageStatus.FAILED, *([MessageStatus.UNKNOWN] if unknown else [])]
    total = sum([await count(engine, org, id_, status) for status in statuses])
    if total == 0:
        raise InvalidFieldError("campaignId", "There is nobody to call again in this campaign")
    audience = {"kind": AudienceKind.RETRY, "id": id_, "statuses": ",".join(statuses)}
    wish = Wish(
        name=source.name,
        sender=source.sender,
        bot_url=source.bot_url,
        provider=source.provider,
        by=by,
        client_id=source.client_id,
        machine_detection=source.machine_detection,
    )
    return await _create_numbered(engine, _new(engine, org, wish, audience, total=total))


async def _create_numbered(engine: Engine, campaign: Campaign) -> Campaign:
    """Create a retry under the first free name of "NAME (retry N)"."""
    number = 1
    while True:
        suffix = f" (retry {number})"
        name = campaign.name[: _NAME_LENGTH - len(suffix)] + suffix
        try:
            return await _create(engine, replace(campaign, name=name))
        except NameTakenError:
            number += 1


async def call_once(engine: Engine, org: str, wish: Wish, to: Phone) -> tuple[Campaign, str]:
    """Call one number now, as a campaign of its own; returns it and the message's id."""
    campaign = _new(engine, org, wish, {"kind": CampaignKind.SINGLE, "id": to.e164}, total=1)
    campaign = replace(
        campaign, kind=CampaignKind.SINGLE, name=f"{wish.name} {campaign.id}", lanes=1
    )
    id_ = message_id(campaign.id, to.e164)
    now = engine.clock.now()
    message = {
        "address": to.e164,
        "status": MessageStatus.PENDING,
        "lane": send_lane(lane_number(id_, campaign.lanes)),
        "next_at": now,
        "due_at": now,
        "region": to.region,
        "zones": list(to.zones),
    }
    write = Create(f"{paths.messages(org, campaign.id)}/{id_}", message)
    return await _create(engine, campaign, write), id_


def _new(engine: Engine, org: str, wish: Wish, audience: dict[str, str], *, total: int) -> Campaign:
    now = engine.clock.now()
    immediate = wish.scheduled_at is None
    rate = engine.limits.rate_per_s or engine.channels[wish.provider].traits.rate_per_s
    return Campaign(
        id=uuid4().hex,
        org=org,
        name=wish.name,
        kind=CampaignKind.BROADCAST,
        status=CampaignStatus.RUNNING if immediate else CampaignStatus.SCHEDULED,
        epoch=1,
        provider=wish.provider,
        sender=wish.sender,
        bot_url=wish.bot_url,
        audience=audience,
        lanes=_lanes_for(rate, total, engine),
        rate_per_s=rate,
        total=total,
        client_id=wish.client_id,
        machine_detection=wish.machine_detection,
        created_at=now,
        created_by=wish.by,
        scheduled_at=wish.scheduled_at,
        scheduled_by=wish.scheduled_by if wish.scheduled_at else None,
        started_at=now if immediate else None,
    )


def _lanes_for(rate: float | None, total: int, engine: Engine) -> int:
    """Return how many lanes pay: one for each fifty sends a second or fifty thousand messages."""
    useful = total // 50_000 if rate is None else int(rate // 50)
    return min(engine.limits.lanes, useful + 1)


async def _create(engine: Engine, campaign: Campaign, *also: Write) -> Campaign:
    org = campaign.org
    key = blake2b(campaign.name.encode(), digest_size=16).hexdigest()
    running = campaign.status is CampaignStatus.RUNNING
    writes: list[Write] = [
        Create(paths.campaign_name(org, key), {"campaign": campaign.id}),
        Create(paths.campaign(org, campaign.id), campaign_fields(campaign)),
        _audit(campaign, Action.CREATE, campaign.created_by, campaign.created_at),
        *(_new_lanes(campaign, campaign.created_at) if running else ()),
        *also,
    ]
    try:
        await engine.store.commit(*writes)
    except ConflictError:
        raise NameTakenError("Campaign", campaign.name) from None
    log.info("campaign_created", org=org, campaign_id=campaign.id, status=campaign.status)
    await _announce(engine, campaign, Action.CREATE)
    return campaign


async def load(engine: Engine, org: str, id_: str) -> Campaign:
    """Return a campaign. Raises NotFoundError, also for one of another organisation."""
    document = await engine.store.get(paths.campaign(org, id_))
    if document is None:
        raise NotFoundError("Campaign", id_)
    return campaign_from(org, id_, document.data)


async def count(engine: Engine, org: str, id_: str, status: MessageStatus) -> int:
    """Count a campaign's messages of one status."""
    where = (Where("status", "==", status),)
    return await engine.store.count(Query(paths.messages(org, id_), where))


async def change(
    engine: Engine,
    org: str,
    id_: str,
    action: Action,
    *,
    by: str,
    reason: str | None = None,
    scheduled_at: datetime | None = None,
) -> Campaign:
    """Take one arrow of the lifecycle and tell the lanes; `scheduled_at` goes with RESCHEDULE.

    Raises NotFoundError, WrongStatusError, and InvalidFieldError for a time that is not ahead.
    """
    now = engine.clock.now()
    if scheduled_at is not None:
        check_start_time(scheduled_at, now=now)

    def decide(documents: list[Document | None]) -> tuple[Campaign, Sequence[Write]]:
        document = documents[0]
        if document is None:
            raise NotFoundError("Campaign", id_)
        before = campaign_from(org, id_, document.data)
        changes = step(before, action, now=now, reason=reason)
        if scheduled_at is not None:
            changes["scheduled_at"] = scheduled_at
        after = replace(before, **changes)
        update = Update(document.path, changes, document.version)
        trail = _audit(after, action, by, now)
        return after, [update, trail, *_lane_writes(engine, before, after, action)]

    campaign = await modify(engine.store, [paths.campaign(org, id_)], decide)
    log.info(f"campaign_{campaign.status}", org=org, campaign_id=id_, by=by, reason=reason)  # noqa: G004 - the event is named after the status
    await _announce(engine, campaign, action)
    return campaign


async def stop(engine: Engine, campaign: Campaign, reason: str) -> None:
    """Pause a campaign that would fail for everybody, and say why."""
    try:
        await change(engine, campaign.org, campaign.id, Action.PAUSE, by="clarion", reason=reason)
    except WrongStatusError:
        log.info("campaign_stopped_already", campaign_id=campaign.id, reason=reason)


def lane_names(campaign: Campaign) -> list[str]:
    """Return the names of the lanes in which a campaign's messages are dispatched."""
    return [str(number) for number in range(campaign.lanes)]


def _new_lanes(campaign: Campaign, now: datetime) -> list[Write]:
    """Create the lanes of a campaign that starts; launching wakes those that dispatch."""
    launched = campaign.kind is CampaignKind.SINGLE
    state: dict[str, dict[str, Any]] = {
        LAUNCH: {"wake_at": None if launched else now, "done": launched},
        POLL: {"wake_at": None, "step": 0},
        **{
            name: {"wake_at": now if launched else None, "done": False}
            for name in lane_names(campaign)
        },
    }
    common = {"epoch": campaign.epoch, "fence": 0, "lease_until": None}
    return [
        Create(paths.lane(campaign.org, campaign.id, name), {**common, **fields})
        for name, fields in state.items()
    ]


def _lane_writes(engine: Engine, before: Campaign, after: Campaign, action: Action) -> list[Write]:
    """Fence off whoever works on the lanes, and say when each has to be looked at again."""
    now = engine.clock.now()
    match action:
        case Action.START:
            return _new_lanes(after, now)
        case Action.PAUSE:
            return _fence(after, None)
        case Action.RESUME:
            return _fence(after, now)
        case Action.CANCEL | Action.FAIL if before.started_at and not before.has_ended:
            return _fence(after, now)
        case Action.COMPLETE:
            poll = paths.lane(after.org, after.id, POLL)
            return [Update(poll, {"wake_at": now + engine.limits.poll_after[0]})]
        case _:
            return []


def _fence(campaign: Campaign, wake_at: datetime | None) -> list[Write]:
    changes = {"epoch": campaign.epoch, "lease_until": None, "wake_at": wake_at}
    return [
        Update(paths.lane(campaign.org, campaign.id, name), changes)
        for name in (LAUNCH, *lane_names(campaign))
    ]


def _audit(campaign: Campaign, action: Action, by: str, now: datetime) -> Write:
    entry = {
        "campaign": campaign.id,
        "action": action,
        "status": campaign.status,
        "by": by,
        "reason": campaign.reason,
        "at": now,
    }
    return Create(paths.audit(campaign.org, f"{campaign.id}-{campaign.epoch}"), entry)


async def _announce(engine: Engine, campaign: Campaign, action: Action) -> None:
    """Enqueue what the new status asks for, so that nobody waits for the next check."""
    org, id_ = campaign.org, campaign.id
    if campaign.status is CampaignStatus.SCHEDULED:
        key = f"start/{org}/{id_}/{campaign.epoch}"
        await enqueue(engine, start_task(org, id_), at=campaign.scheduled_at, key=key)
    if campaign.status is CampaignStatus.COMPLETED:
        first_at = engine.clock.now() + engine.limits.poll_after[0]
        await enqueue(engine, lane_task(org, id_, POLL), at=first_at)
    for name in _woken(campaign, action):
        await enqueue(engine, lane_task(org, id_, name))


def _woken(campaign: Campaign, action: Action) -> Sequence[str]:
    """Return the lanes that have work at once; launching wakes those that dispatch."""
    if campaign.started_at is None or campaign.status not in _WORKING:
        return ()
    launches = action in {Action.CREATE, Action.START}
    if launches and campaign.kind is CampaignKind.BROADCAST:
        return (LAUNCH,)
    return (LAUNCH, *lane_names(campaign))


_WORKING = frozenset({CampaignStatus.RUNNING, CampaignStatus.CANCELLED, CampaignStatus.FAILED})
