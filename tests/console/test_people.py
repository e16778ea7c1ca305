"""People: found, added, changed by two at once, suppressed, forgotten; and why they got nothing."""

from pathlib import Path

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

ADA = {
    "phone": "+12125552000",
    "email": "ada@example.com",
    "first_name": "Ada",
    "location": "Boston",
    "attributes": {"plan": "gold"},
}


async def ada(served: Served) -> str:
    """Make a person; return her id."""
    made = await served.post("/contacts", ADA)
    assert made.status_code == 201, made.text
    id_: str = made.json()["id"]
    return id_


async def test_somebody_is_found_in_any_spelling_and_told_why_they_got_nothing(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """From the number that somebody reads out to the reason of one message."""
    page = viewer.page
    id_ = await ada(served)
    await served.post("/suppressions", {"phone": ADA["phone"], "reason": "asked us to stop"})
    boston = {"field": "location", "op": "eq", "value": "Boston"}
    await served.post("/segments", {"name": "Bostonians", "conditions": boston})
    campaign = await served.campaign()
    await served.run(campaign)

    await viewer.open("/people", "People")
    await viewer.sees("1 person")
    await viewer.can_be_used_by_all()
    await page.get_by_label("Number, e-mail address").fill("+1 (212) 555-2000")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Ada").click()
    await expect(viewer.heading("Ada")).to_be_visible()
    assert page.url.endswith(f"#/people/{id_}")
    await viewer.sees("America/New_York, by their number")
    await viewer.sees("Everything: asked us to stop")
    reach = page.get_by_role("region", name="May be contacted")
    await expect(reach).to_contain_text("No: the address must not be contacted")
    await expect(page.get_by_role("link", name="Bostonians")).to_be_visible()
    await expect(page.get_by_role("link", name="People 1")).to_be_visible()
    await viewer.sees("Morning outreach")
    history = page.get_by_role("region", name="History")
    await expect(history).to_contain_text("the address must not be contacted")
    await expect(history).not_to_contain_text("due")
    await page.get_by_role("button", name="Why?").click()
    await expect(page.get_by_role("dialog")).to_contain_text("must not be contacted")
    await page.keyboard.press("Escape")
    await viewer.photograph("person", pictures)
    await viewer.can_be_used_by_all()

    await page.get_by_role("button", name="Lift: Everything").click()
    await viewer.sees("Nothing stands against contacting them.")
    await expect(reach).not_to_contain_text("No:")
    await viewer.press("Undo")
    await viewer.sees("Everything: asked us to stop")

    await viewer.press("Erase")
    question = page.get_by_role("dialog")
    await question.get_by_label("Type erase to go on").fill("erase")
    await question.get_by_role("button", name="Erase for good").click()
    await expect(viewer.heading("People")).to_be_visible()
    await viewer.sees("Nobody is known yet")
    assert (await served.get(f"/contacts/{id_}")).status_code == 404


async def test_a_person_is_added_and_what_is_refused_is_told_at_its_field(
    viewer: Viewer, pictures: Path | None
) -> None:
    """By keys alone, over a slow line."""
    viewer.may_be_refused()
    await viewer.slowly()
    page = viewer.page
    await viewer.open("/people", "People")
    await viewer.sees("Nobody is known yet")
    await page.keyboard.press("n")
    form = page.get_by_role("dialog", name="Add a person")
    await form.get_by_label("Number").fill("12345")
    await form.get_by_label("Attributes").fill("gold")
    await page.keyboard.press("Tab")
    await form.get_by_role("button", name="Add").press("Enter")
    await expect(form.get_by_text("Each line is name = value.")).to_be_visible()
    await form.get_by_label("Attributes").fill("plan = gold")
    await form.get_by_role("button", name="Add").press("Enter")
    await expect(form.get_by_label("Number")).to_have_attribute("aria-invalid", "true")
    await viewer.photograph("person-refused", pictures)
    await viewer.can_be_used_by_all()
    await form.get_by_label("Number").fill("+254 733 000 111")
    await form.get_by_role("button", name="Add").press("Enter")
    await expect(viewer.heading("+254733000111")).to_be_visible()
    await viewer.sees("Africa/Nairobi, by their number")


async def test_two_who_change_one_person_see_both_changes(
    viewer: Viewer, look: ServeConsole, served: Served, pictures: Path | None
) -> None:
    """The second is shown what the first has made of it, and decides."""
    id_ = await ada(served)
    other = await look(served)
    other.may_be_refused()
    for each in (viewer, other):
        await each.open(f"/people/{id_}", "Ada")
        await each.press("Edit")
    await viewer.page.get_by_label("Location").fill("Nairobi")
    await viewer.press("Save")
    await viewer.sees("Saved.")

    await other.page.get_by_label("Location").fill("Paris")
    await other.page.get_by_label("Attributes").fill("plan = silver")
    await other.press("Save")
    await other.sees("location: theirs Nairobi, yours Paris")
    await other.photograph("person-conflict", pictures)
    await other.press("Save mine over it")
    await other.sees("Saved.")
    stored = (await served.get(f"/contacts/{id_}")).json()
    assert (stored["location"], stored["attributes"]) == ("Paris", {"plan": "silver"})
    assert stored["first_name"] == "Ada"


async def test_addresses_are_suppressed_many_at_once_and_bad_ones_stay_to_be_mended(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """What is barred, why and by whom is listed, and found by address."""
    viewer.may_be_refused()
    page = viewer.page
    await viewer.open("/suppressions", "Suppressions")
    await viewer.sees("Nobody is suppressed.")
    await page.keyboard.press("n")
    form = page.get_by_role("dialog", name="Suppress")
    await form.get_by_label("Numbers or e-mail addresses").fill("+12025550142\n123\nx@example.com")
    await form.get_by_label("What must not reach them").select_option("voice")
    await form.get_by_label("Reason").fill("asked for mails only")
    await form.get_by_role("button", name="Suppress").click()
    await expect(form.get_by_label("Numbers or e-mail addresses")).to_have_value("123")
    await page.keyboard.press("Escape")
    await viewer.sees("2 addresses")
    await viewer.photograph("suppressions", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_label("Number or e-mail address").fill("x@example.com")
    await page.keyboard.press("Enter")
    await viewer.sees("1 address")
    await viewer.sees("Calls: asked for mails only")
    found = (await served.get("/suppressions")).json()["data"]
    assert {each["address"] for each in found} == {"+12025550142", "x@example.com"}


async def test_whoever_may_only_look_changes_no_person(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """No button is there that would be refused."""
    served = await serve(**SIGN_IN)
    operator = token("operator")
    id_ = (await served.post("/contacts", ADA, authorization=operator)).json()["id"]
    barred = {"phone": ADA["phone"], "reason": "asked us to stop"}
    await served.post("/suppressions", barred, authorization=operator)
    viewer = await look(served, role="viewer")
    await viewer.open(f"/people/{id_}", "Ada")
    await viewer.sees("Everything: asked us to stop")
    for button in ("Edit", "Erase", "Suppress them", "Lift: Everything of +12125552000"):
        await expect(viewer.page.get_by_role("button", name=button)).to_have_count(0)
    await viewer.open("/suppressions", "Suppressions")
    await expect(viewer.page.get_by_role("button", name="Suppress")).to_have_count(0)
