"""Ctrl K: pages, people, campaigns and what can be begun, by keys alone."""

from pathlib import Path

from playwright.async_api import Locator, expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

ADA = {
    "phone": "+12125552000",
    "email": "ada@example.com",
    "first_name": "Ada",
    "external_id": "crm-77",
}


async def asked(viewer: Viewer, words: str) -> Locator:
    """Open the palette and look for something; return what it offers."""
    palette = viewer.page.get_by_role("dialog", name="Search")
    if not await palette.count():
        await viewer.page.keyboard.press("Control+k")
    await palette.get_by_role("combobox").fill(words)
    return palette.get_by_role("option")


async def test_somebody_is_found_by_whatever_is_known_of_them(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """By number in any spelling, mail, id and foreign id; a campaign by name and by id."""
    page = viewer.page
    ada = (await served.post("/contacts", ADA)).json()["id"]
    campaign = await served.campaign()
    await viewer.open("/campaigns", "Campaigns")
    for words in ("+1 (212) 555-2000", "Ada@example.com", "crm-77", ada):
        options = await asked(viewer, words)
        await expect(options).to_have_text(["AdaPerson"])
        await page.keyboard.press("Enter")
        await expect(viewer.heading("Ada")).to_be_visible()
        assert page.url.endswith(f"#/people/{ada}")
        await page.go_back()
        await served.clock.sleep(1)  # which allows more requests
        await expect(viewer.heading("Campaigns")).to_be_visible()
    for words in ("Morning", campaign):
        options = await asked(viewer, words)
        await expect(options.filter(has_text="Morning outreach")).to_have_count(1)
        await viewer.photograph("palette", pictures, whole=False)
        await page.keyboard.press("Enter")
        await expect(viewer.heading("Morning outreach")).to_be_visible()
        await viewer.open("/campaigns", "Campaigns")
        await served.clock.sleep(1)


async def test_arrows_go_round_and_escape_gives_the_focus_back(
    viewer: Viewer, pictures: Path | None
) -> None:
    """Where nothing is found it says so, and Enter does nothing."""
    page = viewer.page
    await viewer.open("/people", "People")
    button = page.get_by_role("button", name="Add a person")
    await button.focus()
    options = await asked(viewer, "imp")
    await expect(options).to_have_text(["ImportsPage", "Import peopleDo"])
    chosen = page.get_by_role("dialog").get_by_role("option", selected=True)
    for key, name in (("ArrowDown", "Import people"), ("ArrowDown", "Imports"), ("ArrowUp", "Imp")):
        await page.keyboard.press(key)
        await expect(chosen).to_contain_text(name)
    await asked(viewer, "nothing of the kind")
    await viewer.sees("Nothing is called so, and nobody is known by it.")
    await viewer.photograph("palette-nothing", pictures, whole=False)
    await viewer.can_be_used_by_all()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()

    for _ in range(2):  # what is begun can be begun again
        await expect(await asked(viewer, "add a p")).to_have_text(["Add a personDo"])
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("dialog", name="Add a person")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_whoever_may_only_look_is_offered_nothing_to_do(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """An address that asks for a beginning begins nothing for them either."""
    served = await serve(**SIGN_IN)
    await served.post("/contacts", ADA, authorization=token("operator"))
    viewer = await look(served, role="viewer")
    await viewer.open("/people?new=1", "People")
    await viewer.sees("1 person")
    await expect(viewer.page.get_by_role("dialog")).to_have_count(0)
    await asked(viewer, "person")
    await viewer.sees("Nothing is called so")
    options = await asked(viewer, "crm-77")
    await expect(options).to_have_text(["AdaPerson"])


async def test_a_server_that_does_not_answer_is_not_taken_for_nobody(
    viewer: Viewer, served: Served
) -> None:
    """Whoever looks for somebody is told that the search did not get through."""
    viewer.may_be_refused()
    await viewer.open("/campaigns", "Campaigns")
    await served.die()
    await asked(viewer, "crm-77")
    await viewer.sees("Not everything could be looked through just now")
