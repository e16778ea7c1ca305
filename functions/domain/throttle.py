"""How many may be sent when: a rate per scope (GCRA), and slots for calls in progress."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Reservation:
    """`granted` sends, the first at `first_at` and each `interval` after the one before."""

    granted: int
    first_at: datetime
    interval: timedelta


def reserve(
    free_at: datetime | None, count: int, rate_per_s: float, *, now: datetime, horizon: timedelta
) -> tuple[Reservation, datetime]:
    """Reserve up to `count` sends that can begin within `horizon`.

    `free_at` is the scope's stored state: the instant from which it has room (the theoretical
    arrival time of the generic cell rate algorithm, ITU-T I.371, without a burst). Returns the
    reservation and the state to store.
    """
    # Rounded up: at 3 a second, 333,333 microseconds would let a fourth into the same second.
    interval = timedelta(microseconds=math.ceil(1_000_000 / rate_per_s))
    first_at = max(free_at or now, now)
    room = (now + horizon - first_at) // interval + 1
    granted = max(0, min(count, room))
    return Reservation(granted, first_at, interval), first_at + granted * interval


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
