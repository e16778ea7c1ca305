"""A reservation: how much of its scopes' time a process makes its own, and from when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import random
from typing import Any, Final, NamedTuple

from functions.domain.sending_rules import rate_limit
from functions.domain.sending_rules.rate_limit import HORIZON
from functions.domain.sending_rules.warm_up import next_day
from functions.engine.pacing.rate_scopes import Scope, State
from functions.engine.ports.store import Document, Write
from functions.engine.process.reserved import Span

#: So much of the horizon must be free: a claim for each message would wear the lane out.
SPARE: Final = HORIZON / 2
#: Of those who wait for the same room, each comes back so much later at most, by chance: all at
#: once, they would hinder each other, and the first takes it all.
_STAGGER: Final = HORIZON / 5


class Room(NamedTuple):
    """How many messages have turns, and when these are; where none has one, when to ask again."""

    granted: int
    asked_at: datetime  #: turns lie as far ahead of this as it takes to claim a message
    again_at: datetime
    turns: Sequence[datetime] = ()  #: none where nothing limits the messages
    reason: str = ""  #: why there is no room, where that is for a day


class Part(NamedTuple):
    """A scope, and what of its time is ours."""

    scope: Scope
    span: Span

    @property
    def state(self) -> State:
        """The scope as we saw it last."""
        return State(self.scope, self.span.document)

    def ours(self, now: datetime) -> rate_limit.Scope:
        """Return the scope as it stands, bounded by what is ours."""
        scope = self.state.as_of(now)
        return scope._replace(free_at=self.span.free_at, until=self.span.until or now)

    def has_room(self, weight: int, earliest: datetime, now: datetime, ahead: timedelta) -> bool:
        """Tell whether a message can be given a turn without asking the store."""
        span, state = self.span, self.state
        if span.looked_at is None:
            return False
        if not state.holds_back(now):
            return now - span.looked_at <= ahead
        if self.scope.ramp is not None and not span.left_on(state.day(now)):
            return False
        return self.ours(now).covers(weight, earliest)


class Need(NamedTuple):
    """What turns are reserved for."""

    weights: Sequence[int]  #: of the messages that are next
    wanted: int  #: messages that wait, these among them


class _Asked(NamedTuple):
    """A scope as it was just read, and from when we may have its time."""

    part: Part
    state: State
    is_alone: bool  #: nobody else has reserved since we did
    begins_at: datetime


class _Share(NamedTuple):
    """What becomes ours of a scope."""

    asked: _Asked
    until: datetime
    reach: timedelta
    day: str
    messages: int  #: more of the day's allowance than we had
    fields: dict[str, Any]

    def remember(self) -> None:
        """Note that it is ours.

        Another lane of this process may have made use of what we had, while it was committed.
        """
        span, begins_at = self.asked.part.span, self.asked.begins_at
        span.free_at, span.until = max(span.free_at or begins_at, begins_at), self.until
        span.left = span.left_on(self.day) + self.messages
        span.reach, span.day = self.reach, self.day


@dataclass(slots=True)
class Reservation:
    """What a process makes its own; nothing where it has to wait."""

    at: datetime
    waits: Room | None = None
    unlimited: Sequence[_Asked] = ()  #: scopes that need no reservation for now
    shares: list[_Share] = field(default_factory=list)

    @property
    def writes(self) -> list[Write]:
        """What is to be committed."""
        return [share.asked.state.write(share.fields) for share in self.shares]

    def remember(self, versions: Sequence[int]) -> None:
        """Note in this process what was committed."""
        for asked in self.unlimited:
            span = asked.part.span
            span.looked_at, span.document = self.at, asked.state.document
        for share, version in zip(self.shares, versions, strict=True):
            span, state = share.asked.part.span, share.asked.state
            stored = state.document.data if state.document else {}
            span.document = Document(state.scope.path, version, {**stored, **share.fields})
            span.looked_at = self.at
            share.remember()


def reserve_ahead(
    found: Sequence[tuple[Part, Document | None]],
    others: Sequence[Part],
    need: Need,
    *,
    ahead: timedelta,
    earliest: datetime,
    now: datetime,
) -> Reservation:
    """Return what to reserve of the scopes that were found, so that the next messages have turns.

    `others` are the scopes of which enough is ours. Where a scope has room only beyond the
    horizon, a place in it is taken all the same, and the scopes that have room before are left
    alone until then: so nobody who waits is passed by. Where that is far off, nothing is taken.
    """
    asked = [_asked(part, document, earliest) for part, document in found]
    holding = [each for each in asked if each.state.holds_back(now)]
    unlimited = [each for each in asked if each not in holding]
    if any(_allowance(each, now) == 0 for each in holding):
        return Reservation(now, Room(0, now, next_day(now), reason="warm_up"))
    begins_at = max((each.begins_at for each in holding), default=earliest)
    if begins_at > earliest + furthest(ahead):
        return Reservation(now, wait_for(begins_at, earliest, now))
    near = earliest + HORIZON
    late = [each for each in holding if each.begins_at > near]
    scopes = [part.ours(now) for part in limiting(others, now)]
    scopes += [each.state.as_of(now) for each in holding]
    sized = _Sizes(need, scopes, ahead)
    shares = [_share(each, sized, now) for each in late or holding]
    return Reservation(now, None, unlimited, shares)


def furthest(ahead: timedelta) -> timedelta:
    """Return how far off a place is taken: behind one who is alone, and another who waits."""
    return 2 * ahead + HORIZON


def limiting(parts: Sequence[Part], now: datetime) -> list[Part]:
    """Return the scopes in which there may be no room at once."""
    return [part for part in parts if part.state.holds_back(now)]


def wait_for(begins_at: datetime, earliest: datetime, now: datetime) -> Room:
    """Return that there is no room before half of the horizon lies behind an instant."""
    stagger = _STAGGER * random()  # noqa: S311 - nobody gains by guessing it
    return Room(0, now, now + (begins_at - earliest) - (HORIZON - SPARE) + stagger)


def _asked(part: Part, document: Document | None, earliest: datetime) -> _Asked:
    begins_at = max(part.span.begins_at(document) or earliest, earliest)
    return _Asked(part, State(part.scope, document), part.span.is_ours(document), begins_at)


def _allowance(asked: _Asked, now: datetime) -> int | None:
    """Return how many messages the day still allows us; None where it allows any number."""
    left = asked.state.left_today(now)
    return None if left is None else left + asked.part.span.left_on(asked.state.day(now))


class _Sizes:
    """How much to reserve of each scope, by what is needed and the slowest of them."""

    def __init__(self, need: Need, scopes: Sequence[rate_limit.Scope], ahead: timedelta) -> None:
        usual = math.ceil(sum(need.weights) / len(need.weights))
        self._need = need
        self._ahead = ahead
        self._slowest = max((scope.length(usual) for scope in scopes), default=timedelta())
        at_once = math.ceil(HORIZON / self._slowest) if self._slowest else len(need.weights)
        self._next = need.weights[: max(1, at_once)]

    def reach(self, asked: _Asked, now: datetime) -> timedelta:
        """Return how far to reserve: twice as far as the last time, where we use it alone."""
        until = asked.part.span.until
        if not asked.is_alone or until is None or until + self._ahead < now:
            return HORIZON
        return max(HORIZON, min(2 * asked.part.span.reach, self._ahead))

    def length(self, asked: _Asked, reach: timedelta, now: datetime) -> timedelta:
        """Return how much time of a scope to reserve: what is next, and more where we are alone."""
        scope = asked.state.as_of(now)
        needed = sum((scope.length(weight) for weight in self._next), timedelta())
        return max(needed, reach) if reach > HORIZON else needed

    def messages(self, length: timedelta) -> int:
        """Return how many messages are sent in so much time of the slowest."""
        within = math.ceil(length / self._slowest) if self._slowest else 0
        return max(len(self._next), min(within, self._need.wanted))


def _share(asked: _Asked, sizes: _Sizes, now: datetime) -> _Share:
    """Return what becomes ours of a scope."""
    reach = sizes.reach(asked, now)
    length = sizes.length(asked, reach, now)
    until = asked.begins_at + length
    day = asked.state.day(now)
    had = asked.part.span.left_on(day)
    allowed = _allowance(asked, now)
    more = 0 if allowed is None else max(0, min(allowed, sizes.messages(length)) - had)
    return _Share(asked, until, reach, day, more, asked.state.charged(until, more, now))
