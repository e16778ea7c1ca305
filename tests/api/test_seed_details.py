"""What callers of the systems before this one rely on, to the letter."""

from typing import Any

import pytest

from tests.api.campaigns.writing import SOON, customer, problem, write
from tests.api.rig import LATER, Rig, order


async def test_a_preview_leaves_out_what_is_not_known(rig: Rig) -> None:
    """`customer` has no location and no product where the contact has none."""
    made = await write(rig)
    path = f"/campaigns/{made['id']}/personalized-preview"
    blank = {"location": None, "prefered_product": None}
    unknown = await customer(rig, phone="+254712345679", **blank)
    told = (await rig.post(path, {"customer_id": unknown})).json()["customer"]
    assert told == {
        "id": unknown,
        "first_name": "Alice",
        "last_name": "Johnson",
        "phone": "+254712345679",
    }
    told = (await rig.post(path, {"customer_id": await customer(rig)})).json()["customer"]
    assert (told["location"], told["prefered_product"]) == ("Nairobi", "Premium Package")


@pytest.mark.parametrize("id_", [0, "", None])
async def test_a_preview_for_nobody_names_what_is_missing(rig: Rig, id_: Any) -> None:
    """0, an empty text and null are no customer."""
    path = f"/campaigns/{(await write(rig))['id']}/personalized-preview"
    problem(await rig.post(path, {"customer_id": id_}), 400, "MISSING_CUSTOMER_ID")
    problem(await rig.post(path, {}), 400, "MISSING_CUSTOMER_ID")
    problem(await rig.post(path, {"customer_id": 3}), 404, "CUSTOMER_NOT_FOUND")


@pytest.mark.parametrize("content", ['{"name": ', "", "[]", '"text"', "null", "7"])
async def test_what_is_no_json_object_is_an_invalid_request(rig: Rig, content: str) -> None:
    """Broken JSON, no body, and JSON that is no object."""
    headers = {"content-type": "application/json"}
    for path in ("/campaigns", "/customers", "/templates", "/lists"):
        answer = await rig.http.post(path, content=content, headers=headers)
        problem(answer, 400, "INVALID_REQUEST")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/campaigns/a%20b", "INVALID_CAMPAIGN_ID"),
        ("/campaigns/a%2Eb/messages", "INVALID_CAMPAIGN_ID"),
        ("/campaigns/__x__", "INVALID_CAMPAIGN_ID"),
        ("/customers/a%20b", "INVALID_CUSTOMER_ID"),
        ("/lists/a%20b", "INVALID_LIST_ID"),
        ("/messages/nodot", "INVALID_MESSAGE_ID"),
    ],
)
async def test_a_malformed_id_is_told_from_one_that_nobody_has(
    rig: Rig, path: str, code: str
) -> None:
    """400 for what cannot be an id, 404 for what could be."""
    problem(await rig.get(path), 400, code)
    problem(await rig.get("/campaigns/unknown"), 404, "CAMPAIGN_NOT_FOUND")


async def test_success_stands_in_every_answer_about_steering(rig: Rig) -> None:
    """True where it was done, false where it was refused, whatever the reason."""
    id_ = await rig.campaign()
    for action in ("pause", "resume", "cancel"):
        done = await rig.post(f"/{action}-campaign", {"campaignId": id_})
        assert done.json()["success"] is True
        for body in ({"campaignId": id_}, {"campaignId": "unknown"}, {}):
            refused = await rig.post(f"/{action}-campaign", body)
            assert refused.status_code in {400, 404}
            assert refused.json()["success"] is False
        id_ = id_ if action == "pause" else await rig.campaign(campaignName=action)


async def test_the_check_says_so_where_nothing_is_due(rig: Rig) -> None:
    """And counts where something is."""
    nothing = (await rig.get("/check-scheduled-campaigns")).json()
    assert (nothing["message"], nothing["started"]) == ("No scheduled campaigns due to start", [])
    await rig.campaign(scheduledTime=LATER)
    await rig.clock.sleep(5)
    started = (await rig.get("/check-scheduled-campaigns")).json()
    assert started["message"] == "Started 1 scheduled campaign(s)"


async def test_who_scheduled_a_campaign_is_shown(rig: Rig) -> None:
    """By the calling functions and by the REST API."""
    people = await rig.make_list(["+12125552000"])
    made = await rig.post("/create-campaign", order(people, scheduledTime=LATER, scheduledBy="Ana"))
    id_ = made.json()["campaignId"]
    assert (await rig.progress(id_))["timing"]["scheduledBy"] == "Ana"
    report = await rig.post("/get-report-by-campaign", {"campaignId": id_})
    assert report.json()["scheduledBy"] == "Ana"
    assert (await rig.get(f"/campaigns/{id_}")).json()["scheduled_by"] == "Ana"
    assert (await write(rig, scheduled_at=SOON))["scheduled_by"] == "local"


async def test_a_report_tells_the_total_duration_and_filters_by_it(rig: Rig) -> None:
    """Seconds of conversation, of everybody together; a filter shows whom it holds for."""
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    rows = await rig.report(id_)
    total = sum(row["duration_s"] for row in rows)
    assert total >= 3

    async def ask(**filters: int) -> Any:
        body = {"campaignId": id_, "filters": filters}
        return (await rig.post("/get-report-by-campaign", body)).json()

    assert (await ask())["totalDuration"] == total
    assert len((await ask(minDuration=1))["rows"]) == 3
    assert len((await ask(maxDuration=0))["rows"]) == 0
    assert len((await ask(minDuration=1000, maxDuration=2000))["rows"]) == 0
    shown = (await rig.get(f"/campaigns/{id_}/messages?min_duration_s=1")).json()["data"]
    assert len(shown) == 3


async def test_updated_at_moves_with_every_change(rig: Rig) -> None:
    """A campaign's status and its people, and a template's name, are changes as any other."""
    made = await write(rig)
    path = f"/campaigns/{made['id']}"
    seen = [made["updated_at"]]

    async def moved(answer: Any, shown: str = path) -> None:
        assert answer.is_success, answer.text
        seen.append((await rig.get(shown)).json()["updated_at"])
        assert seen[-1] > seen[-2]
        await rig.clock.sleep(1)

    await rig.clock.sleep(1)
    await moved(await rig.http.patch(path, json={"name": "Other"}))
    at = "2026-03-03T12:00:00Z"
    await moved(await rig.post(f"{path}/schedule", {"scheduled_at": at}))
    await moved(await rig.post(f"{path}/send", {"customer_ids": [await customer(rig)]}))
    await moved(await rig.post(f"{path}/cancel"))
    words = {"name": "Hi", "text": "Hi"}
    template = (await rig.post("/templates", words)).json()
    seen.append(template["updated_at"])
    await rig.clock.sleep(1)
    path = f"/templates/{template['id']}"
    await moved(await rig.http.put(path, json={**words, "name": "Hey"}), path)
