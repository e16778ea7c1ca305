"""People enter plans over REST, and are looked at and steered one by one."""

from typing import Any, Final

import pytest

from tests.api.plans.plans import plan, refusal, send, started
from tests.api.rig import Rig

ANA: Final = "+12125552001"
BEN: Final = "+12125552002"
WAITS: Final = {
    "id": "later",
    "action": "wait",
    "transitions": [
        {"on": "order_paid", "to": "bye"},
        {"on": "elapsed", "to": "bye", "after": "P2D"},
    ],
}


async def entered(rig: Rig, campaign: str, *subjects: Any, **more: Any) -> Any:
    """Let people enter; return what is answered."""
    body = {"subjects": list(subjects), **more}
    answer = await rig.post(f"/campaigns/{campaign}/enrollments", body)
    assert answer.status_code == 200, answer.text
    await rig.settle()
    return answer.json()


async def test_each_row_is_told_what_became_of_it(rig: Rig) -> None:
    """A bad row is told by its index and field, and the good ones enter."""
    campaign = await started(rig)
    told = await entered(
        rig,
        campaign,
        {"phone": "+1 212 555 2001", "data": {"item": "kettle", "total": 30}},
        {"email": "ana@example.com", "phone": ANA},
        {"contact_id": "nobody"},
        {"phone": "12"},
        {"subject": "order #7/8 ☕"},
        {"subject": "x" * 301},
        {"phone": ANA},
        {"phone": ANA, "data": {"deep": {"er": 1}}},
        {"phone": ANA, "data": {"long": "x" * 5000}},
        "Ana",
    )
    results = [(row["result"], row["field"], row["reason"]) for row in told["results"]]
    assert [result for result, _, _ in results] == [
        *("enrolled", "refused", "refused", "refused", "enrolled", "refused", "already"),
        *("refused", "refused", "refused"),
    ]
    assert results[1][2].startswith("must have one of contact_id")
    assert results[2][2] == "not_found"
    assert told["results"][2]["reason_words"] == "no contact has this id"
    assert told["results"][1]["reason_words"] == results[1][2]
    assert [field for _, field, _ in results[3:6]] == ["phone", None, "subject"]
    assert [field for _, field, _ in results[7:]] == ["data", "data", "subjects"]
    assert (told["enrolled"], told["already"], told["refused"]) == (2, 1, 7)
    first = told["results"][0]
    assert (first["node"], first["next"]["what"]) == ("hello", "send hello")
    assert "/" not in told["results"][4]["id"]


async def test_somebody_is_shown_in_words_and_by_where_they_stand(rig: Rig) -> None:
    """What is waited for, until when, and every message of the walk."""
    campaign = await started(rig)
    id_ = (await entered(rig, campaign, {"phone": ANA}))["results"][0]["id"]
    shown = (await rig.get(f"/enrollments/{id_}")).json()
    assert (shown["status"], shown["nodes"]) == ("active", ["hello"])
    assert shown["sentence"].startswith("is under way since")
    assert [each["on"] for each in shown["standing"][0]["waits_for"]] == ["elapsed"]
    assert [each["node"] for each in shown["messages"]] == ["hello"]
    listed = (await rig.get(f"/campaigns/{campaign}/enrollments?node=hello")).json()
    assert [each["id"] for each in listed["data"]] == [id_]
    none = (await rig.get(f"/campaigns/{campaign}/enrollments?status=paused")).json()
    assert none["data"] == []
    unknown = await rig.get(f"/campaigns/{campaign}/enrollments?node=nowhere")
    assert refusal(unknown) == (400, "INVALID_FIELD", "node")


async def test_one_person_is_paused_resumed_moved_and_taken_out(rig: Rig) -> None:
    """Each step is answered with where they stand, and stands in the audit trail."""
    campaign = await started(rig, plan(send(to="later"), WAITS))
    id_ = (await entered(rig, campaign, {"phone": ANA}))["results"][0]["id"]
    path = f"/enrollments/{id_}"
    assert (await rig.post(f"{path}/pause", {"reason": "asked"})).json()["status"] == "paused"
    assert refusal(await rig.post(f"{path}/pause"))[:2] == (400, "INVALID_ENROLLMENT_STATUS")
    assert (await rig.post(f"{path}/resume")).json()["status"] == "active"
    moved = (await rig.post(f"{path}/move", {"node": "later"})).json()
    assert moved["nodes"] == ["later"]
    assert refusal(await rig.post(f"{path}/move", {"node": "nowhere"})) == (
        400,
        "INVALID_FIELD",
        "node",
    )
    left = (await rig.http.delete(path, params={"reason": "moved away"})).json()
    assert (left["status"], left["reason"]) == ("exited", "operator")
    assert left["reason_words"] == "an operator took them out"
    assert refusal(await rig.http.delete(path))[:2] == (400, "INVALID_ENROLLMENT_STATUS")
    trail = (await rig.get("/audit")).json()["data"]
    actions = {each["action"] for each in trail}
    assert {f"{each}_enrollment" for each in ("pause", "resume", "move", "exit")} <= actions


