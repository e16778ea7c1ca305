"""A campaign with a plan is started, closed, paused and ended; every route knows what it is."""

from typing import Any, Final

import pytest

from tests.api.openapi_requests import OPERATIONS
from tests.api.plans.plans import plan, refusal, send, started, written
from tests.api.rig import Rig

TOMORROW: Final = "2026-03-03T12:00:00Z"
PERSON: Final = "+12125552001"


async def test_a_journey_is_started_closed_and_ends(rig: Rig) -> None:
    """Once it is closed and nobody is left in it, it has ended."""
    id_ = await started(rig)
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert (told["status"], told["entry_open"]) == ("running", True)
    closed = (await rig.post(f"/campaigns/{id_}/close")).json()
    assert closed["entry_open"] is False
    await rig.settle()
    assert (await rig.get(f"/campaigns/{id_}")).json()["status"] == "completed"
    trail = (await rig.get(f"/campaigns/{id_}/audit")).json()["data"]
    assert {each["action"] for each in trail} == {"create", "send", "close", "complete"}


async def test_a_journey_waits_for_its_time(rig: Rig) -> None:
    """Scheduled, moved, and started by the check; what lies in the past by then is refused."""
    at_noon = plan(send(schedule={"at": "2026-03-04T12:00:00Z"}))
    id_ = (await written(rig, at_noon))["id"]
    path = f"/campaigns/{id_}"
    assert (await rig.post(f"{path}/schedule", {"scheduled_at": TOMORROW})).is_success
    late = {"scheduled_at": "2026-03-05T12:00:00Z"}
    assert refusal(await rig.post(f"{path}/reschedule", late)) == (
        400,
        "INVALID_PLAN",
        "plan/nodes/0/schedule/at",
    )
    soon = {"scheduled_at": "2026-03-02T12:00:30Z"}
    assert (await rig.post(f"{path}/reschedule", soon)).is_success
    assert (await rig.http.put(f"{path}/plan", json=plan())).is_success
    await rig.clock.sleep(31)
    await rig.settle()
    assert (await rig.get(path)).json()["status"] == "running"


async def test_a_start_asks_for_a_sender_where_its_provider_needs_one(rig: Rig) -> None:
    """A draft may lack it; at the start it is told of the node."""
    node = send(channel="voice", body=None, botUrl="wss://bot.example.com/talk")
    id_ = (await written(rig, plan(node)))["id"]
    answer = await rig.post(f"/campaigns/{id_}/start")
    assert refusal(answer) == (400, "INVALID_PLAN", "plan/nodes/0")
    assert "a call needs the number that it comes from" in answer.json()["detail"]
    await rig.http.patch("/settings", json={"senders": {"voice": "+12025550111"}})
    assert (await rig.post(f"/campaigns/{id_}/start")).status_code == 200


#: What each route about one campaign does with a journey that is a draft, and one that runs.
#: A number: the status of a success; a text: words of the refusal.
_OTHERWISE: Final = "is started: POST /campaigns/{id}/start; send is for broadcasts"
_NODES: Final = "says what its nodes say"
_STATUS: Final = "with status"
ROUTES: Final[dict[tuple[str, str], tuple[Any, int | str, int | str]]] = {
    ("get", ""): (None, 200, 200),
    ("patch", ""): ({"name": "Else"}, 200, _STATUS),
    ("put", ""): ({"channel": "sms"}, "PUT /campaigns/{id}/plan", "PUT /campaigns/{id}/plan"),
    ("delete", ""): (None, 204, _STATUS),
    ("post", "/duplicate"): (None, 201, 201),
    ("post", "/schedule"): ({"scheduled_at": TOMORROW}, 200, _STATUS),
    ("post", "/reschedule"): ({"scheduled_at": TOMORROW}, _STATUS, _STATUS),
    ("post", "/send"): ({}, _OTHERWISE, _OTHERWISE),
    ("post", "/send-test"): ({"phones": [PERSON]}, _NODES, _NODES),
    ("post", "/personalized-preview"): ({"customer_id": "x"}, _NODES, _NODES),
    ("post", "/pause"): ({}, _STATUS, 200),
    ("post", "/resume"): ({}, _STATUS, "already running"),
    ("post", "/cancel"): ({}, 200, 200),
    ("post", "/start"): (None, 200, "already running"),
    ("post", "/close"): (None, _STATUS, "already closed"),
    ("get", "/plan"): (None, 200, 200),
    ("put", "/plan"): (plan(), 200, 200),
    ("post", "/migrate"): ({}, _STATUS, 202),
    ("get", "/plans"): (None, 200, 200),
    ("get", "/plans/{number}"): (None, 200, 200),
    ("get", "/messages"): (None, 200, 200),
    ("get", "/audience"): (None, 200, _STATUS),
    ("get", "/progress"): (None, 200, 200),
    ("get", "/timeline"): (None, 200, 200),
    ("get", "/reasons"): (None, 200, 200),
    ("post", "/preview/page"): (None, "customer_id: is required", "customer_id: is required"),
    ("post", "/skip"): (None, "Cannot skip", "Cannot skip"),
    ("get", "/series"): (None, "has no series", "has no series"),
    ("get", "/audit"): (None, 200, 200),
}
#: The same for the functions, which name a campaign in their bodies.
FUNCTIONS: Final[dict[str, tuple[Any, int | str, int | str]]] = {
    "/pause-campaign": ({}, _STATUS, 200),
    "/resume-campaign": ({}, _STATUS, "already running"),
    "/cancel-campaign": ({}, 200, 200),
    "/reschedule-campaign": ({"scheduledTime": TOMORROW}, _STATUS, _STATUS),
    "/retry-campaign": ({}, "Cannot retry a journey", "Cannot retry a journey"),
    "/get-report-by-campaign": ({}, 200, 200),
}
#: Routes about those who walk through a plan: they have tests of their own.
WALKS: Final = "/enrollments"


