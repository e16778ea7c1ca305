"""The audit trail: who did what, when, why and to what."""

from pathlib import Path

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer


async def test_what_was_done_is_found_told_whole_and_leads_to_what_it_is_about(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """By keys: a row, its drawer, and back to the row."""
    page = viewer.page
    await viewer.open("/audit", "Audit")
    await viewer.sees("Nothing has been done here yet.")
    await served.post("/suppressions", {"phone": "+12125552000", "reason": "asked us to stop"})
    campaign = await served.campaign()
    await served.run(campaign)
    await page.reload()
    await expect(page.get_by_role("button", name="Completed")).to_be_visible()
    await viewer.photograph("audit", pictures)
    await viewer.can_be_used_by_all()

    await page.get_by_label("What").select_option("suppress")
    await viewer.sees("1 entry")
    await page.keyboard.press("Tab")
    row = page.get_by_role("button", name="Suppressed")
    await row.press("Enter")
    drawer = page.get_by_role("dialog", name="Suppressed")
    await expect(drawer).to_contain_text("asked us to stop")
    await viewer.can_be_used_by_all()
    await viewer.photograph("audit-entry", pictures, whole=False)
    await drawer.get_by_role("button", name="Whose address is it?").click()
    await expect(drawer.get_by_role("link", name="Go to: +12125552000")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(row).to_be_focused()

    await page.get_by_label("What").select_option("complete")
    await page.get_by_label("By (the whole name)").fill("clarion")
    await page.keyboard.press("Enter")
    await viewer.sees("1 entry")
    await page.get_by_role("link", name="Campaign", exact=True).click()
    await expect(viewer.heading("Morning outreach")).to_be_visible()


async def test_an_entry_of_nothing_any_more_leads_nowhere(viewer: Viewer, served: Served) -> None:
    """Nor does a filter that nothing passes show what it did not ask for."""
    viewer.may_be_refused()
    page = viewer.page
    barred = {"phone": "+12125552000", "reason": "asked us to stop"}
    id_ = (await served.post("/suppressions", barred)).json()["id"]
    await served.http.delete(f"/suppressions/{id_}?scope=all")
    await viewer.open("/audit?action=lift", "Audit")
    await page.get_by_role("button", name="Suppression lifted").click()
    await viewer.press("Whose address is it?")
    await viewer.sees("Nothing is barred for this address any more.")
    await viewer.open("/audit?by=nobody", "Audit")
    await viewer.sees("Nothing like this was done.")
    await viewer.open("/audit?by=nobody&from=2027-01-01&to=nonsense", "Audit")
    await viewer.sees("Nothing like this was done.")


async def test_whoever_may_only_look_reads_the_trail(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """It changes nothing."""
    served = await serve(**SIGN_IN)
    barred = {"phone": "+12125552000", "reason": "asked us to stop"}
    await served.post("/suppressions", barred, authorization=token("operator", subject="omar"))
    viewer = await look(served, role="viewer")
    await viewer.open("/audit", "Audit")
    await viewer.sees("omar")
    await viewer.page.emulate_media(media="print")
    await expect(viewer.page.get_by_role("navigation", name="Pages")).not_to_be_visible()
    await viewer.sees("asked us to stop")
    await expect(viewer.page.get_by_role("button", name="Suppressed")).to_be_visible()
