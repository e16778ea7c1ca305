"""Lists: people are put on them, taken off, and brought back."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.api.rig import Rig, numbers, token
from tests.api.session.browser import SIGN_IN
from tests.console.served import Viewer

MANY: Final = 450


async def filled(served: Rig, count: int, **headers: str) -> str:
    """Make a list with so many people; return its id."""
    made = (await served.post("/lists", {"name": "Spring"}, **headers)).json()
    rows = "\n".join(["phone,first_name", *(f"{n},Ann" for n in numbers(count))])
    answer = await served.http.post(
        "/contacts/imports",
        files={"file": ("people.csv", rows, "text/csv")},
        data={"list_id": made["id"]},
        headers=headers,
    )
    assert answer.status_code == 202, answer.text
    await served.settle()
    return str(made["id"])


async def test_a_list_is_made_filled_and_emptied_again(
    viewer: Viewer, pictures: Path | None
) -> None:
    """By number, by pasting many, and by keys alone; whoever is taken off comes back by undo."""
    page, served = viewer.page, viewer.served
    await served.post("/contacts", {"phone": "+12125552000", "first_name": "Ann"})
    await viewer.open("/lists", "Lists")
    await viewer.sees("There are no lists yet.")
    await page.keyboard.press("n")
    await page.get_by_label("Name", exact=True).fill("Spring")
    await page.keyboard.press("Enter")
    await expect(viewer.heading("Spring")).to_be_visible()
    await viewer.sees("Nobody is on this list yet.")

    await page.get_by_role("button", name="Add people").press("Enter")
    await page.get_by_label("Number, e-mail address or external id").fill("+1 (212) 555-2000")
    await page.get_by_role("button", name="Add Ann").press("Enter")
    await viewer.sees("is on the list")
    await page.get_by_label("Numbers and e-mail addresses").fill("+12125552001\nben@example.com\n7")
    await viewer.photograph("list-add", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_role("button", name="Add 3 people").press("Enter")
    await expect(viewer.heading("pasted.csv")).to_be_visible()
    await served.settle()
    await viewer.sees("1 row was left out")
    await page.get_by_role("link", name="The people on it").press("Enter")
    await viewer.sees("3 people, made")
    await expect(page.get_by_role("row")).to_have_count(4)
    await viewer.photograph("list", pictures)
    await viewer.can_be_used_by_all()

    await page.get_by_role("button", name="Take Ann off the list").press("Enter")
    await viewer.sees("2 people, made")
    await page.get_by_role("button", name="Undo").press("Enter")
    await viewer.sees("3 people, made")
    await expect(page.get_by_role("link", name="Ann")).to_be_visible()
    await page.get_by_role("button", name="Rename").press("Enter")
    await page.get_by_label("Name", exact=True).fill("Summer")
    await page.keyboard.press("Enter")
    await expect(viewer.heading("Summer")).to_be_visible()
    href = await page.get_by_role("link", name="New campaign with it").get_attribute("href")
    assert (href or "").startswith("#/campaigns/new?list=")
    await page.get_by_role("button", name="Delete").press("Enter")
    await page.get_by_label("Type Summer to go on").fill("Summer")
    await page.keyboard.press("Enter")
    await expect(viewer.heading("Lists")).to_be_visible()
    assert (await served.get("/lists")).json()["data"] == []


async def test_a_name_that_is_used_and_a_list_that_is_needed_are_refused(viewer: Viewer) -> None:
    """The name at its field; the list says which campaign needs it. Nobody is added twice."""
    page, served = viewer.page, viewer.served
    viewer.may_be_refused()
    list_id = await served.make_list(numbers(2))
    await served.create(list_id, scheduledTime="2026-03-02T12:00:05Z")
    await served.post("/lists", {"name": "Taken"})
    await viewer.slowly()
    await viewer.open(f"/lists/{list_id}", "People 1")
    await viewer.sees("Morning outreach")
    await expect(page.get_by_role("button", name="Delete")).to_be_disabled()
    await page.get_by_role("button", name="Rename").click()
    await page.get_by_label("Name", exact=True).fill("Taken")
    await page.get_by_role("dialog").get_by_role("button", name="Rename").dblclick()
    await expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("Taken")
    await page.get_by_role("button", name="Leave it").click()
    await page.get_by_role("button", name="Take +12125552000 off the list").dblclick()
    await viewer.sees("1 person, made")


async def test_a_long_list_is_shown_page_by_page(viewer: Viewer) -> None:
    """Each press reads a page more, and the rows that are there stay."""
    page, served = viewer.page, viewer.served
    list_id = await filled(served, MANY)
    await viewer.open(f"/lists/{list_id}", "Spring")
    await viewer.sees("200 people so far")
    await page.get_by_role("button", name="Show more").press("Enter")
    await viewer.sees("400 people so far")
    await page.get_by_role("button", name="Show more").press("Enter")
    await expect(page.get_by_role("row")).to_have_count(MANY + 1)
    await expect(page.get_by_role("button", name="Show more")).to_have_count(0)


async def test_whoever_may_only_look_sees_who_is_on_it(serve: Any, look: Any) -> None:
    """And no button that would be refused."""
    served = await serve(**SIGN_IN)
    list_id = await filled(served, 2, authorization=token("operator"))
    viewer = await look(served, role="viewer")
    await viewer.open("/lists", "Lists")
    await viewer.can_be_used_by_all()
    await viewer.page.get_by_role("link", name="Spring").click()
    await viewer.sees("2 people, made")
    assert list_id in viewer.page.url
    main = viewer.page.get_by_role("main")
    await expect(main.get_by_role("button")).to_have_count(0)
