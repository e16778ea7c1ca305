"""Hours: who must wait because of the calling window or the quiet hours of where they are."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from functions.domain.campaign import Campaign, CampaignKind
from functions.domain.message import Message
from functions.domain.windows import QuietHours, next_open, quiet_hours_from
from functions.engine import throttle
from functions.engine.core import Engine

_Place: TypeAlias = tuple[str, tuple[str, ...]]


class Hours(NamedTuple):
    """The hours that a campaign keeps to."""

    windows: bool  #: the calling windows
    quiet: QuietHours | None  #: its organisation's own

    @property
    def are_kept(self) -> bool:
        """False where everybody may be reached at any time."""
        return self.windows or self.quiet is not None

    def next_open(self, region: str, zones: Sequence[str], *, now: datetime) -> datetime | None:
        """Return the earliest instant from `now` on; None where there is none within eight days."""
        return next_open(region, zones, now=now, windows=self.windows, quiet=self.quiet)

    def closed(self, messages: Iterable[Message], *, now: datetime) -> dict[str, datetime]:
        """Return, by id, until when those must wait who may not be reached now or at their turn."""
        seen: dict[_Place, datetime | None] = {}
        waits: dict[str, datetime] = {}
        for message in messages:
            place = (message.region, tuple(message.zones))
            if place not in seen:
                seen[place] = self._closed_until(place, now)
            opens_at = seen[place]
            if opens_at is not None:
                waits[message.id] = opens_at
        return waits

    def _closed_until(self, place: _Place, now: datetime) -> datetime | None:
        """Return when a place opens; None while it is open and stays so as long as turns are."""
        for at in (now, now + throttle.HORIZON):
            opens_at = self.next_open(*place, now=at)
            if opens_at != at:
                return opens_at or at + timedelta(days=1)
        return None


def of(engine: Engine, campaign: Campaign) -> Hours:
    """Return the hours of a campaign.

    Quiet hours hold also where the deployment has switched the calling windows off: they are the
    organisation's own word. Who sends a single message now means now.
    """
    if campaign.kind is CampaignKind.SINGLE:
        return Hours(windows=False, quiet=None)
    return Hours(engine.limits.windows, quiet_hours_from(campaign.quiet_hours))
