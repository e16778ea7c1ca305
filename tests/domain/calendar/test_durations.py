"""Durations: what is one, and when it is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.calendar.durations import Duration, InvalidDurationError, parse_duration

NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PT0S", Duration()),
        ("PT72H", Duration(exact=timedelta(hours=72))),
        ("P1Y2M3W4DT5H6M7.5S", Duration(14, 25, timedelta(hours=5, minutes=6, seconds=7.5))),
        ("P1M", Duration(months=1)),
        ("PT1M", Duration(exact=timedelta(minutes=1))),
        ("P0.5D", Duration(exact=timedelta(hours=12))),
        ("P1.5W", Duration(days=7, exact=timedelta(days=3.5))),
        ("PT0.5H", Duration(exact=timedelta(minutes=30))),
    ],
)
def test_a_duration_is_read(text: str, expected: Duration) -> None:
    """Each unit counts, calendar units apart from exact ones."""
    assert parse_duration(text) == expected


NO_DURATIONS = (
    *("", "P", "PT", "P1DT", "PT.5H", "p1d", "P1D ", " P1D", "-P1D", "+P1D", "P1H", "PT1D", "1D"),
    *("P1D1M", "P1M1M", "P1,5D", "P-1D", "P1DT1M1H", "P٣D", "P1001Y", "P99999999W", "P1D\n", "PD"),
)


@pytest.mark.parametrize("text", NO_DURATIONS)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Nothing that is not exactly a duration means anything, least of all "now"."""
    with pytest.raises(InvalidDurationError, match="no duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "zone", "start", "end"),
    [
        # New York loses an hour on 8 March 2026 and gains one on 1 November.
        ("P1D", NEW_YORK, "2026-03-07T15:00Z", "2026-03-08T14:00Z"),
        ("PT24H", NEW_YORK, "2026-03-07T15:00Z", "2026-03-08T15:00Z"),
        ("P1D", NEW_YORK, "2026-10-31T14:00Z", "2026-11-01T15:00Z"),
        ("P1D", NEW_YORK, "2026-03-07T07:30Z", "2026-03-08T07:30Z"),  # 02:30 is 03:30
        ("P1D", NEW_YORK, "2026-10-31T05:30Z", "2026-11-01T05:30Z"),  # 01:30, the first of two
        ("P1D", LORD_HOWE, "2026-10-02T15:45Z", "2026-10-03T15:45Z"),  # 02:15 is 02:45
        ("P1M", NEW_YORK, "2026-01-31T17:00Z", "2026-02-28T17:00Z"),
        ("P1Y", NEW_YORK, "2028-02-29T17:00Z", "2029-02-28T17:00Z"),
        ("P1MT1H", NEW_YORK, "2026-02-10T17:00Z", "2026-03-10T17:00Z"),
    ],
)
def test_days_and_months_are_those_of_the_zone(
    text: str, zone: ZoneInfo, start: str, end: str
) -> None:
    """The same time of day there, whatever clocks do in between; hours are exact."""
    at = parse_duration(text).add(datetime.fromisoformat(start), zone)
    assert at == datetime.fromisoformat(end)


@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  Hypothesis adds the zone
    st.integers(0, 800),
    st.integers(0, 100_000),
)
def test_no_duration_goes_back(start: datetime, days: int, seconds: int) -> None:
    """What follows lies behind, and near what the length is in the mean."""
    duration = Duration(days=days, exact=timedelta(seconds=seconds))
    wait = duration.add(start, NEW_YORK) - start
    assert abs(wait - duration.nominal) <= timedelta(hours=1)
