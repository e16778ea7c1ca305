"""Entry: whether somebody may enter a plan, the first time or again."""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from enum import StrEnum

from functions.domain.calendar.durations import parse_duration
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import AFTER_EXIT, CONTINUE, NEVER, PARALLEL, Entry, EntryBy
from functions.domain.contacts.suppressions import ALL
from functions.domain.errors import InvalidFieldError, NotFoundError
from functions.domain.plans.enrollment import Enrollment
from functions.domain.plans.leaving import is_forgotten
from functions.domain.plans.listening import is_custom
from functions.domain.plans.plan import Plan
from functions.domain.segments.parser import parse as parse_conditions
from functions.domain.times import zones_of
from functions.engine import paths
from functions.engine.contacts import segments
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.plan_versions import plan_of


def barring_scopes(campaign: Campaign) -> set[str]:
    """Return the scopes under which whoever is barred does not enter a campaign's plan.

    Where it has several channels, a bar under one of them leaves the others.
    """
    channels = {route.channel for route in campaign.entry_routes}
    return {ALL, campaign.kind, *(channels if len(channels) == 1 else ())}


async def check_entry(engine: Engine, org: str, entry: Entry) -> None:
    """Refuse an entry that nobody could come in by as it says.

    Raises InvalidFieldError, and NotFoundError for a campaign that its conditions name.
    """
    if entry.conditions is not None:
        await segments.read(engine, org, entry.conditions)
    if entry.by == EntryBy.EVENT and not is_custom(entry.event):
        sentence = f"'{entry.event}' comes of messages; people enter by events that you tell of"
        raise InvalidFieldError("entry.event", f"entry.event: {sentence} (POST /events)")
    if not entry.stays_open and entry.reentry != NEVER:
        sentence = f"people enter by {entry.by} once, at the start: write never, or entry by api"
        raise InvalidFieldError("reentry", f"reentry: {sentence} or event")


class EntryResult(StrEnum):
    """What becomes of somebody who is to enter."""

    ENROLLED = "enrolled"
    ALREADY = "already"  #: they are under way
    ALREADY_WAS = "already_was"  #: they have come to an end, and may not enter again, or not yet
    REFUSED = "refused"  #: they may not enter, for a reason


def result_of(entry: Entry, before: Enrollment | None, *, now: datetime) -> EntryResult:
    """Return whether somebody enters whose enrollment stands so; None: they never have.

    Whoever was forgotten meanwhile has never entered, for all that anybody knows.
    """
    if before is None or is_forgotten(before):
        return EntryResult.ENROLLED
    if not before.has_ended:
        return EntryResult.ALREADY
    match entry.reentry:
        case str(reentry) if reentry == AFTER_EXIT:
            return EntryResult.ENROLLED
        case str(reentry) if reentry == CONTINUE:
            return EntryResult.ENROLLED if before.left else EntryResult.ALREADY_WAS
        case str(reentry) if reentry in {NEVER, PARALLEL}:
            return EntryResult.ALREADY_WAS
        case wait:
            zone = zones_of(before.zones)[0]
            again_at = parse_duration(wait).add(before.ended_at or before.entered_at, zone)
            return EntryResult.ENROLLED if now >= again_at else EntryResult.ALREADY_WAS


async def older_plans(engine: Engine, campaign: Campaign, ids: Sequence[str]) -> Mapping[int, Plan]:
    """Return the older versions by which enrollments walked that may be continued.

    None where no one is: it costs the others no read.
    """
    if campaign.plan == 1 or campaign.entry is None or campaign.entry.reentry != CONTINUE:
        return {}
    asked = [paths.enrollment(campaign.org, campaign.id, id_) for id_ in ids]
    found = await engine.store.get_many(asked)
    numbers = {document.data["plan"] for document in found if document} - {campaign.plan}
    plans = dict[int, Plan]()
    for number in numbers:
        with suppress(NotFoundError):  # it is gone
            plans[number] = (await plan_of(engine, campaign, number)).plan
    return plans


async def filtered(
    engine: Engine, campaign: Campaign, contacts: Collection[str]
) -> Collection[str]:
    """Return those of these contacts, by path, whom the campaign's entry filter keeps out."""
    conditions = campaign.entry.conditions if campaign.entry else None
    if conditions is None:
        return ()
    found = await engine.store.get_many([path for path in contacts if path])
    known = [document for document in found if document is not None]
    passed = await segments.matching(engine, campaign.org, parse_conditions(conditions), known)
    return set(contacts) - {document.path for document in passed}
