"""Segments are built, counted while they are built, and kept for campaigns that need them."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.api.rig import Rig, token
from tests.api.session.browser import SIGN_IN
from tests.console.served import Viewer

NAIROBI: Final = {"field": "location", "op": "eq", "value": "Nairobi"}
PEOPLE: Final = [
    {"phone": "+254733000111", "first_name": "Asha", "location": "Nairobi"},
    {"phone": "+254733000112", "first_name": "Ben", "location": "Nairobi"},
    {"phone": "+254733000113", "location": "Mombasa", "attributes": {"plan": "gold"}},
]


async def people(served: Rig, **headers: str) -> None:
    """Store three people."""
    answer = await served.post("/contacts/bulk", {"contacts": PEOPLE}, **headers)
    assert answer.json()["created"] == len(PEOPLE), answer.text


async def test_a_segment_is_built_by_keys_alone(viewer: Viewer, pictures: Path | None) -> None:
    """Groups within groups and a campaign's history; it says at once whom it holds for."""
    page, served = viewer.page, viewer.served
    await people(served)
    await served.campaign()
    await served.settle()
    await viewer.open("/segments", "Segments")
    await viewer.sees("There are no segments yet.")
    await page.keyboard.press("n")
    await expect(viewer.heading("New segment")).to_be_visible()
    await viewer.sees("Fill in every condition to see whom they hold for.")
    await page.get_by_label("Name", exact=True).fill("Nairobi or gold")
    await page.get_by_label("How they are taken").select_option("any")
    await page.get_by_label("Value of Location").fill("Nairobi")
    await viewer.sees("2 people now")
    await expect(page.get_by_role("link", name="Asha")).to_be_visible()

    await page.get_by_role("button", name="Add group").press("Enter")
    await expect(page.get_by_label("Condition 2: how its conditions are taken")).to_be_visible()
    inner = page.get_by_role("group", name="Condition 2.1")
    await inner.get_by_label("Field").select_option("attribute")
    await inner.get_by_label("Name of the attribute").fill("plan")
    await inner.get_by_label("Comparison").select_option("in")
    await inner.get_by_label("Value of plan").fill("gold\nsilver")
    await viewer.sees("3 people now")

    group = page.get_by_role("group", name="Condition 2", exact=True)
    await group.get_by_role("button", name="Add campaign history").press("Enter")
    choose = page.get_by_role("button", name="Choose a campaign")
    await expect(choose).to_be_focused()
    await page.keyboard.press("Enter")
    await page.get_by_label("Its name begins with").fill("Morning")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Morning outreach").press("Enter")
    await expect(page.get_by_role("button", name="Morning outreach")).to_be_focused()
    await (
        page.get_by_role("group", name="Condition 2.2")
        .get_by_label("got no message")
        .press("Space")
    )
    await viewer.sees("3 people now")
    await viewer.photograph("segment", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_role("button", name="Save the segment").press("Enter")
    await expect(viewer.heading("Nairobi or gold")).to_be_visible()
    await viewer.sees("No campaign that is still to come or runs is to this segment.")

    ((made),) = (await served.get("/segments")).json()["data"]
    first, second = made["conditions"]["any"]
    assert first == NAIROBI
    assert second["any"][0] == {
        "field": "attributes.plan",
        "op": "in",
        "value": ["gold", "silver"],
    }
    assert second["any"][1]["status"] == "none"


async def test_a_segment_is_changed_and_deleted(viewer: Viewer) -> None:
    """The focus stays where the work is; deleting asks for the name."""
    page, served = viewer.page, viewer.served
    await people(served)
    conditions = {"any": [NAIROBI, {"all": [{"field": "zone", "op": "exists"}]}]}
    body = {"name": "Nairobi or gold", "conditions": conditions}
    made = (await served.post("/segments", body)).json()
    await viewer.open(f"/segments/{made['id']}", "Nairobi or gold")
    await page.get_by_role("button", name="Remove condition 2", exact=True).press("Enter")
    await expect(page.get_by_role("button", name="Add condition")).to_be_focused()
    await page.get_by_role("button", name="Save", exact=True).press("Enter")
    await viewer.sees("The segment Nairobi or gold is saved.")
    changed = (await served.get(f"/segments/{made['id']}")).json()
    assert changed["conditions"] == {"any": [NAIROBI]}
    await page.get_by_role("button", name="Delete").press("Enter")
    await page.get_by_label("Type Nairobi or gold to go on").fill("Nairobi or gold")
    await page.keyboard.press("Enter")
    await expect(viewer.heading("Segments")).to_be_visible()
    assert (await served.get("/segments")).json()["data"] == []


async def test_from_far_away_no_press_is_lost_and_a_refusal_stands_at_its_condition(
    viewer: Viewer, pictures: Path | None
) -> None:
    """Three quick presses make three rows; what two people change is shown to the second."""
    page, served = viewer.page, viewer.served
    await people(served)
    strange = {"any": [NAIROBI, {"not": {"field": "zone", "op": "exists"}}]}
    made = (await served.post("/segments", {"name": "Ours", "conditions": strange})).json()
    await viewer.open(f"/segments/{made['id']}", "Ours")
    await viewer.sees("people now")
    await viewer.slowly()
    add = page.get_by_role("button", name="Add condition").last
    for _ in range(3):
        await add.click()
    await expect(page.get_by_role("button", name="Remove condition")).to_have_count(6)
    for number in (5, 4):
        await page.get_by_role("button", name=f"Remove condition {number}").click()

    viewer.may_be_refused()
    third = page.get_by_role("group", name="Condition 3", exact=True)
    await third.get_by_label("Field").select_option("attribute")
    await third.get_by_label("Name of the attribute").fill("x")
    await third.get_by_label("Comparison").select_option("contains")
    await third.get_by_label("Value of x").fill("\u00a0")
    await expect(page.get_by_text("Fill in every condition")).to_be_visible()
    await third.get_by_label("Value of x").fill("y")
    await viewer.sees("people now")

    theirs = {"name": "Theirs", "conditions": NAIROBI}
    await served.http.put(f"/segments/{made['id']}", json=theirs)
    await page.get_by_role("button", name="Save", exact=True).click()
    await viewer.sees("Somebody else has changed this segment")
    await viewer.photograph("segment-conflict", pictures)
    await viewer.sees("Location is “Nairobi”")
    await viewer.can_be_used_by_all()
    await page.get_by_role("button", name="Save mine over it").click()
    await viewer.sees("The segment Ours is saved.")
    kept = (await served.get(f"/segments/{made['id']}")).json()["conditions"]
    assert kept["any"][:2] == strange["any"]
    assert kept["any"][2] == {"field": "attributes.x", "op": "contains", "value": "y"}


async def test_whoever_may_only_look_reads_the_conditions(
    serve: Any, look: Any, pictures: Path | None
) -> None:
    """In words; and whom they hold for."""
    served = await serve(**SIGN_IN)
    operator = token("operator")
    await people(served, authorization=operator)
    conditions = {"not": {"any": [NAIROBI, {"field": "last_name", "op": "exists"}]}}
    body = {"name": "Elsewhere", "conditions": conditions}
    await served.post("/segments", body, authorization=operator)
    viewer = await look(served, role="viewer")
    await viewer.open("/segments", "Segments")
    await expect(viewer.page.get_by_role("link", name="New segment")).to_have_count(0)
    await viewer.can_be_used_by_all()
    await viewer.page.get_by_role("link", name="Elsewhere").click()
    await viewer.sees("None of these holds")
    await viewer.sees("Last name is known")
    await viewer.sees("1 person now")
    await viewer.photograph("segment-shown", pictures)
    await expect(viewer.page.get_by_role("button", name="Save")).to_have_count(0)
    await viewer.can_be_used_by_all()
