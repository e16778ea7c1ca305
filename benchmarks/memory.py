"""Peak memory of a launch, few people and very many, each in a process of its own.

Once a message is made for each of them, once each enters a journey.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.journeys.world import PATIENT, begin, journeys_on
from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.stores.sqlite.store import SqliteStore

_SMALL, _MANY, _LARGE = 10_000, 300_000, 1_000_000


async def measure() -> list[Row]:
    """Measure both sizes, and both kinds."""
    return [
        await _row("launch of {:,} people", "messages", _LARGE, "<= 150 MB"),
        await _row("{:,} people enter a journey", "enrollments", _MANY, "flat"),
    ]


async def _row(name: str, what: str, size: int, goal: str) -> Row:
    small, large = await _peak_mb(what, _SMALL), await _peak_mb(what, size)
    against = f"{small:.0f} MB for {_SMALL:,}"
    return Row(f"peak memory, {name.format(size)}", f"{large:.0f} MB", against, large / small, goal)


async def _peak_mb(what: str, size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore(path, INDEXES)
        await make_list(store, "people", size)
        await store.close()
        command = (sys.executable, "-m", "benchmarks.memory", what, str(path))
        done = await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, text=True
        )
    return float(done.stdout.splitlines()[-1])


async def _launch(what: str, path: Path) -> None:
    store = SqliteStore(path, INDEXES)
    if what == "messages":
        engine = engine_on(store, kinds=("launch",))
        await create(engine, "people")
        await engine.queue.close()
    else:
        await begin(journeys_on(store, kinds=("launch",)), PATIENT, list_id="people")
    await store.close()


def peak_kb() -> int:
    """Return this program's own peak: getrusage would tell that of the process it came from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    asyncio.run(_launch(sys.argv[1], Path(sys.argv[2])))
    print(peak_kb() / 1024)
