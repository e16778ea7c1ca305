"""Templates: written beside how they read, with versions, and by two at once."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

HELLO: Final = {"name": "Welcome", "channel": "sms", "text": "Hello {first_name}!"}
PEOPLE: Final = (
    {"phone": "+12125552000", "first_name": "Ann", "preferred_product": "tea"},
    {"phone": "+12125552001", "first_name": "Ben"},
    {"phone": "+12125552002", "first_name": "Cem"},
)


async def people(served: Served) -> None:
    """Have some people known."""
    for person in PEOPLE:
        await served.post("/contacts", person)


async def store(served: Served, **changes: Any) -> str:
    """Store a template; return its id."""
    answer = await served.post("/templates", {**HELLO, **changes})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def test_a_template_is_written_by_keys_and_read_as_somebody(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Mistakes stand at line and column, and who lacks a field is told and shown."""
    viewer.may_be_refused()
    page = viewer.page
    await people(served)
    await viewer.open("/templates", "Templates")
    await viewer.sees("There are no templates yet.")
    await viewer.can_be_used_by_all()
    await page.keyboard.press("n")
    await expect(viewer.heading("New template")).to_be_visible()
    await page.get_by_label("Name", exact=True).focus()
    await page.keyboard.type("Welcome")
    await page.get_by_label("Text", exact=True).focus()
    await page.keyboard.type("Hello\n{{ first_name")
    await viewer.sees("'{{' has no '}}' within the next 200 characters")
    await viewer.press("Line 2, column 1")
    await expect(page.get_by_label("Text", exact=True)).to_be_focused()
    await viewer.photograph("template-mistake", pictures)
    await page.keyboard.press("Control+End")
    await page.keyboard.type(" }}, ")
    await viewer.press("preferred_product")
    await page.keyboard.type(" is here 🎉")
    await page.get_by_label("Find").fill("+1 212 555 2000")
    await page.get_by_label("As", exact=True).select_option(label="Ann")
    await viewer.sees("Ann, tea is here 🎉")
    await viewer.sees("in UCS-2: 1 SMS")
    await viewer.sees("2 of 3 people lack preferred_product")
    await viewer.press("Show who")
    who = page.get_by_role("dialog", name="Who lacks preferred_product")
    await expect(who.get_by_role("row")).to_have_count(3)
    await who.get_by_role("button", name="Close").click()
    await viewer.can_be_used_by_all()
    await viewer.photograph("template-new", pictures)
    await viewer.press("Save the template")
    await expect(viewer.heading("Welcome")).to_be_visible()
    await viewer.sees("No campaign that is still to come or runs says it.")


async def test_versions_are_told_apart_and_brought_back(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """What says the same makes no version; a restored one is saved as the next."""
    page = viewer.page
    await people(served)
    id_ = await store(served)
    await served.post("/campaigns", {"name": "Spring", "channel": "sms", "template_id": id_})
    await viewer.open(f"/templates/{id_}", "Welcome")
    await expect(page.get_by_role("button", name="Save as a new version")).to_be_disabled()
    await page.get_by_label("Text", exact=True).fill("Hi {first_name}!")
    await viewer.press("Save as a new version")
    await viewer.sees("Version 2, changed")
    await page.get_by_role("button", name="What version 1 says differently").click()
    await viewer.sees("Hello {first_name}!")
    await expect(page.get_by_role("link", name="Spring")).to_be_visible()
    await viewer.can_be_used_by_all()
    await viewer.photograph("template", pictures)
    await page.get_by_role("button", name="Restore version 1").click()
    await expect(page.get_by_label("Text", exact=True)).to_have_value("Hello {first_name}!")
    await viewer.press("Save as a new version")
    await viewer.sees("Version 3, changed")
    await viewer.press("Delete")
    await viewer.press("Delete the template")
    await expect(viewer.heading("Templates")).to_be_visible()
    await viewer.sees("There are no templates yet.")


async def test_a_mail_is_shown_as_a_page_in_which_nothing_runs(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Wide or narrow, with its own styles and the values escaped."""
    page = viewer.page
    await served.post("/contacts", {"email": "dora@example.com", "first_name": "Dora & Co"})
    html = (
        "<style>p { color: rgb(1, 2, 3) }</style><p>Hello {first_name}</p>"
        "<script>document.body.textContent = 'ran'</script>"
    )
    id_ = await store(
        served, name="News", channel="email", subject="{first_name}, hello", html=html
    )
    await viewer.open(f"/templates/{id_}", "News")
    await viewer.sees("Dora & Co, hello")
    mail = page.frame_locator("iframe[title='The mail as it is shown']").get_by_text("Hello Dora")
    await expect(mail).to_have_text("Hello Dora & Co")
    await expect(mail).to_have_css("color", "rgb(1, 2, 3)")
    await viewer.press("Narrow")
    await expect(page.locator("iframe")).to_have_css("width", "360px")
    await page.get_by_label("HTML", exact=True).fill("<p>Bye {first_name}</p>")
    shown = page.frame_locator("iframe").get_by_text("Bye Dora & Co")
    await expect(shown).to_be_visible()
    await viewer.can_be_used_by_all()
    await viewer.photograph("template-mail", pictures)


async def test_two_who_write_one_template_both_see_it(
    viewer: Viewer, served: Served, look: ServeConsole, pictures: Path | None
) -> None:
    """The second one chooses, slow network or not; a name that is taken is said at its field."""
    viewer.may_be_refused()
    id_ = await store(served)
    await store(served, name="Taken")
    other: Viewer = await look(served)
    for each in (viewer, other):
        await each.open(f"/templates/{id_}", "Welcome")
    await other.page.get_by_label("Text", exact=True).fill("Their words")
    await other.press("Save as a new version")
    await other.sees("Version 2, changed")

    await viewer.slowly()
    await viewer.page.get_by_label("Text", exact=True).press_sequentially(" My words")
    await viewer.press("Save as a new version")
    await viewer.sees("Somebody else changed it")
    await viewer.photograph("template-overtaken", pictures)
    await viewer.press("Save mine as the next version")
    await viewer.sees("Version 3, changed")
    assert (await served.get(f"/templates/{id_}")).json()["text"] == "Hello {first_name}! My words"
    await viewer.page.get_by_label("Name", exact=True).fill("Taken")
    await viewer.press("Save as a new version")
    name = viewer.page.get_by_label("Name", exact=True)
    await expect(name).to_have_attribute("aria-invalid", "true")


async def test_whoever_only_reads_sees_the_words_and_how_they_read(
    look: ServeConsole, serve: ServeConsole
) -> None:
    """Nothing that would be refused is there."""
    served = await serve(**SIGN_IN)
    made = await served.post("/templates", HELLO, authorization=token("admin"))
    await served.post("/contacts", PEOPLE[0], authorization=token("admin"))
    viewer = await look(served, role="viewer")
    await viewer.open("/templates", "Templates")
    await expect(viewer.page.get_by_role("link", name="New template")).to_have_count(0)
    await viewer.page.get_by_role("link", name="Welcome").click()
    await viewer.sees("Hello Ann!")
    await expect(viewer.page.get_by_role("button", name="Save")).to_have_count(0)
    await viewer.can_be_used_by_all()
    assert made.status_code == 201
