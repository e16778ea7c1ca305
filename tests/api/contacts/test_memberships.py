"""The lists and the segments that somebody is in."""

from typing import Any

from tests.api.campaigns.writing import write
from tests.api.contacts.test_segments import ELSEWHERE, NAIROBI, people
from tests.api.rig import SENDER, Rig


async def pages(rig: Rig, path: str, *, limit: int) -> list[list[str]]:
    """Follow a list to its end; return the names on each page."""
    found, cursor = [], ""
    while True:
        page = (await rig.get(f"{path}?limit={limit}&cursor={cursor}")).json()
        found.append([each["name"] for each in page["data"]])
        if not (cursor := page["next_cursor"]):
            return found


async def segment(rig: Rig, name: str, conditions: Any) -> str:
    """Make a segment; return its id."""
    answer = await rig.post("/segments", {"name": name, "conditions": conditions})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def got(rig: Rig, contact_id: str) -> str:
    """Send somebody a text by a campaign that names them itself; return its id."""
    campaign: str = (await write(rig, base_template="Hi", sender=SENDER))["id"]
    to = {"customer_ids": [contact_id]}
    assert (await rig.post(f"/campaigns/{campaign}/send", to)).is_success
    await rig.run(campaign)
    return campaign


async def test_the_lists_that_somebody_is_on_are_told_page_by_page(rig: Rig) -> None:
    """Those alone: neither others' nor the campaigns that name them themselves."""
    ann, ben = await people(rig, "Nairobi", "Boston")
    await got(rig, ann)
    for name in ("One", "Two", "Three", "Other"):
        made = (await rig.post("/lists", {"name": name})).json()["id"]
        member = ben if name == "Other" else ann
        await rig.post(f"/lists/{made}/contacts", {"contact_ids": [member]})
    (whole,) = await pages(rig, f"/contacts/{ann}/lists", limit=9)
    assert sorted(whole) == ["One", "Three", "Two"]
    assert await pages(rig, f"/contacts/{ann}/lists", limit=2) == [whole[:2], whole[2:]]
    assert await pages(rig, f"/contacts/{ben}/lists", limit=2) == [["Other"]]
    refused = await rig.get(f"/contacts/{ann}/lists?cursor=nonsense")
    assert (refused.status_code, refused.json()["field"]) == (400, "cursor")


async def test_the_segments_that_hold_somebody_are_told(rig: Rig) -> None:
    """As the segments themselves list their people, those about campaigns included."""
    ann, ben = await people(rig, "Nairobi", "Boston")
    named = {"campaign": await got(rig, ann), "status": ["sent", "delivered", "read"]}
    asked = {
        "Nairobi": NAIROBI,
        "Elsewhere": ELSEWHERE,
        "Got it": named,
        "Not": {"all": [ELSEWHERE, {"not": named}]},
    }
    ids = {name: await segment(rig, name, each) for name, each in asked.items()}
    for who in (ann, ben):
        expected = {
            name
            for name, id_ in ids.items()
            for each in (await rig.get(f"/segments/{id_}/contacts")).json()["data"]
            if each["id"] == who
        }
        (whole,) = await pages(rig, f"/contacts/{who}/segments", limit=9)
        assert set(whole) == expected
        one_by_one = await pages(rig, f"/contacts/{who}/segments", limit=1)
        assert [name for page in one_by_one for name in page] == whole
    assert {"Nairobi", "Got it"} <= set((await pages(rig, f"/contacts/{ann}/segments", limit=9))[0])


async def test_whoever_is_not_active_is_in_no_segment(rig: Rig) -> None:
    """A segment holds those who are active."""
    (ann,) = await people(rig, "Nairobi")
    await segment(rig, "Nairobi", NAIROBI)
    await rig.http.patch(f"/contacts/{ann}", json={"active": False})
    assert await pages(rig, f"/contacts/{ann}/segments", limit=9) == [[]]
