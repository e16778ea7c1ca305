"""The list of campaigns: what needs somebody, what runs, what comes, and the rest."""

from pathlib import Path
from typing import Any

from playwright.async_api import Locator, expect

from tests.api.rig import numbers
from tests.console.at_work import AtWork
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

HELLO = {"channel": "sms", "base_template": "Hello {first_name}!"}
FAILING = "latency_ms=0,ring_ms=0,pickup_ms=0,duration_s=1,spread=0,failed=1"


async def draft(served: Served, name: str, **fields: Any) -> str:
    """Write a draft; return its id."""
    answer = await served.post("/campaigns", {**HELLO, "name": name, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


def strip(viewer: Viewer, title: str) -> Locator:
    """Return one of the strips above the list."""
    heading = viewer.page.get_by_role("heading", name=title, exact=True)
    return viewer.page.locator("section.sheet").filter(has=heading)


def rows(viewer: Viewer) -> Locator:
    """Return the rows of the table."""
    return viewer.page.get_by_role("table", name="Campaigns").locator("tbody tr")


async def test_what_needs_somebody_runs_or_comes_stands_above_the_list(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """A campaign that Clarion has stopped says why; bars move; a start is counted down to."""
    served = await serve(simulator_script=FAILING)
    viewer = await look(served)
    async with AtWork(viewer) as work:
        stopped = await draft(
            served,
            "Guarded",
            audience={"everyone": True},
            channel="voice",
            sender="+12025550111",
            bot_url="wss://bot.example.com/talk",
            guardrail={"failed_percent": 10, "of_last": 10},
        )
        await served.make_list(numbers(40))
        await served.post(f"/campaigns/{stopped}/send", {"everyone": True})
        await work.passes(30)
        await served.campaign(people=40, campaignName="Runs")
        await work.passes(5)
        await draft(
            served, "Later", audience={"everyone": True}, scheduled_at="2026-03-02T15:30:00Z"
        )
        await viewer.open("/campaigns", "Campaigns")
        await expect(strip(viewer, "Needs somebody")).to_contain_text(
            "too many of its last messages"
        )
        await expect(strip(viewer, "Running")).to_contain_text("Runs")
        await expect(strip(viewer, "Within 24 hours")).to_contain_text("in 3 h 29 min")
        await viewer.photograph("campaigns", pictures)
        await viewer.can_be_used_by_all()
