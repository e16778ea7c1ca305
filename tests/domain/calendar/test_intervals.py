"""Intervals: what is drawn from an offset and hours, and the terms that are refused."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.calendar.durations import Duration
from functions.domain.calendar.intervals import (
    Interval,
    InvalidIntervalError,
    Offset,
    parse_hours,
    parse_offset,
    seed_of,
)

NEW_YORK = ZoneInfo("America/New_York")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
#: Seeds whose fractions are the least and the most there are.
LEAST, MOST = "0" * 32, "f" * 32


def interval(offset: str, time: str = "") -> Interval:
    """Return an interval as it is written."""
    return Interval(parse_offset(offset), parse_hours(time) if time else None)


def bounds(offset: str, time: str, at: str, zone: str = "America/New_York") -> list[str]:
    """Return what clocks show at the first and at the last instant that can be drawn."""
    place = ZoneInfo(zone)
    since = datetime.fromisoformat(at).replace(tzinfo=place)
    drawn = [interval(offset, time).draw(since, place, seed) for seed in (LEAST, MOST)]
    return [each.astimezone(place).isoformat(" ", "seconds")[:19] for each in drawn]


def once(at: str) -> list[str]:
    """Return the bounds of what can be drawn where there is no choice."""
    return [f"{at}:00"] * 2


@pytest.mark.parametrize(
    ("offset", "due"),
    [
        ("0days", "2026-03-02 12:00"),
        ("2days", "2026-03-04 12:00"),
        ("1day 2hours 25minutes", "2026-03-03 14:25"),
        ("25minutes 2hours 1day", "2026-03-03 14:25"),
        ("30min", "2026-03-02 12:30"),
        ("30mins", "2026-03-02 12:30"),
        ("30minutes", "2026-03-02 12:30"),
        ("30m", "2026-03-02 12:30"),
        ("1M", "2026-04-02 12:00"),
        ("1month", "2026-04-02 12:00"),
        ("1Q", "2026-06-02 12:00"),
        ("2quarters", "2026-09-02 12:00"),
        ("1y", "2027-03-02 12:00"),
        ("2years", "2028-03-02 12:00"),
        ("1w", "2026-03-09 12:00"),
        ("2weeks 1d", "2026-03-17 12:00"),
        ("1h", "2026-03-02 13:00"),
        ("3600s", "2026-03-02 13:00"),
        ("90secs 30sec 60seconds", "2026-03-02 12:03"),
        ("60000ms", "2026-03-02 12:01"),
        ("1day 1day", "2026-03-04 12:00"),
        ("  2days\t1h ", "2026-03-04 13:00"),
        # Days are those of the calendar, hours are not: clocks go forward on the 8th.
        ("6days", "2026-03-08 12:00"),
        ("144hours", "2026-03-08 13:00"),
        ("2days-2days", "2026-03-04 12:00"),
    ],
)
def test_an_offset_means_what_it_says(offset: str, due: str) -> None:
    """Units of the calendar first, then the exact ones, whatever the order of the terms."""
    assert bounds(offset, "", "2026-03-02T12:00") == once(due)


def test_the_end_of_a_month_is_kept_to() -> None:
    """A month after the last of January is the last of February."""
    assert bounds("1month", "", "2026-01-31T12:00") == once("2026-02-28 12:00")


@pytest.mark.parametrize("offset", ["1.1seconds", "1.1s", "1100ms"])
def test_seconds_have_decimals(offset: str) -> None:
    """And nothing else has."""
    assert parse_offset(offset).one == Duration(exact=timedelta(seconds=1.1))


@pytest.mark.parametrize(
    ("offset", "first", "last"),
    [
        ("0days-5days", "2026-03-02 12:00:00", "2026-03-07 11:59:59"),
        ("5days-0days", "2026-03-02 12:00:00", "2026-03-07 11:59:59"),
        ("0days - 5days", "2026-03-02 12:00:00", "2026-03-07 11:59:59"),
        ("2days-5hours", "2026-03-02 17:00:00", "2026-03-04 11:59:59"),
        ("1day 2hours-2days 30min", "2026-03-03 14:00:00", "2026-03-04 12:29:59"),
    ],
)
def test_a_range_is_drawn_from_as_a_whole(offset: str, first: str, last: str) -> None:
    """From its one end to the other, in either order: not each unit for itself."""
    assert bounds(offset, "", "2026-03-02T12:00") == [first, last]


@pytest.mark.parametrize(
    ("offset", "time", "at", "due"),
    [
        ("2days", "10:00", "2026-03-02T12:00", "2026-03-04 10:00"),
        ("2days", "9:5", "2026-03-02T12:00", "2026-03-04 09:05"),
        ("0days", "13:00", "2026-03-02T12:00", "2026-03-02 13:00"),
        ("0days", "12:00", "2026-03-02T12:00", "2026-03-02 12:00"),
        ("0days", "11:59", "2026-03-02T12:00", "2026-03-03 11:59"),
        ("0days", "10:00", "2026-03-02T23:32", "2026-03-03 10:00"),
        ("20hours", "10:00", "2026-03-02T12:00", "2026-03-03 10:00"),
        ("0days", "0:00", "2026-03-02T12:00", "2026-03-03 00:00"),
        ("2days", "10:00-10:00", "2026-03-02T12:00", "2026-03-04 10:00"),
        ("1day", "10:00", "2026-03-07T12:00", "2026-03-08 10:00"),
        ("1day", "2:30", "2026-03-07T12:00", "2026-03-08 03:30"),
        ("1day", "1:30", "2026-10-31T12:00", "2026-11-01 01:30"),
    ],
)
def test_a_time_is_that_of_the_day_to_which_the_offset_leads(
    offset: str, time: str, at: str, due: str
) -> None:
    """A day later where it has passed on the day of the start."""
    assert bounds(offset, time, at) == once(due)


def test_a_time_of_the_minute_at_hand_is_not_put_off_to_tomorrow() -> None:
    """Seconds are kept: what begins at 10:00:30 is due at ten today."""
    at = datetime(2026, 3, 2, 15, 0, 30, 5, tzinfo=UTC)
    assert interval("0days", "10:00").draw(at, NEW_YORK, LEAST) == at


@pytest.mark.parametrize(
    ("offset", "time", "at", "first", "last"),
    [
        # Before the hours, within them, behind them.
        ("0days", "09:00-17:00", "2026-03-02T08:00", "03-02 09:00:00", "03-02 16:59:59"),
        ("0days", "09:00-17:00", "2026-03-02T12:00", "03-02 12:00:00", "03-02 16:59:59"),
        ("0days", "09:00-17:00", "2026-03-02T17:00", "03-03 09:00:00", "03-03 16:59:59"),
        ("0days", "09:00-17:00", "2026-03-02T23:32", "03-03 09:00:00", "03-03 16:59:59"),
        ("2days", "09:00-17:00", "2026-03-02T23:32", "03-04 09:00:00", "03-04 16:59:59"),
        ("2days", "9:00 - 17:00", "2026-03-02T12:00", "03-04 09:00:00", "03-04 16:59:59"),
        ("0days", "10:30-10:31", "2026-03-02T08:00", "03-02 10:30:00", "03-02 10:30:59"),
        # Overnight.
        ("0days", "22:00-02:00", "2026-03-02T12:00", "03-02 22:00:00", "03-03 01:59:59"),
        ("0days", "22:00-02:00", "2026-03-02T23:00", "03-02 23:00:00", "03-03 01:59:59"),
        ("0days", "22:00-02:00", "2026-03-02T01:00", "03-02 01:00:00", "03-02 01:59:59"),
        ("0days", "22:00-02:00", "2026-03-02T02:00", "03-02 22:00:00", "03-03 01:59:59"),
        ("1day", "22:00-02:00", "2026-03-02T01:00", "03-02 22:00:00", "03-03 01:59:59"),
        # A range of days and hours.
        ("2days-5days", "10:00-15:00", "2026-03-02T12:00", "03-04 10:00:00", "03-07 14:59:59"),
        # Where clocks are changed; the last would lie between 02:00 and 03:00, which is skipped.
        ("1day", "01:30-03:30", "2026-03-07T12:00", "03-08 01:30:00", "03-08 03:29:59"),
        ("1day", "02:30-03:00", "2026-03-07T12:00", "03-08 03:00:00", "03-08 03:00:00"),
    ],
)
def test_hours_are_drawn_from_as_they_are_left(
    offset: str, time: str, at: str, first: str, last: str
) -> None:
    """Of hours that we are inside of the rest of today, and overnight ones whole."""
    assert bounds(offset, time, at) == [f"2026-{first}", f"2026-{last}"]


def test_every_minute_of_overnight_hours_is_possible() -> None:
    """Hour and minute are not drawn each for itself."""
    at = datetime(2026, 3, 2, 17, tzinfo=UTC)
    hours = interval("0days", "22:45-01:15")
    drawn = {
        hours.draw(at, NEW_YORK, seed_of("c", "s", "a", number)).strftime("%H:%M")
        for number in range(1500)
    }
    first = datetime(2026, 3, 3, 3, 45, tzinfo=UTC)
    assert drawn == {(first + number * MINUTE).strftime("%H:%M") for number in range(150)}


def test_the_same_campaign_subject_and_step_draw_the_same_instant_on_every_machine() -> None:
    """It is not chance: whoever computes it anew, or on paper, comes to this instant."""
    at = datetime(2026, 3, 2, 17, tzinfo=UTC)
    some = interval("2days-5days", "10:00-15:00")
    drawn = some.draw(at, NEW_YORK, seed_of("afterPurchase", "customer#1", "mail2", 1))
    assert drawn == datetime.fromisoformat("2026-03-06T16:28:15.814870+00:00")
    others = [
        some.draw(at, NEW_YORK, seed_of(*each))
        for each in (
            ("another", "customer#1", "mail2", 1),
            ("afterPurchase", "customer#2", "mail2", 1),
            ("afterPurchase", "customer#1", "mail3", 1),
            ("afterPurchase", "customer#1", "mail2", 2),
        )
    ]
    assert len({drawn, *others}) == 5


@pytest.mark.parametrize(
    ("offset", "term", "problem"),
    [
        ("2 days", "2", "has no unit: write it at once behind the number, such as 2days"),
        ("1.5days", "1.5days", "only seconds have decimals"),
        ("1.5min", "1.5min", "only seconds have decimals"),
        ("1.5ms", "1.5ms", "only seconds have decimals"),
        ("5", "5", "has no unit"),
        ("nonsense", "nonsense", "is no term"),
        ("days", "days", "is no term"),
        ("1day2hours", "1day2hours", "must have a blank between its terms"),
        ("1day 2fortnights", "2fortnights", "has a unit that there is not"),
        ("1Day", "1Day", "has a unit that there is not"),
        ("1D", "1D", "has a unit that there is not"),
        ("P2D", "P2D", "is no term"),
        ("+2days", "+2days", "is no term"),
        ("-2days", "-2days", "leaves out what to wait"),
        ("2days-", "2days-", "leaves out what to wait"),
        ("", "", "leaves out what to wait"),
        ("  ", "  ", "leaves out what to wait"),
        ("1day-2days-3days", "1day-2days-3days", "has a third part"),
        ("1day-nonsense", "nonsense", "is no term"),
        ("1day,2hours", "1day,2hours", "is no term"),
        ("\u0662days", "\u0662days", "is no term"),
        ("1001years", "1001years", "leads further than 1,000 years"),
        ("999999999years", "999999999years", "leads further than 1,000 years"),
    ],
)
def test_a_wrong_term_of_an_offset_is_refused_by_name(offset: str, term: str, problem: str) -> None:
    """It never means now."""
    with pytest.raises(InvalidIntervalError) as refused:
        parse_offset(offset)
    assert str(refused.value).startswith(repr(term))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("time", "term"),
    [
        ("24:00", "24:00"),
        ("2pm", "2pm"),
        ("10", "10"),
        ("10:60", "10:60"),
        ("", ""),
        ("10:00-", "10:00-"),
        ("10:00-24:00", "24:00"),
        ("9:00-10:00-11:00", "9:00-10:00-11:00"),
        ("10:00:00", "10:00:00"),
        ("10.30", "10.30"),
        ("\u0661\u0660:00", "\u0661\u0660:00"),
    ],
)
def test_a_wrong_time_is_refused_by_name(time: str, term: str) -> None:
    """It never means midnight."""
    with pytest.raises(InvalidIntervalError) as refused:
        parse_hours(time)
    assert str(refused.value).startswith(repr(term))


_ZONES = st.sampled_from(
    ["America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "Asia/Kolkata"]
).map(ZoneInfo)
_DURATIONS = st.builds(
    Duration, st.integers(0, 3), st.integers(0, 9), st.integers(0, 5000).map(lambda n: n * MINUTE)
)
_TIMES = st.integers(0, 1439).map(lambda minute: f"{minute // 60}:{minute % 60}")
_HOURS = st.one_of(
    st.none(), _TIMES.map(parse_hours), st.tuples(_TIMES, _TIMES).map("-".join).map(parse_hours)
)


@given(
    st.builds(Interval, st.builds(Offset, _DURATIONS, _DURATIONS), _HOURS),
    st.integers(0, 525_600).map(lambda n: datetime(2026, 1, 1, tzinfo=UTC) + n * MINUTE),
    _ZONES,
    st.integers(0, 2**128 - 1).map(lambda number: f"{number:032x}"),
)
def test_nothing_is_due_before_it_begins_or_long_after_its_range(
    some: Interval, at: datetime, zone: ZoneInfo, seed: str
) -> None:
    """Whatever clocks do meanwhile; hours overnight may begin on the day before."""
    due = some.draw(at, zone, seed)
    ends = [each.add(at, zone) for each in some.offset]
    assert at <= due <= max(ends) + 2 * DAY
    assert due >= min(ends) - DAY - timedelta(hours=1)
    if some.hours is None:
        assert min(ends) <= due <= max(ends)
