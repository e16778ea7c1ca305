"""A carrier for engine tests: it does what the test says and keeps its own book of every call.

It stands for the world outside, so it lives on when the engine under test is killed: its calls go
on, and receipts that nobody took are delivered again.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple, TypeAlias

from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, MessageRef, Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.channel import NOTHING_TOLD, Answer, Outbound, Traits, WebhookRequest
from functions.engine.ports.clock import Clock

PROVIDER: Final = "carrier"
_ENDS: Final = (EventKind.COMPLETED, EventKind.FAILED, EventKind.UNCERTAIN)


class Receipt(NamedTuple):
    """What the carrier reports of a call, and how long after the call was placed."""

    after_s: float
    kind: EventKind
    reason: str = ""
    retry: Retry = Retry.NEVER
    lost: bool = False  #: it never reaches us


class Fate(NamedTuple):
    """What one attempt meets."""

    receipts: tuple[Receipt, ...] = ()
    outcome: SendOutcome | None = None  #: the answer to the request; None accepts it
    placed: bool = True  #: a phone rings

    def lost(self, *kinds: EventKind) -> "Fate":
        """Return this fate without the receipts of these kinds, which the carrier keeps back."""
        return self._replace(
            receipts=tuple(r._replace(lost=r.lost or r.kind in kinds) for r in self.receipts)
        )

    def answered(self, outcome: SendOutcome, *, placed: bool = True) -> "Fate":
        """Return this fate with another answer to the request."""
        return self._replace(outcome=outcome, placed=placed)


_RINGS: Final = Receipt(1, EventKind.RINGING)
TALKS: Final = Fate((_RINGS, Receipt(2, EventKind.ANSWERED), Receipt(5, EventKind.COMPLETED)))
BUSY: Final = Fate((Receipt(1, EventKind.FAILED, "busy", Retry.LATER),))
NO_ANSWER: Final = Fate((_RINGS, Receipt(8, EventKind.FAILED, "no_answer", Retry.LATER)))
INVALID: Final = Fate((Receipt(0.5, EventKind.FAILED, "invalid_address"),))
SILENT: Final = Fate()  #: accepted, and never heard of again
REFUSED: Final = Fate(outcome=Deferred("provider_429"), placed=False)
REJECTED: Final = Fate(outcome=Rejected("invalid_address"), placed=False)
NO_CREDIT: Final = Fate(outcome=Rejected("no_credit", Retry.STOP), placed=False)
LOST_REQUEST: Final = Fate(outcome=Unknown("provider_timeout"), placed=False)
LOST_ANSWER: Final = TALKS.answered(Unknown("provider_timeout"))

Deliver: TypeAlias = Callable[[DeliveryEvent], Awaitable[bool]]
"""Takes a receipt to the engine; False where nobody took it."""


@dataclass(slots=True)
class Call:
    """One request that the carrier was handed, as its book shows it."""

    ref: MessageRef
    attempt: int
    to: str
    at: datetime
    fate: Fate
    body: str = ""
    hears_ring: bool = False
    id: str = field(init=False)  #: the carrier's own
    end: Receipt | None = field(init=False)  #: what the carrier knows of the call's end
    ends_at: datetime | None = field(init=False)  #: None if it never ends

    def __post_init__(self) -> None:
        self.id = f"call-{self.ref.message}-{self.attempt}"
        self.end = next((r for r in self.fate.receipts if r.kind in _ENDS), None)
        self.ends_at = self.at + timedelta(seconds=self.end.after_s) if self.end else None

    def event(self, receipt: Receipt) -> DeliveryEvent:
        """Return a receipt as the engine gets it."""
        return DeliveryEvent(
            id=f"{self.id}-{receipt.kind}",
            ref=self.ref,
            attempt=self.attempt,
            kind=receipt.kind,
            at=self.at + timedelta(seconds=receipt.after_s),
            provider_id=self.id,
            reason=receipt.reason,
            retry=receipt.retry,
            duration_s=3 if receipt.kind is EventKind.COMPLETED else 0,
        )


@dataclass(slots=True)
class RecordingChannel:
    """Answers each attempt as `script` says for its number, and notes it in `requests`."""

    clock: Clock
    deliver: Deliver
    script: Mapping[str, Sequence[Fate]] = field(default_factory=dict)  #: attempts by number
    otherwise: Fate = TALKS  #: what everybody else meets, and everybody after the script's end
    traits: Traits = field(default_factory=lambda: Traits(holds_live_call=True))
    requests: list[Call] = field(default_factory=list)
    looked_up: list[tuple[MessageRef, int]] = field(default_factory=list)
    most_live: int = 0
    recallable: timedelta = timedelta()  #: for how long a call that was placed can be recalled
    recalled: dict[str, str] = field(default_factory=dict)  #: who is not called, by call
    asked: list[str] = field(default_factory=list)  #: whose calls we wanted to recall
    on_recall: Callable[[Call], Awaitable[None]] | None = None  #: what else happens with it
    on_send: Callable[[], Awaitable[None]] | None = None  #: what else happens during a request
    _due: list[tuple[datetime, DeliveryEvent]] = field(default_factory=list)

    # --- The Channel port ---------------------------------------------------------------------

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Note the request, let others run as a network would, and answer by the script."""
        fates = self.script.get(outbound.to, ())
        turn = sum(call.to == outbound.to for call in self.requests)
        fate = fates[turn] if turn < len(fates) else self.otherwise
        call = Call(
            outbound.ref,
            outbound.attempt,
            outbound.to,
            self.clock.now(),
            fate,
            outbound.body,
            outbound.hears_ring,
        )
        self.requests.append(call)
        if fate.placed:
            self._place(call)
        if self.on_send is not None:
            await self.on_send()
        await asyncio.sleep(0)
        return fate.outcome or Accepted(call.id)

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Refuse: this carrier hands its receipts over without HTTP."""
        raise NotImplementedError(request.url)

    async def recall(self, sent: Outbound, provider_id: str) -> bool:
        """Take a call back that is not older than the test lets it be, however often asked."""
        self.asked.append(sent.to)
        await asyncio.sleep(0)
        call = next((c for c in self.calls if c.id == provider_id), None)
        if call is None:
            return False
        if call.id not in self.recalled and self.clock.now() < call.at + self.recallable:
            self.recalled[call.id] = sent.to
            self._due = [(at, event) for at, event in self._due if event.provider_id != call.id]
            if self.on_recall is not None:
                await self.on_recall(call)
        return call.id in self.recalled

    def greet(self, request: WebhookRequest) -> Answer:
        """Greet nobody."""
        raise NotImplementedError(request.url)

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Return how a call ended; like Plivo, only by the id that the carrier gave it."""
        self.looked_up.append((sent.ref, sent.attempt))
        call = next((c for c in self.calls if c.id == provider_id), None)
        if call is None or call.end is None or self._is_live(call):
            return None
        return call.event(call.end)

    def answer(
        self, ref: MessageRef, attempt: int, bot_url: str, about: Mapping[str, str] = NOTHING_TOLD
    ) -> Answer:
        """Refuse: nobody asks this carrier's calls what to do."""
        raise NotImplementedError((ref, attempt, bot_url))

    async def close(self) -> None:
        """Do nothing: the carrier outlives us."""

    # --- The carrier's side -------------------------------------------------------------------

    @property
    def calls(self) -> list[Call]:
        """The requests that made a phone ring."""
        return [request for request in self.requests if request.fate.placed]

    @property
    def called(self) -> Counter[str]:
        """How often each address was rung."""
        return Counter(call.to for call in self.calls)

    @property
    def repeated(self) -> list[tuple[MessageRef, int]]:
        """The attempts that were requested more than once: there must never be any."""
        requests = Counter((request.ref, request.attempt) for request in self.requests)
        return [attempt for attempt, count in requests.items() if count > 1]

    @property
    def rung_after_talking(self) -> list[str]:
        """Addresses that were rung again after a completed call: there must never be any."""
        talked: set[tuple[str, str]] = set()
        again = []
        for call in self.calls:
            if (call.ref.campaign, call.to) in talked:
                again.append(call.to)
            if call.end and call.end.kind is EventKind.COMPLETED:
                talked.add((call.ref.campaign, call.to))
        return again

    @property
    def live(self) -> int:
        """Calls that have not ended."""
        return sum(self._is_live(call) for call in self.calls)

    @property
    def next_at(self) -> datetime | None:
        """When the next receipt is due."""
        return min((at for at, _ in self._due), default=None)

    async def deliver_due(self) -> int:
        """Deliver the receipts whose time has come, all at once; return how many were taken."""
        now = self.clock.now()
        due = [pair for pair in self._due if pair[0] <= now]
        self._due = [pair for pair in self._due if pair[0] > now]
        taken = await asyncio.gather(*(self.deliver(event) for _, event in due))
        retry_at = now + timedelta(seconds=1)
        refused = zip(due, taken, strict=True)
        self._due += [(retry_at, event) for (_, event), was_taken in refused if not was_taken]
        return sum(taken)

    def forget_receipts(self) -> None:
        """Lose the receipts of all calls placed so far; only a look-up tells of them now."""
        self._due = []

    def _place(self, call: Call) -> None:
        self.most_live = max(self.most_live, self.live)
        self._due += [
            (call.at + timedelta(seconds=receipt.after_s), call.event(receipt))
            for receipt in call.fate.receipts
            if not receipt.lost
        ]

    def _is_live(self, call: Call) -> bool:
        if call.id in self.recalled:
            return False
        return call.ends_at is None or call.ends_at > self.clock.now()
