"""How instants, times of day and time zones are written, and the zones there are."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from functions.domain.errors import InvalidFieldError

#: What a time of day looks like: HH:MM.
TIME_OF_DAY: Final = "([01][0-9]|2[0-3]):[0-5][0-9]"
#: The zones of somebody of whom neither a number nor anybody tells one.
NO_ZONES: Final = ("Etc/UTC",)
#: What a machine calls its local time is no zone that others know.
_OF_A_MACHINE: Final = frozenset({"localtime", "Factory"})


@lru_cache(maxsize=1024)  # what was made together bears the same instants
def iso(at: datetime | None) -> str | None:
    """Return an instant as ISO 8601 in UTC, to the millisecond; None from None."""
    if at is None:
        return None
    of_utc = at if at.tzinfo is UTC else at.astimezone(UTC)
    return of_utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class ZoneMissingError(ValueError):
    """The time does not say its zone: it would mean a different instant to each reader."""


def instant_from(text: str) -> datetime:
    """Return the instant that a text in ISO 8601 names, UTC.

    Raises ValueError, and ZoneMissingError where the text does not say its zone.
    """
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ZoneMissingError(text)
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError(text) from None


def check_zone(field: str, name: str) -> None:
    """Refuse what is no zone's name. Raises InvalidFieldError."""
    if not is_zone(name):
        raise InvalidFieldError(field, f"{field}: {UnknownZoneError(name)}")


def check_time_of_day(field: str, text: str) -> None:
    """Refuse what is no time of day. Raises InvalidFieldError."""
    if not re.fullmatch(TIME_OF_DAY, text):
        raise InvalidFieldError(field, f"{field}: must be a time of day as HH:MM")


class UnknownZoneError(ValueError):
    """A stored time zone does not exist."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        super().__init__(f"there is no time zone '{zone}'")


def is_zone(name: str) -> bool:
    """Tell whether `name` is a zone of the IANA time zone database."""
    return name in _zones()


@lru_cache(maxsize=1)
def _zones() -> set[str]:
    return available_timezones() - _OF_A_MACHINE


def are_zones(names: Sequence[str]) -> bool:
    """Tell whether all of these names, as they are stored, are those of time zones."""
    try:
        zones_of(names)
    except UnknownZoneError:
        return False
    return True


def zones_of(names: Sequence[str]) -> list[ZoneInfo]:
    """Return the zones of these names, UTC where there are none. Raises UnknownZoneError."""
    return [zone_of(name) for name in names or NO_ZONES]


def zone_of(name: str) -> ZoneInfo:
    """Return the zone of this name. Raises UnknownZoneError."""
    try:
        return _zone(name)
    except (KeyError, ValueError, OSError):  # what the zone database makes of strange names
        raise UnknownZoneError(name) from None


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    if name in _OF_A_MACHINE:
        raise KeyError(name)
    return ZoneInfo(name)
