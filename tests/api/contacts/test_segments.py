"""Segments over REST."""

from typing import Any

import pytest

from functions.domain.contacts.contact import Contact, contact_fields
from functions.engine import paths
from functions.engine.ports.store import Create
from tests.api.rig import Rig, numbers, token
from tests.clock import NOON
from tests.salted import contact_id

NAIROBI = {"field": "location", "op": "eq", "value": "Nairobi"}
ELSEWHERE = {"not": NAIROBI}


async def people(rig: Rig, *places: str, org: str = "default") -> list[str]:
    """Store somebody in each of these places; return their ids."""
    made = [
        Contact(
            id=contact_id(phone),
            phone=phone,
            location=place,
            attributes={"plan": "gold"},
            created_at=NOON,
            updated_at=NOON,
        )
        for phone, place in zip(numbers(len(places)), places, strict=True)
    ]
    writes = [Create(paths.contact(org, each.id), contact_fields(each)) for each in made]
    await rig.store.commit(*writes)
    return [each.id for each in made]


async def create(rig: Rig, conditions: Any = NAIROBI, **headers: str) -> Any:
    """Make a segment."""
    answer = await rig.post("/segments", {"name": "City", "conditions": conditions}, **headers)
    assert answer.status_code == 201, answer.text
    return answer


async def test_a_segment_is_made_shown_changed_and_deleted(rig: Rig) -> None:
    """The whole life of a segment, with its entity tags."""
    made = await create(rig)
    path = f"/segments/{made.json()['id']}"
    assert made.json() == {
        "id": made.json()["id"],
        "name": "City",
        "conditions": NAIROBI,
        "created_at": "2026-03-02T12:00:00.000Z",
        "created_by": "local",
        "updated_at": "2026-03-02T12:00:00.000Z",
    }
    changed = await rig.http.patch(path, json={"conditions": ELSEWHERE})
    assert (changed.json()["name"], changed.json()["conditions"]) == ("City", ELSEWHERE)
    replaced = await rig.http.put(path, json={"name": "Town", "conditions": NAIROBI})
    assert (replaced.json()["name"], replaced.json()["conditions"]) == ("Town", NAIROBI)
    shown = await rig.get(path)
    assert shown.json() == replaced.json()
    tags = {answer.headers["etag"] for answer in (made, changed, replaced, shown)}
    assert len(tags) == 3
    assert (await rig.http.delete(path)).status_code == 204
    assert (await rig.get(path)).status_code == 404


async def test_a_change_over_an_old_version_is_refused(rig: Rig) -> None:
    """If-Match with a tag that is no longer the newest is a 412, and changes nothing."""
    made = await create(rig)
    path, old = f"/segments/{made.json()['id']}", {"if-match": made.headers["etag"]}
    assert (await rig.http.patch(path, json={"name": "A"}, headers=old)).status_code == 200
    for send in (
        rig.http.patch(path, json={"name": "B"}, headers=old),
        rig.http.put(path, json={"name": "B", "conditions": NAIROBI}, headers=old),
        rig.http.delete(path, headers=old),
    ):
        answer = await send
        assert (answer.status_code, answer.json()["code"]) == (412, "STALE")
    assert (await rig.get(path)).json()["name"] == "A"


async def test_segments_are_listed_page_by_page(rig: Rig) -> None:
    """Following the cursor shows every segment once."""
    made = {(await create(rig)).json()["id"] for _ in range(5)}
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await rig.get(f"/segments?limit=2&cursor={cursor}")).json()
        seen += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert sorted(seen) == sorted(made)


async def test_contacts_of_a_segment_are_counted_and_listed(rig: Rig) -> None:
    """The count and the pages are of the active contacts that it holds."""
    ids = await people(rig, "Nairobi", "Accra", "Nairobi", "Nairobi")
    path = f"/segments/{(await create(rig)).json()['id']}"
    assert (await rig.get(f"{path}/count")).json() == {"count": 3, "exact": True}
    first = (await rig.get(f"{path}/contacts?limit=2")).json()
    rest = (await rig.get(f"{path}/contacts?limit=2&cursor={first['next_cursor']}")).json()
    found = [each["id"] for each in first["data"] + rest["data"]]
    assert sorted(found) == sorted([ids[0], ids[2], ids[3]])
    assert rest["next_cursor"] is None
    assert first["data"][0]["attributes"] == {"plan": "gold"}


