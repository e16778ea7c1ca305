"""Define: a sequence becomes what is said, for whoever walks through it already, too.

A new version and the migration to it, in one call: an unchanged step keeps its time, a changed one
counts from the entry, one that is no more is not made, and what was made stays. The rules are in
domain/plans/versions/migration.py.
"""

from collections.abc import Mapping
from typing import Any, Final

from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import NotFoundError, StaleError, WrongStatusError
from functions.domain.kinds import CampaignKind
from functions.engine.campaigns import lifecycle
from functions.engine.kernel.engine import Engine
from functions.engine.plans import campaigns
from functions.engine.plans.campaigns import NewPlanCampaign
from functions.engine.plans.migration.asked import ask
from functions.engine.plans.migration.lane import migrate_some
from functions.engine.plans.migration.names import Names
from functions.engine.plans.migration.progress import progress_of
from functions.engine.plans.writing.following import check_kind
from functions.engine.ports.store import ConflictError

#: People who have gone over when the call returns; those behind them do so by a task.
AT_ONCE: Final = 1000
#: Several processes may define a sequence as they start.
_ATTEMPTS: Final = 20
_STARTED: Final = frozenset({CampaignStatus.RUNNING, CampaignStatus.PAUSED})


async def define(
    engine: Engine,
    names: Names,
    name: str,
    document: Mapping[str, Any],
    *,
    by: str,
    active: bool | None = None,
    entry: Entry | None = None,
) -> Campaign:
    """Have a sequence be as a plan says, and run (`active`) or rest; None: as it does, else rest.

    The same said once more changes nothing, and does what a process that died has left. `entry`
    is for one that is new. Raises InvalidPlanError, InvalidFieldError, WrongStatusError where it
    has ended, and StaleError where others change it without end.
    """
    check_kind(document, CampaignKind.SEQUENCE)
    for attempt in range(_ATTEMPTS):
        try:
            found = await _with_plan(engine, names, name, document, by=by, entry=entry)
            if found.plan > 1 and found.status in _STARTED:
                await _migrate(engine, found, by)
            return await _as_active(engine, found, active, by)
        except StaleError:  # somebody else defines it, or starts it, at this moment
            if attempt + 1 == _ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns, or raises")


async def _with_plan(
    engine: Engine,
    names: Names,
    name: str,
    document: Mapping[str, Any],
    *,
    by: str,
    entry: Entry | None,
) -> Campaign:
    """Return a sequence whose newest version says what a document says."""
    try:
        found = await names.find(engine, name)
    except NotFoundError:
        found = await _create(engine, names, name, document, by=by, entry=entry)
    return await campaigns.change_plan(
        engine, names.org, found.id, document, by=by, if_version=None
    )


async def _create(
    engine: Engine,
    names: Names,
    name: str,
    document: Mapping[str, Any],
    *,
    by: str,
    entry: Entry | None,
) -> Campaign:
    new = NewPlanCampaign(name=name, document=document, entry=entry or Entry(EntryBy.API))
    try:
        return await campaigns.create(
            engine, names.org, new, by=by, claim=lambda id_: names.claim(name, id_)
        )
    except ConflictError:  # somebody else defines it at this moment
        return await names.find(engine, name)


async def _migrate(engine: Engine, campaign: Campaign, by: str) -> None:
    """Let those go over who walk by an older version, the first of them at once."""
    progress = await progress_of(engine, campaign)
    if progress is None or progress.to < campaign.plan:
        progress = await ask(
            engine, campaign.org, campaign.id, nodes={}, to=None, by=by, with_task=False
        )
    if progress.is_running:
        await migrate_some(engine, campaign.org, campaign.id, most=AT_ONCE)


async def _as_active(engine: Engine, campaign: Campaign, active: bool | None, by: str) -> Campaign:
    """Return a campaign that runs, or rests: a new one starts first, so that people may enter."""
    wanted = bool(active) if campaign.status is CampaignStatus.DRAFT else active
    while not _is_as(campaign, wanted):
        try:
            return await _step(engine, campaign, by, wanted=bool(wanted))
        except WrongStatusError:  # somebody else was faster
            found = await lifecycle.load(engine, campaign.org, campaign.id)
            if found.status is campaign.status:
                raise
            campaign = found
    return campaign


def _is_as(campaign: Campaign, wanted: bool | None) -> bool:
    is_running = campaign.status is CampaignStatus.RUNNING
    return campaign.status is not CampaignStatus.DRAFT and wanted in {None, is_running}


async def _step(engine: Engine, campaign: Campaign, by: str, *, wanted: bool) -> Campaign:
    """Start a campaign that has not, and pause or resume it."""
    org, id_ = campaign.org, campaign.id
    if campaign.status is CampaignStatus.DRAFT:
        campaign = await campaigns.start(engine, org, id_, by=by)
        if wanted:
            return campaign
    if not wanted:
        return await lifecycle.change(engine, org, id_, Action.PAUSE, by=by)
    return await lifecycle.change(engine, org, id_, Action.RESUME, by=by, also=_with_all_steps)


def _with_all_steps(campaign: Campaign) -> dict[str, Any]:
    """Have every step come that fell due while a sequence rested, not the newest alone."""
    return {"resumed_at": campaign.resumed_at}
