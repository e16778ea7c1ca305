"""Which campaigns people enter upon an event, as this process knows them for a moment.

Every event that is told of asks for them, and few events have any. A campaign that has started
takes people in upon its event within LIFE, in every process.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from functions.domain.campaigns.status import CampaignStatus
from functions.engine import paths
from functions.engine.ports.store import Query, Store, Where
from functions.engine.process.fresh import Fresh

#: For how long the campaigns of an event are remembered.
LIFE: Final = timedelta(seconds=5)
_PAGE: Final = 100
#: Events remembered at a time.
_EVENTS: Final = 10_000
#: In which people may enter. Those who do while a campaign is paused begin as it is resumed.
_OPEN: Final = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


class EntryCache:
    """The campaigns that people enter upon each event, by organisation."""

    def __init__(self) -> None:
        self._known = Fresh[tuple[str, str], Sequence[str]](LIFE, _EVENTS)

    async def of(self, store: Store, org: str, event: str, *, now: datetime) -> Sequence[str]:
        """Return the ids of the campaigns that may be entered upon an event, at most LIFE old."""
        known = self._known.get((org, event), now=now)
        if known is None:
            known = [id_ for status in _OPEN for id_ in await _ids(store, org, event, status)]
            self._known.keep((org, event), known, now=now)
        return known

    def forget(self, org: str, event: str) -> None:
        """Ask anew: a campaign that is entered upon an event has started."""
        self._known.forget((org, event))


async def _ids(store: Store, org: str, event: str, status: CampaignStatus) -> list[str]:
    where = (Where("entry_event", "==", event), Where("status", "==", status))
    query, found = Query(paths.campaigns(org), where, limit=_PAGE), list[str]()
    while True:
        part = await store.query(query)
        found += [each.id for each in part]
        if len(part) < _PAGE:
            return found
        query = query.after(part[-1])
