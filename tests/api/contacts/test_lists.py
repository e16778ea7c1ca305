"""Lists over REST."""

from typing import Any

import pytest

from tests.api.rig import BOT, LATER, SENDER, Rig, numbers, token


async def call(rig: Rig, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send JSON; `if_match='"1"'` is a header."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.request(method, path, json=body, headers=sent)


async def make(rig: Rig, count: int = 2, **headers: str) -> tuple[str, list[str]]:
    """Make a list of contacts; return its id and theirs."""
    rows = [{"phone": phone} for phone in numbers(count)]
    stored = (await rig.post("/contacts/bulk", {"contacts": rows}, **headers)).json()
    ids = [row["id"] for row in stored["results"]]
    list_id = (await rig.post("/lists", {"name": "People"}, **headers)).json()["id"]
    answer = await rig.post(f"/lists/{list_id}/contacts", {"contact_ids": ids}, **headers)
    assert (answer.status_code, answer.json()) == (200, {"added": count})
    return list_id, ids


async def test_a_list_is_made_shown_renamed_and_removed(rig: Rig) -> None:
    """Each step answers with the list as it is, and its ETag."""
    answer = await rig.post("/lists", {"name": " Spring "})
    assert answer.status_code == 201
    made = answer.json()
    noon = "2026-03-02T12:00:00.000Z"
    assert made == {"id": made["id"], "name": "Spring", "size": 0, "created_at": noon}
    path = f"/lists/{made['id']}"
    seen = await rig.get(path)
    assert (seen.json(), seen.headers["etag"]) == (made, answer.headers["etag"])
    assert (await rig.get("/lists")).json() == {"data": [made], "next_cursor": None}
    renamed = await call(rig, "PATCH", path, {"name": "Summer"}, if_match=seen.headers["etag"])
    assert renamed.json() == {**made, "name": "Summer"}
    for method, body in (("PATCH", {"name": "Autumn"}), ("DELETE", None)):
        stale = await call(rig, method, path, body, if_match=seen.headers["etag"])
        assert (stale.status_code, stale.json()["code"]) == (412, "STALE")
    gone = await call(rig, "DELETE", path, if_match=renamed.headers["etag"])
    assert gone.status_code == 204
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        answer = await call(rig, method, path, body)
        assert (answer.status_code, answer.json()["code"]) == (404, "LIST_NOT_FOUND")


async def test_lists_are_shown_page_by_page(rig: Rig) -> None:
    """The newest first, uploaded ones among them, each once."""
    made = []
    for name in "abc":
        made.append((await rig.post("/lists", {"name": name})).json()["id"])
        await rig.clock.sleep(1)
    made.append(await rig.make_list(numbers(1)))
    first = (await rig.get("/lists?limit=3")).json()
    second = (await rig.get(f"/lists?limit=3&cursor={first['next_cursor']}")).json()
    assert [each["id"] for each in (*first["data"], *second["data"])] == made[::-1]
    assert second["next_cursor"] is None
    wrong = await rig.get("/lists?cursor=WyJhIl0")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "cursor")


async def test_people_are_put_on_a_list_and_taken_off(rig: Rig) -> None:
    """Who is on it is shown with their contact; the size follows."""
    list_id, ids = await make(rig, 3)
    path = f"/lists/{list_id}"
    again = await rig.post(f"{path}/contacts", {"contact_ids": [*ids, ids[0]]})
    assert again.json() == {"added": 0}
    first = (await rig.get(f"{path}/contacts?limit=2")).json()
    second = (await rig.get(f"{path}/contacts?limit=2&cursor={first['next_cursor']}")).json()
    members = [*first["data"], *second["data"]]
    assert [each["id"] for each in members] == ids
    for member in members:
        assert member["address"] == member["contact"]["phone"]
        assert member["contact"]["id"] == member["id"]
    gone = await call(rig, "DELETE", f"{path}/contacts/{ids[0]}")
    assert gone.status_code == 204
    assert (await rig.get(path)).json()["size"] == 2
    answer = await call(rig, "DELETE", f"{path}/contacts/{ids[0]}")
    assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")


