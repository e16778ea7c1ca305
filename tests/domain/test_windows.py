"""Calling windows and quiet hours: when somebody may be reached, in their own time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.windows import (
    DEFAULT_WINDOW,
    WINDOWS,
    CallingWindow,
    QuietHours,
    next_open,
    quiet_hours_from,
)

MINUTE = timedelta(minutes=1)

#: Zones with clocks that change by an hour, by half an hour and never, on both sides of the earth.
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
)
REGIONS = ("US", "GB", "IN", "AU", "KI")

#: Noon before the days on which the clocks of New York, London and Lord Howe changed in 2026.
CHANGES = (
    datetime(2026, 3, 7, 12, tzinfo=UTC),
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 4, 4, 12, tzinfo=UTC),
    datetime(2026, 10, 3, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2026, 10, 31, 12, tzinfo=UTC),
)
near_changes = st.builds(
    lambda day, minutes: day + timedelta(minutes=minutes),
    st.sampled_from(CHANGES),
    st.integers(0, 3 * 24 * 60),
)
any_minute = st.builds(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes),
    st.integers(0, 365 * 24 * 60),
)
minutes = st.one_of(near_changes, any_minute)
quiet_hours = (
    st.lists(st.integers(0, 24 * 60 - 1), min_size=2, max_size=2, unique=True)
    .map(lambda pair: [time(minute // 60, minute % 60) for minute in pair])
    .map(lambda pair: QuietHours(*pair))
)
places = st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True)


def _is_open(region: str, zones: list[str], at: datetime) -> bool:
    """Say the rule in the plainest words, to hold the real one against."""
    window = WINDOWS.get(region, DEFAULT_WINDOW)
    locals_ = [at.astimezone(ZoneInfo(zone)) for zone in zones]
    return all(
        window.opens <= local.time() < window.closes and local.weekday() not in window.closed_on
        for local in locals_
    )


@given(st.sampled_from(REGIONS), places, minutes)
def test_the_opening_is_the_first_minute_that_is_open_everywhere(
    region: str, zones: list[str], now: datetime
) -> None:
    """The opening is not past, lies in the window of every zone, and none earlier does."""
    opening = next_open(region, zones, now=now)
    if opening is None:
        later = (now + timedelta(hours=hours) for hours in range(24 * 8))
        assert not any(_is_open(region, zones, at) for at in later)
        return
    assert opening >= now
    assert _is_open(region, zones, opening)
    at = now
    while at < opening:
        assert not _is_open(region, zones, at)
        at += MINUTE


@given(st.sampled_from(REGIONS), places, minutes)
def test_an_open_window_keeps_nobody_waiting(region: str, zones: list[str], now: datetime) -> None:
    """The opening of an opening is itself."""
    opening = next_open(region, zones, now=now)
    if opening is not None:
        assert next_open(region, zones, now=opening) == opening


# --- Quiet hours -----------------------------------------------------------------------------


def _is_quiet(quiet: QuietHours, zones: list[str], at: datetime) -> bool:
    """Say the rule in the plainest words: quiet from the start up to the end, nights included."""
    shown = [at.astimezone(ZoneInfo(zone)).time() for zone in zones]
    if quiet.start < quiet.end:
        return any(quiet.start <= each < quiet.end for each in shown)
    return any(each >= quiet.start or each < quiet.end for each in shown)


@given(quiet_hours, st.sampled_from(REGIONS), places, minutes, st.booleans())
def test_quiet_hours_are_left_at_the_first_minute_that_can_be(
    quiet: QuietHours, region: str, zones: list[str], now: datetime, windows: bool
) -> None:
    """The opening is not past, not quiet in any zone, in its window, and none earlier is."""

    def may_be(at: datetime) -> bool:
        return not _is_quiet(quiet, zones, at) and (not windows or _is_open(region, zones, at))

    opening = next_open(region, zones, now=now, windows=windows, quiet=quiet)
    if opening is not None:
        assert opening >= now
        assert may_be(opening)
    at, end = now, opening or now + timedelta(days=8)
    while at < end:
        assert not may_be(at)
        at += MINUTE


@given(quiet_hours, places, minutes, st.integers(0, 59_999_999))
def test_within_a_minute_too_nothing_is_quiet_or_past(
    quiet: QuietHours, zones: list[str], now: datetime, microseconds: int
) -> None:
    """Whatever the second: what may be done at once is not put off, what waits leaves on time."""
    now += timedelta(microseconds=microseconds)
    opening = next_open("KI", zones, now=now, windows=False, quiet=quiet)
    if not _is_quiet(quiet, zones, now):
        assert opening == now
    elif opening is not None:
        assert opening > now
        assert (opening.second, opening.microsecond) == (0, 0)


@pytest.mark.parametrize(
    ("hours", "zone", "now", "opening"),
    [
        # West of UTC the evening of one day is the morning of the next in UTC.
        ("21:00-09:00", "America/Los_Angeles", "2026-03-02T21:00-08:00", "2026-03-03T09:00-08:00"),
        ("21:00-09:00", "America/Los_Angeles", "2026-03-03T00:30-08:00", "2026-03-03T09:00-08:00"),
        ("21:00-09:00", "America/Los_Angeles", "2026-03-02T20:59-08:00", "2026-03-02T20:59-08:00"),
        ("12:00-13:30", "Asia/Kolkata", "2026-03-02T12:00+05:30", "2026-03-02T13:30+05:30"),
        ("12:00-13:30", "Asia/Kolkata", "2026-03-02T13:30+05:30", "2026-03-02T13:30+05:30"),
        ("00:00-06:00", "Pacific/Kiritimati", "2026-03-02T00:00+14:00", "2026-03-02T06:00+14:00"),
        # 02:30 is jumped over on 8 March: the quiet hours end with the jump, at 03:00.
        ("22:00-02:30", "America/New_York", "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00"),
        # The quiet hours themselves are jumped over: there are none that night.
        ("02:00-03:00", "America/New_York", "2026-03-08T01:59-05:00", "2026-03-08T01:59-05:00"),
        # On 1 November 01:30 comes twice: the first ends the quiet hours, which then come again.
        ("22:00-01:30", "America/New_York", "2026-11-01T01:00-04:00", "2026-11-01T01:30-04:00"),
        ("22:00-01:30", "America/New_York", "2026-11-01T01:00-05:00", "2026-11-01T01:30-05:00"),
        # They begin at 01:45 and the clocks go back to 01:00: for 45 minutes it is not quiet.
        ("01:45-06:00", "America/New_York", "2026-11-01T01:50-04:00", "2026-11-01T01:00-05:00"),
        # Half an hour is jumped over on Lord Howe, 02:00 to 02:30.
        ("20:00-02:15", "Australia/Lord_Howe", "2026-10-04T01:00+10:30", "2026-10-04T02:30+11:00"),
        ("00:15-01:15", "Europe/London", "2026-03-29T00:20+00:00", "2026-03-29T02:00+01:00"),
    ],
)
def test_quiet_hours_end_when_clocks_there_say_so(
    hours: str, zone: str, now: str, opening: str
) -> None:
    """Nights, gaps and repeated hours: the wait ends at the first instant that is not quiet."""
    start, _, end = hours.partition("-")
    quiet = quiet_hours_from({"start": start, "end": end})
    found = next_open("", [zone], now=datetime.fromisoformat(now), windows=False, quiet=quiet)
    assert found == datetime.fromisoformat(opening)


def test_quiet_hours_and_window_that_leave_no_time_have_no_opening() -> None:
    """Quiet from before the opening to after the closing: nobody may be reached on any day."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    quiet = QuietHours(time(8), time(20, 30))
    assert next_open("US", ["America/New_York"], now=now, quiet=quiet) is None


