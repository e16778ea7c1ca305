"""How instants, times of day and time zones are written."""

from datetime import UTC, datetime

import pytest

from functions.domain.errors import InvalidFieldError
from functions.domain.times import (
    ZoneMissingError,
    check_time_of_day,
    check_zone,
    instant_from,
    is_zone,
    iso,
)


@pytest.mark.parametrize("name", ["localtime", "Factory", "posix/UTC", "", "utc ", "Europe"])
def test_what_only_this_machine_calls_a_zone_is_none(name: str) -> None:
    """A zone's name means the same everywhere, or it is none."""
    assert not is_zone(name)
    assert is_zone("Europe/London")
    with pytest.raises(InvalidFieldError, match=f"zone: there is no time zone '{name}'"):
        check_zone("zone", name)


@pytest.mark.parametrize("text", ["2026-03-02T17:30:00.25+05:30", "2026-03-02T12:00:00.25Z"])
def test_an_instant_is_read_and_written_in_utc(text: str) -> None:
    """An instant is the same one in every zone; it is written in UTC, to the millisecond."""
    at = instant_from(text)
    assert at == datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    assert iso(at) == "2026-03-02T12:00:00.250Z"


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30T12:00:00Z", "0001-01-01T00:00+14:00"])
def test_what_names_no_instant_is_refused(text: str) -> None:
    """A text that is no time, or one outside the calendar, is no instant."""
    with pytest.raises(ValueError, match=r".*") as caught:
        instant_from(text)
    assert not isinstance(caught.value, ZoneMissingError)


def test_an_instant_says_its_zone() -> None:
    """A time without its zone would mean a different instant to each reader."""
    with pytest.raises(ZoneMissingError):
        instant_from("2026-03-02T12:00:00")


@pytest.mark.parametrize("text", ["24:00", "9:00", "09:60", "09:00:00", "09:00\n", ""])
def test_a_time_of_day_has_one_spelling(text: str) -> None:
    """Only HH:MM, from 00:00 to 23:59, is a time of day."""
    check_time_of_day("opens", "23:59")
    with pytest.raises(InvalidFieldError, match="opens: must be a time of day as HH:MM"):
        check_time_of_day("opens", text)
