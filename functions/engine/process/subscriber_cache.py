"""The subscriptions of organisations, as this process knows them for a moment.

Every change of a campaign or a message asks whether anybody wants to hear of it. To read that each
time would cost everybody a query for what few use. So a process remembers an organisation's
subscriptions for a few seconds: an organisation without any costs one query in that time, and a
new subscription hears of everything from then on, at the latest.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from functions.domain.notifications.subscription import Subscription, subscription_from
from functions.engine import paths
from functions.engine.ports.store import Query, Store

#: For how long an organisation's subscriptions are remembered.
LIFE: Final = timedelta(seconds=5)
#: More than an organisation can have, even where two were created at once.
_MOST: Final = 100
#: Organisations remembered at a time; the cache begins anew beyond that.
_ORGS: Final = 10_000


class _Known(NamedTuple):
    until: datetime
    subscriptions: Sequence[Subscription]


class SubscriberCache:
    """The active subscriptions of each organisation."""

    def __init__(self) -> None:
        self._known: dict[str, _Known] = {}

    async def of(self, store: Store, org: str, *, now: datetime) -> Sequence[Subscription]:
        """Return an organisation's active subscriptions, at most LIFE old."""
        known = self._known.get(org)
        if known is not None and now < known.until:
            return known.subscriptions
        if known is not None:
            # Whoever else asks while we read is told what was known: one query is enough.
            known = self._known[org] = known._replace(until=now + LIFE)
        found = await store.query(Query(paths.subscriptions(org), limit=_MOST))
        every = [subscription_from(org, document.id, document.data) for document in found]
        active = tuple(each for each in every if each.active)
        if self._known.get(org) is known:  # not forgotten meanwhile
            self._remember(org, _Known(now + LIFE, active))
        return active

    def forget(self, org: str) -> None:
        """Ask anew: an organisation's subscriptions have changed."""
        self._known.pop(org, None)

    def _remember(self, org: str, known: _Known) -> None:
        if len(self._known) >= _ORGS:
            self._known.clear()
        self._known[org] = known
