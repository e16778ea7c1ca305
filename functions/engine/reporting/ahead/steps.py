"""Waiting steps: how many people of a sequence have their next step on which day.

It is counted by the index by which lanes find whom to look at, so no enrollment is read. A count
that finds nobody rules out all of its days at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from functions.domain.campaigns.campaign import Campaign
from functions.domain.messages.ids import walk_lane
from functions.engine import paths
from functions.engine.kernel.concurrency import for_each
from functions.engine.kernel.engine import Engine
from functions.engine.kernel.lanes import lane_names
from functions.engine.kernel.paging import between
from functions.engine.ports.store import Query, Where

#: Counts that one answer may take.
_MOST: Final = 1000
_AT_ONCE: Final = 20


class DaySteps(NamedTuple):
    """People of a campaign whose next step comes on a day."""

    campaign: Campaign
    day: datetime  #: when it begins
    people: int


@dataclass(slots=True)
class WaitingSteps:
    """What was counted."""

    found: list[DaySteps] = field(default_factory=list)
    complete: bool = True  #: False: there was more to count than one answer may take


async def waiting_steps(
    engine: Engine, campaigns: Sequence[Campaign], begins: Sequence[datetime]
) -> WaitingSteps:
    """Count the next steps of campaigns by days that begin at these instants, the last is an end.

    Days that are over have none; what is overdue comes today.
    """
    now = engine.clock.now()
    ahead = [at for at in begins[:-1] if at > now]
    counts, result = _Counts(engine), WaitingSteps()
    if now < begins[-1]:
        bounds = [*_today(begins, now), *ahead, begins[-1]]

        async def count(campaign: Campaign) -> None:
            for day, people in (await counts.by_day(campaign, bounds)).items():
                result.found.append(DaySteps(campaign, bounds[day], people))

        await for_each(campaigns, count, at_once=_AT_ONCE)
    result.complete = counts.left > 0
    return result


def _today(begins: Sequence[datetime], now: datetime) -> Sequence[datetime]:
    """Return when the day began that is now, if it is one of these."""
    return [at for at in begins if at <= now][-1:]


class _Counts:
    """Counts people by day, with as few counts as that takes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.left = _MOST

    async def by_day(self, campaign: Campaign, bounds: Sequence[datetime]) -> dict[int, int]:
        """Return by the number of a day how many people have their next step then."""
        days: dict[int, int] = {}
        for name in lane_names(campaign):
            lane = Query(
                paths.enrollments(campaign.org, campaign.id),
                (Where("lane", "==", walk_lane(name)),),
                ("next_at",),
            )
            found = await self._within(lane, bounds, 0, len(bounds) - 1)
            await self._divide(lane, bounds, (0, len(bounds) - 1), found, days)
        return days

    async def _divide(
        self,
        lane: Query,
        bounds: Sequence[datetime],
        days: tuple[int, int],
        people: int,
        by_day: dict[int, int],
    ) -> None:
        """Spread people over the days that they are counted in, halving these again and again."""
        first, end = days
        if people <= 0 or self.left <= 0:
            return
        if end - first == 1:
            by_day[first] = by_day.get(first, 0) + people
            return
        middle = (first + end) // 2
        before = await self._within(lane, bounds, first, middle)
        await self._divide(lane, bounds, (first, middle), before, by_day)
        await self._divide(lane, bounds, (middle, end), people - before, by_day)

    async def _within(self, lane: Query, bounds: Sequence[datetime], first: int, end: int) -> int:
        """Count who are looked at within some days; on the first one also who are overdue."""
        self.left -= 1
        since = bounds[first] if first else None
        where = (*lane.where, *between("next_at", since, bounds[end]))
        return await self._engine.store.count(Query(lane.collection, where, lane.order_by))
