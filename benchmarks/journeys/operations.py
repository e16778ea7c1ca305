"""Operations: what each thing costs for each person, in writes and reads, as a cloud bills them.

Counted over many people at once, as they come; what belongs to a page of them is counted with it.
"""

import tempfile
from pathlib import Path

from benchmarks.journeys.counting import CountingStore, Operations
from benchmarks.journeys.hearing import mails_of, opened, paid
from benchmarks.journeys.world import (
    PATIENT,
    begin,
    hold_lanes,
    journeys_on,
    set_ahead,
    walk_lane,
    walk_only,
    work,
)
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, make_list
from functions.engine.delivery.launch import launch
from functions.stores.sqlite.store import SqliteStore

_SIZE = 1_000


async def measure() -> list[Row]:
    """Count on SQLite: a store is asked the same whatever it is."""
    with tempfile.TemporaryDirectory() as folder:
        store = CountingStore(SqliteStore(Path(folder) / "bench.db", INDEXES))
        rows = [await _enroll(store), *await _moves(store)]
        await store.close()
    return rows


async def _enroll(store: CountingStore) -> Row:
    await make_list(store, "people", _SIZE)
    engine = journeys_on(store, kinds=())
    campaign = await begin(engine, PATIENT, list_id="people")
    store.counted = Operations()
    await launch(engine, ORG, campaign.id)
    return _row("to enroll somebody from a list", store.counted, 1, 1)


async def _moves(store: CountingStore) -> list[Row]:
    """Count the moves of people who have been sent a mail, by their timers and by what they do."""
    engine = journeys_on(store)
    campaign, _ = await mails_of(engine, _SIZE)
    set_ahead(engine)
    store.counted = Operations()
    await walk_only(engine, campaign)
    rows = [_row("to move somebody whose time is up, with a message", store.counted, 2, 3)]
    store.counted = Operations()
    await work(engine, campaign)
    rows.append(_row("to send that message", store.counted, 2, 1))
    campaign, mails = await mails_of(engine, _SIZE)
    held = await hold_lanes(engine, campaign)
    store.counted = Operations()
    for mail in mails:
        await opened(engine, mail)
    for lease in held:
        await walk_lane(lease)
    rows.append(_row("to take a receipt and move somebody by it", store.counted, 6, 7))
    store.counted = Operations()
    for mail in mails:
        await paid(engine, mail)
    rows.append(_row("to note an event that nobody hears", store.counted, 1, 1))
    return rows


def _row(name: str, counted: Operations, writes: int, reads: int) -> Row:
    ours = f"{counted.writes / _SIZE:.2f} writes, {counted.reads / _SIZE:.2f} reads"
    return Row(name, ours, f"planned {writes} and {reads}", None, f"{writes} and {reads}")
