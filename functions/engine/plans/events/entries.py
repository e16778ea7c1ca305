"""Entries: people enter the plans of campaigns upon what is told of them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from functions.domain.campaigns.entry import EntryBy
from functions.domain.contacts.phones import parse_phone
from functions.domain.errors import NotFoundError, WrongStatusError
from functions.domain.messages.ids import whole_id
from functions.engine.kernel.engine import Engine
from functions.engine.plans.enroll import Entered, Entrant, enroll
from functions.engine.plans.entry import EntryResult
from functions.engine.plans.events.event import Telling, Value


async def begins(engine: Engine, org: str, told: Telling) -> bool:
    """Tell whether there are campaigns that people may enter upon an event."""
    memory, now = engine.memory, engine.clock.now()
    return bool(await memory.entries.of(engine.store, org, told.event.name, now=now))


async def enter(engine: Engine, org: str, told: Sequence[Telling]) -> None:
    """Let the people of events enter; what they have entered is noted on the events."""
    by_campaign: defaultdict[str, list[Telling]] = defaultdict(list)
    now = engine.clock.now()
    for each in told:
        found = await engine.memory.entries.of(engine.store, org, each.event.name, now=now)
        for campaign_id in found:
            by_campaign[campaign_id].append(each)
    for campaign_id, of_campaign in by_campaign.items():
        results = await _enroll(engine, org, campaign_id, of_campaign)
        for each, result in zip(of_campaign, results, strict=True):
            if _has_entered(each, result):
                each.entered.append(whole_id(campaign_id, result.id))


async def _enroll(
    engine: Engine, org: str, campaign_id: str, told: Sequence[Telling]
) -> Sequence[Entered]:
    entrants = [_entrant(each) for each in told]
    try:
        return await enroll(engine, org, campaign_id, entrants, by=EntryBy.EVENT)
    except (NotFoundError, WrongStatusError):  # it was closed, or has ended, since it was read
        return [Entered(EntryResult.REFUSED)] * len(told)


def _entrant(told: Telling) -> Entrant:
    event = told.event
    phone = parse_phone(event.address) if event.address.startswith("+") else None
    return Entrant(
        contact_id=event.contact_id,
        address=event.address,
        subject=event.subject,
        region=phone.region if phone else "",
        zones=phone.zones if phone else (),
        key=event.key,
        data=_texts(event.data),
        event=told.path_id,
    )


def _texts(data: Mapping[str, Value]) -> dict[str, str]:
    """Return an event's data as texts may say it."""
    words = {None: "", True: "true", False: "false"}
    return {
        name: words[value] if value is None or isinstance(value, bool) else str(value)
        for name, value in data.items()
    }


def _has_entered(told: Telling, entered: Entered) -> bool:
    """Tell whether somebody has entered upon this event, by whoever told of it first."""
    walk = entered.enrollment
    return entered.result is EntryResult.ENROLLED or (
        walk is not None and walk.event == told.path_id
    )
