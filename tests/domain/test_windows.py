"""Calling windows: when somebody may be called, in their own time."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.windows import DEFAULT_WINDOW, WINDOWS, CallingWindow, next_open

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
