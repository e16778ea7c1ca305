"""How many may be sent when: a rate per scope (GCRA), how it slows down, slots for live calls."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

#: The share of a rate that turns are spaced for. What arrives a little late must not meet, within
#: one second, too many of those behind it: at 94 % it may come 60 ms late.
PACE: Final = 0.94
#: The least share of its rate that a scope is slowed down to.
SLOWEST: Final = 1 / 16
#: How long a scope that was slowed down takes to come back to its rate.
RECOVERY: Final = timedelta(minutes=2)
#: A provider that turns a hundred requests down at once has told us one thing.
_BETWEEN_CUTS: Final = timedelta(seconds=1)


class Scope(NamedTuple):
    """Something that has a rate, as it stands."""

    interval: timedelta  #: from one turn to the next
    free_at: datetime | None = None  #: from when it has room; None from ever
    by_weight: bool = False  #: a message of weight 3 takes three turns
    until: datetime | None = None  #: up to when its time is ours; None: for ever

    def length(self, weight: int) -> timedelta:
        """Return how much of its time a message takes."""
        return self.interval * (weight if self.by_weight else 1)

    def covers(self, weight: int, earliest: datetime) -> bool:
        """Tell whether a message fits into the time that is ours."""
        begins_at = max(self.free_at or earliest, earliest)
        return self.until is None or begins_at + self.length(weight) <= self.until


def spacing(rate_per_s: float) -> timedelta:
    """Return the time between two turns at a rate."""
    # Rounded up: at 3 a second, 333,333 microseconds would let a fourth into the same second.
    return timedelta(microseconds=math.ceil(1_000_000 / rate_per_s))


def reserve(
    scopes: Sequence[Scope], weights: Iterable[int], *, earliest: datetime, horizon: timedelta
) -> tuple[list[datetime], list[datetime]]:
    """Give turns to the first messages, by their weights, that can begin within `horizon`.

    Every scope takes them one after the other from when it has room, at its own rate (the generic
    cell rate algorithm, ITU-T I.371, without a burst). A message's turn is where the last of the
    scopes has come: it is spaced by the slowest, while the others are charged no more than what
    they let through. So the turns of one of those may lie up to `horizon` behind their places in
    it: over time it keeps its rate, and in no window does it see more than the window and the
    horizon together hold, one message more at most.

    Returns the turns, and from when each scope has room after them: what is to be stored where a
    turn was granted. Where none was, the latest of these is when there is room.
    """
    free = [max(scope.free_at or earliest, earliest) for scope in scopes]
    turns: list[datetime] = []
    for weight in weights:
        turn = max(free, default=earliest)
        after = [at + scope.length(weight) for at, scope in zip(free, scopes, strict=True)]
        if turn > earliest + horizon or any(map(_is_beyond, scopes, after)):
            break
        turns.append(turn)
        free = after
    return turns, free


def _is_beyond(scope: Scope, at: datetime) -> bool:
    """Tell whether an instant lies beyond what is ours of a scope's time."""
    return scope.until is not None and at > scope.until


class Slowdown(NamedTuple):
    """How a scope was slowed down, as stored; it recovers by itself, evenly, within RECOVERY."""

    share: float = 1.0  #: of its rate that was left at `at`
    at: datetime | None = None

    def share_at(self, now: datetime) -> float:
        """Return the share of its rate that the scope has by now."""
        if self.at is None:
            return 1.0
        recovered = max(now - self.at, timedelta()) / RECOVERY
        return min(1.0, self.share + (1.0 - self.share) * recovered)

    def whole_again_at(self, now: datetime) -> datetime | None:
        """Return when the scope has all of its rate again; None where it has it now."""
        if self.at is None or self.share_at(now) >= 1.0:
            return None
        return self.at + RECOVERY

    def cut(self, now: datetime) -> "Slowdown":
        """Return it with the share halved: once a second at most, and not below SLOWEST."""
        if self.at is not None and now - self.at < _BETWEEN_CUTS:
            return self
        return Slowdown(max(SLOWEST, self.share_at(now) / 2), now)


def hold(
    held: Mapping[str, datetime], ids: Iterable[str], limit: int, *, now: datetime, until: datetime
) -> tuple[list[str], dict[str, datetime]]:
    """Take a live-call slot for each id while there is room; an id never takes two.

    Returns the ids that have a slot and the slots to store: expired ones are dropped, because a
    call whose end nobody reported must not hold its slot for ever.
    """
    kept = {id_: expires_at for id_, expires_at in held.items() if expires_at > now}
    granted = []
    for id_ in ids:
        if id_ in kept or len(kept) < limit:
            kept[id_] = until
            granted.append(id_)
    return granted, kept


#: How far ahead sends are reserved and claimed. Were this process to die, so many seconds' worth
#: of messages would be in doubt; and so soon does a pause bite.
HORIZON = timedelta(seconds=0.25)


#: A message that is later than that for its turn must not leave: it would meet those behind it.
TOLERANCE = timedelta(seconds=0.03)
