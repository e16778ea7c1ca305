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
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final, NamedTuple, TypeAlias

from functions.channels.base import BaseChannel
from functions.domain.messages.delivery_events import DeliveryEvent
from functions.domain.messages.send_outcomes import Accepted, Deferred, Rejected, SendOutcome
from functions.engine.ports.channel import Outbound, SignatureError, Traits, WebhookRequest
from functions.engine.ports.clock import Clock

PROVIDER: Final = "callback"
#: Characters that are kept of what a function returns or raises.
_LOG_LENGTH: Final = 2000
#: What comes of an action for which there was no room: others take too long.
_NO_ROOM: Final = Deferred("no_room", ours=True)


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

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Call the function, and wait for what it returns."""
        call = Call(
            outbound.campaign_name,
            outbound.node,
            outbound.to,
            json.loads(outbound.callback),
            outbound.ref.message,
        )
        try:
            await asyncio.wait_for(self._room.acquire(), self._timeout_s)
        except TimeoutError:
            return _NO_ROOM
        try:
            outcome = await self._outcome(call)
        finally:
            self._room.release()
        self._told(call, outcome)
        return outcome

    async def _outcome(self, call: Call) -> SendOutcome:
        try:
            async with asyncio.timeout(self._timeout_s) as limit:
                returned = await self._called(call)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this action's alone
            if limit.expired():
                late = f"not done in {self._timeout_s:g} seconds"
                return Rejected("callback_timeout", log=late)
            return Rejected("callback_raised", log=_short(f"{type(error).__name__}: {error}"))
        return Accepted(call.key, log=_log_of(returned))

    async def _called(self, call: Call) -> object:
        if self._threads is None:
            returned = self._function(call)
        else:
            loop = asyncio.get_running_loop()
            returned = await loop.run_in_executor(self._threads, self._function, call)
        return await returned if inspect.isawaitable(returned) else returned

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Refuse: a function has returned, and has nothing to call back for."""
        raise SignatureError(f"Nobody calls back for callbacks: {request.method}.")

    async def close(self) -> None:
        """Let go of the threads; what runs in one of them is not waited for."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)


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
