"""A file of people is sent in through the console, and taken back."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import FilePayload, Route, expect

from tests.api.rig import Rig, token
from tests.api.session.browser import SIGN_IN
from tests.console.served import Viewer

#: Two of these rows are bad, one is about somebody who stands above.
PEOPLE: Final = (
    "Phone Number;first_name;City;note\r\n"
    "+12125552000;Zoë;Boston;=1+1\r\n"
    "12;Ben;Bonn;\r\n"
    "+12125552001;Cem;Kiel;\r\n"
    "+12125552001;Dan;Kiel;\r\n"
    '+12125552002;"Eve;Kiel;\r\n'
)


#: Drops a file of people as somebody does with a mouse.
DROP: Final = """() => {
  const held = new DataTransfer();
  held.items.add(new File(["name,city\\nAnn,Bonn\\n"], "people.csv"));
  const dropped = new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true });
  document.querySelector(".drop").dispatchEvent(dropped);
}"""


def file(content: str | bytes, name: str = "people.csv") -> FilePayload:
    """Return a file to choose."""
    data = content if isinstance(content, bytes) else content.encode("cp1252")
    return FilePayload(name=name, mimeType="text/csv", buffer=data)


async def send(served: Rig, content: str, name: str = "people.csv", **headers: str) -> None:
    """Import a file over the API."""
    files = {"file": (name, content, "text/csv")}
    answer = await served.http.post("/contacts/imports", files=files, headers=headers)
    assert answer.status_code == 202, answer.text
    await served.settle()


async def lose_the_answer(route: Route) -> None:
    """Let a request be done, and the page never hear of it."""
    await route.fetch()
    await route.abort("connectionrefused")


async def test_a_file_with_bad_rows_is_sent_and_they_are_mended(
    viewer: Viewer, pictures: Path | None, tmp_path: Path
) -> None:
    """By keys alone but for the file; what is told of bad rows is enough to mend them."""
    page, served = viewer.page, viewer.served
    await viewer.open("/imports", "Imports")
    await viewer.sees("Nobody has imported a file yet.")
    await page.get_by_role("link", name="Import a file").press("Enter")
    await page.get_by_label("File of people").set_input_files(file(PEOPLE))
    await viewer.sees("Read here as windows-1252, with semicolons between the cells.")
    await expect(page.get_by_role("cell", name="Zoë", exact=True)).to_be_visible()
    await expect(page.get_by_label("Phone Number fills")).to_have_value("phone")
    await page.get_by_label("City fills").select_option("location")
    await page.get_by_label("Name of the attribute for note").fill("remark")
    await page.get_by_label("Put everybody on a list").fill("Spring customers")
    await viewer.sees("A new list of that name")
    await viewer.photograph("import-new", pictures)
    await viewer.can_be_used_by_all()
    viewer.may_be_refused()
    await page.get_by_role("button", name="Import people.csv").press("Enter")
    await expect(page.locator(".field", has_text="Encoding")).to_contain_text(
        "can be windows-1252 (Zoë) or windows-1257 (Zoė)"
    )
    await page.get_by_label("Encoding").select_option("windows-1252")
    await page.get_by_role("button", name="Import people.csv").press("Enter")

    await expect(viewer.heading("people.csv")).to_be_visible()
    await served.settle()
    await viewer.sees("completed")
    await expect(page.get_by_text("3 rows were left out")).to_be_visible()
    await expect(page.get_by_role("row", name="3 Phone Number")).to_contain_text(
        "12must be in E.164 format"
    )
    await viewer.photograph("import", pictures)
    await viewer.can_be_used_by_all()
    (made,) = (await served.get("/contacts?phone=%2B12125552000")).json()["data"]
    assert (made["first_name"], made["location"]) == ("Zoë", "Boston")
    assert made["attributes"] == {"remark": "=1+1"}

    mended = tmp_path / "mended.csv"
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Download them as CSV").press("Enter")
    await (await downloading.value).save_as(mended)
    text = mended.read_text(encoding="utf-8-sig")
    assert text.splitlines()[:2] == [
        "Phone Number,first_name,City,note,import_line,import_problem",
        f"12,Ben,Bonn,,3,{text.splitlines()[1].split(',', 5)[5]}",
    ]

    await page.get_by_role("link", name="Import another file").press("Enter")
    again = text.replace("12,Ben", "+12125552003,Ben")
    await page.get_by_label("File of people").set_input_files(file(again.encode(), "again.csv"))
    await expect(page.get_by_label("import_problem fills")).to_have_value("")
    await page.get_by_label("Put everybody on a list").fill("Spring customers")
    await viewer.sees("There is a list of that name with 2 people")
    await page.get_by_role("button", name="Import again.csv").press("Enter")
    await expect(viewer.heading("again.csv")).to_be_visible()
    await served.settle()
    await viewer.sees("completed")


async def test_an_import_is_undone_until_its_date(viewer: Viewer, pictures: Path | None) -> None:
    """It says what that does, and what it has done; whoever comes too late is told the time."""
    page, served = viewer.page, viewer.served
    await send(served, "phone\n+12125552003\n", "again.csv")
    await viewer.open("/imports", "Imports")
    await page.get_by_role("link", name="again.csv").press("Enter")
    await viewer.sees("1 Apr, 14:00 CEST")
    await page.get_by_role("button", name="Undo", exact=True).press("Enter")
    await viewer.sees("whom it created are removed")
    await page.get_by_role("button", name="Undo the import").press("Enter")
    await viewer.sees("being undone")
    await served.settle()
    await viewer.sees("It was undone: 1 person removed")
    assert (await served.get("/contacts?phone=%2B12125552003")).json()["data"] == []
    await page.get_by_role("navigation").get_by_role("link", name="Imports").click()
    await expect(page.get_by_role("row", name="again.csv")).to_contain_text("undone")
    await viewer.photograph("imports", pictures)


async def test_what_is_refused_is_said_at_its_field_and_a_double_click_sends_once(
    viewer: Viewer,
) -> None:
    """Also where the answer is slow, or never comes."""
    page, served = viewer.page, viewer.served
    viewer.may_be_refused()
    await served.post("/lists", {"name": "Taken"})
    await viewer.open("/imports/new", "New import")
    await page.get_by_label("File of people").set_input_files(file(b"PK\x03\x04", "book.xlsx"))
    await viewer.sees("This is a workbook, which cannot be shown before it is sent")
    await page.evaluate(DROP)
    await viewer.sees("No column holds phone numbers or e-mail addresses")
    send = page.get_by_role("button", name="Import people.csv")
    await send.click()
    await expect(page.locator(".field", has_text="File of people")).to_contain_text(
        "needs a column phone or email"
    )
    await page.get_by_label("name fills").select_option("email")
    await page.get_by_label("Country of numbers").fill("Q")
    await send.click()
    await expect(page.locator(".field", has_text="Country of numbers")).to_contain_text(
        "must be the code of a country"
    )
    await page.get_by_label("Country of numbers").fill("de")
    await viewer.sees("dialled in Germany")

    await page.route("**/contacts/imports", lose_the_answer)
    await send.click()
    await viewer.sees("Clarion cannot be reached just now.")
    await page.unroute("**/contacts/imports")
    await viewer.slowly()
    await send.dblclick()
    await expect(viewer.heading("people.csv")).to_be_visible()
    assert len((await served.get("/contacts/imports")).json()["data"]) == 1
    await page.get_by_role("button", name="Cancel").click()
    await page.get_by_role("button", name="Cancel the import").click()
    await viewer.sees("It was cancelled.")


async def test_whoever_may_only_look_sees_no_way_to_send(serve: Any, look: Any) -> None:
    """And the rows that were left out all the same."""
    served = await serve(**SIGN_IN)
    await send(served, "phone\n+12125552000\n12\n", authorization=token("operator"))
    viewer = await look(served, role="viewer")
    await viewer.open("/imports", "Imports")
    await expect(viewer.page.get_by_role("link", name="Import a file")).to_have_count(0)
    await viewer.can_be_used_by_all()
    await viewer.page.get_by_role("link", name="people.csv").click()
    await viewer.sees("1 row was left out")
    await expect(viewer.page.get_by_role("button", name="Undo")).to_have_count(0)
    await viewer.open("/imports/new", "New import")
    await viewer.sees("needs the role of an operator")
