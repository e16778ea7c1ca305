"""A carrier for laptops, demonstrations and tests: it places calls that ring nobody.

It behaves as a carrier does, outages, lost answers and repeated callbacks included (see
simulator_script.py), and keeps a ledger of its own. It goes on living when we die: opened again
on the same ledger, it continues the calls that had not ended.
"""

import asyncio
import heapq
import hmac
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Final, NamedTuple

import orjson
import structlog

from functions.channels.callbacks import (
    MAX_BODY_BYTES,
    Callback,
    CallbackEvent,
    callback_url,
    parse_callback,
)
from functions.channels.causes import (
    BUSY,
    COMPLETED,
    INVALID_ADDRESS,
    MACHINE_DROPPED,
    MACHINE_HEARD,
    NO_ANSWER,
    PICKED_UP,
    RINGING,
    Cause,
)
from functions.channels.simulator_ledger import Hangup, Ledger, LedgerWriter, PlacedCall
from functions.channels.simulator_script import Fate, Notice, Outcome, Reply, Script
from functions.domain.events import DeliveryEvent, MessageRef
from functions.engine.ports import (
    Accepted,
    Answer,
    Clock,
    Deferred,
    Outbound,
    SendOutcome,
    SignatureError,
    Traits,
    Unknown,
    WebhookRequest,
)

PROVIDER: Final = "simulator"
SIGNATURE_HEADER: Final = "x-simulator-signature"

#: Seconds to wait before a callback that was not answered 2xx is tried again; then it is lost.
RETRY_AFTER_S: Final = (0.2, 1.0, 5.0, 15.0)

_AT_ONCE: Final = 64  #: callbacks in flight: enough to keep a server busy, not to swamp it

OUTCOMES: Final[Mapping[str, Cause]] = {
    Outcome.CONNECTED: COMPLETED,
    Outcome.HUNG_UP: COMPLETED,
    Outcome.MACHINE: COMPLETED,
    Outcome.MACHINE_DROPPED: MACHINE_DROPPED,
    Outcome.BUSY: BUSY,
    Outcome.NO_ANSWER: NO_ANSWER,
    Outcome.FAILED: INVALID_ADDRESS,
}
NOTICES: Final[Mapping[CallbackEvent, Cause]] = {
    CallbackEvent.RING: RINGING,
    CallbackEvent.ANSWER: PICKED_UP,
    CallbackEvent.MACHINE: MACHINE_HEARD,
}

