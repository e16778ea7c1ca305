"""Windows and the hours outside them: when somebody may be reached, in their own time."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.kinds import ChannelKind
from functions.domain.sending_rules.country_rules import rule_of
from functions.domain.sending_rules.windows import (
    DAYS,
    HORIZON,
    QuietHours,
    SendWindow,
    Window,
    next_close,
    next_open,
    next_open_at,
)
from functions.domain.times import UnknownZoneError, are_zones

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

#: Zones with clocks that change by an hour, by half an hour, before and after Ramadan, by a whole
#: day and never, on both sides of the earth.
ZONES = (
    "America/New_York",
    "America/Los_Angeles",
    "Europe/London",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
    "Africa/Casablanca",
    "Pacific/Apia",
)

#: Noon before the days on which the clocks of these zones were changed in 2026; Apia had no
#: Friday, 30 December 2011.
CHANGES = (
    datetime(2026, 2, 14, 12, tzinfo=UTC),
    datetime(2026, 3, 7, 12, tzinfo=UTC),
    datetime(2026, 3, 21, 12, tzinfo=UTC),
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 4, 4, 12, tzinfo=UTC),
    datetime(2026, 10, 3, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2026, 10, 31, 12, tzinfo=UTC),
    datetime(2011, 12, 29, 0, tzinfo=UTC),
)
#: Public holidays of France from a few weeks before these days until a few weeks after them.
HOLIDAYS = {
    *(date(2026, month, day) for month, day in ((1, 1), (4, 6), (5, 1), (5, 8), (5, 14), (5, 25))),
    *(date(2026, month, day) for month, day in ((7, 14), (8, 15), (11, 1), (11, 11), (12, 25))),
    *(date(2011, month, day) for month, day in ((11, 1), (11, 11), (12, 25))),
    *(date(year, 1, 1) for year in (2012, 2027)),
}
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
times = st.integers(0, 24 * 60 - 1).map(lambda minute: time(minute // 60, minute % 60))
quiet_hours = (
    st.lists(times, min_size=2, max_size=2, unique=True)
    .map(lambda pair: [f"{each:%H:%M}" for each in pair])
    .map(lambda pair: {"start": pair[0], "end": pair[1]})
)
windows_ = st.builds(
    Window,
    times,
    times,
    st.one_of(st.just(frozenset()), st.frozensets(st.integers(0, 6), max_size=6)),
    st.sampled_from(("", "", "FR")),
)
several = st.lists(windows_, max_size=3)
places = st.lists(st.sampled_from(ZONES), min_size=1, max_size=2, unique=True)


def is_open(window: Window, local: datetime) -> bool:
    """Say the rule in the plainest words, to hold the real one against."""
    shown, day = local.time(), local.date()
    if window.opens < window.closes:
        is_time = window.opens <= shown < window.closes
    else:
        is_time = shown >= window.opens or shown < window.closes
        if shown < window.opens:
            day -= DAY  # it is still the window of the evening before
    is_day = day.weekday() not in window.closed_on
    return is_time and is_day and not (window.holidays == "FR" and day in HOLIDAYS)


def may_be(windows: Sequence[Window], zones: Sequence[str], at: datetime) -> bool:
    """Tell whether all windows are open in all zones."""
    shown = [at.astimezone(ZoneInfo(zone)) for zone in zones]
    return all(is_open(window, local) for window in windows for local in shown)


def first_minute(
    windows: Sequence[Window], zones: Sequence[str], now: datetime, *, is_: bool
) -> datetime | None:
    """Look at every minute of the horizon for the first one that is open, or closed."""
    minutes_ = (now + number * MINUTE for number in range(HORIZON // MINUTE + 1))
    return next((at for at in minutes_ if may_be(windows, zones, at) is is_), None)


# --- Any windows, in any zones ---------------------------------------------------------------


@given(several, places, minutes)
def test_the_opening_is_the_first_minute_that_is_open_everywhere(
    windows: list[Window], zones: list[str], now: datetime
) -> None:
    """What is found is what looking at minute after minute finds; where nothing is, nothing is."""
    assert next_open(windows, zones, now=now) == first_minute(windows, zones, now, is_=True)


@given(several, places, minutes)
def test_the_closing_is_the_first_minute_that_is_closed_anywhere(
    windows: list[Window], zones: list[str], now: datetime
) -> None:
    """Until then, and no longer, somebody may be reached; who may not be, is so from now on."""
    assert next_close(windows, zones, now=now) == first_minute(windows, zones, now, is_=False)


@given(st.lists(windows_, min_size=1, max_size=2), places, minutes, st.integers(1, 59_999_999))
def test_within_a_minute_too_nothing_is_closed_or_past(
    windows: list[Window], zones: list[str], now: datetime, microseconds: int
) -> None:
    """Whatever the second: what may be done at once is not put off, what waits leaves on time."""
    now += timedelta(microseconds=microseconds)
    opening, closing = (find(windows, zones, now=now) for find in (next_open, next_close))
    if may_be(windows, zones, now):
        assert opening == now
        assert closing is None or closing > now
    else:
        assert closing == now
        assert opening is None or opening > now
    moments = [at for at in (opening, closing) if at not in {None, now}]
    assert all((at.second, at.microsecond) == (0, 0) for at in moments if at)


@given(quiet_hours, places, near_changes)
def test_nothing_leaves_in_quiet_hours_when_clocks_are_changed(
    quiet: dict[str, str], zones: list[str], now: datetime
) -> None:
    """In no zone do clocks at the opening show a time from the start up to the end."""
    window = QuietHours(**quiet).window
    opening = next_open([window], zones, now=now)
    shown = [f"{opening.astimezone(ZoneInfo(zone)):%H:%M}" for zone in zones] if opening else []
    start, end = quiet["start"], quiet["end"]
    if start < end:
        assert not any(start <= each < end for each in shown)
    else:
        assert not any(each >= start or each < end for each in shown)


def test_without_windows_now_is_the_time() -> None:
    """Who keeps to no hours waits for none, and nothing ever closes."""
    now = datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert next_open([], ["America/New_York"], now=now) == now
    assert next_close([], ["America/New_York"], now=now) is None


@pytest.mark.parametrize(
    "name",
    ["Mars/Olympus", "", "../etc/passwd", "Europe", "localtime", "Factory", "x" * 300, "a\0b"],
)
def test_a_zone_that_there_is_not_is_told(name: str) -> None:
    """Nobody is taken to be somewhere else than where they are said to be."""
    now, zones = datetime(2026, 3, 1, 3, tzinfo=UTC), ["Europe/London", name]
    for find in (next_open, next_close):
        with pytest.raises(UnknownZoneError) as caught:
            find([], zones, now=now)
        assert caught.value.zone == name
    assert not are_zones(zones)
    assert are_zones(zones[:1])


# --- Quiet hours -----------------------------------------------------------------------------


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
    quiet = QuietHours(start, end).window
    found = next_open([quiet], [zone], now=datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(opening)


def test_quiet_hours_and_window_that_leave_no_time_have_no_opening() -> None:
    """Quiet from before the opening to after the closing: nobody may be reached on any day."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    quiet = QuietHours("08:00", "20:30").window
    assert next_open([*calls("US"), quiet], ["America/New_York"], now=now) is None