async def test_conditions_can_be_counted_before_they_are_saved(rig: Rig) -> None:
    """A count needs no segment, and leaves none."""
    await people(rig, "Nairobi", "Accra")
    counted = await rig.post("/segments/count", {"conditions": ELSEWHERE})
    assert counted.json() == {"count": 1, "exact": True}
    assert (await rig.get("/segments")).json()["data"] == []


async def test_people_can_be_seen_before_conditions_are_saved(rig: Rig) -> None:
    """Page by page, as those of a segment are."""
    ids = await people(rig, "Nairobi", "Accra", "Nairobi")
    trial = {"conditions": NAIROBI}
    first = (await rig.post("/segments/contacts?limit=1", trial)).json()
    rest = (await rig.post(f"/segments/contacts?cursor={first['next_cursor']}", trial)).json()
    found = [each["id"] for each in first["data"] + rest["data"]]
    assert sorted(found) == sorted([ids[0], ids[2]])
    assert rest["next_cursor"] is None


@pytest.mark.parametrize(
    ("conditions", "field"),
    [
        ({"all": [NAIROBI, {**NAIROBI, "op": "is"}]}, "conditions.all[1].op"),
        ({"any": []}, "conditions.any"),
        ({}, "conditions"),
        ([NAIROBI], "conditions"),
    ],
)
async def test_a_mistake_is_told_by_its_path(rig: Rig, conditions: Any, field: str) -> None:
    """Wherever conditions are sent, a mistake in them is a 400 with its path."""
    path = f"/segments/{(await create(rig)).json()['id']}"
    body = {"name": "City", "conditions": conditions}
    for send in (
        rig.post("/segments", body),
        rig.post("/segments/count", {"conditions": conditions}),
        rig.http.put(path, json=body),
        rig.http.patch(path, json={"conditions": conditions}),
    ):
        answer = await send
        assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_half_a_character_is_refused(rig: Rig) -> None:
    """JSON can write what no store can hold; it is a mistake of the caller's, not of ours."""
    condition = '{"field": "location", "op": "eq", "value": "\\ud800"}'
    body = f'{{"name": "City", "conditions": {condition}}}'
    answer = await rig.http.post(
        "/segments", content=body, headers={"content-type": "application/json"}
    )
    assert (answer.status_code, answer.json()["field"]) == (400, "conditions.value")


async def test_another_organisation_s_segments_do_not_exist(rig: Rig) -> None:
    """Neither a segment nor a campaign of others is found, whatever is asked."""
    await people(rig, "Nairobi", org="theirs")
    made = await create(rig, x_org_id="theirs")
    path, ours = f"/segments/{made.json()['id']}", {"x-org-id": "ours"}
    for method, below, body in (
        ("GET", "", None),
        ("GET", "/count", None),
        ("GET", "/contacts", None),
        ("PUT", "", {"name": "Mine", "conditions": NAIROBI}),
        ("PATCH", "", {"name": "Mine"}),
        ("DELETE", "", None),
    ):
        answer = await rig.http.request(method, path + below, json=body, headers=ours)
        assert (answer.status_code, answer.json()["code"]) == (404, "SEGMENT_NOT_FOUND")
    counted = await rig.post("/segments/count", {"conditions": NAIROBI}, x_org_id="ours")
    assert counted.json() == {"count": 0, "exact": True}
    campaign = await rig.campaign()
    named = {"conditions": {"campaign": campaign, "status": "none"}}
    assert (await rig.post("/segments/count", named)).status_code == 200
    refused = await rig.post("/segments/count", named, x_org_id="ours")
    assert (refused.status_code, refused.json()["code"]) == (404, "CAMPAIGN_NOT_FOUND")


async def test_a_viewer_counts_and_changes_nothing(jwt_rig: Rig) -> None:
    """Reading and counting need no more than the role viewer; making and changing do."""
    made = await create(jwt_rig, authorization=token())
    viewer = {"authorization": token("viewer")}
    path = f"/segments/{made.json()['id']}"
    counted = await jwt_rig.post("/segments/count", {"conditions": NAIROBI}, **viewer)
    assert counted.status_code == 200
    assert (await jwt_rig.get(path, **viewer)).status_code == 200
    for method, where in (("POST", "/segments"), ("PUT", path), ("DELETE", path)):
        body = {"name": "Mine", "conditions": NAIROBI}
        answer = await jwt_rig.http.request(method, where, json=body, headers=viewer)
        assert answer.status_code == 403
