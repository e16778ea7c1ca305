"""How a new sender is warmed up."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.domain.errors import InvalidFieldError
from functions.domain.sending_rules.warm_up import Ramp, check_ramp, next_day, ramp_from

START = date(2026, 3, 2)
DAY = timedelta(days=1)
STORED: dict[str, Any] = {"starts_on": "2026-03-02", "first_day": 50, "growth": 2}


def test_each_day_allows_so_many_times_as_much() -> None:
    """Fifty, a hundred, two hundred; and before the ramp begins, as on its first day."""
    ramp = ramp_from(STORED)
    assert ramp is not None
    days = [ramp.allowance(START + number * DAY) for number in (-7, 0, 1, 2)]
    assert days == [50, 50, 100, 200]
    assert ramp_from(None) is None


def test_part_of_a_message_is_none() -> None:
    """Growth by fractions is rounded down."""
    ramp = Ramp(START, 3, 1.5)
    assert [ramp.allowance(START + n * DAY) for n in range(4)] == [3, 4, 6, 10]


@given(st.integers(1, 1_000_000), st.floats(1, 5), st.dates(date(2000, 1, 1), date(2200, 1, 1)))
def test_no_day_allows_less_than_the_day_before(first: int, growth: float, day: date) -> None:
    """However long the ramp has gone on, it is never beyond numbers and never falls."""
    ramp = Ramp(START, first, growth)
    assert first <= ramp.allowance(day) <= ramp.allowance(day + DAY)


def test_days_are_those_of_utc() -> None:
    """The next day begins at midnight UTC, wherever the clock is shown."""
    late = datetime(2026, 3, 2, 23, 59, 59, tzinfo=UTC)
    midnight = datetime(2026, 3, 3, tzinfo=UTC)
    assert next_day(late) == next_day(late.astimezone(timezone(9 * timedelta(hours=1)))) == midnight
    assert next_day(midnight) == midnight + DAY


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"starts_on": "2 March"}, "starts_on", "YYYY-MM-DD"),
        ({"starts_on": "20260302"}, "starts_on", "YYYY-MM-DD"),
        ({"starts_on": "2026-02-30"}, "starts_on", "YYYY-MM-DD"),
        ({"first_day": 0}, "first_day", "between 1 and 1000000"),
        ({"growth": 0.99}, "growth", "between 1 and 5"),
        ({"growth": 5.01}, "growth", "between 1 and 5"),
        ({"growth": float("nan")}, "growth", "between 1 and 5"),
    ],
)
def test_what_is_no_ramp_is_refused(changes: dict[str, Any], field: str, rule: str) -> None:
    """The error names the field and its rule."""
    with pytest.raises(InvalidFieldError, match=rule) as caught:
        check_ramp("warm_up.sms", {**STORED, **changes})
    assert caught.value.field == f"warm_up.sms.{field}"
    check_ramp("warm_up.sms", STORED)
