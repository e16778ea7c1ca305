"""What became of messages, and the people behind each figure, in front of somebody's eyes."""

from pathlib import Path

from playwright.async_api import expect

from functions.engine.campaigns.lifecycle import load
from functions.engine.pacing.slowdown import slow_down
from tests.api.rig import SENDER, SMOOTH
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Viewer


async def test_each_figure_leads_to_its_people_and_their_why(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """By channel, provider and sender, on a day; a slowed sender shows when it is whole again."""
    served = await serve(simulator_script=f"{SMOOTH},failed=0.5,seed=2")
    id_ = await served.campaign(people=12)
    seen = await served.run(id_)
    engine = served.stack.engine
    campaign = await load(engine, "default", id_)
    await slow_down(engine, campaign, campaign.own_send)
    assert seen["status"] == "completed"
    viewer = await look(served)
    page = viewer.page
    await viewer.open("/delivery", "Delivery")
    row = page.get_by_role("row", name=f"{SENDER} Calls, simulator")
    await expect(row).to_contain_text("slowed to 50 %")
    await expect(row).to_contain_text("whole again")
    await expect(
        page.get_by_role("img", name="Delivered, failed and unknown by day")
    ).to_be_visible()
    await viewer.photograph("delivery", pictures)
    await viewer.can_be_used_by_all()

    await page.get_by_label("One row for each").select_option("channel")
    await expect(page.get_by_role("row", name="Calls", exact=False).first).to_be_visible()
    await page.get_by_role("link", name="Today").click()
    reason = page.get_by_role("table", name="Messages by reason").get_by_role("row").nth(1)
    count = await reason.get_by_role("link").text_content()
    await reason.get_by_role("link").click()
    await expect(viewer.heading("Messages")).to_be_visible()
    await expect(page.get_by_text(f"{count} messages")).to_be_visible()
    await expect(page.get_by_role("row", name="failed")).to_have_count(int(count or ""))
    await viewer.photograph("messages", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_role("button", name="Why?").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("What happened")


async def test_days_without_anything_and_days_that_are_refused(viewer: Viewer) -> None:
    """It says what to do, and which rule a day breaks at its field."""
    viewer.may_be_refused()
    await viewer.open("/delivery", "Delivery")
    await viewer.sees("Nothing became of any message on these days.")
    await viewer.open("/delivery?from=2025-01-01&to=2026-03-02", "Delivery")
    start = viewer.page.get_by_label("From")
    await expect(start).to_have_attribute("aria-invalid", "true")
    await viewer.sees("must be within 92 days")
    await viewer.page.get_by_role("link", name="30 days").click()
    await viewer.sees("Nothing became of any message on these days.")
    await viewer.open("/messages?outcome=failed", "Messages")
    await viewer.sees("There are no such messages.")


async def test_a_viewer_reads_it_all(serve: ServeConsole, look: ServeConsole) -> None:
    """There is nothing to be done there, so nothing is left out."""
    viewer = await look(await serve(**SIGN_IN), role="viewer")
    await viewer.open("/delivery", "Delivery")
    await viewer.sees("Nothing became of any message on these days.")
    await viewer.open("/messages", "Messages")
    await viewer.sees("There are no such messages.")