def test_without_windows_and_quiet_hours_now_is_the_time() -> None:
    """Who keeps to no hours waits for none."""
    now = datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert next_open("US", ["America/New_York"], now=now, windows=False) == now


@given(quiet_hours)
def test_quiet_hours_are_stored_as_they_are_written(quiet: QuietHours) -> None:
    """What is stored is HH:MM and reads back equal; no hours stay none."""
    stored = {name: f"{shown:%H:%M}" for name, shown in quiet._asdict().items()}
    assert quiet_hours_from(stored) == quiet
    assert quiet_hours_from(None) is None


# --- Calling windows -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "zone", "now", "opening"),
    [
        # Monday 2 March 2026; an evening is held back overnight.
        ("US", "America/New_York", "2026-03-02T09:00-05:00", "2026-03-02T09:00-05:00"),
        (
            "US",
            "America/New_York",
            "2026-03-02T19:59:59.999999-05:00",
            "2026-03-02T19:59:59.999999-05:00",
        ),
        ("US", "America/New_York", "2026-03-02T20:00-05:00", "2026-03-03T09:00-05:00"),
        ("US", "America/New_York", "2026-03-03T00:30-05:00", "2026-03-03T09:00-05:00"),
        # Sunday is closed, and on Sunday 8 March New York's clocks go forward.
        ("US", "America/New_York", "2026-03-07T20:00-05:00", "2026-03-09T09:00-04:00"),
        ("US", "America/New_York", "2026-03-08T01:59-05:00", "2026-03-09T09:00-04:00"),
        # On Sunday 1 November they go back: 01:30 comes twice.
        ("US", "America/New_York", "2026-10-31T23:00-04:00", "2026-11-02T09:00-05:00"),
        ("US", "America/New_York", "2026-11-01T01:30-05:00", "2026-11-02T09:00-05:00"),
        ("GB", "Europe/London", "2026-03-28T21:00+00:00", "2026-03-30T09:00+01:00"),
        ("GB", "Europe/London", "2026-10-24T21:00+01:00", "2026-10-26T09:00+00:00"),
        # India has no Sunday rule, but shorter hours.
        ("IN", "Asia/Kolkata", "2026-03-08T09:59+05:30", "2026-03-08T10:00+05:30"),
        ("IN", "Asia/Kolkata", "2026-03-08T19:00+05:30", "2026-03-09T10:00+05:30"),
        # Lord Howe moves its clocks by half an hour, on Sunday 5 April and Sunday 4 October.
        ("AU", "Australia/Lord_Howe", "2026-04-04T21:00+11:00", "2026-04-05T09:00+10:30"),
        ("AU", "Australia/Lord_Howe", "2026-10-03T21:00+10:30", "2026-10-04T09:00+11:00"),
        ("KI", "Pacific/Kiritimati", "2026-03-02T20:00+14:00", "2026-03-03T09:00+14:00"),
    ],
)
def test_what_is_closed_waits_for_the_next_opening(
    region: str, zone: str, now: str, opening: str
) -> None:
    """Nights, Sundays and changes of the clock are waited out to the minute of opening."""
    found = next_open(region, [zone], now=datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(opening)


def test_a_number_of_several_zones_waits_until_all_are_open() -> None:
    """09:00 in New York is 06:00 in Los Angeles: a number that fits both waits three hours."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    zones = ["America/New_York", "America/Los_Angeles"]
    assert next_open("US", zones, now=now) == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_zones_whose_windows_never_meet_have_no_opening() -> None:
    """New York and Kolkata are never open at once by India's hours: nobody may be called."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert next_open("IN", ["America/New_York", "Asia/Kolkata"], now=now) is None


@pytest.mark.parametrize("window", [*WINDOWS.values(), DEFAULT_WINDOW])
def test_every_window_lies_within_one_day(window: CallingWindow) -> None:
    """No country's window opens before 08:00 or closes after 21:00."""
    assert time(8) <= window.opens < window.closes <= time(21)
