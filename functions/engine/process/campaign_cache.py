"""Campaigns, as this process has read them a moment ago.

Each receipt needs its message's campaign, of which little ever changes once it has started: by what
its messages go, how many lanes it has, what follows them. What may have changed since (whether it
is paused or has ended) is asked for anew by whoever decides by it.
"""

from collections import OrderedDict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from functions.domain.campaigns.campaign import Campaign

#: For how long a campaign is remembered.
LIFE: Final = timedelta(seconds=2)
#: Campaigns remembered at a time; the one that was read longest ago goes first.
_MOST: Final = 256


class _Known(NamedTuple):
    until: datetime
    campaign: "Campaign"


class CampaignCache:
    """Campaigns by organisation and id, at most LIFE old."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], _Known] = OrderedDict()

    def get(self, org: str, id_: str, *, now: datetime) -> "Campaign | None":
        """Return a campaign that was read a moment ago."""
        known = self._known.get((org, id_))
        return known.campaign if known is not None and now < known.until else None

    def keep(self, campaign: "Campaign", *, now: datetime) -> None:
        """Remember a campaign that was read just now."""
        key = campaign.org, campaign.id
        self._known[key] = _Known(now + LIFE, campaign)
        self._known.move_to_end(key)
        if len(self._known) > _MOST:
            self._known.popitem(last=False)

    def forget(self, org: str, id_: str) -> None:
        """Have a campaign read anew: this process has just changed it."""
        self._known.pop((org, id_), None)
