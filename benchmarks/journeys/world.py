"""What the figures of journeys share: people, a plan of mails, a clock that can be set ahead."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.rig import ORG, engine_on
from benchmarks.salted import SALT, contact_id
from functions.bootstrap.clock import SystemClock
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.campaigns.entry import Entry, EntryBy
from functions.domain.contacts.contact import Contact, contact_fields
from functions.engine import paths
from functions.engine.delivery.dispatch import dispatch
from functions.engine.kernel import lanes
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import LaneLease, lane_names
from functions.engine.plans import campaigns
from functions.engine.plans.campaigns import NewPlanCampaign
from functions.engine.plans.enroll import Entrant, enroll
from functions.engine.plans.walk import Walker
from functions.engine.ports.store import Query, Set, Store

#: Longer than any step of the plans here takes.
STEP: Final = timedelta(minutes=90)
_LONG_AGO: Final = datetime(2026, 1, 1, tzinfo=UTC)


class ShiftedClock(SystemClock):
    """The real time, but so much ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time, UTC."""
        return super().now() + self.ahead


def send(id_: str, *ways: Mapping[str, str]) -> dict[str, Any]:
    """Return a node that sends a mail."""
    said = {"sender": "us@example.com", "subject": f"{id_} {{{{first_name}}}}", "body": "Hello"}
    return {"id": id_, "action": "send", **said, "transitions": list(ways)}


def _silent(to: str) -> dict[str, str]:
    return {"on": "no_open", "to": to, "after": "PT1H"}


#: Two reminders for whoever does not open, thanks for whoever does.
REMINDERS: Final = {
    "startNodeId": "hello",
    "nodes": [
        send("hello", {"on": "opened", "to": "thanks"}, _silent("again")),
        send("again", {"on": "opened", "to": "thanks"}, _silent("last")),
        send("last", {"on": "opened", "to": "thanks"}, _silent("stop")),
        send("thanks", {"on": "elapsed", "to": "stop", "after": "PT1H"}),
        {"id": "stop", "action": "stop"},
    ],
}
#: Thanks for whoever pays, of which a caller tells.
PAYERS: Final = {
    "startNodeId": "hello",
    "nodes": [
        send(
            "hello",
            {"on": "paid", "to": "thanks"},
            {"on": "elapsed", "to": "stop", "after": "P7D"},
        ),
        send("thanks", {"on": "elapsed", "to": "stop", "after": "PT1H"}),
        {"id": "stop", "action": "stop"},
    ],
}
#: Everybody waits for an hour before anything is sent.
PATIENT: Final = {
    "startNodeId": "wait",
    "nodes": [
        {
            "id": "wait",
            "action": "wait",
            "transitions": [{"on": "elapsed", "to": "hello", "after": "PT1H"}],
        },
        send("hello", {"on": "elapsed", "to": "stop", "after": "PT1H"}),
        {"id": "stop", "action": "stop"},
    ],
}


def journeys_on(store: Store, *, kinds: Iterable[str] = ("launch", "dispatch")) -> Engine:
    """Return an engine with a no-op carrier whose clock can be set ahead."""
    engine = replace(engine_on(store, kinds=tuple(kinds)), clock=ShiftedClock())
    engine.queue.engine = engine  # type: ignore[attr-defined]  # the rig's own queue
    return engine


def set_ahead(engine: Engine) -> None:
    """Let the time pass that one step takes."""
    assert isinstance(engine.clock, ShiftedClock)
    engine.clock.ahead += STEP


async def make_contacts(store: Store, size: int) -> list[str]:
    """Store people, and the salt that their ids are made with; return their ids, in order."""
    await store.commit(Set(paths.salt(ORG), {"salt": SALT.hex()}))
    people = sorted(map(_contact, range(size)), key=lambda each: each.id)
    for start in range(0, size, 500):
        part = people[start : start + 500]
        await store.commit(
            *(Set(paths.contact(ORG, each.id), contact_fields(each)) for each in part)
        )
    return [each.id for each in people]


def _contact(number: int) -> Contact:
    email = f"person-{number}@example.com"
    return Contact(
        id=contact_id(email),
        email=email,
        first_name=f"Person {number}",
        zones=("America/New_York",),
        created_at=_LONG_AGO,
        updated_at=_LONG_AGO,
    )


async def begin(engine: Engine, document: Mapping[str, Any], *, list_id: str = "") -> Campaign:
    """Start a journey, whom a list enters at once; "": whoever is enrolled."""
    by = EntryBy.LIST if list_id else EntryBy.API
    audience = Audience(AudienceKind.LIST, list_id) if list_id else None
    new = NewPlanCampaign(name="Journey", document=document, entry=Entry(by), audience=audience)
    campaign = await campaigns.create(engine, ORG, new, by="bench")
    started = await campaigns.start(engine, ORG, campaign.id, by="bench")
    await idle(engine)
    return started


async def enter(engine: Engine, campaign: Campaign, people: Iterable[str]) -> None:
    """Let contacts enter, and their lanes walk and send until nothing is due."""
    await enroll(engine, ORG, campaign.id, [Entrant(contact_id=each) for each in people])
    await idle(engine)


async def idle(engine: Engine) -> None:
    """Wait until no task runs."""
    await engine.queue.close()


async def work(engine: Engine, campaign: Campaign) -> None:
    """Work on every lane of a campaign until nothing is due."""
    await asyncio.gather(
        *(dispatch(engine, ORG, campaign.id, name) for name in lane_names(campaign))
    )
    await idle(engine)


async def walk_only(engine: Engine, campaign: Campaign) -> None:
    """Walk everybody who is due, in all lanes at once, and send nothing."""
    held = await hold_lanes(engine, campaign)
    await asyncio.gather(*map(walk_lane, held))
    for lease in held:
        await lease.release()


async def hold_lanes(engine: Engine, campaign: Campaign) -> list[LaneLease]:
    """Take every lane of a campaign, as workers do that are at work on them."""
    taken = [await lanes.acquire(engine, ORG, campaign.id, name) for name in lane_names(campaign)]
    held = [lease for lease in taken if lease is not None]
    assert len(held) == len(taken)
    return held


async def walk_lane(lease: LaneLease) -> None:
    """Walk everybody who is due in a lane."""
    walker = Walker(lease)
    while (await walker.walk()).due:
        pass


async def remember(store: Store, collection: str) -> dict[str, dict[str, Any]]:
    """Return all documents of a collection, by their ids."""
    parts = store.stream(Query(collection, limit=1000))
    return {document.id: document.data async for part in parts for document in part}