async def test_a_list_shows_who_was_uploaded(rig: Rig) -> None:
    """An uploaded row has a contact, and its attributes are shown."""
    phone = numbers(1)[0]
    list_id = (await rig.upload(f"number,city\n{phone},Rome\n")).json()["listId"]
    (member,) = (await rig.get(f"/lists/{list_id}/contacts")).json()["data"]
    contact = member.pop("contact")
    assert (contact["id"], contact["phone"]) == (member["id"], phone)
    assert member == {
        "id": member["id"],
        "address": phone,
        "region": "US",
        "zones": ["America/New_York"],
        "attributes": {"city": "Rome"},
    }


async def test_a_list_in_use_is_kept(rig: Rig) -> None:
    """While a campaign to it waits, a list cannot be removed; the campaign is named."""
    list_id, _ = await make(rig)
    body = {
        "campaignName": "Morning",
        "listId": list_id,
        "fromNumber": SENDER,
        "wssUrl": BOT,
        "scheduledTime": LATER,
    }
    campaign = (await rig.post("/create-campaign", body)).json()["campaignId"]
    answer = await call(rig, "DELETE", f"/lists/{list_id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "LIST_IN_USE")
    assert "'Morning'" in answer.json()["detail"]
    using = {"id": campaign, "name": "Morning", "kind": "broadcast", "status": "scheduled"}
    uses = (await rig.get(f"/lists/{list_id}/campaigns")).json()
    assert uses == {"data": [using], "complete": True}
    await rig.post("/cancel-campaign", {"campaignId": campaign})
    assert (await rig.get(f"/lists/{list_id}/campaigns")).json()["data"] == []
    assert (await call(rig, "DELETE", f"/lists/{list_id}")).status_code == 204


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "contact_ids"),
        ({"contact_ids": []}, "contact_ids"),
        ({"contact_ids": ["a/b"]}, "contact_ids"),
        ({"contact_ids": ["__a__"]}, "contact_ids"),
        ({"contact_ids": ["a"] * 1001}, "contact_ids"),
        ({"contact_ids": ["a"], "x": 1}, "x"),
    ],
)
async def test_bad_ids_are_refused(rig: Rig, body: Any, field: str) -> None:
    """A request that breaks a rule is answered 400 by field."""
    list_id, _ = await make(rig)
    answer = await rig.post(f"/lists/{list_id}/contacts", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, None])
async def test_a_list_needs_a_name(rig: Rig, name: str | None) -> None:
    """A name has 1 to 100 characters, blanks around it not counted."""
    answer = await rig.post("/lists", {"name": name})
    assert (answer.status_code, answer.json()["field"]) == (400, "name")


async def test_another_org_s_list_and_people_are_not_found(rig: Rig) -> None:
    """Their ids reach nothing, in whichever place."""
    theirs, people = await make(rig, x_org_id="theirs")
    ours, _ = await make(rig, 1, x_org_id="ours")
    path = f"/lists/{theirs}"
    for method, asked, body in (
        ("GET", path, None),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("GET", f"{path}/contacts", None),
        ("POST", f"{path}/contacts", {"contact_ids": people}),
        ("DELETE", f"{path}/contacts/{people[0]}", None),
    ):
        answer = await call(rig, method, asked, body, x_org_id="ours")
        assert (answer.status_code, answer.json()["code"]) == (404, "LIST_NOT_FOUND"), asked
    answer = await rig.post(f"/lists/{ours}/contacts", {"contact_ids": people}, x_org_id="ours")
    assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert (await rig.get(path, x_org_id="theirs")).json()["size"] == 2
    assert (await rig.get(f"/lists/{ours}", x_org_id="ours")).json()["size"] == 1


async def test_a_viewer_reads_and_changes_nothing(jwt_rig: Rig) -> None:
    """Reading needs the role viewer, whatever else the role operator."""
    list_id, ids = await make(jwt_rig, authorization=token())
    path, viewer = f"/lists/{list_id}", token("viewer")
    for asked in ("/lists", path, f"{path}/contacts"):
        assert (await jwt_rig.get(asked, authorization=viewer)).status_code == 200
    for method, asked, body in (
        ("POST", "/lists", {"name": "x"}),
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("POST", f"{path}/contacts", {"contact_ids": ids}),
        ("DELETE", f"{path}/contacts/{ids[0]}", None),
    ):
        answer = await call(jwt_rig, method, asked, body, authorization=viewer)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
