"""Figures 1 and 2: dispatch end to end and launch alone, against the writes done by hand."""

import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import bounds
from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.engine.ports.store import Store
from functions.stores.firestore.store import FirestoreStore
from functions.stores.sqlite.store import SqliteStore
from infra.emulator import PROJECT, running

_SQLITE = {20_000: 5, 100_000: 3}  #: campaign sizes and rounds
_EMULATOR, _EMULATOR_ROUNDS = 10_000, 5


class Goals(NamedTuple):
    """What is to be reached, of the same by hand."""

    dispatch: str
    launch: str
    with_reads: str = "told"  #: of a launch


_ON_SQLITE: Final = Goals(">= 0.6", ">= 0.6")
_ON_EMULATOR: Final = Goals(">= 0.7", ">= 0.45", ">= 0.85")


@dataclass(slots=True)
class Samples:
    """Seconds, one sample a round."""

    by_hand: list[bounds.Bound] = field(default_factory=list)
    launch: list[float] = field(default_factory=list)
    dispatch: list[float] = field(default_factory=list)

    def rows(self, store: str, size: int, goals: Goals) -> list[Row]:
        """Return the figures, against the writes alone and against writes and reads."""
        writes_all, writes_one = [b.all_s for b in self.by_hand], [b.create_s for b in self.by_hand]
        with_reads = [b.dispatch_s for b in self.by_hand], [b.launch_s for b in self.by_hand]
        return [
            _row(f"dispatch end to end, {store}", size, self.dispatch, writes_all, goals.dispatch),
            _row("the same, reads included", size, self.dispatch, with_reads[0], "told"),
            _row(f"launch alone, {store}", size, self.launch, writes_one, goals.launch),
            _row("the same, reads included", size, self.launch, with_reads[1], goals.with_reads),
        ]


def _row(name: str, size: int, ours: list[float], bound: list[float], goal: str) -> Row:
    """Return a figure; its ratio is the median of the rounds' own ratios."""
    ratio = statistics.median(b / a for a, b in zip(ours, bound, strict=True))
    rate, by_hand = size / statistics.median(ours), size / statistics.median(bound)
    return Row(name, f"{rate:,.0f}/s", f"by hand {by_hand:,.0f}/s", ratio, goal)


async def measure() -> list[Row]:
    """Measure both stores."""
    rows = []
    for size, rounds in _SQLITE.items():
        with tempfile.TemporaryDirectory() as folder:
            sqlite = await _measure_sqlite(Path(folder) / "bench.db", size, rounds)
        rows += sqlite.rows(f"SQLite, {size:,}", size, _ON_SQLITE)
    with running(heap="4g") as emulator:
        firestore = await _measure_firestore(emulator.host)
    return [*rows, *firestore.rows(f"emulator, {_EMULATOR:,}", _EMULATOR, _ON_EMULATOR)]


async def _measure_sqlite(path: Path, size: int, rounds: int) -> Samples:
    store = SqliteStore(path, INDEXES)
    samples = Samples()
    await _round(store, "warm-up", 500, None)
    for number in range(rounds):
        bound = await asyncio.to_thread(bounds.sqlite, str(path), size)
        await _round(store, f"round-{number}", size, (samples, bound))
    await store.close()
    return samples


async def _measure_firestore(host: str) -> Samples:
    size = _EMULATOR
    samples = Samples()
    for number in range(-2, _EMULATOR_ROUNDS):
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
    samples.by_hand.append(bound)
    samples.launch.append(launch_s)
    samples.dispatch.append(all_s)


async def _timed(store: Store, name: str, size: int, kinds: tuple[str, ...]) -> float:
    await make_list(store, name, size)
    engine = engine_on(store, kinds=kinds)
    start = time.perf_counter()
    await create(engine, name)
    await engine.queue.close()
    return time.perf_counter() - start
