"""What stands around every page: the navigation, keys, the theme, the way to sign in."""

from pathlib import Path

from playwright.async_api import Request, expect

from tests.console.conftest import ServeConsole
from tests.console.served import PHONE, Viewer

#: Compressed bytes that a first view may cost, with all of its files.
FIRST_VIEW = 80_000


async def test_the_first_view_is_light_and_asks_nobody_else(viewer: Viewer) -> None:
    """Everything that the browser fetches for it together; answers of the API too."""
    finished: list[Request] = []
    viewer.page.on("requestfinished", lambda request: finished.append(request))  # noqa: PLW0108 - Playwright marks it

    await viewer.open("/campaigns", "Campaigns")
    await viewer.page.wait_for_load_state("networkidle")

    sizes = [await request.sizes() for request in finished]
    assert 0 < sum(each["responseBodySize"] for each in sizes) < FIRST_VIEW


async def test_whoever_has_no_mouse_gets_everywhere(viewer: Viewer) -> None:
    """The skip link leads to the page, keys to other pages, and the focus goes along."""
    await viewer.open("/campaigns", "Campaigns")
    keyboard, main = viewer.page.keyboard, viewer.page.get_by_role("main")

    await keyboard.press("Tab")
    await expect(viewer.page.get_by_role("link", name="Skip to the page")).to_be_focused()
    await keyboard.press("Enter")
    await expect(main).to_be_focused()

    await keyboard.press("?")
    await expect(viewer.page.get_by_role("dialog", name="Keys")).to_be_visible()
    await viewer.can_be_used_by_all()
    await viewer.page.get_by_label("Single keys do something").uncheck()
    await keyboard.press("Escape")
    await expect(main).to_be_focused()
    await keyboard.press("?")
    await expect(viewer.page.get_by_role("dialog")).to_have_count(0)


async def test_on_a_phone_the_pages_are_behind_a_button(
    viewer: Viewer, pictures: Path | None
) -> None:
    """It says whether they are shown, and a chosen page takes them away again."""
    await viewer.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await viewer.open("/campaigns", "Campaigns")
    pages = viewer.page.get_by_role("navigation", name="Pages")
    await expect(pages).not_to_be_visible()

    button = viewer.page.get_by_role("button", name="Pages")
    await button.click()
    await expect(button).to_have_attribute("aria-expanded", "true")
    await viewer.can_be_used_by_all()
    await viewer.photograph("menu", pictures)
    await viewer.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await pages.get_by_role("link").last.click()
    await expect(pages).not_to_be_visible()


async def test_a_theme_is_kept(viewer: Viewer) -> None:
    """What somebody chose holds after the page is loaded again."""
    await viewer.open("/campaigns", "Campaigns")
    await viewer.page.get_by_label("Theme").select_option("dark")
    await viewer.page.reload()

    await expect(viewer.page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(viewer.page.get_by_label("Theme")).to_have_value("dark")


async def test_a_page_that_is_none_says_so(viewer: Viewer) -> None:
    """And leads on."""
    await viewer.open("/nowhere/at/all", "There is no such page")
    await viewer.page.get_by_role("link", name="Go to the campaigns").click()
    await expect(viewer.heading("Campaigns")).to_be_visible()


async def test_the_same_files_work_below_the_name_of_a_function(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """As behind https://REGION-PROJECT.cloudfunctions.net/api/console/."""
    served = await serve(below="/api")
    viewer = await look(served)

    await viewer.open("/campaigns", "Campaigns")
    await served.campaign()
    await viewer.page.goto(f"{served.url}/console")
    await viewer.sees("Morning outreach")
