"""When a person may be reached, in that person's own time: windows, and the hours outside them."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from functions.domain.sending_rules.public_holidays import is_holiday
from functions.domain.times import zones_of

_DAY: Final = timedelta(days=1)
_MINUTE: Final = timedelta(minutes=1)
#: How far ahead is looked: a day of the week that is a holiday comes again within it.
HORIZON: Final = timedelta(days=15)

#: What days of the week are called, from Monday on.
DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Window:
    """From `opens` up to but not including `closes`, local time, on the days that are not closed.

    One that closes before it opens is open overnight and belongs to the day on which it opens;
    one that closes as it opens is open for a whole day from then on.
    """

    opens: time
    closes: time
    closed_on: frozenset[int] = frozenset()  #: weekdays, Monday is 0
    holidays: str = ""  #: closed on the public holidays of this country too, ISO 3166 alpha-2


class QuietHours(NamedTuple):
    """Nobody is reached from `start` up to but not including `end`, HH:MM local time, any day."""

    start: str
    end: str

    @property
    def window(self) -> Window:
        """The window outside the quiet hours."""
        return Window(time.fromisoformat(self.end), time.fromisoformat(self.start))


class SendWindow(NamedTuple):
    """People are reached from `start` up to but not including `end`, HH:MM, on some days."""

    start: str
    end: str
    days: Sequence[str] = DAYS

    @property
    def window(self) -> Window:
        """The window that it stands for."""
        closed_on = frozenset(number for number, day in enumerate(DAYS) if day not in self.days)
        return Window(time.fromisoformat(self.start), time.fromisoformat(self.end), closed_on)


def next_open(windows: Sequence[Window], zones: Sequence[str], *, now: datetime) -> datetime | None:
    """Return the earliest instant, from `now` on, at which somebody may be reached, UTC.

    It lies within all windows, in all zones that they may be in. None where there is no such
    instant within the horizon. Raises UnknownZoneError.
    """
    places = zones_of(zones)
    at = now = now.astimezone(UTC)
    while at - now <= HORIZON:
        later = max(
            (_not_before(each, zone, at) for each in windows for zone in places), default=at
        )
        if later == at:
            return at
        at = later
    return None


def next_open_at(
    shown: time, windows: Sequence[Window], zones: Sequence[str], *, now: datetime
) -> datetime | None:
    """Return the earliest instant at which somebody may be reached and clocks show this time.

    In all zones that they may be in clocks have shown it then. What was to come at ten on a day
    that is closed comes at ten on the next day that is not. Where it is closed at that time on all
    days, as next_open.
    """
    opens_at = next_open(windows, zones, now=now)
    if opens_at is None or opens_at == now:
        return opens_at
    places = zones_of(zones)
    first = min(now.astimezone(zone).date() for zone in places)
    for days in range(HORIZON.days):
        day = first + days * _DAY
        at = max(datetime.combine(day, shown, zone).astimezone(UTC) for zone in places)
        if at >= opens_at and next_open(windows, zones, now=at) == at:
            return at
    return opens_at


def next_close(
    windows: Sequence[Window], zones: Sequence[str], *, now: datetime
) -> datetime | None:
    """Return the instant, UTC, up to which somebody who may be reached now stays so.

    It is `now` itself where they may not be. None where no window closes within the horizon.
    Raises UnknownZoneError.
    """
    places = zones_of(zones)
    pairs = [(each, zone) for each in windows for zone in places]
    at = now = now.astimezone(UTC)
    while pairs and at - now <= HORIZON:
        if not all(_is_open(each, at.astimezone(zone)) for each, zone in pairs):
            return at
        at = min(_open_until(each, zone, at) for each, zone in pairs)
    return None


def _not_before(window: Window, zone: ZoneInfo, at: datetime) -> datetime:
    """Return `at` where the window is open, else an instant before which it does not open.

    That is when clocks there show the opening hour, or when they are changed before that: a
    change may jump over the hour, or into it.
    """
    local = at.astimezone(zone)
    return at if _is_open(window, local) else _shown_next(window.opens, zone, local, at)


def _open_until(window: Window, zone: ZoneInfo, at: datetime) -> datetime:
    """Return an instant up to which a window that is open at `at` stays so.

    That is when clocks there show the closing hour, or when they are changed before that.
    """
    return _shown_next(window.closes, zone, at.astimezone(zone), at)


def _shown_next(shown: time, zone: ZoneInfo, local: datetime, at: datetime) -> datetime:
    """Return when clocks show a time behind `at`, or are changed before that; `local` is `at`."""
    wait = (_since_midnight(shown) - _since_midnight(local.time())) % _DAY
    return _change_between(zone, at, at + (wait or _DAY))


def _is_open(window: Window, local: datetime) -> bool:
    shown, day = local.time(), local.date()
    if window.opens < window.closes:
        return window.opens <= shown < window.closes and _is_day(window, day)
    if shown >= window.opens:
        return _is_day(window, day)
    return shown < window.closes and _is_day(window, day - _DAY)


def _is_day(window: Window, day: date) -> bool:
    if day.weekday() in window.closed_on:
        return False
    return not window.holidays or not is_holiday(window.holidays, day)


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
