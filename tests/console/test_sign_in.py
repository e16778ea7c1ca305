"""Who signs in to the console, and how long they stay."""

from playwright.async_api import expect

from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole


async def test_somebody_who_is_signed_in_sees_their_organisation_and_role(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """Nobody is asked again."""
    viewer = await look(await serve(**SIGN_IN), role="viewer")

    await viewer.open("/campaigns", "Campaigns")

    await viewer.sees("acme · ana, viewer")
    await expect(viewer.page.get_by_role("button", name="Sign out")).to_be_visible()
