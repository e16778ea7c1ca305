"""API keys, made and revoked in front of somebody's eyes."""

from pathlib import Path

from playwright.async_api import expect

from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole


async def test_an_admin_makes_a_key_sees_it_once_and_revokes_it(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """With keys alone: for some areas, until a day; a program may then ask with it."""
    served = await serve(**SIGN_IN)
    viewer = await look(served, role="admin")
    page = viewer.page
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await viewer.open("/keys", "API keys")
    await viewer.sees("There are no keys yet.")
    await page.keyboard.press("n")
    await page.get_by_role("textbox", name="Name").press_sequentially("Shop")
    await page.get_by_role("radio", name="Operator").check()
    await page.get_by_label("All areas").uncheck()
    await page.get_by_label("Lists").check()
    await page.get_by_label("It expires").check()
    await page.get_by_label("Expires: date and time").fill("2026-04-01T10:00")
    await viewer.photograph("key-new", pictures)
    await page.get_by_role("textbox", name="Name").press("Enter")

    key = await page.get_by_label("Key", exact=True).input_value()
    await viewer.photograph("key-shown", pictures)
    await viewer.press("Copy")
    await viewer.sees("Copied.")
    assert await page.evaluate("navigator.clipboard.readText()") == key
    assert (await served.get("/lists", authorization=f"Bearer {key}")).status_code == 200
    assert (await served.get("/campaigns", authorization=f"Bearer {key}")).status_code == 403
    await viewer.press("I have kept it")
    assert key not in await page.content()

    row = page.get_by_role("row", name="Shop active operator Lists")
    await expect(row).to_contain_text("1 Apr, 10:00 CEST")
    await viewer.photograph("keys", pictures)
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await viewer.press("Revoke the key")
    await expect(page.get_by_role("row", name="Shop revoked")).to_be_visible()
    assert (await served.get("/lists", authorization=f"Bearer {key}")).status_code == 401
    await viewer.can_be_used_by_all()


async def test_a_key_that_breaks_a_rule_is_not_made(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """The sentence stands at its field, and what was written stays; a double click makes one."""
    served = await serve(**SIGN_IN)
    viewer = await look(served, role="admin")
    page = viewer.page
    viewer.may_be_refused()
    await viewer.open("/keys", "API keys")
    await viewer.slowly()
    await viewer.press("New key")
    await page.get_by_label("It expires").check()
    await page.get_by_label("Expires: date and time").fill("2020-04-01T10:00")
    await viewer.press("Make the key")
    await expect(page.get_by_role("textbox", name="Name")).to_have_attribute("aria-invalid", "true")
    await page.get_by_role("textbox", name="Name").fill("Shop")
    await viewer.press("Make the key")
    await expect(page.get_by_label("Expires: date and time")).to_have_attribute(
        "aria-invalid", "true"
    )
    await viewer.can_be_used_by_all()

    await page.get_by_label("It expires").uncheck()
    await page.get_by_role("button", name="Make the key").dblclick()
    await viewer.press("I have kept it")
    await expect(page.get_by_role("row", name="Shop active viewer All")).to_have_count(1)


async def test_who_is_no_admin_is_told_whom_to_ask(serve: ServeConsole, look: ServeConsole) -> None:
    """Nothing is asked that would be refused."""
    viewer = await look(await serve(**SIGN_IN), role="operator")
    await viewer.open("/keys", "API keys")
    await viewer.sees("Admins keep the keys")
    await expect(viewer.page.get_by_role("main").get_by_role("button")).to_have_count(0)
