"""Who is let in to the console, and who not any more."""

from pathlib import Path

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

TOKEN = "Token or API key"


async def make_key(served: Served, role: str = "viewer") -> tuple[str, str]:
    """Make a key; return its id and the key itself."""
    body = {"name": "Desk", "role": role}
    made = (await served.post("/api-keys", body, authorization=token("admin"))).json()
    return made["id"], made["token"]


async def sign_in(viewer: Viewer, given: str) -> None:
    """Give a token or key, by keys alone."""
    await viewer.page.get_by_label(TOKEN).fill(given)
    await viewer.page.get_by_label(TOKEN).press("Enter")


async def test_who_gives_a_wrong_token_is_told_why_and_a_key_opens_the_page_that_was_asked_for(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """Slowly, too; no script finds the cookie."""
    served = await serve(**SIGN_IN)
    viewer = await look(served)
    viewer.may_be_refused()
    _, key = await make_key(served)
    await viewer.open("/delivery?channel=sms", "Sign in to Clarion")
    await viewer.slowly()
    await viewer.photograph("sign-in", pictures)
    await viewer.can_be_used_by_all()
    await sign_in(viewer, "nonsense")
    await expect(viewer.page.get_by_role("alert")).to_be_visible()
    await viewer.photograph("sign-in-refused", pictures)
    await viewer.can_be_used_by_all()

    await sign_in(viewer, f" {key} ")
    await expect(viewer.heading("Delivery")).to_be_visible()
    assert viewer.page.url.endswith("#/delivery?channel=sms")
    assert await viewer.page.evaluate("document.cookie") == ""
    assert key not in await viewer.page.content()


async def test_a_key_that_is_revoked_ends_the_session_at_once(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """In the middle of work one is led to sign in, and back to where one was."""
    served = await serve(**SIGN_IN)
    viewer = await look(served)
    viewer.may_be_refused()
    id_, key = await make_key(served, "operator")
    await viewer.open("/subscriptions", "Sign in to Clarion")
    await sign_in(viewer, key)
    await viewer.sees("Nobody is told yet.")
    path = f"/api-keys/{id_}"
    await served.http.delete(path, headers={"authorization": token("admin")})

    await viewer.page.get_by_role("link", name="Campaigns").click()
    await expect(viewer.heading("Sign in to Clarion")).to_be_visible()
    await sign_in(viewer, token("viewer").removeprefix("Bearer "))
    await expect(viewer.heading("Campaigns")).to_be_visible()
    await viewer.sees("acme · ana, viewer")


async def test_who_has_signed_out_leaves_nothing_behind_the_back_button(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """Neither in this page nor in the browser's cache."""
    served = await serve(**SIGN_IN)
    await served.post("/lists", {"name": "Secret regulars"}, authorization=token("admin"))
    viewer = await look(served, role="viewer")
    viewer.may_be_refused()
    await viewer.open("/lists", "Lists")
    await viewer.sees("Secret regulars")
    await viewer.page.get_by_role("link", name="Health").click()
    await expect(viewer.heading("Health")).to_be_visible()
    await viewer.press("Sign out")
    await expect(viewer.heading("Sign in to Clarion")).to_be_visible()
    await viewer.page.go_back()
    await viewer.page.go_back()
    await expect(viewer.heading("Sign in to Clarion")).to_be_visible()
    assert "Secret regulars" not in await viewer.page.content()
    await viewer.page.reload()
    await expect(viewer.heading("Sign in to Clarion")).to_be_visible()
    assert "Secret regulars" not in await viewer.page.content()


async def test_where_nobody_can_sign_in_it_says_what_to_set(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """There is no field for what would be refused."""
    viewer = await look(await serve(**{**SIGN_IN, "session_secret": ""}))
    await viewer.open("/campaigns", "Sign in to Clarion")
    await viewer.sees("Nobody can sign in here: set SESSION_SECRET")
    await expect(viewer.page.get_by_role("textbox")).to_have_count(0)