@given(quiet_hours)
def test_quiet_hours_are_closed_from_start_to_end(quiet: dict[str, str]) -> None:
    """Their window opens as they end and closes as they start."""
    window = QuietHours(**quiet).window
    assert window == Window(time.fromisoformat(quiet["end"]), time.fromisoformat(quiet["start"]))


# --- A campaign's own window -----------------------------------------------------------------


def test_a_send_window_is_open_on_its_days_alone() -> None:
    """Its other days are closed; one over midnight belongs to the day on which it begins."""
    night = SendWindow("22:00", "02:00", ["fri"]).window
    assert night == Window(time(22), time(2), frozenset(range(7)) - {4})
    friday = datetime(2026, 3, 6, 12, tzinfo=UTC)
    opens_at = friday + timedelta(hours=10)
    assert next_open([night], ["Etc/UTC"], now=friday) == opens_at
    late = opens_at + timedelta(hours=3)
    assert next_open([night], ["Etc/UTC"], now=late) == late
    assert next_close([night], ["Etc/UTC"], now=late) == opens_at + timedelta(hours=4)
    assert next_open([night], ["Etc/UTC"], now=late + timedelta(hours=1)) == opens_at + 7 * DAY


def test_a_day_that_is_a_holiday_is_waited_out_for_a_week() -> None:
    """Easter Monday 2026 is no Monday for whoever sends on Mondays to France."""
    mondays = SendWindow("10:00", "11:00", ["mon"]).window
    french = [mondays, *rule_of("FR", ChannelKind.SMS, {}).windows]
    now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    assert next_open(french, ["Europe/Paris"], now=now) == datetime(2026, 4, 13, 8, tzinfo=UTC)


