"""Clocks: the instants at which those of a zone show a day and a time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def instant_of(day: date, shown: time, zone: ZoneInfo) -> datetime:
    """Return when clocks show a time of a day; UTC.

    Where they do so twice it is the first time, and where they jump over it, it moves forward by
    the jump.
    """
    return datetime.combine(day, shown, zone).astimezone(UTC)


def shown_at(at: datetime, zone: ZoneInfo) -> datetime:
    """Return what calendar and clocks of a zone show at an instant, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)
