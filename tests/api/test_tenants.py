"""An organisation sees, steers and reveals nothing of another, whichever function is asked."""

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from functions.engine import paths
from functions.engine.ports import Query
from tests.api.rig import SENDER, Rig, numbers, order, token

Request: TypeAlias = tuple[str, dict[str, Any]]
Ask: TypeAlias = Callable[[str, str], Request]
"""Makes a request's path and keywords of a campaign's and a list's id."""


def _with_campaign(path: str, **more: Any) -> Ask:
    return lambda campaign, _: (path, {"json": {"campaignId": campaign, **more}})


LATER = "2026-03-02T13:00:00Z"
#: A good request to every function that names a campaign or a list.
ASKING: dict[tuple[str, str], Ask] = {
    ("post", "/create-campaign"): lambda _, list_id: (
        "/create-campaign",
        {"json": order(list_id, campaignName="Mine")},
    ),
    ("post", "/pause-campaign"): _with_campaign("/pause-campaign"),
    ("post", "/resume-campaign"): _with_campaign("/resume-campaign"),
    ("post", "/cancel-campaign"): _with_campaign("/cancel-campaign"),
    ("post", "/reschedule-campaign"): _with_campaign("/reschedule-campaign", scheduledTime=LATER),
    ("post", "/retry-campaign"): _with_campaign("/retry-campaign"),
    ("post", "/get-report-by-campaign"): _with_campaign("/get-report-by-campaign"),
    ("get", "/campaign-progress/{campaign_id}"): lambda campaign, _: (
        f"/campaign-progress/{campaign}",
        {},
    ),
    ("get", "/get-list-contact"): lambda _, list_id: (f"/get-list-contact?listId={list_id}", {}),
}
#: Functions of the public that name nothing that is already there.
MAKING: dict[tuple[str, str], Request] = {
    ("post", "/upload-csv"): (
        "/upload-csv",
        {"files": {"file": ("a.csv", b"number\n+12125552000")}, "data": {"listName": "L"}},
    ),
    ("post", "/single-call"): (
        "/single-call",
        {"json": {"from": SENDER, "to": numbers(1)[0], "wssUrl": "wss://bot.example.com/"}},
    ),
}
WEBHOOK = "/webhooks/{provider}/{event}/{org}/{campaign}/{message}/{attempt}"
#: Functions that are not the public's: by the invoker, by the carrier's signature, or for all.
OTHERS = {
    ("get", "/check-scheduled-campaigns"),
    ("post", "/check-scheduled-campaigns"),
    ("post", "/tasks/run"),
    ("get", WEBHOOK),
    ("post", WEBHOOK),
    ("get", "/health"),
}
#: What a viewer may do too.
READING = {
    ("post", "/get-report-by-campaign"),
    ("get", "/campaign-progress/{campaign_id}"),
    ("get", "/get-list-contact"),
}


async def ask(rig: Rig, key: tuple[str, str], request: Request, **headers: str) -> Any:
    """Send a request."""
    path, more = request
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.request(key[0], path, headers=sent, **more)


async def make(rig: Rig, **headers: str) -> tuple[str, str]:
    """Make a list and a campaign that waits; return the campaign's id and the list's."""
    list_id = await rig.make_list(numbers(1), **headers)
    body = order(list_id, scheduledTime="2026-03-02T12:30:00Z")
    answer = await rig.post("/create-campaign", body, **headers)
    return answer.json()["campaignId"], list_id


def test_no_function_is_forgotten(rig: Rig) -> None:
    """Every operation of the application stands in one of the tables of this file."""
    schema = rig.stack.app._app.openapi()
    operations = {(method, path) for path, methods in schema["paths"].items() for method in methods}
    assert operations == {*ASKING, *MAKING, *OTHERS}


@pytest.mark.parametrize("key", ASKING, ids=lambda key: key[1])
async def test_what_is_another_org_s_is_not_found(rig: Rig, key: tuple[str, str]) -> None:
    """Another org's campaign or list is answered word for word as one that does not exist."""
    theirs = await make(rig, x_org_id="theirs")
    answer = await ask(rig, key, ASKING[key](*theirs), x_org_id="ours")
    unknown = await ask(rig, key, ASKING[key]("0" * 32, "0" * 32), x_org_id="ours")
    assert (answer.status_code, answer.content) == (404, unknown.content)
    assert answer.json()["message"] in {"Campaign not found", "List not found"}
    assert await rig.store.count(Query(paths.campaigns("ours"))) == 0
    seen = await rig.get(f"/campaign-progress/{theirs[0]}", x_org_id="theirs")
    assert seen.json()["status"] == "scheduled"


