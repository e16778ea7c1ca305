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
_EACH = _LARGE // _SMALL  #: small campaigns stand against a large one: as many messages
_ROUNDS = 5


async def measure() -> list[Row]:
    """Measure whole campaigns of both sizes on SQLite, in turns and in one file.

    As many messages are sent in small campaigns as in a large one: the best of three short runs is
    further from the common one than the best of three long ones.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore(path, INDEXES)
        await _campaign(store, "warm-up", 1_000)
        ours = [
            (
                sum([await _campaign(store, f"{number}-{n}", _SMALL) for n in range(_EACH)]),
                await _campaign(store, f"{number}", _LARGE),
            )
            for number in range(_ROUNDS)
        ]
        by_hand = [
            (
                sum(bounds.sqlite(str(path), _SMALL).all_s for _ in range(_EACH)),
                bounds.sqlite(str(path), _LARGE).all_s,
            )
            for _ in range(_ROUNDS)
        ]
        await store.close()
    return [
        _row(f"{_LARGE:,} messages, SQLite", ours, "<= 11"),
        _row("the same writes by hand", by_hand, "told"),
    ]


def _row(name: str, rounds: list[tuple[float, float]], goal: str) -> Row:
    """Return the figures of the round in the middle."""
    by_growth = sorted(rounds, key=lambda each: each[1] / each[0])
    small, large = by_growth[len(rounds) // 2]
    small /= _EACH
    return Row(name, f"{large:.1f} s", f"{small:.2f} s for {_SMALL:,}", large / small, goal)


async def _campaign(store: Store, name: str, size: int) -> float:
    await make_list(store, name, size)
    engine = engine_on(store)
    start = time.perf_counter()
    await create(engine, name)
    await engine.queue.close()
    return time.perf_counter() - start