Deliver = Callable[[WebhookRequest], Awaitable[int]]
"""Takes a callback to the application and returns the status of its answer."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Call:
    placed: PlacedCall
    fate: Fate
    ended: bool = False


class _Step(NamedTuple):
    """A callback that is to be made; in a heap, the next one first."""

    due_s: float
    order: int
    call: _Call
    position: int  #: which of the call's notices
    tries: int = 0


class Simulator:
    """The Channel of the simulated carrier.

    Callbacks are made by a background task after `start`, or by `run_due` where a test moves the
    clock. Without a ledger path the ledger is kept in memory.
    """

    traits = Traits(holds_live_call=True)

    def __init__(
        self,
        *,
        ledger_path: Path | None,
        clock: Clock,
        script: Script,
        deliver: Deliver,
        key: str,
        public_base_url: str,
    ) -> None:
        self._clock = clock
        self._script = script
        self._deliver = deliver
        self._key = key.encode()
        self._public_base_url = public_base_url
        self._book = LedgerWriter(ledger_path, now=clock.now())
        self._placed: dict[tuple[MessageRef, int], PlacedCall] = {}
        self._count = 0
        self._steps: list[_Step] = []
        self._order = 0
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._opened_s = self._continue(self._book.read())

    @property
    def ledger(self) -> Ledger:
        """What the carrier's own book says now."""
        return self._book.read()

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Place a call, if the script will have it."""
        age_s = self._now_s() - self._opened_s
        outage_ends_s = self._script.outage_ends_s(age_s)
        if outage_ends_s is not None:
            return Deferred("provider_unreachable", timedelta(seconds=outage_ends_s - age_s))
        fate = self._script.fate(outbound.ref, outbound.attempt, outbound.machine_detection)
        if fate.latency_s:
            await self._clock.sleep(fate.latency_s)
        return self._reply(outbound, fate)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Return what a callback tells; SignatureError unless our own carrier signed it."""
        self._check_signature(request)
        callback = parse_callback(request.url)
        if callback.provider != PROVIDER:
            raise ValueError("This is not a callback of the simulator.")
        body = orjson.loads(request.body)
        ended = callback.event is CallbackEvent.HANGUP
        cause = OUTCOMES[body["outcome"]] if ended else NOTICES[callback.event]
        at = datetime.fromisoformat(body["at"])
        return [_event(callback, body["call"], cause, at=at, duration_s=body["duration_s"])]

    async def look_up(
        self, ref: MessageRef, attempt: int, provider_id: str
    ) -> DeliveryEvent | None:
        """Return how a call ended; None while it goes on, and where no call was placed."""
        placed = self._placed.get((ref, attempt))
        if placed is None or provider_id not in {"", placed.id}:
            return None
        fate = self._script.fate(ref, attempt, placed.machine_detection)
        at = placed.at + timedelta(seconds=fate.ends_after_s)
        if self._clock.now() < at:
            return None
        callback = Callback(PROVIDER, CallbackEvent.HANGUP, ref, attempt)
        cause = OUTCOMES[fate.outcome]
        return _event(callback, placed.id, cause, at=at, duration_s=fate.duration_s)

    def answer(self, ref: MessageRef, attempt: int, bot_url: str) -> Answer:  # noqa: ARG002 (the port's signature)
        """Name the bot that a real call would be connected with."""
        return Answer("application/json", orjson.dumps({"stream": bot_url}))

    def start(self) -> None:
        """Make callbacks in the background, from within a running event loop."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def run_due(self) -> int:
        """Make the callbacks that are due now; return how many were answered 2xx."""
        made = 0
        while steps := self._take_due():
            made += sum(await asyncio.gather(*map(self._take_step, steps)))
        return made

    async def close(self) -> None:
        """Stop making callbacks and close the ledger; calls that go on are kept in its file."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._book.close()

    def _now_s(self) -> float:
        return self._clock.now().timestamp()

    def _continue(self, ledger: Ledger) -> float:
        """Take up the calls of an earlier life; return when the carrier opened."""
        self._count = len(ledger.placed)
        self._placed = {(call.ref, call.attempt): call for call in ledger.placed}
        for placed in ledger.live:
            fate = self._script.fate(placed.ref, placed.attempt, placed.machine_detection)
            missed_s = self._now_s() - placed.at.timestamp()
            kept = tuple(
                notice
                for notice in fate.notices
                if notice.after_s >= missed_s or notice.event is CallbackEvent.HANGUP
            )
            self._push(_Call(placed, fate._replace(notices=kept)), 0)
        return ledger.opened_at.timestamp() if ledger.opened_at else self._now_s()

    def _reply(self, outbound: Outbound, fate: Fate) -> SendOutcome:
        match fate.reply:
            case Reply.REFUSED:
                return Deferred("provider_429")
            case Reply.LOST_REQUEST:
                return Unknown("provider_timeout")
        placed = self._place(outbound, fate)
        match fate.reply:
            case Reply.LOST_ANSWER:
                return Unknown("provider_timeout")
            case Reply.ERROR:
                return Unknown("provider_500")
            case _:
                return Accepted(placed.id)

    def _place(self, outbound: Outbound, fate: Fate) -> PlacedCall:
        self._count += 1
        placed = PlacedCall(
            id=_call_id(outbound.ref, outbound.attempt, self._count),
            ref=outbound.ref,
            attempt=outbound.attempt,
            to=outbound.to,
            machine_detection=outbound.machine_detection,
            at=self._clock.now(),
        )
        self._book.call(placed)
        self._placed[placed.ref, placed.attempt] = placed
        self._push(_Call(placed, fate), 0)
        return placed

    def _push(self, call: _Call, position: int) -> None:
        """Schedule a call's next callback; the one after it follows when this one is taken."""
        if position < len(call.fate.notices):
            due_s = call.placed.at.timestamp() + call.fate.notices[position].after_s
            self._schedule(due_s, call, position)

    def _schedule(self, due_s: float, call: _Call, position: int, tries: int = 0) -> None:
        self._order += 1
        step = _Step(due_s, self._order, call, position, tries)
        heapq.heappush(self._steps, step)
        if self._steps[0] is step:
            self._wake.set()

    def _take_due(self) -> list[_Step]:
        """Take what is due, one callback of a call at most: they must not overtake each other."""
        now_s, taken = self._now_s(), list[_Step]()
        while self._steps and self._steps[0].due_s <= now_s and len(taken) < _AT_ONCE:
            taken.append(heapq.heappop(self._steps))
        for step in taken:
            if not step.tries:
                self._push(step.call, step.position + 1)
        return taken

    async def _take_step(self, step: _Step) -> bool:
        call, notice = step.call, step.call.fate.notices[step.position]
        made = not notice.lost and await self._call_back(call, notice)
        if not made and not notice.lost and step.tries < len(RETRY_AFTER_S):
            due_s = self._now_s() + RETRY_AFTER_S[step.tries]
            self._schedule(due_s, call, step.position, step.tries + 1)
        elif notice.event is CallbackEvent.HANGUP and not call.ended:
            self._end(call)
        return made

    def _end(self, call: _Call) -> None:
        """Close the call in the book, once its hangup was told, or cannot be."""
        call.ended = True
        placed, fate = call.placed, call.fate
        at = placed.at + timedelta(seconds=fate.ends_after_s)
        self._book.hangup(Hangup(placed.id, fate.outcome, fate.duration_s, at))

    async def _call_back(self, call: _Call, notice: Notice) -> bool:
        request = self._request(call, notice)
        try:
            status = await self._deliver(request)
        except Exception:  # whatever fails on our side, a carrier only sees that it must try again
            log.warning("simulated_callback_failed", url=request.url, exc_info=True)
            return False
        return 200 <= status < 300  # noqa: PLR2004 (the success class of HTTP)

    def _request(self, call: _Call, notice: Notice) -> WebhookRequest:
        placed, fate = call.placed, call.fate
        callback = Callback(PROVIDER, notice.event, placed.ref, placed.attempt)
        url = callback_url(self._public_base_url, callback)
        ended = notice.event is CallbackEvent.HANGUP
        body = orjson.dumps(
            {
                "call": placed.id,
                "outcome": fate.outcome if ended else "",
                "duration_s": fate.duration_s if ended else 0,
                "at": (placed.at + timedelta(seconds=notice.happened_s)).isoformat(),
            }
        )
        signature = self._signature(url, body)
        headers = {"content-type": "application/json", SIGNATURE_HEADER: signature}
        return WebhookRequest("POST", url, headers, body)

    def _signature(self, url: str, body: bytes) -> str:
        return hmac.digest(self._key, url.encode() + b"\n" + body, sha256).hex()

    def _check_signature(self, request: WebhookRequest) -> None:
        if len(request.body) > MAX_BODY_BYTES:
            raise SignatureError(f"The callback's body is over {MAX_BODY_BYTES} bytes.")
        expected = self._signature(request.url, request.body).encode()
        given = request.headers.get(SIGNATURE_HEADER, "").encode()
        if not hmac.compare_digest(expected, given):
            raise SignatureError("The callback's signature is missing or wrong.")

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            await self.run_due()
            wait_s = max(0.0, self._steps[0].due_s - self._now_s()) if self._steps else None
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()


def _call_id(ref: MessageRef, attempt: int, count: int) -> str:
    """Name a call; the count tells two calls of one attempt apart, should there ever be two."""
    text = "\0".join((*ref, str(attempt))).encode()
    return f"sim-{blake2b(text, digest_size=8).hexdigest()}-{count}"


def _event(
    callback: Callback, call_id: str, cause: Cause, *, at: datetime, duration_s: int
) -> DeliveryEvent:
    return DeliveryEvent(
        id=f"{PROVIDER}-{callback.event}-{call_id}",
        ref=callback.ref,
        attempt=callback.attempt,
        kind=cause.kind,
        at=at,
        provider_id=call_id,
        reason=cause.reason,
        retry=cause.retry,
        duration_s=duration_s,
    )
