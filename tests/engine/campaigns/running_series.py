"""Broadcasts that repeat themselves, and their runs, that several tests share."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.domain.campaigns.campaign import Campaign, campaign_from
from functions.engine import paths
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.campaigns.writing.series import Wanted
from tests.engine.campaigns.drafting import EVERYONE, HELLO, add_contact
from tests.engine.world import ORG, World

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
NEWS = replace(HELLO, audience=EVERYONE)
#: The clock stands at Monday, 2 March 2026, noon UTC: seven in the morning in New York.
MONDAYS = Wanted("FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "America/New_York")
DAILY = Wanted("FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "America/New_York")
FIRST = datetime(2026, 3, 2, 14, tzinfo=UTC)


async def begin(
    world: World, wanted: Wanted = DAILY, at: datetime | None = None, **wish: Any
) -> Campaign:
    """Write a broadcast that repeats itself, to one contact."""
    if not await world.documents(f"orgs/{ORG}/contacts"):
        await add_contact(world, 1)
    said: Draft = replace(NEWS, **wish)
    return await drafts.create(world.engine, ORG, said, scheduled_at=at, by="ann", repeat=wanted)


async def runs(world: World) -> list[Campaign]:
    """Return all runs that there are, the first one first."""
    found = await world.documents(paths.campaigns(ORG))
    made = [campaign_from(ORG, each.id, each.data) for each in found]
    return sorted(made, key=lambda run: run.repeat.number if run.repeat else 0)


async def states(world: World) -> list[tuple[str, str]]:
    """Return the status of each run, and its day."""
    return [(str(run.status), f"{run.scheduled_at:%m-%d}") for run in await runs(world)]


async def trail(world: World, run: Campaign) -> list[tuple[str, str]]:
    """Return who did what to a run."""
    found = await world.documents(f"orgs/{ORG}/audit")
    ours = [each.data for each in found if each.data["campaign"] == run.id]
    return [(each["action"], each["by"]) for each in sorted(ours, key=lambda each: each["at"])]
