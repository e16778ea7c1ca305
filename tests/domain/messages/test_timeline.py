"""Buckets of a campaign's timeline: some hundreds for a year, without a gap."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.domain.messages.timeline import bucket_at, bucket_from, moment

_YEAR_S = 365 * 86_400
_START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "start", "width"),
    [
        (timedelta(seconds=-5), 0, 60),
        (timedelta(), 0, 60),
        (timedelta(seconds=59.9), 0, 60),
        (timedelta(minutes=59), 3540, 60),
        (timedelta(hours=1), 3600, 300),
        (timedelta(hours=6, minutes=14), 21_600, 900),
        (timedelta(days=1, minutes=59), 86_400, 3600),
        (timedelta(days=8, hours=23), 8 * 86_400, 86_400),
    ],
)
def test_what_happens_later_is_told_more_coarsely(age: timedelta, start: int, width: int) -> None:
    """A minute in the first hour, five in the next ones, and so on up to a day."""
    assert bucket_at(age) == (start, width)


def test_a_year_has_some_hundreds_of_buckets_without_a_gap() -> None:
    """Each bucket begins where the one before ends."""
    start, buckets = 0, 0
    while start < _YEAR_S:
        bucket = bucket_from(start)
        assert bucket.start == start
        assert bucket_from(start + bucket.width - 1) == bucket
        start, buckets = start + bucket.width, buckets + 1
    assert buckets < 750


def test_a_bucket_is_told_as_instants() -> None:
    """A bucket has a beginning and an end."""
    assert moment(_START, 3600) == (_START + timedelta(hours=1), _START + timedelta(minutes=65))
