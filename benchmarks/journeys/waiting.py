"""Waiting: what a look at a lane costs in which 1,000 people wait, and in which 300,000 do."""

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from benchmarks.journeys.world import REMINDERS, begin, enter, journeys_on, make_contacts, remember
from benchmarks.operations.counting import CountingStore, Operations
from benchmarks.report import Row
from benchmarks.rig import INDEXES, ORG
from functions.domain.messages.ids import walk_lane
from functions.engine import paths
from functions.engine.kernel import lanes
from functions.engine.plans.walk import Walker
from functions.engine.ports.store import Create
from functions.stores.sqlite.store import SqliteStore

_FEW, _MANY = 1_000, 300_000
_LOOKS = 500
_LANE = "0"


async def measure() -> list[Row]:
    """Look at two files in turns: what is found there is nothing."""
    with tempfile.TemporaryDirectory() as folder:
        few, many = [await _Lane.make(Path(folder) / f"{n}.db", n) for n in (_FEW, _MANY)]
        for _ in range(_LOOKS):
            await few.look()
            await many.look()
        rows = [
            Row(
                f"a look at a lane, {_MANY:,} waiting",
                f"{many.median * 1000:.2f} ms",
                f"{few.median * 1000:.2f} ms with {_FEW:,}",
                many.median / few.median,
                "<= 1.2",
            ),
            Row("enrollments read by it", f"{many.read}", f"{few.read}", None, "0"),
        ]
        await few.store.close()
        await many.store.close()
    return rows


class _Lane:
    """A lane in which people wait for tomorrow."""

    def __init__(self, store: SqliteStore, counting: CountingStore, walker: Walker) -> None:
        self.store = store
        self._counting = counting
        self._walker = walker
        self._seconds: list[float] = []

    @classmethod
    async def make(cls, path: Path, waiting: int) -> "_Lane":
        """Store so many people who wait."""
        store = SqliteStore(path, INDEXES)
        engine = journeys_on(counting := CountingStore(store))
        campaign = await begin(engine, REMINDERS)
        await enter(engine, campaign, await make_contacts(store, 1))
        collection = paths.enrollments(ORG, campaign.id)
        ((id_, one),) = (await remember(store, collection)).items()
        tomorrow = engine.clock.now() + timedelta(days=1)
        for start in range(1, waiting, 1000):
            part = range(start, min(waiting, start + 1000))
            await store.commit(
                *(
                    Create(
                        f"{collection}/{number:08x}{id_[8:]}",
                        {
                            **one,
                            "lane": walk_lane(_LANE),
                            "next_at": tomorrow + timedelta(seconds=number),
                        },
                    )
                    for number in part
                )
            )
        lease = await lanes.acquire(engine, ORG, campaign.id, _LANE)
        assert lease is not None
        return cls(store, counting, Walker(lease))

    async def look(self) -> None:
        """Look at the lane once."""
        self._counting.counted = Operations()
        start = time.perf_counter()
        walked = await self._walker.walk()
        self._seconds.append(time.perf_counter() - start)
        assert not walked.due

    @property
    def median(self) -> float:
        """Seconds of a look."""
        return statistics.median(self._seconds)

    @property
    def read(self) -> int:
        """Documents that a look has read."""
        return self._counting.counted.found
