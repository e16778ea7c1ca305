"""A new campaign: written, looked at, counted and sent by clicks and keys."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, expect

from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

ANN: Final = {"phone": "+12125552000", "first_name": "Ann", "attributes": {"plan": "gold"}}
BEN: Final = {"phone": "+12125552001", "location": "Boston"}
CEM: Final = {"phone": "+12125552002", "first_name": "Cem"}


async def know(served: Served, *people: dict[str, Any]) -> list[str]:
    """Have people known; return their ids."""
    made = [await served.post("/contacts", person) for person in people]
    return [answer.json()["id"] for answer in made]


async def list_of(served: Served, name: str, *ids: str) -> str:
    """Have a list of people; return its id."""
    made = (await served.post("/lists", {"name": name})).json()
    if ids:
        await served.post(f"/lists/{made['id']}/contacts", {"contact_ids": list(ids)})
    id_: str = made["id"]
    return id_


async def campaigns(served: Served) -> list[Any]:
    """Return all campaigns."""
    found: list[Any] = (await served.get("/campaigns")).json()["data"]
    return found


def part(viewer: Viewer, name: str) -> Locator:
    """Return a part of the page."""
    return viewer.page.get_by_role("region", name=name)


async def saved(viewer: Viewer) -> None:
    """Wait until all is saved."""
    await expect(viewer.page.get_by_text("Saved", exact=True)).to_be_visible()


async def test_a_campaign_is_written_and_sent_once_however_often_the_button_is_pressed(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """The number is on the button; a number that has changed is said, and asked about again."""
    page = viewer.page
    ids = await know(served, ANN, BEN, CEM)
    await list_of(served, "Spring", *ids)
    await served.post("/suppressions", {"phone": BEN["phone"], "scope": "sms", "reason": "asked"})
    await viewer.open("/campaigns/new", "New campaign")
    await page.get_by_label("Name").focus()
    assert await campaigns(served) == []

    await page.keyboard.type("Spring offer")
    await saved(viewer)
    await page.get_by_role("radio", name="A list").check()
    await page.get_by_label("List", exact=True).select_option(label="Spring (3)")
    await viewer.sees("Reaches 2 people of 3; 1 get nothing")
    await page.get_by_label("Text", exact=True).focus()
    await page.keyboard.type("Hello ")
    await viewer.press("first_name")
    await page.keyboard.type(", {{ plan }}!")
    await page.get_by_label("As", exact=True).select_option(label="Ann")
    await viewer.sees("Hello Ann, gold!")
    await viewer.sees("1 SMS")
    await viewer.sees("1 of 2 people lack plan")
    await saved(viewer)
    await expect(page.get_by_role("button", name="Send to 2 people")).to_be_enabled()
    await viewer.can_be_used_by_all()
    await viewer.photograph("new-campaign", pictures)

    await page.get_by_label("Test to the number").fill("+12125552999")
    await viewer.press("Send a test")
    await viewer.sees("A test is on its way to +12125552999.")
    assert page.url.endswith("/edit")
    await page.reload()
    await expect(page.get_by_label("Name")).to_have_value("Spring offer")

    await expect(page.get_by_role("button", name="Send to 2 people")).to_be_enabled()
    await served.http.delete(f"/contacts/{ids[2]}")
    await viewer.press("Send to 2 people")
    dialog = page.get_by_role("dialog", name="The number has changed")
    await expect(dialog).to_contain_text("It was 2 people when you looked; now it is 1 person.")
    await viewer.photograph("new-campaign-changed", pictures)
    await dialog.get_by_role("button", name="Send to 1 person").dblclick()
    await expect(viewer.heading("Spring offer")).to_be_visible()
    sent = [each for each in await campaigns(served) if each["kind"] == "broadcast"]
    assert [each["status"] for each in sent] == ["running"]
    trail = (await served.get(f"/campaigns/{sent[0]['id']}/audit")).json()["data"]
    assert [entry["action"] for entry in trail].count("send") == 1


async def test_whoever_only_looks_is_led_to_what_may_be_seen(
    look: ServeConsole, serve: ServeConsole
) -> None:
    """There is no form that would be refused."""
    viewer = await look(await serve(**SIGN_IN), role="viewer")
    await viewer.open("/campaigns/new", "New campaign")
    await viewer.sees("Your role reads campaigns and does not write them.")
    await expect(viewer.page.get_by_role("textbox")).to_have_count(0)
    await viewer.can_be_used_by_all()
