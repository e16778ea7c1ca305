"""What every task queue must keep: one test for each promise of the TaskQueue port.

A backend's test class gives the `rig` fixture: its queue, delivering to the receiver, set up with
the attempts and back-off below.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

from functions.engine.ports.queue import Task, TaskQueue
from tests.clock import MovedClock
from tests.queues.receiver import Receiver

MAX_ATTEMPTS = 5
MIN_BACKOFF = timedelta(seconds=10)
MAX_BACKOFF = timedelta(seconds=30)

TASK = Task("dispatch", {"campaign": "orgs/o/campaigns/c", "lane": "3"})
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rig:
    """A queue under test and what the test moves and sees of the world around it."""

    queue: TaskQueue
    run_due: Callable[[], Awaitable[int]]  #: delivers what the clock says is due
    clock: MovedClock
    receiver: Receiver

    async def after(self, wait: timedelta) -> int:
        """Let time pass, then deliver what is due; return how many deliveries that made."""
        self.clock.advance(wait)
        return await self.run_due()


class TaskQueueConformance:
    """The promises of engine/ports/queue.py, in their order."""

    async def test_delivers_now(self, rig: Rig) -> None:
        """1: a task without a time is delivered at once."""
        assert await rig.queue.enqueue(TASK)
        await rig.run_due()
        assert len(rig.receiver.received) == 1

    async def test_posts_kind_and_arguments(self, rig: Rig) -> None:
        """1: the handler gets the task's kind and arguments as a POST of JSON."""
        await rig.queue.enqueue(TASK)
        await rig.run_due()
        [received] = rig.receiver.received
        assert received.request == "POST /tasks/run"
        assert received.task == {"kind": TASK.kind, "body": dict(TASK.body)}
        assert received.headers["Content-Type"] == "application/json"

    async def test_waits_for_its_time(self, rig: Rig) -> None:
        """1: a task is delivered at `at`, not a second before."""
        await rig.queue.enqueue(TASK, at=rig.clock.now() + timedelta(minutes=5))
        assert await rig.after(timedelta(minutes=5, seconds=-1)) == 0
        assert await rig.after(timedelta(seconds=1)) == 1

    async def test_a_time_gone_by_is_now(self, rig: Rig) -> None:
        """1: a task whose time has passed is delivered at once."""
        await rig.queue.enqueue(TASK, at=rig.clock.now() - DAY)
        assert await rig.run_due() == 1

    async def test_delivers_in_order_of_time(self, rig: Rig) -> None:
        """1: each task is delivered at its own time, whatever the order of enqueueing."""
        for minutes in (3, 1, 2):
            at = rig.clock.now() + timedelta(minutes=minutes)
            await rig.queue.enqueue(Task(f"after_{minutes}"), at=at)
        for _ in range(3):
            assert await rig.after(timedelta(minutes=1)) == 1
        assert rig.receiver.kinds == ["after_1", "after_2", "after_3"]

    async def test_names_queue_task_and_due_time(self, rig: Rig) -> None:
        """1: headers name the queue and the task, the same one at every attempt, and its time."""
        due_at = rig.clock.now() + timedelta(minutes=1)
        rig.receiver.answers.append(500)
        await rig.queue.enqueue(TASK, at=due_at)
        await rig.after(timedelta(minutes=1))
        await rig.after(MIN_BACKOFF)
        first, second = rig.receiver.received
        assert float(first.headers["X-CloudTasks-TaskETA"]) == due_at.timestamp()
        assert first.headers["X-CloudTasks-QueueName"]
        assert first.name == second.name

    async def test_retries_until_success(self, rig: Rig) -> None:
        """1: a task is delivered again until the handler answers 2xx, and never after that."""
        rig.receiver.answers.extend([500, 429, 404, 204])
        await rig.queue.enqueue(TASK)
        await rig.run_due()
        for _ in range(MAX_ATTEMPTS):
            await rig.after(MAX_BACKOFF)
        assert [each.retries for each in rig.receiver.received] == [0, 1, 2, 3]

    async def test_backs_off(self, rig: Rig) -> None:
        """1: the wait before each retry doubles, from the shortest to the longest allowed."""
        rig.receiver.answers.extend([503] * MAX_ATTEMPTS)
        await rig.queue.enqueue(TASK)
        delivered_at = []
        for _ in range(100):
            if await rig.run_due():
                delivered_at.append(rig.clock.now())
            rig.clock.advance(timedelta(seconds=1))
        waits = [(later - sooner).total_seconds() for sooner, later in pairwise(delivered_at)]
        assert waits == [10, 20, 30, 30]

    async def test_gives_up(self, rig: Rig) -> None:
        """1: once the attempts are used up a task is not delivered again."""
        rig.receiver.answers.extend([500] * (MAX_ATTEMPTS + 1))
        await rig.queue.enqueue(TASK)
        await rig.run_due()
        for _ in range(MAX_ATTEMPTS + 3):
            await rig.after(MAX_BACKOFF)
        assert [each.retries for each in rig.receiver.received] == list(range(MAX_ATTEMPTS))

    async def test_no_answer_is_a_failed_attempt(self, rig: Rig) -> None:
        """1: a handler that cannot be reached is tried again, and sees how often it was."""
        await rig.receiver.stop()
        await rig.queue.enqueue(TASK)
        assert await rig.run_due() == 1
        await rig.receiver.start()
        await rig.after(MIN_BACKOFF)
        assert [each.retries for each in rig.receiver.received] == [1]

    async def test_one_failing_task_holds_up_no_other(self, rig: Rig) -> None:
        """1: while one task backs off, others are delivered."""
        rig.receiver.answers.append(500)
        await rig.queue.enqueue(Task("broken"))
        await rig.run_due()
        await rig.queue.enqueue(Task("sound"))
        await rig.run_due()
        assert rig.receiver.kinds == ["broken", "sound"]

    async def test_many_at_once_all_arrive(self, rig: Rig) -> None:
        """1: a hundred tasks enqueued at once are all delivered, each once."""
        kinds = [f"task_{n}" for n in range(100)]
        await asyncio.gather(*(rig.queue.enqueue(Task(kind)) for kind in kinds))
        await rig.run_due()
        assert sorted(rig.receiver.kinds) == sorted(kinds)

    async def test_one_key_is_delivered_once(self, rig: Rig) -> None:
        """2: of several enqueues at once with one key one is delivered; all of them answer True."""
        answers = await asyncio.gather(*(rig.queue.enqueue(TASK, key="c/1") for _ in range(5)))
        await rig.run_due()
        assert answers == [True] * 5
        assert len(rig.receiver.received) == 1

    async def test_a_key_is_remembered_after_delivery(self, rig: Rig) -> None:
        """2: a key is taken for as long as the task waits and for hours after it was delivered."""
        at = rig.clock.now() + 3 * DAY
        await rig.queue.enqueue(TASK, at=at, key="c/1")
        rig.clock.advance(2 * DAY)
        await rig.queue.enqueue(TASK, key="c/1")
        assert await rig.after(DAY) == 1
        rig.clock.advance(timedelta(hours=23))
        await rig.queue.enqueue(TASK, key="c/1")
        assert await rig.run_due() == 0

    async def test_a_key_is_forgotten_in_time(self, rig: Rig) -> None:
        """2: a day after its delivery a key may be used again."""
        await rig.queue.enqueue(TASK, key="c/1")
        await rig.run_due()
        rig.clock.advance(DAY)
        await rig.queue.enqueue(TASK, key="c/1")
        assert await rig.run_due() == 1

    async def test_keys_may_hold_any_text(self, rig: Rig) -> None:
        """2: different keys are different tasks, whatever characters they hold."""
        for key in ("a/b", "a_b", "ünï cödé", "x" * 1000):
            await rig.queue.enqueue(TASK, key=key)
        assert await rig.run_due() == 4

    async def test_tasks_without_keys_are_all_delivered(self, rig: Rig) -> None:
        """2: equal tasks without a key are different tasks."""
        await rig.queue.enqueue(TASK)
        await rig.queue.enqueue(TASK)
        await rig.run_due()
        assert len({each.name for each in rig.receiver.received}) == 2

    async def test_refuses_what_is_too_far_ahead(self, rig: Rig) -> None:
        """3: a task over thirty days ahead answers False and is never delivered."""
        assert not await rig.queue.enqueue(TASK, at=rig.clock.now() + 30 * DAY)
        assert await rig.after(31 * DAY) == 0

    async def test_holds_what_is_near_enough(self, rig: Rig) -> None:
        """3: a task twenty-nine days ahead is held and delivered in its time."""
        assert await rig.queue.enqueue(TASK, at=rig.clock.now() + 29 * DAY)
        assert await rig.after(29 * DAY) == 1

    async def test_a_refused_key_stays_free(self, rig: Rig) -> None:
        """3: the key of a task that was too far ahead may be used when its time comes."""
        await rig.queue.enqueue(TASK, at=rig.clock.now() + 40 * DAY, key="c/1")
        rig.clock.advance(40 * DAY)
        await rig.queue.enqueue(TASK, key="c/1")
        assert await rig.run_due() == 1

    async def test_closes_with_tasks_waiting(self, rig: Rig) -> None:
        """4: closing a queue that holds tasks neither waits for them nor complains."""
        await rig.queue.enqueue(TASK, at=rig.clock.now() + DAY)
        await rig.queue.close()
        assert rig.receiver.received == []

    async def test_says_that_it_is_well(self, rig: Rig) -> None:
        """5: a queue that delivers is well, with tasks waiting too."""
        assert await rig.queue.is_well()
        await rig.queue.enqueue(TASK, at=rig.clock.now() + DAY)
        assert await rig.queue.is_well()

    async def test_is_not_well_once_closed(self, rig: Rig) -> None:
        """5: a queue that was closed says so instead of raising."""
        await rig.queue.close()
        assert not await rig.queue.is_well()
