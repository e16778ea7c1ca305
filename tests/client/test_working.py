"""The worker: begun, ended, begun again, beside others; and what it tells of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from functions import Call, CampaignScheduler, Worker
from functions.client import LogEntry
from tests.client.conftest import DAY, Library, action, definition

ONE = definition(actions=[action("a", "0days")])
NAMES = [f"customer#{number}" for number in range(12)]


class Gate:
    """A callback that waits until it is let go."""

    def __init__(self, library: Library) -> None:
        self.begun, self.open = asyncio.Event(), asyncio.Event()
        library.answer = self.wait

    async def wait(self, _: Call) -> None:
        """Wait until it is let go."""
        self.begun.set()
        await self.open.wait()


async def scheduled(library: Library, *names: str, **more: Any) -> CampaignScheduler:
    """Return a scheduler of subjects whose only action is due now."""
    scheduler = await library.open(**more)
    await scheduler.define(ONE)
    await scheduler.schedule_many("afterPurchase", names)
    return scheduler


async def test_what_was_claimed_and_not_begun_is_taken_up_by_the_next_worker_at_once(
    library: Library,
) -> None:
    """One of twelve was being called as the worker was stopped: it is the only one it called."""
    first = await scheduled(library, *NAMES, concurrency=1)
    gate = Gate(library)
    running = asyncio.create_task(first.run_due())
    await gate.begun.wait()
    stopping = asyncio.create_task(first.stop())
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(running, stopping)
    assert len(library.calls) == 1

    second = await library.open()
    await second.run_due()  # no time has passed: nobody's lease has run out
    assert sorted(call.subject for call in library.calls) == sorted(NAMES)
    assert {each.state for each in await second.get_actions()} == {"completed"}


async def test_an_action_that_was_claimed_is_not_called_once_it_is_unscheduled(
    library: Library,
) -> None:
    """It waits for room behind one that takes long, and its subject is taken away."""
    scheduler = await scheduled(library, *NAMES, concurrency=1)
    gate = Gate(library)
    running = asyncio.create_task(scheduler.run_due())
    await gate.begun.wait()
    (called,) = [call.subject for call in library.calls]
    for name in NAMES:
        if name != called:
            await scheduler.unschedule("afterPurchase", name)
    library.clock.advance(timedelta(seconds=2))
    gate.open.set()
    await running
    await library.pass_time(scheduler, DAY)
    assert [call.subject for call in library.calls] == [called]


async def test_an_action_that_was_claimed_waits_while_its_campaign_is_inactive(
    library: Library,
) -> None:
    """Active again, each is called once."""
    scheduler = await scheduled(library, *NAMES, concurrency=1)
    gate = Gate(library)
    running = asyncio.create_task(scheduler.run_due())
    await gate.begun.wait()
    await scheduler.define({"id": "afterPurchase", "active": False})
    library.clock.advance(timedelta(seconds=2))
    gate.open.set()
    await running
    await scheduler.run_due()
    assert len(library.calls) == 1

    await scheduler.define({"id": "afterPurchase", "active": True})
    await scheduler.run_due()
    assert sorted(call.subject for call in library.calls) == sorted(NAMES)


@pytest.mark.parametrize("concurrency", [1, 3, 300])
async def test_as_many_are_called_at_once_as_was_said(library: Library, concurrency: int) -> None:
    """Neither one more nor, where so many are due, one less."""
    names = [f"subject#{number}" for number in range(2 * concurrency + 6)]
    scheduler = await scheduled(library, *names, concurrency=concurrency)
    under_way, counts = set[str](), list[int]()

    async def work(call: Call) -> None:
        under_way.add(call.subject)
        counts.append(len(under_way))
        await asyncio.sleep(0.02)
        under_way.remove(call.subject)

    library.answer = work
    await scheduler.run_due()
    assert len(counts) == len(names)
    assert max(counts) <= concurrency
    assert max(counts) >= concurrency * 0.8


async def test_begun_twice_ended_twice_and_begun_again(library: Library) -> None:
    """Each once more does nothing; a worker that was stopped may be started again."""
    scheduler = await scheduled(library)
    for _ in range(2):
        await scheduler.start()
        await scheduler.start()
        await scheduler.stop()
        await scheduler.stop()
    told = [entry.event for entry in library.logs if entry.event.startswith("worker")]
    assert told == ["worker_started", "worker_stopped"] * 2
    await scheduler.schedule("afterPurchase", "customer#1")
    await scheduler.run_due()
    assert len(library.calls) == 1
    await asyncio.gather(scheduler.close(), scheduler.close())
    await scheduler.close()
    with pytest.raises(RuntimeError, match="the scheduler is not open"):
        await scheduler.start()
    assert len(await (await scheduler.init()).get_actions()) == 1


async def test_a_process_without_a_worker_only_writes(library: Library) -> None:
    """What it schedules another one calls; it is told that it cannot itself."""
    writer, worker = await library.open(works=False), await library.open()
    await writer.define(ONE)
    await writer.schedule("afterPurchase", "customer#1")
    for act in (writer.start, writer.run_due):
        with pytest.raises(RuntimeError, match="this scheduler has no worker"):
            await act()
    await writer.stop()
    await worker.run_due()
    assert library.views == [("customer#1", "a")]
    assert [each.state for each in await writer.get_actions()] == ["completed"]


async def test_two_workers_on_one_file_do_nothing_twice(library: Library) -> None:
    """Twenty calls of schedule by each at once succeed, and each action is called once."""
    one, other = await library.open(), await library.open()
    await asyncio.gather(one.define(ONE), other.define(ONE))
    names = [f"customer#{number}" for number in range(20)]
    made = await asyncio.gather(
        *(each.schedule("afterPurchase", name) for name in names for each in (one, other))
    )
    assert len(made) == 40
    await asyncio.gather(one.run_due(), other.run_due())
    await asyncio.gather(one.run_due(), other.run_due())
    assert sorted(call.subject for call in library.calls) == sorted(names)


async def test_many_may_define_a_campaign_as_they_start(library: Library) -> None:
    """Ten at once: it is one campaign, of one version, and active."""
    schedulers = [await library.open() for _ in range(5)]
    defined = await asyncio.gather(*(each.define(ONE) for each in schedulers * 2))
    assert {(each.version, each.active) for each in defined} == {(1, True)}
    assert len(await schedulers[0].get_campaigns()) == 1


async def test_an_action_is_called_in_the_second_in_which_it_is_due(library: Library) -> None:
    """The worker finds it at the very instant, and not a week later."""
    scheduler = await library.open()
    await scheduler.define(definition(actions=[action("a", "1hour")]))
    schedule = await scheduler.schedule("afterPurchase", "customer#1")
    await library.pass_time(scheduler, timedelta(minutes=59))
    assert library.calls == []
    library.clock.advance(timedelta(minutes=1))
    await scheduler.run_due()
    assert library.times == [schedule.actions[0].expected_at]


async def test_what_happens_is_told_and_who_listens_may_raise(library: Library) -> None:
    """Each act and each call, in order; an error of the listener stops nothing."""
    told: list[str] = []

    def listen(entry: LogEntry) -> None:
        told.append(entry.event)
        raise ValueError(entry.event)

    def answer(call: Call) -> object:
        if call.subject == "bob":
            raise ValueError(call.subject)
        return "sent"

    library.answer = answer
    worker = Worker(callback=library.called)
    async with CampaignScheduler(
        library.url, worker=worker, on_log=listen, clock=library.clock
    ) as scheduler:
        await scheduler.define(ONE)
        await scheduler.schedule("afterPurchase", "ann")
        await scheduler.run_due()
        await scheduler.schedule("afterPurchase", "bob")
        await scheduler.run_due()
        await scheduler.unschedule(subject="bob")
        await scheduler.destroy("afterPurchase", confirm=True)
    assert told == [
        "campaign_defined",
        "scheduled",
        "action_completed",
        "scheduled",
        "action_failed",
        "unscheduled",
        "campaign_destroyed",
    ]