@pytest.mark.parametrize("key", ASKING, ids=lambda key: key[1])
async def test_a_header_does_not_change_a_token_s_org(jwt_rig: Rig, key: tuple[str, str]) -> None:
    """With tokens X-Org-Id is not looked at: the token's org alone decides."""
    theirs = await make(jwt_rig, authorization=token(org="theirs"))
    ours = token("admin", org="ours")
    answer = await ask(jwt_rig, key, ASKING[key](*theirs), authorization=ours, x_org_id="theirs")
    assert answer.status_code == 404


@pytest.mark.parametrize("key", [*ASKING, *MAKING], ids=lambda key: key[1])
async def test_without_a_token_nothing_is_answered(jwt_rig: Rig, key: tuple[str, str]) -> None:
    """Every public function refuses a caller without a token, before it reads what was sent."""
    request = ASKING[key]("a", "a") if key in ASKING else MAKING[key]
    path, _ = request
    for sent in (request, (path, {"content": b"{", "headers": {}})):
        content = {name: value for name, value in sent[1].items() if name != "headers"}
        answer = await ask(jwt_rig, key, (path, content), x_org_id="default")
        assert (answer.status_code, answer.json()["status"]) == (401, 401)
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("key", [*ASKING, *MAKING], ids=lambda key: key[1])
async def test_a_viewer_reads_and_changes_nothing(jwt_rig: Rig, key: tuple[str, str]) -> None:
    """A viewer may read; whatever creates or changes is refused with 403 by name of the role."""
    made = await make(jwt_rig, authorization=token())
    request = ASKING[key](*made) if key in ASKING else MAKING[key]
    answer = await ask(jwt_rig, key, request, authorization=token("viewer"))
    if key in READING:
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert answer.json()["message"] == "This needs the role operator; yours is viewer."
    seen = await jwt_rig.get(f"/campaign-progress/{made[0]}", authorization=token())
    assert seen.json()["status"] == "scheduled"


@pytest.mark.parametrize("key", MAKING, ids=lambda key: key[1])
async def test_what_is_made_is_made_in_the_caller_s_org(jwt_rig: Rig, key: tuple[str, str]) -> None:
    """What a caller makes lies in its own org, whatever its headers say."""
    answer = await ask(
        jwt_rig, key, MAKING[key], authorization=token(org="ours"), x_org_id="theirs"
    )
    assert answer.status_code == 200
    made = {}
    for org in ("ours", "theirs"):
        lists = await jwt_rig.store.count(Query(f"orgs/{org}/lists"))
        made[org] = lists + await jwt_rig.store.count(Query(paths.campaigns(org)))
    assert made == {"ours": 1, "theirs": 0}


ODD_IDS = [
    ".",
    "..",
    "../../theirs/campaigns/ID",
    "..%2F..%2Ftheirs%2Fcampaigns%2FID",
    "%2e%2e",
    "ID%00",
    "ID%2Fmessages%2Fx",
    "ID/messages",
    "ID/",
    "%2FID",
    "ID%0a",
    "\uff29\uff24",
    "*",
    "%",
    "'; drop table campaigns; --",
    "a" * 65,
    "a" * 4000,
]


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_an_id_cannot_lead_out_of_its_org(rig: Rig, odd: str) -> None:
    """An id with slashes, dots or encoded characters reaches nothing, in whatever place."""
    theirs = await make(rig, x_org_id="theirs")
    id_ = odd.replace("ID", theirs[0])
    for key, asking in ASKING.items():
        path, more = asking(id_, id_)
        if "?" in path:  # the client would encode what stands in a query
            path, _, query = path.partition("?")
            more = {"params": dict([query.split("=", 1)])}
        answer = await ask(rig, key, (path, more), x_org_id="ours")
        assert answer.status_code in {400, 404, 405, 307}, (key, answer.text)
        assert "scheduled" not in answer.text


@pytest.mark.parametrize("org", ["../theirs", "theirs/campaigns", "", ".", "%74heirs", "théirs"])
async def test_an_org_is_one_name(rig: Rig, org: str) -> None:
    """An X-Org-Id that is no plain name is refused before anything is looked up."""
    headers = {b"x-org-id": org.encode("latin-1")}
    answer = await rig.http.get("/campaign-progress/a", headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
