"""What simulated calls and texts have in common: the book, the outages, the answers, the callbacks.

The carrier behaves as carriers do, outages, lost answers and repeated callbacks included (see
script.py), and keeps a ledger of its own. It goes on living when we die: opened again
on the same ledger, it continues what had not ended.
"""

from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Final

import orjson

from functions.channels.base import BaseChannel
from functions.channels.callback_urls import Callback, CallbackEvent, callback_url, parse_callback
from functions.channels.simulator.callbacks import ENDS, Callbacks, Deliver, Seal, Story
from functions.channels.simulator.ledger import (
    End,
    Event,
    Ledger,
    LedgerWriter,
    Placed,
    Recall,
    digest_of,
)
from functions.channels.simulator.script import Fate, Notice, Outcome, Reply, Script
from functions.channels.statuses import (
    BUSY,
    COMPLETED,
    DELIVERED,
    INVALID_ADDRESS,
    MACHINE_DROPPED,
    MACHINE_HEARD,
    NO_ANSWER,
    PICKED_UP,
    READ,
    RINGING,
    SENT,
    UNDELIVERED,
    ProviderStatus,
)
from functions.domain.digest import digest
from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Retry
from functions.domain.messages.send_outcomes import (
    Accepted,
    Deferred,
    Rejected,
    SendOutcome,
    Unknown,
)
from functions.engine.ports.channel import Outbound, WebhookRequest
from functions.engine.ports.clock import Clock

_OUTCOMES: Final = {
    Outcome.CONNECTED: COMPLETED,
    Outcome.HUNG_UP: COMPLETED,
    Outcome.MACHINE: COMPLETED,
    Outcome.MACHINE_DROPPED: MACHINE_DROPPED,
    Outcome.BUSY: BUSY,
    Outcome.NO_ANSWER: NO_ANSWER,
    Outcome.FAILED: INVALID_ADDRESS,
    Outcome.DELIVERED: DELIVERED,
    Outcome.UNDELIVERED: UNDELIVERED,
    Outcome.SENT: SENT,
    Outcome.READ: READ,
    Outcome.CLICKED: ProviderStatus(EventKind.CLICKED),
    Outcome.REPLIED: ProviderStatus(EventKind.REPLIED),
    Outcome.COMPLAINED: ProviderStatus(EventKind.COMPLAINED, suppress="complained"),
    Outcome.OPTED_OUT: ProviderStatus(EventKind.OPTED_OUT, suppress="opted_out"),
}
#: What is told of a person after their text has arrived, and so beside that.
_REACTIONS: Final = frozenset(
    {
        EventKind.READ,
        EventKind.CLICKED,
        EventKind.REPLIED,
        EventKind.COMPLAINED,
        EventKind.OPTED_OUT,
    }
)
_NOTICES: Final = {
    CallbackEvent.RING: RINGING,
    CallbackEvent.ANSWER: PICKED_UP,
    CallbackEvent.MACHINE: MACHINE_HEARD,
}


