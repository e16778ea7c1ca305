"""The library: subjects scheduled and actions called back a second, on SQLite on a disk.

The goals are thirty times what the JavaScript library of the same name does on such a machine:
102 subjects of three actions and 100 actions a second.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.report import Row
from functions import Call, CampaignScheduler, Worker

_SUBJECTS: Final = 2_000
_MANY: Final = 20_000
_PEER_SCHEDULED, _PEER_CALLED = 102, 100


async def measure() -> list[Row]:
    """Return the rows of the library."""
    few, called = await _run(_SUBJECTS)
    many, _ = await _run(_MANY)
    return [
        Row(
            "schedule() of three actions, SQLite",
            f"{_SUBJECTS / few:,.0f} subjects/s",
            f"the seed {_PEER_SCHEDULED}/s",
            _SUBJECTS / few / _PEER_SCHEDULED,
            ">= 3,000/s",
        ),
        Row(
            "actions called back, concurrency 200, SQLite",
            f"{_SUBJECTS / called:,.0f}/s",
            f"the seed {_PEER_CALLED}/s",
            _SUBJECTS / called / _PEER_CALLED,
            ">= 3,000/s",
        ),
        Row(
            f"schedule() of {_MANY:,} subjects",
            f"{many:.2f} s",
            f"{few:.2f} s for {_SUBJECTS:,}",
            many / few,
            "<= 11",
        ),
    ]


async def _run(subjects: int) -> tuple[float, float]:
    """Return the seconds in which subjects are scheduled, and the action due now is called."""
    async with _scheduler() as (scheduler, calls):
        begun = time.perf_counter()
        names = (f"subject#{number}" for number in range(subjects))
        await asyncio.gather(*(scheduler.schedule("bench", name) for name in names))
        scheduled = time.perf_counter()
        await scheduler.run_due()
        ended = time.perf_counter()
        if len(calls) != subjects or len(set(calls)) != subjects:
            raise RuntimeError(f"{len(calls)} calls, {len(set(calls))} subjects")
        return scheduled - begun, ended - scheduled


@asynccontextmanager
async def _scheduler() -> AsyncIterator[tuple[CampaignScheduler, list[str]]]:
    calls: list[str] = []

    async def callback(call: Call) -> None:
        calls.append(call.subject)

    with tempfile.TemporaryDirectory() as folder:
        store, worker = f"sqlite:///{Path(folder) / 'library.db'}", Worker(callback=callback)
        async with CampaignScheduler(store, worker=worker) as scheduler:
            await scheduler.define(_definition())
            yield scheduler, calls


def _definition() -> dict[str, Any]:
    offsets = ("0days", "2days", "4days")
    actions = [
        {"id": f"action{number}", "interval": {"offset": offset}, "callback": {"id": "mail"}}
        for number, offset in enumerate(offsets)
    ]
    return {"id": "bench", "active": True, "actions": actions}
