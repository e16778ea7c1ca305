"""The function that the task queue delivers to: tried again, and never failing in silence."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions.engine import paths
from functions.engine.ports.store import Query
from tests.api.conftest import MakeRig
from tests.api.rig import JWT, Rig

RUN = "/tasks/run"


def break_lanes(rig: Rig, mocker: MockerFixture) -> None:
    """Have the store fail where a lane is taken."""
    get_many = rig.store.get_many

    async def get_no_lane(wanted: Any) -> Any:
        if "/lanes/" in wanted[0] and "/lanes/" not in wanted[-1]:
            raise RuntimeError("token=hunter2")
        return await get_many(wanted)

    mocker.patch.object(rig.store, "get_many", get_no_lane)


def lane(campaign: str, name: str = "launch") -> dict[str, Any]:
    """Return the task to work on a lane."""
    return {"kind": "lane", "body": {"org": "default", "campaign": campaign, "lane": name}}


def attempt(retries: int) -> dict[str, str]:
    """Return the headers of an attempt that follows so many failed ones."""
    return {"x_cloudtasks_taskretrycount": str(retries), "x_cloudtasks_taskname": "t1"}


async def test_a_task_is_done(rig: Rig) -> None:
    """A lane's task works on the lane; delivered twice it does no harm."""
    id_ = await rig.campaign()
    for _ in range(2):
        answer = await rig.post(RUN, lane(id_))
        assert (answer.status_code, answer.json()["message"]) == (200, "OK")
    messages = Query(paths.messages("default", id_))
    assert await rig.store.count(messages) == 1


async def test_a_start_task_before_its_time_starts_nothing(rig: Rig) -> None:
    """A start task that is out of date leaves a campaign that was moved to later."""
    id_ = await rig.campaign(scheduledTime="2026-03-02T13:00:00Z")
    body = {"kind": "start", "body": {"org": "default", "campaign": id_}}
    assert (await rig.post(RUN, body)).status_code == 200
    assert (await rig.progress(id_))["status"] == "scheduled"
    rig.clock.advance(timedelta(hours=1))
    assert (await rig.post(RUN, body)).status_code == 200
    assert (await rig.progress(id_))["status"] == "running"


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ({"kind": "polka", "body": {}}, "kind: there is no task of kind 'polka'"),
        ({"kind": "start"}, "org: is missing"),
        ({"kind": "start", "body": {"org": "default"}}, "campaign: is missing"),
        ({"kind": "lane", "body": {"org": "o", "campaign": "c"}}, "lane: is missing"),
        ({"kind": "start", "body": {"org": "o", "campaign": "none"}}, "Campaign not found"),
    ],
)
async def test_a_task_that_can_never_be_done_is_not_repeated(
    rig: Rig, logged: list[Any], task: dict[str, Any], message: str
) -> None:
    """What delivering again would not mend is answered 200, logged, and does not come back."""
    answer = await rig.post(RUN, task)
    assert (answer.status_code, answer.json()["message"]) == (200, message)
    assert [line["event"] for line in logged] == ["task_refused"]


@pytest.mark.parametrize("body", [None, [], {}, {"kind": 7}, {"kind": "lane", "body": {"org": 1}}])
async def test_what_is_no_task_is_refused(rig: Rig, body: Any) -> None:
    """A body that is no task is a 400."""
    answer = await rig.post(RUN, body)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    "org",
    ["", " ", ".", "..", "a/b", "a/campaigns/b", "a\0b", "__a__", "a" * 129, "\ud800", "é", "a\n"],
)
@pytest.mark.parametrize("kind", ["start", "lane", "notify", "import", "forget", "polka"])
async def test_a_task_of_an_organisation_that_cannot_be_touches_nothing(
    rig: Rig, kind: str, org: str
) -> None:
    """What cannot be an id, and so would be another path, is a 400; nothing is stored or read."""
    names = ("campaign", "lane", "subscription", "notification", "import")
    body = {"org": org, **dict.fromkeys(names, "1")}
    answer = await rig.http.post(RUN, content=json.dumps({"kind": kind, "body": body}))
    assert answer.status_code == 400, answer.text
    assert await rig.store.query(Query("audit", group=True)) == []