def test_every_route_of_a_campaign_is_tried() -> None:
    """A new one has to say what it does with a journey."""
    home = "/campaigns/{campaign_id}"
    asked = {
        (each.method, each.path.removeprefix(home))
        for each in OPERATIONS
        if each.path.startswith(home) and WALKS not in each.path
    }
    assert asked == set(ROUTES)


async def _journey(rig: Rig, state: str) -> str:
    people = await rig.make_list([PERSON])
    entry = {"by": "list", "list_id": people}
    if state == "draft":
        id_: str = (await written(rig, entry=entry))["id"]
        return id_
    return await started(rig, entry=entry)


@pytest.mark.parametrize("state", ["draft", "running"])
@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_every_route_knows_a_journey(rig: Rig, method: str, path: str, state: str) -> None:
    """It does what it says, or says why not and what to do instead."""
    id_ = await _journey(rig, state)
    body, *expected = ROUTES[method, path]
    whole = f"/campaigns/{id_}{path.format(number=1)}"
    answer = await rig.http.request(method, whole, json=body)
    _check(answer, expected[state == "running"])


@pytest.mark.parametrize("state", ["draft", "running"])
@pytest.mark.parametrize("path", FUNCTIONS)
async def test_every_function_knows_a_journey(rig: Rig, path: str, state: str) -> None:
    """So do the calling functions."""
    id_ = await _journey(rig, state)
    body, *expected = FUNCTIONS[path]
    _check(await rig.post(path, {"campaignId": id_, **body}), expected[state == "running"])
    assert (await rig.get(f"/campaign-progress/{id_}")).status_code == 200


def _check(answer: Any, expected: int | str) -> None:
    if isinstance(expected, int):
        assert answer.status_code == expected, answer.text
        return
    told = answer.json()
    assert answer.status_code == 400
    assert expected in (told.get("detail") or told.get("message"))


@pytest.mark.parametrize("path", ["/start", "/close", "/plan", "/plans", "/plans/1"])
async def test_a_broadcast_has_no_plan(rig: Rig, path: str) -> None:
    """It is told what to do instead, or that this is for journeys and sequences."""
    made = await rig.post("/campaigns", {"channel": "sms", "base_template": "Hi"})
    method = "GET" if path.startswith("/plan") else "POST"
    answer = await rig.http.request(method, f"/campaigns/{made.json()['id']}{path}")
    assert refusal(answer) == (400, "INVALID_FIELD", "kind")
    assert "is for journeys and sequences" in answer.json()["detail"]
    assert ("POST /campaigns/{id}/send" in answer.text) is (path == "/start")


async def test_figures_count_messages_and_progress_counts_people(rig: Rig) -> None:
    """Nobody knows how many a plan will make; who stands in it is not done with."""
    people = await rig.make_list([PERSON, "+12125552002"])
    id_ = await started(rig, entry={"by": "list", "list_id": people})
    told = (await rig.get(f"/campaigns/{id_}")).json()["stats"]
    assert (told["total"], told["pending"], told["sent"]) == (2, 0, 2)
    progress = await rig.progress(id_)
    shown = progress["progress"]
    assert (shown["totalContacts"], shown["remainingContacts"]) == (2, 2)
    assert shown["progressPercentage"] == 0.0
    assert progress["timing"]["estimatedCompletion"] is None
    rows = (await rig.get(f"/campaigns/{id_}/messages")).json()["data"]
    assert {(row["channel"], row["step"]) for row in rows} == {("sms", 0)}
    assert PERSON in (await rig.get(f"/campaigns/{id_}/messages?format=csv")).text
    assert PERSON in (await rig.get(f"/exports/messages?campaign_id={id_}")).text
    assert len(await rig.report(id_)) == 2
    await rig.post(f"/campaigns/{id_}/cancel")
    assert (await rig.progress(id_))["progress"]["progressPercentage"] == 100.0


async def test_a_paused_journey_goes_on(rig: Rig) -> None:
    """Nobody's clock restarts, and a time of the plan that has passed keeps nobody from it."""
    people = await rig.make_list([PERSON])
    at = plan(send(to="then"), send("then", schedule={"at": "2026-03-04T12:00:00Z"}))
    id_ = await started(rig, at, entry={"by": "list", "list_id": people})
    assert (await rig.post(f"/campaigns/{id_}/pause")).json()["status"] == "paused"
    await rig.clock.sleep(4 * 86_400)
    assert (await rig.post(f"/campaigns/{id_}/resume")).json()["status"] == "running"
    await rig.settle()
    assert (await rig.get(f"/campaigns/{id_}")).json()["nodes"][1]["entered"] == 1
