"""What the simulated carrier does: rates and timings, and the fate they give each attempt.

A fate is decided by the seed, the message and the attempt alone, so a run can be repeated, and a
carrier that comes back after a crash remembers what it meant to do.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from struct import unpack
from typing import Any, Final, NamedTuple, Self

from functions.channels.callback_urls import CallbackEvent
from functions.domain.messages.delivery_events import MessageRef


class Outcome(StrEnum):
    """How a simulated call or text ends."""

    CONNECTED = "connected"  #: answered, and talked to the end
    HUNG_UP = "hung_up"  #: answered, and the person hung up early
    MACHINE = "machine"  #: an answering machine picked up, and was talked to
    MACHINE_DROPPED = "machine_dropped"  #: the same, and the carrier hung up, as asked
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"  #: there is no such number
    DELIVERED = "delivered"  #: the text has reached the device
    UNDELIVERED = "undelivered"  #: the text never reaches it
    SENT = "sent"  #: it was taken, by a server that tells nothing more
    # What the person does with a text that has reached them:
    READ = "read"
    CLICKED = "clicked"
    REPLIED = "replied"
    COMPLAINED = "complained"
    OPTED_OUT = "opted_out"


class Reply(StrEnum):
    """How the carrier answers a request to place a call or to take a text."""

    ACCEPTED = "accepted"
    REFUSED = "refused"  #: too busy; nothing is placed
    REJECTED = "rejected"  #: an error that may pass; the text is not taken
    LOST_REQUEST = "lost_request"  #: no answer, and nothing is placed
    LOST_ANSWER = "lost_answer"  #: no answer, but it is placed
    ERROR = "error"  #: a server error, but it is placed


class Window(NamedTuple):
    """An outage, in seconds since the carrier opened; its end is no longer part of it."""

    start_s: float
    end_s: float


class Notice(NamedTuple):
    """One callback of a call or a text."""

    event: CallbackEvent
    happened_s: float  #: seconds after it was placed
    after_s: float  #: when the callback is sent, the same way
    lost: bool = False  #: it never leaves the carrier
    ends: bool = False  #: the carrier has no more to say
    reaction: Outcome | None = None  #: what the person does, of a text that has arrived


class Fate(NamedTuple):
    """All that one attempt meets."""

    latency_s: float  #: from the request to its being placed
    reply: Reply
    outcome: Outcome
    duration_s: int  #: seconds of conversation, rounded up as carriers bill them
    ends_after_s: float  #: seconds from being placed to its end
    notices: tuple[Notice, ...]  #: in the order of sending; one of them at least tells the end
    answer_s: float = 0  #: from its being placed to the answer
    recallable_s: float = 0  #: for so long from its being placed it can be recalled


_OUTCOMES: Final = (
    Outcome.BUSY,
    Outcome.NO_ANSWER,
    Outcome.MACHINE,
    Outcome.FAILED,
    Outcome.HUNG_UP,
)
_REPLIES: Final = (Reply.REFUSED, Reply.LOST_REQUEST, Reply.LOST_ANSWER, Reply.ERROR)
_REACTIONS: Final = (
    Outcome.READ,
    Outcome.CLICKED,
    Outcome.REPLIED,
    Outcome.COMPLAINED,
    Outcome.OPTED_OUT,
)
#: What can be told of a text that was taken.
TOLD_OF_TEXTS: Final = frozenset({Outcome.DELIVERED, *_REACTIONS})
_OF_TEXTS: Final = ("rejected", "undelivered", *_REACTIONS, "recallable")
_SHARES: Final = (*_OUTCOMES, *_OF_TEXTS, *_REPLIES, "lost", "duplicate", "reorder", "spread")
_AMOUNTS: Final = (
    "latency_ms",
    "ring_ms",
    "pickup_ms",
    "give_up_ms",
    "duration_s",
    "hang_up_s",
    "text_latency_ms",
    "delivery_ms",
    "react_ms",
)

_COPY_AFTER_S: Final = 0.05  #: how far a repeated callback lies behind the first
_OF_LOSS: Final = 5  #: which draws of what follows a text's arrival are of lost callbacks
_LATE_BY_S: Final = 0.01  #: how far what comes in reverse order lies behind one another


@dataclass(frozen=True, slots=True)
class Script:
    """The carrier's behaviour. Shares go from 0 to 1; everything else names its unit."""

    seed: int = 1
    latency_ms: float = 20  #: from the request for a call to its answer
    ring_ms: float = 50  #: from placing a call to its ringing
    pickup_ms: float = 200  #: from ringing to being answered
    give_up_ms: float = 2000  #: of ringing without an answer
    duration_s: float = 1  #: of a conversation
    hang_up_s: float = 0.2  #: of a conversation that the person ends early
    spread: float = 0.5  #: how far all these vary: 0.5 is from half to one and a half
    busy: float = 0
    no_answer: float = 0
    machine: float = 0
    failed: float = 0  #: calls to numbers that do not exist
    hung_up: float = 0
    text_latency_ms: float = 499  #: from handing over a text to its answer, at most
    delivery_ms: float = 1000  #: from taking a text to its reaching the device; varies as well
    rejected: float = 0.05  #: texts turned down with an error that may pass
    undelivered: float = 0  #: texts that never reach the device
    recallable: float = 0  #: texts that can be recalled until then
    react_ms: float = 1000  #: from a text's arrival to what is done first, and on to the next
    read: float = 0  #: of the texts that arrive
    clicked: float = 0  #: of them, too, and by those who read first
    replied: float = 0
    complained: float = 0
    opted_out: float = 0
    refused: float = 0  #: requests turned down for now
    lost_request: float = 0  #: requests that never arrive, seen as a time-out
    lost_answer: float = 0  #: what is placed although the request is seen to time out
    error: float = 0  #: what is placed although the request is answered with an error
    lost: float = 0  #: callbacks that never leave
    duplicate: float = 0  #: callbacks sent twice
    reorder: float = 0  #: callbacks in reverse order; of a text, its receipt before the answer
    outage: tuple[Window, ...] = ()  #: when the carrier cannot be reached: "10-15+30-35"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        for name in _SHARES:
            self._check(name, most=1)
        for name in _AMOUNTS:
            self._check(name, most=math.inf)
        for names in (_OUTCOMES, _REPLIES):
            if sum(getattr(self, name) for name in names) > 1:
                raise ValueError(f"The script's {', '.join(names)} add up to more than 1.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a setting such as "busy=0.1,latency_ms=20"; ValueError names a wrong term."""
        values: dict[str, Any] = {}
        for term in filter(None, (part.strip() for part in text.split(","))):
            name, _, value = (part.strip() for part in term.partition("="))
            if name not in _TERMS:
                known = ", ".join(_TERMS)
                raise ValueError(f"'{term}' is not a term of a script. It knows {known}.")
            if name in values:
                raise ValueError(f"'{term}' gives the script a second {name}.")
            values[name] = _value(term, name, value)
        return cls(**values)

    def outage_ends_s(self, age_s: float) -> float | None:
        """Return when the outage ends that a carrier of this age is in, None if it is in none."""
        return next((end for start, end in self.outage if start <= age_s < end), None)

    def fate(self, ref: MessageRef, attempt: int, machine_detection: str = "") -> Fate:
        """Decide what this attempt to call meets."""
        draws = self._draws(ref, attempt)
        outcome = Outcome(self._pick(_OUTCOMES, draws[0]) or Outcome.CONNECTED)
        if outcome is Outcome.MACHINE and machine_detection == "hangup":
            outcome = Outcome.MACHINE_DROPPED
        ring_s = self._vary(self.ring_ms / 1000, draws[1])
        answer_s = ring_s + self._vary(self.pickup_ms / 1000, draws[2])
        talk_s = self._vary(self._talk_s().get(outcome, 0.0), draws[3])
        end_s = {
            Outcome.FAILED: 0.0,
            Outcome.BUSY: ring_s,
            Outcome.NO_ANSWER: ring_s + self._vary(self.give_up_ms / 1000, draws[2]),
        }.get(outcome, answer_s + talk_s)
        notices = _timeline(outcome, ring_s, answer_s, end_s, detect=bool(machine_detection))
        return Fate(
            latency_s=self._vary(self.latency_ms / 1000, draws[4]),
            reply=Reply(self._pick(_REPLIES, draws[5]) or Reply.ACCEPTED),
            outcome=outcome,
            duration_s=math.ceil(talk_s),
            ends_after_s=end_s,
            notices=self._disturb(notices, end_s, draws[6:]),
            recallable_s=notices[0].happened_s,
        )

    def text_fate(
        self, ref: MessageRef, attempt: int, tells: Collection[Outcome] = TOLD_OF_TEXTS
    ) -> Fate:
        """Decide what this attempt to send a text meets, of what its channel tells."""
        draws = self._draws(ref, attempt)
        delivered_s = self._vary(self.delivery_ms / 1000, draws[1])
        latency_s, answer_s = self.text_latency_ms / 1000 * draws[4], 0.0
        if draws[6] < self.reorder:
            delivered_s, latency_s, answer_s = 0.0, 0.0, max(latency_s, _LATE_BY_S)
        outcome = Outcome(self._pick(("undelivered",), draws[0]) or Outcome.DELIVERED)
        if Outcome.DELIVERED not in tells:
            outcome = Outcome.SENT
        after = self._draws(ref, attempt, "after") if outcome is Outcome.DELIVERED else ()
        reactions = self._reactions(delivered_s, after, tells)
        receipt = Notice(CallbackEvent.RECEIPT, delivered_s, delivered_s, ends=not reactions)
        told = self._lose_and_copy([receipt], draws[7:])
        told += self._lose_and_copy(reactions, after[_OF_LOSS:])
        return Fate(
            latency_s=latency_s,
            reply=self._text_reply(draws[5], draws[2]),
            outcome=outcome,
            duration_s=0,
            ends_after_s=delivered_s,
            notices=tuple(sorted(told, key=lambda notice: notice.after_s)),
            answer_s=answer_s,
            recallable_s=delivered_s if draws[3] < self.recallable else 0,
        )

    def _reactions(
        self, delivered_s: float, draws: Sequence[float], tells: Collection[Outcome]
    ) -> list[Notice]:
        """Return the receipts of what a person does with a text; without draws, of nothing."""
        if not draws:
            return []
        # Who clicks is one of those who read: both go by the first draw.
        pairs = zip(_REACTIONS, (draws[0], *draws), strict=False)
        done = [each for each, draw in pairs if each in tells and draw < getattr(self, each)]
        step_s = self._vary(self.react_ms / 1000, draws[4])
        at_s = [delivered_s + step_s * number for number in range(1, len(done) + 1)]
        last = done[-1:]
        return [
            Notice(CallbackEvent.RECEIPT, at, at, ends=reaction in last, reaction=reaction)
            for reaction, at in zip(done, at_s, strict=True)
        ]

    def _text_reply(self, draw: float, of_those_that_arrive: float) -> Reply:
        name = self._pick(_REPLIES, draw) or self._pick(("rejected",), of_those_that_arrive)
        return Reply(name or Reply.ACCEPTED)

    def _draws(self, ref: MessageRef, attempt: int, *more: str) -> tuple[float, ...]:
        return _draws("\0".join(map(str, (self.seed, *ref, attempt, *more))))

    def _check(self, name: str, *, most: float) -> None:
        value = getattr(self, name)
        if not (0 <= value <= most and math.isfinite(value)):
            bounds = "from 0 to 1" if most == 1 else "0 or more"
            raise ValueError(f"The script's '{name}={value}' must be {bounds}.")

    def _pick(self, names: Sequence[str], draw: float) -> str | None:
        for name in names:
            draw -= getattr(self, name)
            if draw < 0:
                return name
        return None

    def _vary(self, value: float, draw: float) -> float:
        return value * (1 + self.spread * (2 * draw - 1))

    def _talk_s(self) -> Mapping[Outcome, float]:
        return {
            Outcome.CONNECTED: self.duration_s,
            Outcome.MACHINE: self.duration_s,
            Outcome.HUNG_UP: self.hang_up_s,
        }

    def _disturb(
        self, notices: Sequence[Notice], end_s: float, draws: Sequence[float]
    ) -> tuple[Notice, ...]:
        """Lose, repeat and turn around callbacks, as shares and draws will have it."""
        reverse, *rest = draws
        ordered = self._lose_and_copy(notices, rest)
        if reverse >= self.reorder:
            return ordered
        late = enumerate(reversed(ordered))
        return tuple(notice._replace(after_s=end_s + _LATE_BY_S * n) for n, notice in late)

    def _lose_and_copy(
        self, notices: Sequence[Notice], draws: Sequence[float]
    ) -> tuple[Notice, ...]:
        sent = [
            notice._replace(lost=draw < self.lost)
            for notice, draw in zip(notices, draws[0::2], strict=False)
        ]
        copies = [
            notice._replace(after_s=notice.after_s + _COPY_AFTER_S)
            for notice, draw in zip(sent, draws[1::2], strict=False)
            if draw < self.duplicate
        ]
        return tuple(sorted([*sent, *copies], key=lambda notice: notice.after_s))


def _timeline(
    outcome: Outcome, ring_s: float, answer_s: float, end_s: float, *, detect: bool
) -> list[Notice]:
    """Return the callbacks of a call as they should come."""
    hangup = Notice(CallbackEvent.HANGUP, end_s, end_s, ends=True)
    if outcome in {Outcome.FAILED, Outcome.BUSY}:
        return [hangup]
    ring = Notice(CallbackEvent.RING, ring_s, ring_s)
    if outcome is Outcome.NO_ANSWER:
        return [ring, hangup]
    answer = Notice(CallbackEvent.ANSWER, answer_s, answer_s)
    if detect and outcome in {Outcome.MACHINE, Outcome.MACHINE_DROPPED}:
        return [ring, answer, Notice(CallbackEvent.MACHINE, answer_s, answer_s), hangup]
    return [ring, answer, hangup]


def _draws(text: str) -> tuple[float, ...]:
    """Return sixteen numbers from 0 up to 1 that depend on nothing but the text."""
    return tuple(number / 2**32 for number in unpack(">16I", blake2b(text.encode()).digest()))


def _windows(text: str) -> tuple[Window, ...]:
    windows = tuple(Window(*map(float, part.split("-", 1))) for part in text.split("+"))
    if not all(0 <= start < end < math.inf for start, end in windows):
        raise ValueError(text)
    return windows


class _Term(NamedTuple):
    parse: Callable[[str], Any]
    form: str


_TERMS: Final[Mapping[str, _Term]] = {
    "seed": _Term(int, "a whole number"),
    **dict.fromkeys((*_AMOUNTS, *_SHARES), _Term(float, "a number")),
    "outage": _Term(_windows, "windows in seconds such as 10-15+30-35"),
}


def _value(term: str, name: str, text: str) -> Any:
    try:
        return _TERMS[name].parse(text)
    except (TypeError, ValueError):
        raise ValueError(f"The script's '{term}' must hold {_TERMS[name].form}.") from None
