"""Figure 4: how the time grows from ten thousand messages to a hundred thousand."""

import tempfile
import time
from pathlib import Path

from benchmarks import bounds
from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.engine.ports.store import Store
from functions.stores.sqlite.store import SqliteStore

_SMALL, _LARGE = 10_000, 100_000
_ROUNDS = 3  #: of each size: the best of the one is held against the best of the other


async def measure() -> list[Row]:
    """Measure whole campaigns of both sizes on SQLite, in one file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore(path, INDEXES)
        await _campaign(store, "warm-up", 1_000)
        small, large = [
            min([await _campaign(store, f"{size}-{n}", size) for n in range(_ROUNDS)])
            for size in (_SMALL, _LARGE)
        ]
        hand_small, hand_large = [
            min(bounds.sqlite(str(path), size).all_s for _ in range(_ROUNDS))
            for size in (_SMALL, _LARGE)
        ]
        await store.close()
    name = f"{_LARGE:,} messages, SQLite"
    hand = f"{hand_large:.1f} s", f"{hand_small:.2f} s for {_SMALL:,}", hand_large / hand_small
    return [
        Row(name, f"{large:.1f} s", f"{small:.2f} s for {_SMALL:,}", large / small, "<= 11"),
        Row("the same writes by hand", *hand, "told"),
    ]


async def _campaign(store: Store, name: str, size: int) -> float:
    await make_list(store, name, size)
    engine = engine_on(store)
    start = time.perf_counter()
    await create(engine, name)
    await engine.queue.close()
    return time.perf_counter() - start
