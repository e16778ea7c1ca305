"""One round of a figure by the engine of whichever tree is on the path; see `older`.

It uses nothing of benchmarks but their rig, which every tree has. Prints seconds, and seconds of
processor time.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.rig import INDEXES, ORG, create, engine_on, make_list
from functions import logs
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef
from functions.engine import paths
from functions.engine.kernel.engine import Engine
from functions.engine.ports.store import Query, Store
from functions.engine.receipts.receive import receive
from functions.stores.firestore.store import FirestoreStore
from functions.stores.sqlite.store import SqliteStore

_WARM_UP = 500
_AT_ONCE = 50  #: receipts under way

Round = Callable[[Store, str, int], Awaitable[None]]
"""Does the figure's work for so many people, and prints how long it took."""


async def _dispatch(store: Store, name: str, size: int) -> None:
    """Send a campaign from its creation to the last message's being sent."""
    await make_list(store, name, size)
    engine = engine_on(store)
    began = _times()
    await create(engine, name)
    await engine.queue.close()
    _tell(began)


async def _receipts(store: Store, name: str, size: int) -> None:
    """Apply a receipt of each message of a campaign that was sent."""
    await make_list(store, name, size)
    engine = engine_on(store)
    campaign = await create(engine, name)
    await engine.queue.close()
    found = await store.query(Query(paths.messages(ORG, campaign), limit=size))
    assert len(found) == size
    refs = iter([MessageRef(ORG, campaign, document.id) for document in found])
    began = _times()
    await asyncio.gather(*(_receive_all(engine, refs) for _ in range(_AT_ONCE)))
    _tell(began)


async def _receive_all(engine: Engine, refs: Iterator[MessageRef]) -> None:
    for ref in refs:
        id_, at = f"delivered-{ref.message}", datetime.now(UTC)
        await receive(engine, DeliveryEvent(id_, ref, 1, EventKind.DELIVERED, at, ref.message))


def _times() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _tell(began: tuple[float, float]) -> None:
    print(*(now - then for now, then in zip(_times(), began, strict=True)))


def _store(where: str) -> Store:
    """Open a store: a file, or a project of the emulator at HOST:PORT/PROJECT."""
    if where.startswith("/"):
        return SqliteStore(Path(where), INDEXES)
    host, _, project = where.partition("/")
    return FirestoreStore.connect(project, indexes=INDEXES, emulator_host=host)


_FIGURES: Mapping[str, Round] = {"dispatch": _dispatch, "receipts": _receipts}


async def _main(figure: str, where: str, size: str) -> None:
    logs.configure("error", readable=True)
    store = _store(where)
    await _FIGURES[figure](store, "warm-up", _WARM_UP)
    await _FIGURES[figure](store, "round", int(size))
    await store.close()


uvloop.run(_main(*sys.argv[1:]))
