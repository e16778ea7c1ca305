"""Work of one process that shares a read and a commit: who waits, who fails, who is answered."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from functions.engine.kernel.commits.together import Together
from functions.engine.ports.store import ConflictError, RefusedError, StoreError
from tests.engine.crashes import Crash

Fail = Callable[[Sequence[int]], BaseException | None]


class Doubling:
    """Doubles numbers, a batch at a time; the first batch waits until it may go on."""

    def __init__(self, fail: Fail = lambda _: None, *, most: int = 100) -> None:
        self.together = Together(most)
        self.batches: list[list[int]] = []
        self.may_go_on = asyncio.Event()
        self._fail = fail

    async def work(self, asked: Sequence[int]) -> list[int | Exception]:
        """Double; an odd one is that piece's own failure."""
        self.batches.append(list(asked))
        await self.may_go_on.wait()
        if error := self._fail(asked):
            raise error
        return [ValueError(f"{n} is odd") if n % 2 else 2 * n for n in asked]

    def ask(self, number: int) -> asyncio.Task[int]:
        """Have a number doubled."""
        return asyncio.create_task(self.together.do("numbers", number, self.work))

    async def ask_behind(self, first: int, *others: int) -> list[asyncio.Task[int]]:
        """Ask for one, and for others while that is under way."""
        tasks = [self.ask(first)]
        while not self.batches:  # noqa: ASYNC110 - turns, no time
            await asyncio.sleep(0)
        tasks += [self.ask(number) for number in others]
        for _ in range(3):
            await asyncio.sleep(0)
        self.may_go_on.set()
        return tasks


async def outcome(task: Awaitable[int]) -> int | str:
    """Return what a piece comes to, a failure by its name."""
    try:
        return await task
    except BaseException as error:  # noqa: BLE001 - that is what is looked at
        return type(error).__name__


async def outcomes(tasks: Sequence[asyncio.Task[int]]) -> list[int | str]:
    """Return what pieces come to."""
    return [await outcome(task) for task in tasks]


async def test_what_comes_meanwhile_is_done_together() -> None:
    """The first begins at once; the others wait for its end and no longer."""
    numbers = Doubling()
    tasks = await numbers.ask_behind(2, 4, 6, 8)
    assert await outcomes(tasks) == [4, 8, 12, 16]
    assert numbers.batches == [[2], [4, 6, 8]]
    assert await outcome(numbers.ask(10)) == 20


async def test_other_things_do_not_wait() -> None:
    """What is about something else is under way at the same time."""
    numbers = Doubling()
    both = [asyncio.create_task(numbers.together.do(key, 2, numbers.work)) for key in "ab"]
    while len(numbers.batches) < 2:  # noqa: ASYNC110 - turns, no time
        await asyncio.sleep(0)
    numbers.may_go_on.set()
    assert await outcomes(both) == [4, 4]


async def test_no_batch_is_larger_than_allowed() -> None:
    """The rest waits for the next one."""
    numbers = Doubling(most=2)
    tasks = await numbers.ask_behind(2, 4, 6, 8)
    assert await outcomes(tasks) == [4, 8, 12, 16]
    assert numbers.batches == [[2], [4, 6], [8]]


async def test_a_piece_that_fails_harms_no_other() -> None:
    """Each is answered for itself."""
    tasks = await Doubling().ask_behind(2, 4, 5, 6)
    assert await outcomes(tasks) == [4, 8, "ValueError", 12]


async def test_after_two_conflicts_each_goes_alone() -> None:
    """Pieces are read anew together, then one by one, as often as it takes."""
    seen: list[int] = []

    def fail(asked: Sequence[int]) -> BaseException | None:
        seen.append(len(asked))
        return ConflictError("changed") if len(asked) > 1 or seen.count(1) == 2 else None

    tasks = await Doubling(fail).ask_behind(2, 4, 6)
    assert await outcomes(tasks) == [4, 8, 12]
    assert seen == [1, 2, 2, 1, 1, 1]


async def test_a_failure_of_all_is_met_by_those_at_fault_alone() -> None:
    """A commit that fails for one of them is tried by each of them."""
    bad = Doubling(lambda asked: StoreError("down") if 6 in asked else None)
    assert await outcomes(await bad.ask_behind(2, 4, 6, 8)) == [4, 8, "StoreError", 16]


async def test_too_much_for_one_commit_is_halved() -> None:
    """Until the store takes it."""
    numbers = Doubling(lambda asked: RefusedError("too large") if len(asked) > 2 else None)
    assert await outcomes(await numbers.ask_behind(2, 4, 6, 8, 10)) == [4, 8, 12, 16, 20]
    assert numbers.batches == [[2], [4, 6, 8, 10], [4, 6], [8, 10]]


async def test_a_process_that_dies_answers_nobody_and_keeps_nobody_waiting() -> None:
    """Everybody learns of it, those who wait for the next commit, too."""
    tasks = await Doubling(lambda _: Crash()).ask_behind(2, 4, 6)
    assert await outcomes(tasks) == ["Crash"] * 3


async def test_a_caller_that_goes_away_keeps_nobody_from_being_answered() -> None:
    """Its piece is done all the same; it may have been the first, whose turn all wait for."""
    numbers = Doubling()
    first = numbers.ask(2)
    while not numbers.batches:  # noqa: ASYNC110 - turns, no time
        await asyncio.sleep(0)
    others = [numbers.ask(4), numbers.ask(6)]
    await asyncio.sleep(0)
    first.cancel()
    others[0].cancel()
    await asyncio.sleep(0)
    numbers.may_go_on.set()
    assert await outcomes([first, *others]) == ["CancelledError", "CancelledError", 12]
    assert numbers.batches == [[2], [4, 6]]


async def test_the_end_of_the_loop_leaves_nobody_waiting() -> None:
    """Where the work itself is cancelled, so is everybody who waits for it."""
    numbers = Doubling()
    tasks = [numbers.ask(2)]
    while not numbers.batches:  # noqa: ASYNC110 - turns, no time
        await asyncio.sleep(0)
    tasks.append(numbers.ask(4))
    await asyncio.sleep(0)
    for work in list(numbers.together._under_way):
        work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[0]
    assert await outcome(tasks[1]) == "CancelledError"
