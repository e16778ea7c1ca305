"""Hours: who must wait because of the calling window of where they are."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeAlias

from functions.domain.message import Message
from functions.domain.windows import next_open
from functions.engine import throttle

_Place: TypeAlias = tuple[str, tuple[str, ...]]


def closed(messages: Iterable[Message], *, now: datetime) -> dict[str, datetime]:
    """Return, by id, until when those must wait whose window is closed now or at their turn."""
    seen: dict[_Place, datetime | None] = {}
    waits: dict[str, datetime] = {}
    for message in messages:
        place = (message.region, tuple(message.zones))
        if place not in seen:
            seen[place] = _closed_until(place, now)
        opens_at = seen[place]
        if opens_at is not None:
            waits[message.id] = opens_at
    return waits


def _closed_until(place: _Place, now: datetime) -> datetime | None:
    """Return when a place opens; None while it is open and stays so for as long as turns are."""
    for at in (now, now + throttle.HORIZON):
        opens_at = next_open(*place, now=at)
        if opens_at != at:
            return opens_at or at + timedelta(days=1)
    return None