def test_days_have_the_numbers_that_dates_say() -> None:
    """Monday is 0."""
    assert [date(2026, 3, 2 + number).strftime("%a").lower() for number in range(7)] == list(DAYS)


# --- Calling windows -------------------------------------------------------------------------


def calls(region: str) -> Sequence[Window]:
    """Return a country's windows for calls."""
    return rule_of(region, ChannelKind.VOICE, {}).windows


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
    found = next_open(calls(region), [zone], now=datetime.fromisoformat(now))
    assert found == datetime.fromisoformat(opening)


def test_a_number_of_several_zones_waits_until_all_are_open() -> None:
    """09:00 in New York is 06:00 in Los Angeles: a number that fits both waits three hours."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    zones = ["America/New_York", "America/Los_Angeles"]
    assert next_open(calls("US"), zones, now=now) == datetime(2026, 3, 2, 17, tzinfo=UTC)


def test_zones_whose_windows_never_meet_have_no_opening() -> None:
    """New York and Kolkata are never open at once by India's hours: nobody may be called."""
    now = datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert next_open(calls("IN"), ["America/New_York", "Asia/Kolkata"], now=now) is None


WEEKDAYS = SendWindow("09:00", "17:00", ("mon", "tue", "wed", "thu", "fri")).window
HALF_DAY = Window(time(12), time(17), frozenset({5, 6}))


@pytest.mark.parametrize(
    ("shown", "windows", "now", "opens_at"),
    [
        # Saturday, 7 March 2026: clocks in New York go forward on the Sunday.
        ("10:00", [WEEKDAYS], "2026-03-07T15:00Z", "2026-03-09T14:00Z"),
        ("10:00", [WEEKDAYS], "2026-03-06T15:00Z", "2026-03-06T15:00Z"),
        ("20:00", [WEEKDAYS], "2026-03-07T01:00Z", "2026-03-09T13:00Z"),  # closed on all days
        ("10:00", [WEEKDAYS, HALF_DAY], "2026-03-07T15:00Z", "2026-03-09T16:00Z"),
        ("10:00", [], "2026-03-07T15:00Z", "2026-03-07T15:00Z"),
    ],
)
def test_an_hour_on_a_day_that_is_closed_is_that_hour_on_the_next_that_is_open(
    shown: str, windows: list[Window], now: str, opens_at: str
) -> None:
    """Not the first minute of that day; of an hour that is always closed it is."""
    at = datetime.fromisoformat(now)
    found = next_open_at(time.fromisoformat(shown), windows, ["America/New_York"], now=at)
    assert found == datetime.fromisoformat(opens_at)


def test_an_hour_on_a_closed_day_has_come_in_every_zone_that_somebody_may_be_in() -> None:
    """Where it is ten in New York first, it is not ten in Los Angeles yet."""
    coasts = ["America/New_York", "America/Los_Angeles"]
    saturday = datetime(2026, 3, 7, 18, tzinfo=UTC)
    found = next_open_at(time(10), [WEEKDAYS], coasts, now=saturday)
    assert found == datetime(2026, 3, 9, 17, tzinfo=UTC)


def test_an_hour_is_looked_for_where_something_opens_at_all() -> None:
    """Nothing that never opens has one."""
    closed = Window(time(8), time(20), frozenset(range(7)))
    at = datetime(2026, 3, 7, 15, tzinfo=UTC)
    assert next_open_at(time(10), [closed], ["Etc/UTC"], now=at) is None
