"""Retry-After, as servers write it."""

from datetime import UTC, datetime, timedelta

import pytest

from functions.transport.retry_after import retry_after

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("30", timedelta(seconds=30)),
        ("0", timedelta()),
        ("-5", timedelta()),
        ("999999999999999999999", HOUR),
        ("9" * 5000, None),
        ("Mon, 02 Mar 2026 12:00:45 GMT", timedelta(seconds=45)),
        ("Mon, 02 Mar 2026 12:00:45", timedelta(seconds=45)),
        ("Mon, 02 Mar 2026 11:00:00 GMT", timedelta()),
        ("Fri, 31 Dec 9999 23:59:59 -1200", HOUR),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("Mon, 99 Mar 2026 12:00:00 GMT", None),
    ],
)
def test_seconds_and_dates_are_read_within_bounds(header: str, wait: timedelta | None) -> None:
    """Both forms are read, held within 0 and the bound; anything else says nothing."""
    assert retry_after(header, now=NOW, longest=HOUR) == wait
