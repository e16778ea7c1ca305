"""A migration that is asked for: whether it may be, and the lane that does it.

The lane's document holds what was asked and how far it has come. Taking it from its worker, where
people are to be looked at once more, raises its fencing token: what the worker decided is void.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import structlog

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.domain.campaigns.status import CampaignStatus
from functions.domain.errors import InvalidFieldError, MigrationRunningError, WrongStatusError
from functions.domain.kinds import CampaignKind
from functions.domain.plans.plan import Plan
from functions.domain.plans.versions.migration import EXIT
from functions.engine import paths
from functions.engine.campaigns.lifecycle import load
from functions.engine.kernel import audit_trail
from functions.engine.kernel.commits.modify import at_version, modify
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import MIGRATION
from functions.engine.kernel.plan_versions import plan_of
from functions.engine.kernel.task_queue import TaskKind, enqueue, task_of
from functions.engine.messages import statistics
from functions.engine.plans import counts
from functions.engine.plans.migration.progress import UNCOUNTED, Progress, progress_from
from functions.engine.plans.writing.following import check_nodes, check_walks
from functions.engine.ports.store import Create, Document, Update, Write

log = structlog.get_logger()

_STARTED: Final = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


async def ask(
    engine: Engine,
    org: str,
    campaign_id: str,
    *,
    nodes: Mapping[str, str],
    to: int | None,
    by: str,
    with_task: bool = True,
) -> Progress:
    """Have those who are under way go over to a version of the plan; None: to the newest.

    `nodes` says where people go on who stand at a node that is no more. The same asked once more
    while it is at work is no second one. Raises NotFoundError, InvalidFieldError,
    InvalidPlanError, WrongStatusError and MigrationRunningError.
    """
    campaign = await load(engine, org, campaign_id)
    check_walks(campaign, "migrate")
    _check_started(campaign)
    number = _number(campaign, to)
    await check_nodes(engine, replace(campaign, plan=number))
    await _check_map(engine, campaign, number, nodes)
    now, lane_path = engine.clock.now(), paths.lane(org, campaign_id, MIGRATION)

    def decide(documents: list[Document | None]) -> tuple[Progress, list[Write]]:
        found = campaign_from(org, campaign_id, at_version(documents[0], "Campaign", "").data)
        _check_started(found)
        # A sequence may have been defined anew since: whoever asked for the newest means that.
        is_newest = to is None and found.kind is CampaignKind.SEQUENCE
        target, lane = found.plan if is_newest else number, documents[1]
        if lane is not None and not lane.data["done"]:
            running = progress_from(lane.data)
            if (running.to, running.nodes) == (target, nodes):
                return running, []
            if found.kind is not CampaignKind.SEQUENCE:
                raise MigrationRunningError(running.to, running.looked_at)
        fields = {
            "to": target,
            "nodes": dict(nodes),
            **UNCOUNTED,
            **_taken(lane),
            "migrated": 0,
            "exited": 0,
            "newest": found.plan,
            "by": by,
            "asked_at": now,
            "wake_at": now,
            "asked": (lane.data["asked"] if lane else 0) + 1,
        }
        about: dict[str, Any] = {"campaign": campaign_id, "plan": target, "map": dict(nodes)}
        id_ = f"{campaign_id}-migration-{fields['asked']}"
        trail = audit_trail.entry(org, id_, action="migrate", by=by, at=now, **about)
        write = Update(lane.path, fields, lane.version) if lane else Create(lane_path, fields)
        return progress_from(fields), [write, trail]

    path = paths.campaign(org, campaign_id)
    progress = await modify(engine.store, [path, lane_path], decide)
    log.info("migration_asked", org=org, campaign_id=campaign_id, by=by, version=progress.to)
    if with_task:
        await enqueue(engine, task_of(TaskKind.LANE, org, campaign_id, MIGRATION))
    return progress


async def look_again(engine: Engine, campaign: Campaign, entered_by: int) -> None:
    """Have a migration look once more whose people somebody has joined by an older version.

    They were let in by a version that was the newest when it was read.
    """
    org, id_, now = campaign.org, campaign.id, engine.clock.now()

    def decide(documents: list[Document | None]) -> tuple[bool, list[Write]]:
        lane = documents[0]
        if lane is None or lane.data["to"] == entered_by or lane.data["newest"] < entered_by:
            return False, []
        changes = {**UNCOUNTED, **_taken(lane), "wake_at": now}
        return True, [Update(lane.path, changes, lane.version)]

    if await modify(engine.store, [paths.lane(org, id_, MIGRATION)], decide):
        await enqueue(engine, task_of(TaskKind.LANE, org, id_, MIGRATION))


def _taken(lane: Document | None) -> dict[str, Any]:
    """Return the fields of a lane that nobody holds any more, and that has work."""
    fence = lane.data["fence"] + 1 if lane else 0
    return {"epoch": 0, "fence": fence, "lease_until": None, "done": False, "ended_at": None}


def _check_started(campaign: Campaign) -> None:
    if campaign.status not in _STARTED:
        ended = campaign.has_ended
        raise WrongStatusError("migrate", campaign.status, already=False, ended=ended)


def _number(campaign: Campaign, to: int | None) -> int:
    if to is None:
        return campaign.plan
    if not 1 <= to <= campaign.plan:
        raise InvalidFieldError(
            "to", f"to: there is no version {to}; the newest is {campaign.plan}"
        )
    return to


# --- What becomes of those who stand where nothing is any more ------------------------------------


async def _check_map(
    engine: Engine, campaign: Campaign, number: int, nodes: Mapping[str, str]
) -> None:
    """Refuse a map that leaves somebody nowhere, or names what is not there."""
    plan = (await plan_of(engine, campaign, number)).plan
    if campaign.kind is CampaignKind.SEQUENCE:
        if nodes:
            rule = "is for journeys: the steps of a sequence go over each for itself"
            raise InvalidFieldError("map", f"map: {rule}")
        return
    for old, new in nodes.items():
        field = f"map.{old}"
        if old in plan.nodes:
            rule = f"version {number} has it: whoever stands there stays there"
            raise InvalidFieldError(field, f"{field}: {rule}")
        if new not in plan.nodes and new != EXIT:
            rule = f"version {number} has no node '{new}'; name one of it, or exit"
            raise InvalidFieldError(field, f"{field}: {rule}")
        if not await _was_node(engine, campaign, old):
            raise InvalidFieldError(field, f"{field}: no version has such a node")
    if left := await nowhere(engine, campaign, plan, nodes):
        first, count = next(iter(left.items()))
        people = "person stands" if count == 1 else "people stand"
        more = f" (and {len(left) - 1} more nodes)" if len(left) > 1 else ""
        rule = f"{count:,} {people} there, and version {number} has no such node{more}"
        remedy = "say where they go on: a node of it, or exit"
        raise InvalidFieldError(f"map.{first}", f"map.{first}: {rule}; {remedy}")


async def nowhere(
    engine: Engine, campaign: Campaign, plan: Plan, nodes: Mapping[str, str]
) -> dict[str, int]:
    """Return how many stand at each node that a version has not, and a map does not name."""
    read = counts.read(await statistics.read_one(engine, campaign))
    there = {each.id: each.here for each in read.nodes if each.here > 0}
    return {id_: n for id_, n in there.items() if id_ not in plan.nodes and id_ not in nodes}


async def _was_node(engine: Engine, campaign: Campaign, node: str) -> bool:
    """Tell whether a version of the plan has a node; the newest are looked at first."""
    for number in range(campaign.plan, 0, -1):
        if node in (await plan_of(engine, campaign, number)).plan.nodes:
            return True
    return False