async def test_where_several_walks_are_allowed_each_needs_a_key(rig: Rig) -> None:
    """Two orders are two walks, and one order told twice is one."""
    campaign = await started(rig, reentry="parallel")
    told = await entered(
        rig,
        campaign,
        {"phone": ANA, "key": "order-1"},
        {"phone": ANA, "key": "order-2"},
        {"phone": ANA, "key": "order-1"},
        {"phone": ANA},
    )
    rows = told["results"]
    assert [row["result"] for row in rows] == ["enrolled", "enrolled", "already", "refused"]
    assert rows[3]["field"] == "key"
    once = await started(rig, name="Once")
    (row,) = (await entered(rig, once, {"phone": ANA, "key": "order-1"}))["results"]
    assert (row["result"], row["field"]) == ("refused", "key")
    assert row["reason"] == "goes with reentry parallel: here one person has one walk"


async def test_people_begin_so_many_a_minute(rig: Rig) -> None:
    """From a time on that lies ahead."""
    campaign = await started(rig)
    people = [{"phone": f"+1212555200{n}"} for n in range(4)]
    told = await entered(
        rig, campaign, *people, at="2026-03-02T13:00:00Z", stagger={"per_minute": 2}
    )
    begins = [row["next"]["at"] for row in told["results"]]
    assert [at[11:16] for at in begins] == ["13:00", "13:00", "13:01", "13:01"]


async def test_the_walks_of_a_contact_are_listed(rig: Rig) -> None:
    """Of all campaigns, page by page."""
    contact = (await rig.post("/contacts", {"phone": ANA})).json()["id"]
    campaigns = [await started(rig), await started(rig)]
    for campaign in campaigns:
        await entered(rig, campaign, {"contact_id": contact})
    path = f"/contacts/{contact}/enrollments"
    first = (await rig.get(f"{path}?limit=1")).json()
    second = (await rig.get(f"{path}?limit=1&cursor={first['next_cursor']}")).json()
    rows = [each for part in (first, second) for each in part["data"]]
    assert {each["campaign_id"] for each in rows} == set(campaigns)
    for each in rows:
        campaign = (await rig.get(f"/campaigns/{each['campaign_id']}")).json()
        assert each["campaign_name"] == campaign["name"]
    assert (await rig.get("/contacts/nobody/enrollments")).status_code == 404


async def test_who_may_not_enter_is_refused_with_the_reason(rig: Rig) -> None:
    """A broadcast has no plan, a closed campaign takes nobody, an opted-out person stays out."""
    broadcast = {"name": "B", "channel": "sms", "base_template": "Hi"}
    other = (await rig.post("/campaigns", broadcast)).json()["id"]
    somebody = {"subjects": [{"phone": ANA}]}
    refused = await rig.post(f"/campaigns/{other}/enrollments", somebody)
    assert refusal(refused) == (400, "INVALID_FIELD", "kind")
    campaign = await started(rig)
    await rig.post("/suppressions", {"phone": ANA, "reason": "asked"})
    told = await entered(rig, campaign, {"phone": ANA})
    assert told["results"][0]["reason"] == "suppressed"
    await rig.post(f"/campaigns/{campaign}/close")
    closed = await rig.post(f"/campaigns/{campaign}/enrollments", somebody)
    assert refusal(closed)[:2] == (400, "INVALID_CAMPAIGN_STATUS")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subjects": []},
        {"subjects": [{"phone": ANA}] * 1001},
        {"subjects": [{"phone": ANA}], "holdout_percent": 5},
        {"subjects": [{"phone": ANA}], "stagger": {"per_minute": 0}},
        {"subjects": [{"phone": ANA}], "at": "tomorrow"},
    ],
    ids=["nothing", "nobody", "too many", "holdout", "none a minute", "no time"],
)
async def test_a_request_that_makes_no_sense_enters_nobody(rig: Rig, body: Any) -> None:
    """It is refused whole, by its field."""
    campaign = await started(rig)
    answer = await rig.post(f"/campaigns/{campaign}/enrollments", body)
    assert answer.status_code == 400
    listed = (await rig.get(f"/campaigns/{campaign}/enrollments")).json()
    assert listed["data"] == []


async def test_whoever_the_caller_calls_by_a_name_of_its_own_is_forgotten(rig: Rig) -> None:
    """By POST /erasures, as whoever has an address; nobody is erased of whom nothing is known."""
    campaign = await started(rig)
    await entered(rig, campaign, {"subject": "member 4711"}, {"phone": ANA}, {"phone": BEN})
    wanted = [{"subject": "member 4711"}, {"phone": ANA}, {"subject": ANA}, {}]
    answers = [await rig.post("/erasures", each) for each in wanted]
    assert [each.status_code for each in answers] == [204, 204, 404, 400]
    found = (await rig.get(f"/campaigns/{campaign}/enrollments")).json()["data"]
    assert sorted((each["subject"], each["reason"]) for each in found if each["reason"]) == [
        ("erased", "erased"),
        ("erased", "erased"),
    ]
    assert (await rig.post("/erasures", wanted[0])).status_code == 404
