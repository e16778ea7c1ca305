"""Caps: how often one person may be reached within some hours, whatever campaigns it is by."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from functions.domain.errors import InvalidFieldError

#: No cap counts more than so many, or further back.
MOST: Final = 50
MOST_HOURS: Final = 31 * 24
#: An organisation's caps across channels.
_CAPS: Final = 10


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `most` within any `hours`, by these channels together; None: by all of them."""

    most: int
    hours: int
    channels: frozenset[str] | None = None

    def counts(self, channel: str) -> bool:
        """Tell whether what goes by this channel is counted."""
        return self.channels is None or channel in self.channels

    def free_at(self, handed: Iterable["Handing"], *, now: datetime) -> datetime:
        """Return the earliest instant, from `now` on, at which there is room for one more."""
        window = timedelta(hours=self.hours)
        counted = sorted((each.at for each in handed if self.counts(each.channel)), reverse=True)
        return max(now, counted[self.most - 1] + window) if len(counted) >= self.most else now


class Handing(NamedTuple):
    """One attempt that was handed to a provider for a person."""

    at: datetime
    channel: str


def free_at(handed: Mapping[str, Handing], caps: Iterable[Cap], *, now: datetime) -> datetime:
    """Return the earliest instant, from `now` on, at which all caps have room for one more."""
    return max((cap.free_at(handed.values(), now=now) for cap in caps), default=now)


def recent(handed: Mapping[str, Handing], *, now: datetime) -> dict[str, Handing]:
    """Return what a cap can still count: who is reached very often is no endless document."""
    since = now - timedelta(hours=MOST_HOURS)
    kept: dict[str, Handing] = {}
    counts: defaultdict[str, int] = defaultdict(int)
    for id_, each in sorted(handed.items(), key=lambda item: item[1].at, reverse=True):
        counts[each.channel] += 1
        if each.at > since and counts[each.channel] <= MOST:
            kept[id_] = each
    return kept


def caps_from(stored: Iterable[Mapping[str, Any]]) -> tuple[Cap, ...]:
    """Rebuild caps from [{"most", "hours", "channels"}]; `channels` None or missing is all."""
    return tuple(cap_from(each, each.get("channels")) for each in stored)


def cap_from(stored: Mapping[str, Any], channels: Iterable[str] | None) -> Cap:
    """Return a cap of these channels from {"most", "hours"}."""
    counted = None if channels is None else frozenset(map(str, channels))
    return Cap(stored["most"], stored["hours"], counted)


def check_all(name: str, caps: Sequence[Mapping[str, Any]]) -> None:
    """Refuse caps that break a rule. Raises InvalidFieldError."""
    if len(caps) > _CAPS:
        raise InvalidFieldError(name, f"{name}: must hold at most {_CAPS} caps")
    for number, cap in enumerate(caps):
        check(f"{name}.{number}", cap)
        if cap.get("channels") is not None and not cap["channels"]:
            field = f"{name}.{number}.channels"
            raise InvalidFieldError(field, f"{field}: must name a channel; null is for all of them")


def check(name: str, cap: Mapping[str, Any]) -> None:
    """Refuse a cap that breaks a rule. Raises InvalidFieldError."""
    for part, most in (("most", MOST), ("hours", MOST_HOURS)):
        if not 1 <= cap[part] <= most:
            raise InvalidFieldError(f"{name}.{part}", f"{name}.{part}: must be 1 to {most}")
