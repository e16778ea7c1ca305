"""Calling windows: the hours in which a person may be called, in that person's own time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

_SUNDAY: Final = 6
_HORIZON: Final = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class CallingWindow:
    """From `opens` up to but not including `closes`, local time, on every day but `closed_on`."""

    opens: time
    closes: time
    closed_on: frozenset[int] = frozenset()  #: weekdays, Monday is 0


#: Defaults on the careful side of each country's law, not legal advice. United States: federal
#: law (47 CFR 64.1200) allows 08:00-21:00, several states less. United Kingdom: Ofcom's and the
#: industry's guidance. India: TRAI allows 09:00-21:00 and asks for less.
WINDOWS: Final[Mapping[str, CallingWindow]] = {
    "US": CallingWindow(time(9), time(20), frozenset({_SUNDAY})),
    "GB": CallingWindow(time(9), time(20), frozenset({_SUNDAY})),
    "IN": CallingWindow(time(10), time(19)),
}
DEFAULT_WINDOW: Final = CallingWindow(time(9), time(20))


def next_open(region: str, zones: Sequence[str], *, now: datetime) -> datetime | None:
    """Return the earliest instant, from `now` on, at which someone there may be called, UTC.

    Where a number fits several zones the window must be open in all of them. None where their
    windows share no hour within eight days.
    """
    window = WINDOWS.get(region, DEFAULT_WINDOW)
    at = now
    while at - now <= _HORIZON:
        later = max(_next_open_in(window, _zone(zone), at) for zone in zones)
        if later == at:
            return at
        at = later
    return None


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _next_open_in(window: CallingWindow, zone: ZoneInfo, at: datetime) -> datetime:
    local = at.astimezone(zone)
    if _is_open(window, local):
        return at
    day = local.date() if local.time() < window.opens else local.date() + timedelta(days=1)
    while day.weekday() in window.closed_on:
        day += timedelta(days=1)
    opening = datetime.combine(day, window.opens, tzinfo=zone).astimezone(UTC)
    # A clock that jumps over the opening hour must not send us back in time.
    return max(opening, at + timedelta(minutes=1))


def _is_open(window: CallingWindow, local: datetime) -> bool:
    if local.weekday() in window.closed_on:
        return False
    return window.opens <= local.time() < window.closes
