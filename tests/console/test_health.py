"""Whether Clarion is well, in front of somebody's eyes."""

from pathlib import Path

from playwright.async_api import expect

from tests.api.hooks.test_health import Broken
from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole


async def test_health_shows_parts_providers_and_lateness(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """To a viewer, too; figures lead to what they count."""
    served = await serve(**SIGN_IN)
    by = token("admin")
    made = await served.upload("number\n+12125552000", authorization=by)
    body = {"campaignName": "Tea", "listId": made.json()["listId"], "fromNumber": "+12025550111"}
    answer = await served.post(
        "/create-campaign", {**body, "wssUrl": "wss://bot.example.com/talk"}, authorization=by
    )
    assert answer.status_code == 200, answer.text
    await served.settle()
    viewer = await look(served, role="viewer")
    await viewer.open("/health", "Health")
    await viewer.sees("Clarion works, and keeps to its time.")
    await expect(viewer.page.get_by_role("row", name="Calls simulator")).to_contain_text(
        "no: it is"
    )
    await viewer.sees("none was made yet")
    await viewer.sees("Messages were late: half of them")
    await viewer.photograph("health", pictures)
    await viewer.can_be_used_by_all()
    await viewer.page.get_by_role("main").get_by_role("link", name="1").first.click()
    await expect(viewer.heading("Campaigns")).to_be_visible()


async def test_an_unwell_clarion_says_what_ails_it(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """A 503 is an answer: what is shown is not old."""
    served = await serve()
    viewer = await look(served)
    viewer.may_see_it_unwell()
    store = served.store
    await viewer.open("/health", "Health")
    await viewer.sees("Clarion works, and keeps to its time.")
    served.break_store(Broken(RuntimeError("the store is gone")))
    await viewer.page.reload()

    await viewer.sees("Clarion cannot work just now")
    await expect(viewer.page.get_by_role("row", name="Store unhealthy")).to_contain_text(
        "does not answer"
    )
    await viewer.photograph("health-unwell", pictures)

    served.break_store(store)
    await viewer.sees("Clarion works, and keeps to its time.")
