"""A year of weekly actions by the library, on a clock that is moved from Monday to Monday.

Every action is called once, at nine on the clocks of Paris, in summer and in winter.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from benchmarks.journeys.world import ShiftedClock
from benchmarks.report import Row
from functions import Call, CampaignScheduler, Worker

_FEW, _MANY, _WEEKS = 1_000, 10_000, 52
_PARIS: Final = ZoneInfo("Europe/Paris")
_RULE: Final = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "count": _WEEKS}


async def measure() -> list[Row]:
    """Return the rows of a year; it takes minutes."""
    few, many = await _run(_FEW), await _run(_MANY)
    return [
        Row(
            f"a year of weekly actions for {_MANY:,} subjects",
            f"{many:.0f} s, {_MANY * _WEEKS / many:,.0f} actions/s",
            f"{few:.1f} s for {_FEW:,}",
            many / few,
            "<= 11",
        )
    ]


async def _run(subjects: int) -> float:
    """Return the seconds of processor time that a year takes."""
    clock, calls = ShiftedClock(), Counter[str]()

    async def callback(call: Call) -> None:
        here = clock.now().astimezone(_PARIS)
        if (here.weekday(), here.hour) != (0, 9):
            raise RuntimeError(f"called at {here}")
        calls[call.key] += 1

    with tempfile.TemporaryDirectory() as folder:
        store = f"sqlite:///{Path(folder) / 'year.db'}"
        worker = Worker(callback=callback)
        async with CampaignScheduler(store, worker=worker, clock=clock) as scheduler:
            await scheduler.define(_definition())
            begun = time.process_time()
            await scheduler.schedule_many("bench", [f"subject#{n}" for n in range(subjects)])
            for monday in _mondays(clock.now()):
                clock.ahead += monday - clock.now()
                await scheduler.run_due()
            seconds = time.process_time() - begun
            _check(calls, (await scheduler.status()).actions, subjects)
            return seconds


def _mondays(now: datetime) -> Sequence[datetime]:
    """Return nine o'clock in Paris of the next fifty-two Mondays."""
    here = now.astimezone(_PARIS)
    day = (here + timedelta(days=7 - here.weekday())).date()
    days = (day + timedelta(weeks=number) for number in range(_WEEKS))
    return [datetime(d.year, d.month, d.day, 9, tzinfo=_PARIS).astimezone(UTC) for d in days]


def _check(calls: Counter[str], states: Any, subjects: int) -> None:
    wanted = subjects * _WEEKS
    if len(calls) != wanted or set(calls.values()) != {1} or states["completed"] != wanted:
        raise RuntimeError(f"{len(calls):,} of {wanted:,} actions; {states}")


def _definition() -> dict[str, Any]:
    action = {"id": "news", "repeat": _RULE, "callback": {"id": "mail"}}
    return {"id": "bench", "active": True, "timezone": "Europe/Paris", "actions": [action]}
