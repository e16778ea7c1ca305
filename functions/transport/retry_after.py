"""The Retry-After header, as any server may answer it."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


def retry_after(header: str, *, now: datetime, longest: timedelta) -> timedelta | None:
    """Read the header's seconds or date (RFC 9110, 10.2.3), held within 0 and `longest`.

    None where it holds neither.
    """
    wait = _seconds(header, longest)
    if wait is None:
        wait = _until(header, now)
    return None if wait is None else min(max(wait, timedelta()), longest)


def _seconds(header: str, longest: timedelta) -> timedelta | None:
    try:
        return timedelta(seconds=min(int(header), longest.total_seconds()))
    except (ValueError, OverflowError):
        return None


def _until(header: str, now: datetime) -> timedelta | None:
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