async def test_a_lane_that_does_not_exist_is_no_error(rig: Rig) -> None:
    """A task for a lane, campaign or org that is gone is done at once."""
    id_ = await rig.campaign()
    for task in (lane(id_, "99"), lane("gone")):
        assert (await rig.post(RUN, task)).status_code == 200


async def test_a_failing_task_is_delivered_again(
    rig: Rig, mocker: MockerFixture, logged: list[Any]
) -> None:
    """A failure answers 500, so that the queue tries again, logs once, and tells no details."""
    id_ = await rig.campaign()
    break_lanes(rig, mocker)
    for retries in (0, 1, 8):
        logged.clear()
        answer = await rig.post(RUN, lane(id_), **attempt(retries))
        assert answer.status_code == 500
        assert answer.json() == {
            "status": 500,
            "message": "The task failed and is delivered again.",
        }
        assert [line["event"] for line in logged] == ["task_failed"]
    assert (await rig.progress(id_))["health"]["trouble"] is None


async def test_the_last_failure_is_written_down(rig: Rig, mocker: MockerFixture) -> None:
    """The last attempt answers 200 and leaves its trouble in the progress and the audit trail."""
    id_ = await rig.campaign()
    break_lanes(rig, mocker)
    answer = await rig.post(RUN, lane(id_), **attempt(9))
    assert answer.status_code == 200
    seen = await rig.progress(id_)
    assert seen["health"]["trouble"] == "lane launch: RuntimeError"
    entry = await rig.store.get(paths.audit("default", f"{id_}-t1"))
    assert entry is not None
    told = [entry.data[name] for name in ("action", "by", "reason")]
    assert told == ["give_up", "clarion", "lane launch: RuntimeError"]


async def test_how_often_is_a_setting(make_rig: MakeRig, mocker: MockerFixture) -> None:
    """TASK_MAX_ATTEMPTS says which attempt is the last."""
    rig = make_rig(task_max_attempts=2)
    id_ = await rig.campaign()
    break_lanes(rig, mocker)
    assert (await rig.post(RUN, lane(id_), **attempt(0))).status_code == 500
    assert (await rig.post(RUN, lane(id_), **attempt(1))).status_code == 200


async def test_the_queue_s_own_attempts_end_in_trouble(
    make_rig: MakeRig, mocker: MockerFixture, logged: list[Any]
) -> None:
    """From the first delivery to the last, the local queue and the function agree on the count."""
    rig = make_rig(task_max_attempts=3)
    id_ = await rig.campaign()
    break_lanes(rig, mocker)
    for _ in range(4):
        await rig.settle()
        rig.clock.advance(timedelta(minutes=1))
    events = [line["event"] for line in logged]
    assert events.count("task_failed") == 3
    assert events.count("task_given_up") == 1
    assert "task_dropped" not in events
    assert (await rig.progress(id_))["health"]["trouble"] == "lane launch: RuntimeError"


async def test_a_body_with_odd_names_is_no_trouble(rig: Rig, mocker: MockerFixture) -> None:
    """Members of a task's body cannot collide with what the log line says itself."""
    id_ = await rig.campaign()
    break_lanes(rig, mocker)
    task = lane(id_)
    task["body"] |= {"event": "x", "kind": "y", "retries": "z", "error": "w"}
    assert (await rig.post(RUN, task, **attempt(0))).status_code == 500
    assert (await rig.post(RUN, task, **attempt(9))).status_code == 200


async def test_this_process_needs_no_invoker_s_token(make_rig: MakeRig) -> None:
    """Where INVOKER_AUTH is on, the local queue's own deliveries get in, and nobody else's."""
    rig = make_rig(
        invoker_auth="oidc",
        invoker_service_account="invoker@clarion.iam.gserviceaccount.com",
        invoker_audience="https://clarion.example",
    )
    id_ = await rig.campaign()
    assert (await rig.post(RUN, lane(id_))).status_code == 401
    assert (await rig.run(id_))["status"] == "completed"


async def test_a_user_s_token_runs_no_task(make_rig: MakeRig) -> None:
    """Where users need tokens, tasks still come from this machine only, not through a proxy."""
    rig = make_rig(**JWT)
    answer = await rig.post(RUN, {"kind": "start"}, x_forwarded_for="192.0.2.1")
    assert answer.status_code == 403
