"""Figure 9: receipts applied, against the same read and the same commit without the engine."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG, create, engine_on, make_list
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.domain.messages.ids import lane_number
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Add, Query, Store, Update
from functions.engine.receipts.receive import receive
from functions.stores.firestore.store import FirestoreStore
from functions.stores.sqlite.store import SqliteStore
from infra.emulator import PROJECT, running

_ROUNDS = 5
_AT_ONCE = 50  #: callbacks under way, as a busy server has them

Apply = Callable[[MessageRef], Awaitable[None]]


async def measure() -> list[Row]:
    """Measure both stores."""
    with tempfile.TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "bench.db", INDEXES)
        rows = [await _measured(store, "SQLite", 5000)]
        await store.close()
    with running(heap="4g") as emulator:
        firestore = FirestoreStore.connect(PROJECT, indexes=INDEXES, emulator_host=emulator.host)
        rows.append(await _measured(firestore, "emulator", 1000))
        await firestore.close()
    return rows


async def _measured(store: Store, name: str, size: int) -> Row:
    samples = []
    for number in range(_ROUNDS):
        engine, refs = await _sent(store, f"receipts-{number}", size * 2)
        ours = await _timed(refs[:size], partial(_receive, engine))
        by_hand = await _timed(refs[size:], partial(_by_hand, store))
        samples.append((ours, by_hand))
    ours_s, by_hand_s = map(statistics.median, zip(*samples, strict=True))
    ratio = statistics.median(b / a for a, b in samples)
    shown = f"by hand {size / by_hand_s:,.0f}/s"
    return Row(f"receipts, {name}", f"{size / ours_s:,.0f}/s", shown, ratio, "told")


async def _sent(store: Store, name: str, size: int) -> tuple[Engine, list[MessageRef]]:
    """Send a campaign, of whose messages no receipt has come yet."""
    await make_list(store, name, size)
    engine = engine_on(store)
    campaign = await create(engine, name)
    await engine.queue.close()
    found = await store.query(Query(paths.messages(ORG, campaign), limit=size))
    assert len(found) == size
    return engine, [MessageRef(ORG, campaign, document.id) for document in found]


async def _timed(refs: list[MessageRef], apply: Apply) -> float:
    left = iter(refs)

    async def work() -> None:
        for ref in left:
            await apply(ref)

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(_AT_ONCE)))
    return time.perf_counter() - start


async def _receive(engine: Engine, ref: MessageRef) -> None:
    id_, at = f"delivered-{ref.message}", datetime.now(UTC)
    await receive(engine, DeliveryEvent(id_, ref, 1, EventKind.DELIVERED, at, ref.message))


async def _by_hand(store: Store, ref: MessageRef) -> None:
    """Read what a receipt is about, and write what it changes."""
    at, message = datetime.now(UTC), await store.get(paths.message(ref))
    assert message is not None
    told = [{"id": f"delivered-{ref.message}", "kind": "delivered", "attempt": 1, "at": at}]
    changes = {"status": "delivered", "delivered_at": at, "told": told}
    lane = lane_number(ref.message, 4)
    await store.commit(
        Update(message.path, changes, message.version),
        Add(paths.statistics(ref.org, ref.campaign, lane), {"sent": -1, "delivered": 1}),
    )
