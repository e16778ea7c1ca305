"""Figures 1 and 2: dispatch end to end and launch alone, against the writes done by hand."""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import bounds
from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.engine.ports import Store
from functions.stores.firestore import FirestoreStore
from functions.stores.sqlite import SqliteStore
from infra.emulator import PROJECT, running

_ROUNDS = 5
_SIZE = {"SQLite": 20_000, "emulator": 10_000}


@dataclass(slots=True)
class Samples:
    """Messages a second, one sample a round."""

    bound_create: list[float] = field(default_factory=list)
    bound_all: list[float] = field(default_factory=list)
    launch: list[float] = field(default_factory=list)
    dispatch: list[float] = field(default_factory=list)

    def rows(self, store: str) -> list[Row]:
        """Return the figures: each ratio is the median of the rounds' own ratios."""
        return [
            _row(f"dispatch end to end, {store}", self.dispatch, self.bound_all, 0.5),
            _row(f"launch alone, {store}", self.launch, self.bound_create, 0.6),
        ]


def _row(name: str, ours: list[float], bound: list[float], goal: float) -> Row:
    ratio = statistics.median(a / b for a, b in zip(ours, bound, strict=True))
    rates = f"{statistics.median(ours):,.0f}/s", f"{statistics.median(bound):,.0f}/s"
    return Row(name, rates[0], f"by hand {rates[1]}", ratio, f">= {goal}")


async def measure() -> list[Row]:
    """Measure both stores."""
    with tempfile.TemporaryDirectory() as folder:
        sqlite = await _measure_sqlite(Path(folder) / "bench.db")
    with running() as emulator:
        firestore = await _measure_firestore(emulator.host)
    return [*sqlite.rows("SQLite"), *firestore.rows("emulator")]


async def _measure_sqlite(path: Path) -> Samples:
    size = _SIZE["SQLite"]
    store = SqliteStore(path, INDEXES)
    samples = Samples()
    await _round(store, "warm-up", 500, None)
    for number in range(_ROUNDS):
        bound = await asyncio.to_thread(bounds.sqlite, str(path), size)
        await _round(store, f"round-{number}", size, (samples, bound))
    await store.close()
    return samples


async def _measure_firestore(host: str) -> Samples:
    size = _SIZE["emulator"]
    samples = Samples()
    for number in range(-2, _ROUNDS):
        # A project of its own: the emulator's queries scan everything of a collection's name.
        project = f"{PROJECT}-{number}"
        store = FirestoreStore.connect(project, indexes=INDEXES, emulator_host=host)
        bound = await bounds.firestore(host, f"{project}-bound", size)
        into = (samples, bound) if number >= 0 else None  # the first ones warm up the emulator
        await _round(store, f"round-{number}", size, into)
        await store.close()
    return samples


async def _round(
    store: Store, name: str, size: int, into: tuple[Samples, bounds.Bound] | None
) -> None:
    launch_s = await _timed(store, f"{name}-launch", size, ("launch",))
    all_s = await _timed(store, f"{name}-all", size, ("launch", "dispatch"))
    if into is None:
        return
    samples, bound = into
    samples.bound_create.append(size / bound.create_s)
    samples.bound_all.append(size / bound.all_s)
    samples.launch.append(size / launch_s)
    samples.dispatch.append(size / all_s)


async def _timed(store: Store, name: str, size: int, kinds: tuple[str, ...]) -> float:
    await make_list(store, name, size)
    engine = engine_on(store, kinds=kinds)
    start = time.perf_counter()
    await create(engine, name)
    await engine.queue.close()
    return time.perf_counter() - start
