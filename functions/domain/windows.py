"""When a person may be reached, in that person's own time: calling windows and quiet hours."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, available_timezones

_SUNDAY: Final = 6
_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
_HORIZON: Final = timedelta(days=8)
_NOWHERE: Final = ("Etc/UTC",)


@dataclass(frozen=True, slots=True)
class CallingWindow:
    """From `opens` up to but not including `closes`, local time, on every day but `closed_on`.

    One that closes before it opens is open overnight.
    """

    opens: time
    closes: time
    closed_on: frozenset[int] = frozenset()  #: weekdays, Monday is 0


class QuietHours(NamedTuple):
    """From `start` up to but not including `end`, local time, every day: nothing is sent.

    Hours that end before they start are those of a night.
    """

    start: time
    end: time


#: Defaults on the careful side of each country's law, not legal advice. United States: federal
#: law (47 CFR 64.1200) allows 08:00-21:00, several states less. United Kingdom: Ofcom's and the
#: industry's guidance. India: TRAI allows 09:00-21:00 and asks for less.
WINDOWS: Final[Mapping[str, CallingWindow]] = {
    "US": CallingWindow(time(9), time(20), frozenset({_SUNDAY})),
    "GB": CallingWindow(time(9), time(20), frozenset({_SUNDAY})),
    "IN": CallingWindow(time(10), time(19)),
}
DEFAULT_WINDOW: Final = CallingWindow(time(9), time(20))


def next_open(
    region: str,
    zones: Sequence[str],
    *,
    now: datetime,
    windows: bool = True,
    quiet: QuietHours | None = None,
) -> datetime | None:
    """Return the earliest instant, from `now` on, at which someone there may be reached, UTC.

    It lies within the region's calling window (unless `windows` are off) and outside the quiet
    hours, in all zones that a number fits. None where there is no such instant within eight days.
    """
    rules = _rules(region, windows=windows, quiet=quiet)
    places = [_zone(name) for name in zones or _NOWHERE]
    at = now = now.astimezone(UTC)
    while at - now <= _HORIZON:
        later = max((_not_before(rule, zone, at) for rule in rules for zone in places), default=at)
        if later == at:
            return at
        at = later
    return None


def quiet_hours_from(stored: Mapping[str, str] | None) -> QuietHours | None:
    """Rebuild quiet hours from {"start": "HH:MM", "end": "HH:MM"}; None from None."""
    if stored is None:
        return None
    return QuietHours(time.fromisoformat(stored["start"]), time.fromisoformat(stored["end"]))


def _rules(region: str, *, windows: bool, quiet: QuietHours | None) -> list[CallingWindow]:
    rules = [WINDOWS.get(region, DEFAULT_WINDOW)] if windows else []
    if quiet is not None:
        rules.append(CallingWindow(quiet.end, quiet.start))
    return rules


def is_zone(name: str) -> bool:
    """Tell whether `name` is a zone of the IANA time zone database."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # What a machine calls its local time is no zone that others know.
    return frozenset(available_timezones()) - {"localtime", "Factory"}


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _not_before(window: CallingWindow, zone: ZoneInfo, at: datetime) -> datetime:
    """Return `at` where the window is open, else an instant before which it does not open.

    That is when clocks there show the opening hour, or when they are changed before that: a
    change may jump over the hour, or into it.
    """
    local = at.astimezone(zone)
    if _is_open(window, local):
        return at
    opens_at = at + (_since_midnight(window.opens) - _since_midnight(local.time())) % _DAY
    # Closed at the very hour of opening: it is so all day.
    return _change_between(zone, at, opens_at if opens_at > at else at + _DAY)


def _is_open(window: CallingWindow, local: datetime) -> bool:
    if local.weekday() in window.closed_on:
        return False
    shown = local.time()
    if window.opens < window.closes:
        return window.opens <= shown < window.closes
    return shown >= window.opens or shown < window.closes


def _since_midnight(shown: time) -> timedelta:
    return timedelta(
        hours=shown.hour,
        minutes=shown.minute,
        seconds=shown.second,
        microseconds=shown.microsecond,
    )


def _change_between(zone: ZoneInfo, at: datetime, then: datetime) -> datetime:
    """Return the first instant behind `at` at which clocks are changed, `then` at the latest."""
    before = at.astimezone(zone).utcoffset()
    if then.astimezone(zone).utcoffset() == before:
        return then
    # Clocks are changed on whole minutes: a search that halves finds which.
    start = at.astimezone(UTC).replace(second=0, microsecond=0)
    minutes = range((then - start) // _MINUTE + 1)
    found = bisect_left(
        minutes,
        True,
        key=lambda minute: (start + minute * _MINUTE).astimezone(zone).utcoffset() != before,
    )
    return start + found * _MINUTE
