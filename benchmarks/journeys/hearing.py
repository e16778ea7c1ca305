"""Hearing: how soon the next message goes out after an event, and how many events a second."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.journeys.samples import Samples, timed
from benchmarks.journeys.world import (
    PAYERS,
    REMINDERS,
    begin,
    enter,
    hold_lanes,
    idle,
    journeys_on,
    make_contacts,
)
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, NoOpCarrier
from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.ids import lane_number
from functions.domain.messages.send_outcomes import SendOutcome
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.plans.events.event import NewEvent
from functions.engine.plans.events.telling import tell
from functions.engine.ports.channel import Outbound
from functions.engine.ports.store import Add, Document, Query, Store, Update
from functions.engine.receipts.receive import receive
from functions.stores.sqlite.store import SqliteStore

_PEOPLE = 200
_EVENTS, _ROUNDS = 1_000, 3
_AT_ONCE = 50  #: events under way, as a busy server has them


async def measure() -> list[Row]:
    """Measure both, by the receipts of mails that were opened, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        rows = [
            await _latency(store, "a receipt", REMINDERS, opened),
            await _latency(store, "an event that is told", PAYERS, paid),
        ]
        samples = Samples()
        for _ in range(_ROUNDS):
            samples.add(*await _round(store))
        await store.close()
    return [*rows, samples.row("events that move somebody on, SQLite", _EVENTS, ">= 0.5")]


Tell: TypeAlias = Callable[[Engine, Document], Awaitable[None]]


class _Listener(NoOpCarrier):
    """Accepts everything at once, and says that it has."""

    def __init__(self) -> None:
        self.sent = asyncio.Event()

    async def send(self, outbound: Outbound) -> SendOutcome:
        self.sent.set()
        return await super().send(outbound)


async def _latency(store: Store, what: str, document: Mapping[str, Any], told: Tell) -> Row:
    """Measure one event at a time: nothing else happens in its campaign, whose lanes rest."""
    carrier = _Listener()
    engine = replace(journeys_on(store), channels={"noop": carrier})
    engine.queue.engine = engine  # type: ignore[attr-defined]  # the rig's own queue
    took = []
    _, mails = await mails_of(engine, _PEOPLE, document)
    for message in mails:
        carrier.sent.clear()
        start = time.perf_counter()
        await told(engine, message)
        await carrier.sent.wait()
        took.append(time.perf_counter() - start)
        await idle(engine)
    p50, p99 = statistics.median(took), sorted(took)[len(took) * 99 // 100]
    ours, against = f"p99 {p99 * 1000:.0f} ms", f"p50 {p50 * 1000:.0f} ms"
    return Row(f"from {what} to the next message, idle, SQLite", ours, against, None, "< 1 s")


async def mails_of(
    engine: Engine, size: int, document: Mapping[str, Any] = REMINDERS
) -> tuple[Campaign, list[Document]]:
    """Return a journey, and the mails that so many people have been sent and not opened yet."""
    people = await make_contacts(engine.store, size)
    campaign = await begin(engine, document)
    await enter(engine, campaign, people)
    found = await engine.store.query(Query(paths.messages(ORG, campaign.id), limit=size))
    assert len(found) == size
    return campaign, found


def _ref(message: Document) -> MessageRef:
    _, org, _, campaign, _, id_ = message.path.split("/")
    return MessageRef(org, campaign, id_)


async def opened(engine: Engine, message: Document) -> None:
    """Have the receipt come of a mail that was opened."""
    ref = _ref(message)
    at = engine.clock.now()
    await receive(engine, DeliveryEvent(f"read-{ref.message}", ref, 1, EventKind.READ, at))


async def paid(engine: Engine, message: Document) -> None:
    """Have a caller tell that whoever got a mail has paid."""
    who = str(message.data["contact"]).rpartition("/")[2]
    event = NewEvent(name="paid", id=f"paid-{message.id}", contact_id=who)
    assert await tell(engine, ORG, [event])


async def _round(store: Store) -> tuple[float, float]:
    """Tell of one half of the mails that they were opened, and write it of the other by hand."""
    engine = journeys_on(store)
    campaign, mails = await mails_of(engine, 2 * _EVENTS)
    ours, others = mails[:_EVENTS], mails[_EVENTS:]
    engine = journeys_on(store, kinds=())  # workers hold the lanes, but only take note here
    await hold_lanes(engine, campaign)
    return (
        await timed(_all(ours, lambda mail: opened(engine, mail))),
        await timed(_all(others, lambda mail: _by_hand(store, mail))),
    )


async def _all(mails: list[Document], each: Callable[[Document], Awaitable[None]]) -> None:
    left = iter(mails)

    async def work() -> None:
        for mail in left:
            await each(mail)

    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))


async def _by_hand(store: Store, mail: Document) -> None:
    """Read what a receipt is about, write what it changes, and see to its lane."""
    at, ref = datetime.now(UTC), _ref(mail)
    message = await store.get(paths.message(ref))
    assert message is not None
    told = [{"id": f"read-{ref.message}", "kind": "read", "attempt": 1, "at": at}]
    enrollment = paths.enrollment(ref.org, ref.campaign, message.data["enrollment"])
    lane = lane_number(ref.message, 4)
    await store.commit(
        Update(message.path, {"status": "read", "read_at": at, "told": told}, message.version),
        Update(enrollment, {"lane": f"walk-{lane}", "next_at": at}),
        Add(paths.statistics(ref.org, ref.campaign, lane), {"sent": -1, "read": 1}),
    )
    await store.get(paths.lane(ref.org, ref.campaign, str(lane)))
