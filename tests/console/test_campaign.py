"""The page of a campaign: how it goes, who got it, and what can be done."""

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.api.rig import SECRET, numbers
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

#: Calls last a minute, so that some are with the carrier when somebody looks; some fail.
CARRIER: Final = (
    "latency_ms=0,ring_ms=500,pickup_ms=1000,duration_s=60,spread=0,busy=0.2,failed=0.1"
)


async def begin(served: Served, *, people: int = 60) -> str:
    """Start a campaign of calls."""
    id_ = await served.campaign(people=people, campaignName="Spring offer")
    await served.settle()
    return id_


async def test_a_running_campaign_is_watched_and_paused(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """Its figures move by themselves; who pauses it sees what goes on with the carrier."""
    served = await serve(simulator_script=CARRIER)
    viewer = await look(served)
    id_ = await begin(served)
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    for _ in range(20):
        served.clock.advance(timedelta(seconds=1))
        await served.settle()
    await viewer.page.clock.set_fixed_time(served.clock.now())
    await viewer.sees("Worker")
    await viewer.photograph("campaign-running", pictures)
    await viewer.can_be_used_by_all()
