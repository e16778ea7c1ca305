"""Callbacks: a message is a call of a function of the program that runs Clarion as a library.

The function has been called once it returns, and that is the end of the message: `sent`, with what
was returned as its log. One that raises has failed, with what it raised. Where the process dies
in between nobody knows how far the function came, and it is not called again, unless the program
says that this is harmless.
"""

import asyncio
import inspect
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeAlias, cast

from functions.channels.base import BaseChannel
from functions.domain.messages.delivery_events import DeliveryEvent, MessageRef
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import Outbound, SignatureError, Traits, WebhookRequest
from functions.engine.ports.clock import Clock

PROVIDER: Final = "callback"
#: Characters that are kept of what a function returns or raises.
_LOG_LENGTH: Final = 2000
#: What comes of what was claimed and has not begun as the worker is to stop.
_HALTED: Final = Deferred("worker_stopped", ours=True)
#: What comes of an action that is not to be called any more once there is room.
_UNWANTED: Final = Deferred("lane_lost", ours=True)
#: For how long an action that waits for room is relied on to be wanted still.
_TRUST: Final = timedelta(seconds=1)


class Call(NamedTuple):
    """What a function is told: which action of which campaign is due for whom."""

    campaign_id: str
    action_id: str
    subject: str
    callback: dict[str, Any]  #: as the action's definition has it
    key: str  #: names this action of this subject for ever: the same whenever it is called again


#: A function, async or not, that does what an action says.
Callback: TypeAlias = Callable[[Call], Awaitable[object] | object]


class CallbackChannel(BaseChannel):
    """The Channel of messages that are calls of a function of this program."""

    def __init__(
        self,
        function: Callback,
        *,
        concurrency: int,
        lanes: int,
        timeout: timedelta,
        idempotent: bool,
        told: Callable[[Call, SendOutcome], None],
        is_wanted: Callable[[MessageRef], Awaitable[bool]],
        clock: Clock,
    ) -> None:
        super().__init__(clock)
        # As many again are claimed meanwhile: a free place is not to wait for a claim.
        in_hand = max(1, 2 * concurrency // lanes)
        self.traits = Traits(idempotent=idempotent, in_hand=in_hand)
        self._told = told
        self._function = function
        self._room = asyncio.Semaphore(concurrency)
        self._timeout_s = timeout.total_seconds()
        is_async = inspect.iscoroutinefunction(function)
        #: What blocks must not stop everybody else.
        self._threads = None if is_async else ThreadPoolExecutor(concurrency, "callback")
        #: Tells whether a message that has waited for room is to be sent all the same.
        self._is_wanted = is_wanted
        #: While this is set nothing more begins: what was claimed goes back.
        self.is_halted = False

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Call the function, and wait for what it returns."""
        run = _Run(self._function, _call(outbound), self._threads)
        waits_since = self._clock.now() if self._room.locked() else None
        await self._room.acquire()
        try:
            outcome = await self._why_not(outbound, waits_since) or await self._outcome(run)
        finally:
            run.when_over(self._room.release)
        if not isinstance(outcome, Deferred):
            self._told(run.call, outcome)
        return outcome

    async def _why_not(self, outbound: Outbound, waits_since: datetime | None) -> Deferred | None:
        """Return why an action goes back that was claimed and has not begun; None: it begins."""
        if self.is_halted:
            return _HALTED
        now = self._clock.now()
        if waits_since is None or now - waits_since <= _TRUST:
            return None
        return None if await self._is_wanted(outbound.ref) else _UNWANTED

    async def _outcome(self, run: "_Run") -> SendOutcome:
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                returned = await run.returned()
        except (Exception, SystemExit, asyncio.CancelledError) as error:
            if isinstance(error, asyncio.CancelledError) and _is_cancelled():
                raise
            if limit.expired():
                late = f"not done in {self._timeout_s:g} seconds"
                return Rejected("callback_timeout", log=late)
            return Rejected("callback_raised", log=_short(f"{type(error).__name__}: {error}"))
        return Accepted(run.call.key, log=_log_of(returned))

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Refuse: a function has returned, and has nothing to call back for."""
        raise SignatureError(f"Nobody calls back for callbacks: {request.method}.")

    async def close(self) -> None:
        """Let go of the threads; what runs in one of them is not waited for."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


class _Run:
    """One call of the function, on this loop or in a thread."""

    def __init__(self, function: Callback, call: Call, threads: ThreadPoolExecutor | None) -> None:
        self.call = call
        self._function = function
        self._threads = threads
        self._job: Future[tuple[object, BaseException | None]] | None = None

    async def returned(self) -> object:
        """Return what the function returns, or raise what it raises."""
        if self._threads is None:
            return await cast("Awaitable[object]", self._function(self.call))
        self._job = self._threads.submit(self._in_thread)
        returned, error = await asyncio.wrap_future(self._job)
        if error is not None:
            raise error
        return await returned if inspect.isawaitable(returned) else returned

    def _in_thread(self) -> tuple[object, BaseException | None]:
        # Some errors, such as StopIteration, would never arrive on the other side.
        try:
            return self._function(self.call), None
        except BaseException as error:  # noqa: BLE001 - raised again in `returned`
            return None, error

    def when_over(self, act: Callable[[], None]) -> None:
        """Act as soon as the function has come to its end: a thread goes on after its timeout."""
        if self._job is None or self._job.done():
            act()
            return
        loop = asyncio.get_running_loop()

        def over(_: object) -> None:
            with suppress(RuntimeError):  # the loop has been closed meanwhile
                loop.call_soon_threadsafe(act)

        self._job.add_done_callback(over)


def _call(outbound: Outbound) -> Call:
    return Call(
        outbound.campaign_name,
        outbound.node,
        outbound.to,
        json.loads(outbound.callback),
        outbound.ref.message,
    )


def _is_cancelled() -> bool:
    """Tell whether we are to end, and not only something that the function has waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _log_of(returned: object) -> str:
    """Return what is kept of what a function returned: JSON where it is that, else its text."""
    if returned is None:
        return ""
    try:
        return _short(json.dumps(returned, ensure_ascii=False))
    except (TypeError, ValueError):
        return _short(str(returned))


def _short(text: str) -> str:
    return text if len(text) <= _LOG_LENGTH else f"{text[: _LOG_LENGTH - 1]}…"
