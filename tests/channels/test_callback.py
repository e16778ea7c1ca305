"""Callbacks: a function is called, and whatever it does becomes the outcome of its action alone."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from unittest.mock import AsyncMock, Mock

import pytest

from functions.channels.callback import Call, CallbackChannel
from functions.domain.kinds import ChannelKind
from functions.domain.messages.delivery_events import MessageRef
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import Outbound
from tests.clock import MovedClock

Make = Callable[..., CallbackChannel]


def outbound(number: int = 0) -> Outbound:
    """Return an action that is due."""
    ref = MessageRef("default", "c", f"m{number}")
    return Outbound(
        ref,
        1,
        f"customer#{number}",
        "",
        channel=ChannelKind.CALLBACK,
        callback='{"id": "sendEmail"}',
        node="mail1",
        campaign_name="afterPurchase",
    )


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    """Give a maker of channels."""
    made: list[CallbackChannel] = []

    def of(function: Any, **more: Any) -> CallbackChannel:
        chosen: dict[str, Any] = {
            "concurrency": 2,
            "lanes": 1,
            "timeout": timedelta(seconds=30),
            "idempotent": False,
            "told": Mock(),
            "is_wanted": AsyncMock(return_value=True),
            "clock": MovedClock(),
        }
        made.append(CallbackChannel(function, **{**chosen, **more}))
        return made[-1]

    yield of
    for channel in made:
        await channel.close()


def failed(outcome: SendOutcome) -> tuple[str, str]:
    """Return why an action has failed, and what is kept of it."""
    assert isinstance(outcome, Rejected)
    return outcome.reason, outcome.log


async def test_the_function_is_told_which_action_is_due_for_whom(make: Make) -> None:
    """And a key that stays the same however often this action is called."""
    calls: list[Call] = []

    async def note(call: Call) -> None:
        calls.append(call)

    await make(note).send(outbound(7))
    callback = {"id": "sendEmail"}
    assert calls == [Call("afterPurchase", "mail1", "customer#7", callback, "m7")]


async def test_a_function_that_blocks_runs_in_a_thread(make: Make) -> None:
    """Two of them wait for each other, and nobody else is held up."""
    both = threading.Barrier(2, timeout=20)
    channel = make(lambda _: both.wait())
    outcomes = await asyncio.gather(channel.send(outbound(1)), channel.send(outbound(2)))
    assert {outcome.log for outcome in outcomes if isinstance(outcome, Accepted)} == {"0", "1"}


async def test_an_awaitable_that_a_plain_function_returns_is_awaited(make: Make) -> None:
    """What it comes to is the log."""

    async def later(call: Call) -> dict[str, str]:
        return {"to": call.subject}

    def plain(call: Call) -> object:
        return later(call)

    outcome = await make(plain).send(outbound())
    assert outcome == Accepted("m0", log='{"to": "customer#0"}')


@pytest.mark.parametrize(
    ("error", "log"),
    [
        (ValueError("no such view"), "ValueError: no such view"),
        (SystemExit(3), "SystemExit: 3"),
        (asyncio.CancelledError("given up"), "CancelledError: given up"),
        (TimeoutError("of the mail server"), "TimeoutError: of the mail server"),
        (StopIteration("the end"), "RuntimeError: coroutine raised StopIteration"),
    ],
)
@pytest.mark.parametrize("is_async", [True, False])
async def test_whatever_a_function_raises_is_its_own_action_s_failure(
    make: Make, error: BaseException, log: str, is_async: bool
) -> None:
    """The next one is called all the same."""
    errors = [error]

    def plain(call: Call) -> str:
        if errors:
            raise errors.pop()
        return call.subject

    async def awaited(call: Call) -> str:
        return plain(call)

    channel = make(awaited if is_async else plain)
    assert failed(await channel.send(outbound())) == ("callback_raised", log)
    assert await channel.send(outbound(1)) == Accepted("m1", log='"customer#1"')


async def test_who_ends_the_worker_ends_what_is_being_called(make: Make) -> None:
    """It is no failure of the action: nobody knows how far it came."""

    async def forever(_: Call) -> None:
        await asyncio.Event().wait()

    sending = asyncio.create_task(make(forever).send(outbound()))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending


async def test_what_takes_too_long_has_failed(make: Make) -> None:
    """With the limit as its log."""

    async def forever(_: Call) -> None:
        await asyncio.Event().wait()

    channel = make(forever, timeout=timedelta(seconds=0.01))
    assert failed(await channel.send(outbound())) == (
        "callback_timeout",
        "not done in 0.01 seconds",
    )


async def test_a_thread_that_takes_too_long_keeps_its_place(make: Make) -> None:
    """It goes on, so the next one waits until it has come to its end: never more than said."""
    let_go = threading.Event()
    running: list[str] = []

    def block(call: Call) -> None:
        running.append(call.subject)
        let_go.wait(20)
        running.remove(call.subject)

    channel = make(block, concurrency=1, timeout=timedelta(seconds=0.05))
    assert failed(await channel.send(outbound(1)))[0] == "callback_timeout"
    following = asyncio.create_task(channel.send(outbound(2)))
    await asyncio.sleep(0)
    assert running == ["customer#1"]
    let_go.set()
    assert isinstance(await following, Accepted)


async def test_as_many_are_under_way_as_may_be_and_never_one_more(make: Make) -> None:
    """Of a hundred that are due."""
    under_way, most = set[str](), list[int]()

    async def work(call: Call) -> None:
        under_way.add(call.subject)
        most.append(len(under_way))
        for _ in range(3):
            await asyncio.sleep(0)
        under_way.remove(call.subject)

    channel = make(work, concurrency=7)
    await asyncio.gather(*(channel.send(outbound(number)) for number in range(100)))
    assert (len(most), max(most)) == (100, 7)


async def test_what_has_not_begun_as_the_worker_stops_goes_back(make: Make) -> None:
    """What has begun comes to its end; the function is not called for the rest."""
    calls: list[str] = []
    let_go = asyncio.Event()

    async def wait(call: Call) -> None:
        calls.append(call.subject)
        await let_go.wait()

    channel = make(wait, concurrency=1)
    sending = [asyncio.create_task(channel.send(outbound(number))) for number in range(3)]
    await asyncio.sleep(0)
    channel.is_halted = True
    let_go.set()
    done, *back = await asyncio.gather(*sending)
    assert isinstance(done, Accepted)
    assert back == [Deferred("worker_stopped", ours=True)] * 2
    assert calls == ["customer#0"]


@pytest.mark.parametrize(
    ("value", "log"),
    [
        (None, ""),
        ("sent", '"sent"'),
        ([1, {"a": "ä"}], '[1, {"a": "ä"}]'),
        ({1}, "{1}"),
        ("x" * 3000, '"' + "x" * 1998 + "…"),
    ],
)
async def test_what_is_returned_is_kept(make: Make, value: object, log: str) -> None:
    """As JSON where it is that, else as its text, and never too much of it."""

    async def give(_: Call) -> object:
        return value

    assert await make(give).send(outbound()) == Accepted("m0", log=log)
