"""The page of a campaign: how it goes, who got it, and what can be done."""

import csv
from pathlib import Path
from typing import Final

from playwright.async_api import Locator, Response, expect

from tests.api.rig import SMOOTH
from tests.console.at_work import AtWork
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

#: Calls last half a minute, so that some are with the carrier when somebody looks; some fail.
CARRIER: Final = (
    "seed=3,latency_ms=0,ring_ms=1000,pickup_ms=1000,duration_s=6,spread=0.5,busy=0.1,failed=0.05"
)


def is_poll(response: Response) -> bool:
    """Tell whether something new was answered to a page that polls."""
    return response.url.endswith("/progress") and response.status == 200


async def told(served: Served, campaign_id: str, action: str) -> int:
    """Count how often something was done to a campaign."""
    found = (await served.get(f"/campaigns/{campaign_id}/audit")).json()["data"]
    return sum(entry["action"] == action for entry in found)


def figure(viewer: Viewer, name: str) -> Locator:
    """Return a figure of the campaign by its name."""
    of_name = viewer.page.get_by_role("term").filter(has_text=name)
    return viewer.page.locator(".figures > div").filter(has=of_name).get_by_role("definition")


async def test_a_running_campaign_is_watched_paused_resumed_and_cancelled(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """Its figures move by themselves; who pauses it sees what goes on with the carrier."""
    served = await serve(simulator_script=CARRIER)
    viewer = await look(served)
    page = viewer.page
    async with AtWork(viewer) as work:
        id_ = await served.campaign(people=600, campaignName="Spring offer")
        await work.passes(330 if pictures else 20)
        await viewer.open(f"/campaigns/{id_}", "Spring offer")
        await viewer.sees("A worker is on it")
        await viewer.photograph("campaign-running", pictures)
        await viewer.photograph("campaign", pictures, whole=False)  # for the README
        to_go = int(await figure(viewer, "To go").inner_text())
        async with page.expect_response(is_poll) as poll:
            await work.passes(5)
        assert len(await (await poll.value).body()) <= 1500
        await expect(figure(viewer, "To go")).not_to_have_text(str(to_go))

        await page.keyboard.press("p")
        question = page.get_by_role("dialog")
        await expect(question).to_contain_text("New ones stop within 2 s")
        await question.get_by_label("Why?").fill("lunch")
        await page.keyboard.press("Enter")
        await viewer.sees("New ones stop within 2 s;")
        await expect(page.get_by_role("status").filter(has_text="is now paused")).to_have_count(1)
        await viewer.sees("Paused: lunch")
        await viewer.photograph("campaign-pausing", pictures)
        before = int(await figure(viewer, "In flight").inner_text())
        assert before > 0
        await work.passes(15)
        await expect(figure(viewer, "In flight")).to_have_text("0")
        await expect(page.get_by_text("New ones stop within 2 s;")).to_have_count(0)

        await viewer.press("Resume")
        await expect(question).to_contain_text("It goes on where it was")
        await question.get_by_role("button", name="Resume").dblclick()
        await expect(page.get_by_role("button", name="Pause")).to_be_visible()
        assert await told(served, id_, "resume") == 1

        await viewer.press("Cancel")
        await expect(question).to_contain_text("people will get nothing")
        await viewer.photograph("campaign-cancel", pictures)
        await question.get_by_role("button", name="Cancel for good").click()
        said = page.get_by_role("status").filter(has_text="is now cancelled")
        await expect(said).to_have_count(1)
        await expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
        await work.passes(15)
        await expect(page.get_by_role("region", name="Audit")).to_contain_text("cancel")
        await viewer.photograph("campaign-cancelled", pictures)


async def test_who_got_it_who_did_not_and_why_is_a_click_away(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None, tmp_path: Path
) -> None:
    """A reason leads to its people, a person to the sentence and the trail; all of it is a file."""
    served = await serve(simulator_script=f"{SMOOTH},failed=0.5", voice_rate_per_s=100)
    viewer = await look(served)
    page = viewer.page
    id_ = await served.campaign(people=60, campaignName="Spring offer")
    await served.run(id_)
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    people = page.get_by_role("region", name="People")
    await people.get_by_role("button", name="Show more").click()
    await expect(people.get_by_text("messages so far")).to_contain_text("50")
    failed = page.get_by_role("link", name="there is no such number or mailbox")
    await failed.click()
    await expect(failed).to_have_attribute("aria-current", "true")
    await expect(people.get_by_label("Status")).to_have_value("failed")
    await expect(people.locator("tbody")).not_to_contain_text("completed")
    async with page.expect_download() as download:
        await people.get_by_role("link", name="Download as CSV").click()
    await (await download.value).save_as(tmp_path / "people.csv")
    counted = (await served.get(f"/campaigns/{id_}/progress")).json()["stats"]["failed"]
    with (tmp_path / "people.csv").open() as file:
        assert sum(1 for _ in csv.DictReader(file)) == counted

    why = people.get_by_role("button", name="Why?").first
    await why.focus()
    await page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog")
    await expect(drawer.get_by_role("strong")).to_contain_text("no such number")
    await expect(drawer.get_by_role("listitem").first).to_contain_text("Planned")
    await viewer.photograph("campaign-why", pictures)
    await viewer.can_be_used_by_all()
    await page.keyboard.press("Escape")
    await expect(why).to_be_focused()
    await people.get_by_label("Reason").fill("nonsense")
    await page.keyboard.press("Enter")
    await viewer.sees("There is nobody with this status and reason.")
