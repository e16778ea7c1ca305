"""Which of the checks, of every minute, have something to do: the others can be left out."""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from functions.domain.campaigns.status import CampaignStatus
from functions.engine.kernel import revival
from functions.engine.ports.store import Query, Store, Where

_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


async def following(
    store: Store, checked_at: datetime, due_at: datetime, *, now: datetime
) -> datetime:
    """Return when the next check is worth while; something else comes due at `due_at`.

    In a month that somebody waits there are forty thousand minutes. A check that finds nothing
    due in the store does nothing; one is made every hour all the same, as it also tidies up.
    """
    checked_at += max(timedelta(), now - checked_at) // _MINUTE * _MINUTE  # time was set forward
    next_at = checked_at + _MINUTE
    if due_at <= next_at:
        return next_at
    until = min(await _due_in_store(store), checked_at + _HOUR) - checked_at
    return checked_at + max(1, math.ceil(until / _MINUTE)) * _MINUTE


async def _due_in_store(store: Store) -> datetime:
    """Return when a check will find something to start or to revive."""
    scheduled = Where("status", "==", CampaignStatus.SCHEDULED)
    looks: list[tuple[str, str, tuple[Where, ...]]] = [("campaigns", "scheduled_at", (scheduled,))]
    looks += [(collection, "wake_at", ()) for collection in revival.TASKS]
    moments = [_NEVER]
    for collection, name, where in looks:
        within = (*where, Where(name, "<=", _NEVER))
        query = Query(collection, within, (name,), limit=1, group=True)
        moments += [each.data[name] for each in await store.query(query)]
    return min(moments)