class SimulatedCarrier(BaseChannel, ABC):
    """A Channel of the simulated carrier, but for what tells calls from texts.

    Callbacks are made by a background task after `start`, or by `run_due` where a test moves the
    clock. Without a ledger path the ledger is kept in memory.
    """

    provider: ClassVar[str]
    begin: ClassVar[Event]  #: how the book says that a message was placed
    end: ClassVar[CallbackEvent]  #: the callback that tells how a message ended

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
        super().__init__(clock)
        self._script = script
        self._seal = Seal(key)
        self._public_base_url = public_base_url
        self._book = LedgerWriter(ledger_path, now=clock.now())
        self._callbacks = Callbacks(
            clock=clock, deliver=deliver, request=self._request, end=self._write_end
        )
        ledger = self._book.read()
        self._opened_at = ledger.opened_at or clock.now()
        placed = ledger.placed if self.begin is Event.CALL else ledger.texts
        self._count = len(placed)
        self._recalled = set(ledger.recalled)
        self._placed = {(each.ref, each.attempt): each for each in placed}
        for each in filter(ledger.goes_on, placed):
            self._continue(each)

    @property
    def ledger(self) -> Ledger:
        """What the carrier's own book says now."""
        return self._book.read()

    async def send(self, outbound: Outbound) -> SendOutcome:
        """Place a call or take a text, if the script will have it."""
        outage = self._outage()
        if outage is not None:
            return Deferred("provider_unreachable", outage)
        fate = self._fate(outbound)
        if fate.latency_s:
            await self._clock.sleep(fate.latency_s)
        outcome = self._answer(outbound, fate)
        if fate.answer_s:
            await self._clock.sleep(fate.answer_s)
        return outcome

    def parse_webhook(self, request: WebhookRequest) -> list[DeliveryEvent]:
        """Return what a callback tells; SignatureError unless our own carrier signed it."""
        self._seal.check(request)
        callback = parse_callback(request.url)
        if callback.provider != self.provider:
            raise ValueError(f"This is not a callback of the {self.provider}.")
        body = orjson.loads(request.body)
        ended = callback.event in ENDS
        status = _OUTCOMES[body["outcome"]] if ended else _NOTICES[callback.event]
        at = datetime.fromisoformat(body["at"])
        return [_event(callback, body["id"], status, at=at, duration_s=body["duration_s"])]

    async def look_up(self, sent: Outbound, provider_id: str) -> DeliveryEvent | None:
        """Return how a message ended; None while it goes on, and where nothing was placed."""
        placed = self._find(sent, provider_id)
        if placed is None or placed.id in self._recalled:
            return None
        fate = self._fate(placed)
        at = placed.at + timedelta(seconds=fate.ends_after_s)
        if self._clock.now() < at:
            return None
        callback = Callback(self.provider, self.end, sent.ref, sent.attempt)
        status = _OUTCOMES[fate.outcome]
        return _event(callback, placed.id, status, at=at, duration_s=fate.duration_s)

    async def recall(self, sent: Outbound, provider_id: str) -> bool:
        """Take back a call that does not ring yet, or a text on its way, if the script lets it."""
        placed = self._find(sent, provider_id)
        if placed is None or self._outage() is not None:
            return False
        on_its_way = self._age_s(placed) < self._fate(placed).recallable_s
        if placed.id not in self._recalled and on_its_way:
            self._book.write(Event.RECALL, Recall(placed.id, self._clock.now()))
            self._recalled.add(placed.id)
            self._callbacks.drop(placed.id)
        return placed.id in self._recalled

    def start(self) -> None:
        """Make callbacks in the background, from within a running event loop."""
        self._callbacks.start()

    async def run_due(self) -> int:
        """Make the callbacks that are due now; return how many were answered 2xx."""
        return await self._callbacks.run_due()

    async def close(self) -> None:
        """Stop making callbacks and close the ledger; what goes on is kept in its file."""
        await self._callbacks.close()
        self._book.close()

    @abstractmethod
    def _fate(self, attempt: Outbound | Placed) -> Fate:
        """Return what an attempt meets, the same before and after it was placed."""

    def _outage(self) -> timedelta | None:
        """Return for how long the carrier cannot be reached, None where it can."""
        age_s = (self._clock.now() - self._opened_at).total_seconds()
        ends_s = self._script.outage_ends_s(age_s)
        return None if ends_s is None else timedelta(seconds=ends_s - age_s)

    def _find(self, sent: Outbound, provider_id: str) -> Placed | None:
        placed = self._placed.get((sent.ref, sent.attempt))
        return placed if placed is not None and provider_id in {"", placed.id} else None

    def _age_s(self, placed: Placed) -> float:
        return (self._clock.now() - placed.at).total_seconds()

    def _continue(self, placed: Placed) -> None:
        """Take up what was placed in an earlier life; its end is told, however late."""
        fate, missed_s = self._fate(placed), self._age_s(placed)
        kept = tuple(n for n in fate.notices if n.after_s >= missed_s or n.event in ENDS)
        self._callbacks.begin(_story(placed, fate._replace(notices=kept)))

    def _answer(self, outbound: Outbound, fate: Fate) -> SendOutcome:
        match fate.reply:
            case Reply.REFUSED:
                return Deferred("provider_429", throttled=True)
            case Reply.REJECTED:
                return Rejected("provider_rejected", Retry.LATER)
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

    def _place(self, outbound: Outbound, fate: Fate) -> Placed:
        ref, attempt = outbound.ref, outbound.attempt
        self._count += 1
        # The count tells two of one attempt apart, should there ever be two.
        placed = Placed(
            id=f"sim-{digest(*ref, attempt, size=8)}-{self._count}",
            ref=ref,
            attempt=attempt,
            to=outbound.to,
            at=self._clock.now(),
            machine_detection=outbound.machine_detection,
            digest=digest_of(outbound.body),
            channel=outbound.channel,
            hears_ring=outbound.hears_ring,
        )
        self._book.write(self.begin, placed)
        self._placed[ref, attempt] = placed
        self._callbacks.begin(_story(placed, fate))
        return placed

    def _write_end(self, story: Story) -> None:
        """Write down how it ended, once that was told or cannot be."""
        placed, fate = story.placed, story.fate
        at = placed.at + timedelta(seconds=fate.ends_after_s)
        self._book.write(Event.END, End(placed.id, fate.outcome, at, fate.duration_s))

    def _request(self, story: Story, notice: Notice) -> WebhookRequest:
        placed, fate = story.placed, story.fate
        callback = Callback(self.provider, notice.event, placed.ref, placed.attempt)
        ended = notice.event in ENDS
        body = orjson.dumps(
            {
                "id": placed.id,
                "outcome": (notice.reaction or fate.outcome) if ended else "",
                "duration_s": fate.duration_s if ended else 0,
                "at": (placed.at + timedelta(seconds=notice.happened_s)).isoformat(),
            }
        )
        return self._seal.signed(callback_url(self._public_base_url, callback), body)


def _story(placed: Placed, fate: Fate) -> Story:
    """Return what is told of what was placed: its ringing only to whoever wants to hear of it."""
    if placed.hears_ring:
        return Story(placed, fate)
    told = tuple(notice for notice in fate.notices if notice.event is not CallbackEvent.RING)
    return Story(placed, fate._replace(notices=told))


def _event(
    callback: Callback, id_: str, status: ProviderStatus, *, at: datetime, duration_s: int
) -> DeliveryEvent:
    reaction = f"-{status.kind}" if status.kind in _REACTIONS else ""
    event_id = f"{callback.provider}-{callback.event}-{id_}{reaction}"
    return status.event(event_id, callback, id_, at, duration_s=duration_s)
