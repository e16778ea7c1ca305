"""A year of weekly actions: each once, at its local hour, and the same work in each week."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from functions import CampaignScheduler
from functions.engine.ports.store import Store
from tests.client.conftest import DAY, Library, action, definition
from tests.engine.crashes import Crash, CrashingStore, CrashPoint
from tests.engine.wrapped_store import Do, Operation, WrappedStore

PARIS: Final = ZoneInfo("Europe/Paris")
WEEK: Final = 7 * DAY
MONDAYS_AT_NINE: Final = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "count": 52}
SUBJECTS: Final = [f"customer#{number}" for number in range(20)]


def weekly(**more: Any) -> dict[str, Any]:
    """Return a campaign whose only action comes every Monday at nine, in Paris."""
    said = {"id": "news", "repeat": MONDAYS_AT_NINE, "callback": {"id": "sendEmail"}}
    return definition(actions=[said], timezone="Europe/Paris", **more)


def give_store(scheduler: CampaignScheduler, wrap: Callable[[Store], Store]) -> Store:
    """Have a scheduler work with another store around its own, and return its own."""
    process = scheduler._process
    assert process is not None
    own = process.engine.store
    process.engine = replace(process.engine, store=wrap(own))
    return own


@pytest.mark.slow
async def test_a_year_of_weekly_actions_is_fifty_two_calls_and_constant_work_each_week(
    library: Library,
) -> None:
    """At nine in Paris in summer and in winter, by one schedule for each subject."""
    scheduler = await library.open()
    operations = Counter[str]()

    async def count(operation: Operation, do: Do) -> Any:
        operations[operation.name] += 1
        return await do()

    give_store(scheduler, lambda store: WrappedStore(store, count))
    await scheduler.define(weekly())
    await scheduler.schedule_many("afterPurchase", SUBJECTS)
    nine = datetime(2026, 3, 9, 9, tzinfo=PARIS)
    by_week = []
    for number in range(53):
        monday = (nine + number * WEEK).astimezone(UTC)  # the same hour on the clocks of Paris
        before = operations.total()
        for at in (monday - timedelta(minutes=5), monday, monday + timedelta(minutes=1)):
            library.clock.advance(at - library.clock.now())
            await scheduler.run_due()
        by_week.append(operations.total() - before)

    called = Counter(
        (call.subject, at) for call, at in zip(library.calls, library.times, strict=True)
    )
    assert len(called) == 52 * len(SUBJECTS)
    assert set(called.values()) == {1}
    local = {at.astimezone(PARIS) for at in library.times}
    assert {(at.hour, at.minute, at.weekday()) for at in local} == {(9, 0, 0)}
    assert len({at.utcoffset() for at in local}) == 2
    assert len({at.date() for at in local}) == 52
    assert len(set(by_week[1:51])) == 1  # the first begins them, and the last ends them
    status = await scheduler.status()
    assert status.actions["completed"] == 52 * len(SUBJECTS)
    assert status.schedules == {"active": 0, "completed": len(SUBJECTS), "unscheduled": 0}


@pytest.mark.parametrize("is_idempotent", [False, True])
async def test_three_workers_of_which_one_dies_at_random(
    library: Library, *, is_idempotent: bool
) -> None:
    """Each action is called once, or told as lost; where calling again is harmless none is lost."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)  # of what died
    chance = random.Random(11)  # noqa: S311 - no secret
    more: dict[str, Any] = {"concurrency": 8, "idempotent": is_idempotent}
    workers = [await library.open(**more) for _ in range(3)]
    actions = [action(f"week{number}", f"{number}weeks", time="09:00") for number in range(6)]
    await workers[0].define(definition(actions=actions, timezone="Europe/Paris"))
    await workers[0].schedule_many("afterPurchase", SUBJECTS)
    for _ in range(6):
        for _number in range(3):
            await _die(library, workers, chance, more)
            library.clock.advance(timedelta(minutes=4))
            await asyncio.gather(*(each.run_due() for each in workers))
        library.clock.advance(WEEK - timedelta(minutes=12))
    for _ in range(4):
        library.clock.advance(timedelta(hours=1))
        await asyncio.gather(*(each.run_due() for each in workers))

    found = await workers[0].get_actions(limit=1000)
    states = Counter((str(each.state), each.log) for each in found)
    lost = states.pop(("failed", "sender_lost"), 0)
    assert states.keys() == {("completed", "")}
    assert states.total() + lost == 6 * len(SUBJECTS)
    times = Counter(call.key for call in library.calls)
    if is_idempotent:
        assert (lost, len(times)) == (0, 6 * len(SUBJECTS))
    else:
        assert set(times.values()) == {1}
        assert states.total() <= len(times)


async def _die(
    library: Library, workers: list[CampaignScheduler], chance: random.Random, more: dict[str, Any]
) -> None:
    """Let a worker run until it dies at one of its next commits, and begin another one for it."""
    victim = chance.randrange(3)
    point = CrashPoint(chance.randint(1, 12), after=chance.random() < 0.5)
    own = give_store(workers[victim], lambda store: CrashingStore(store, point))
    told = await asyncio.gather(*(each.run_due() for each in workers), return_exceptions=True)
    assert all(each is None or isinstance(each, Crash) for each in told)
    give_store(workers[victim], lambda _: own)
    await workers[victim].close()
    workers[victim] = await library.open(**more)
