"""Buckets of a campaign's timeline: minutes at first, coarser and coarser up to days.

A bucket is told by how long after the start something happened, so that a campaign of a year has
some hundreds of them.
"""

from bisect import bisect_right
from datetime import datetime, timedelta
from typing import Final, NamedTuple

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
#: From how many seconds after the start on buckets are how wide; each begins where one ends.
_FROM: Final = (0, _HOUR, 6 * _HOUR, _DAY, 7 * _DAY)
_WIDTHS: Final = (60, 300, 900, _HOUR, _DAY)


class Bucket(NamedTuple):
    """A piece of a campaign's time; both in seconds, `start` since the campaign's start."""

    start: int
    width: int


def bucket_at(age: timedelta) -> Bucket:
    """Return the bucket of what happened so long after a start; the first, of what came before."""
    seconds = max(0, int(age.total_seconds()))
    return bucket_from(seconds)


def bucket_from(seconds: int) -> Bucket:
    """Return the bucket that holds an instant so many seconds after a start."""
    step = bisect_right(_FROM, seconds) - 1
    width = _WIDTHS[step]
    return Bucket(seconds - (seconds - _FROM[step]) % width, width)


class Moment(NamedTuple):
    """A bucket as instants."""

    at: datetime
    until: datetime


def moment(began_at: datetime, start: int) -> Moment:
    """Return from when to when a bucket lasts, of a campaign that began then."""
    at = began_at + timedelta(seconds=start)
    return Moment(at, at + timedelta(seconds=bucket_from(start).width))
