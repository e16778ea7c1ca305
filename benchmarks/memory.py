"""Peak memory of a launch: ten thousand people and a million, each in a process of its own."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.report import Row
from benchmarks.rig import INDEXES, create, engine_on, make_list
from functions.stores.sqlite.store import SqliteStore

_SMALL, _LARGE = 10_000, 1_000_000


async def measure() -> list[Row]:
    """Measure both sizes."""
    small, large = await _peak_mb(_SMALL), await _peak_mb(_LARGE)
    name = f"peak memory, launch of {_LARGE:,} people"
    return [Row(name, f"{large:.0f} MB", f"{small:.0f} MB for {_SMALL:,}", large / small, "flat")]


async def _peak_mb(size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.db"
        store = SqliteStore(path, INDEXES)
        await make_list(store, "people", size)
        await store.close()
        command = (sys.executable, "-m", "benchmarks.memory", str(path))
        done = await asyncio.to_thread(
            subprocess.run, command, check=True, capture_output=True, text=True
        )
    return float(done.stdout.splitlines()[-1])


async def _launch(path: Path) -> None:
    store = SqliteStore(path, INDEXES)
    engine = engine_on(store, kinds=("launch",))
    await create(engine, "people")
    await engine.queue.close()
    await store.close()


def peak_kb() -> int:
    """Return this program's own peak: getrusage would tell that of the process it came from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0])


if __name__ == "__main__":
    asyncio.run(_launch(Path(sys.argv[1])))
    print(peak_kb() / 1024)
