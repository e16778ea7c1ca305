"""The function that Cloud Scheduler calls starts what is due, once, and says what it did."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pytest_mock import MockerFixture

from functions.settings.load import SettingsError, load_settings
from tests.api.conftest import MakeRig
from tests.api.rig import Rig, audit, numbers, order, token

SOON = "2026-03-02T12:00:30Z"
CHECK = "/check-scheduled-campaigns"


async def schedule(rig: Rig, count: int, *, list_id: str | None = None) -> list[str]:
    """Schedule campaigns a second apart, half a minute ahead; return their ids."""
    people = list_id or await rig.make_list(numbers(1))
    made = []
    for number in range(count):
        time = f"2026-03-02T12:00:{30 + number}Z"
        answer = await rig.create(people, campaignName=f"Campaign {number}", scheduledTime=time)
        made.append(answer.json()["campaignId"])
    return made


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_check_with_nothing_to_do(rig: Rig, method: str) -> None:
    """GET and POST are answered alike, with the documented members."""
    answer = await rig.http.request(method, CHECK)
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "message": "No scheduled campaigns due to start",
        "started": [],
        "skipped": 0,
        "errors": [],
        "timestamp": "2026-03-02T12:00:00.000Z",
        "maxCampaigns": 5,
    }


async def test_a_due_campaign_is_started_under_its_own_name(rig: Rig) -> None:
    """A scheduled campaign starts, although its name is taken: by itself."""
    (id_,) = await schedule(rig, 1)
    rig.clock.advance(timedelta(seconds=31, milliseconds=250))
    answer = (await rig.get(CHECK)).json()
    assert answer["message"] == "Started 1 scheduled campaign(s)"
    assert answer["started"] == [
        {
            "campaignId": id_,
            "campaignName": "Campaign 0",
            "scheduledTime": "2026-03-02T12:00:30.000Z",
            "actualStartTime": "2026-03-02T12:00:31.250Z",
        }
    ]
    assert answer["errors"] == []
    seen = await rig.run(id_)
    assert (seen["status"], seen["statistics"]["connectedCalls"]) == ("completed", 1)
    assert seen["timing"]["startLatenessSeconds"] == 1.25


async def test_nothing_starts_before_its_time(rig: Rig) -> None:
    """A check a microsecond before the scheduled time leaves the campaign alone."""
    (id_,) = await schedule(rig, 1)
    rig.clock.advance(timedelta(seconds=30) - timedelta(microseconds=1))
    assert (await rig.get(CHECK)).json()["started"] == []
    rig.clock.advance(timedelta(microseconds=1))
    assert [each["campaignId"] for each in (await rig.get(CHECK)).json()["started"]] == [id_]


async def test_a_check_starts_the_oldest_and_no_more_than_allowed(make_rig: MakeRig) -> None:
    """At most MAX_CAMPAIGNS start, the longest due first; those left are counted as skipped."""
    rig = make_rig(max_campaigns=2)
    made = await schedule(rig, 5)
    rig.clock.advance(timedelta(minutes=2))
    for expected, skipped in ((made[:2], 3), (made[2:4], 1), (made[4:], 0), ([], 0)):
        answer = (await rig.post(CHECK)).json()
        assert [each["campaignId"] for each in answer["started"]] == expected
        told = f"Started {len(expected)} scheduled campaign(s)"
        assert answer["message"] == (told if expected else "No scheduled campaigns due to start")
        assert (answer["skipped"], answer["maxCampaigns"]) == (skipped, 2)


async def test_many_checks_at_once_start_each_campaign_once(make_rig: MakeRig) -> None:
    """Twenty overlapping checks start each of ten campaigns once, none more than MAX_CAMPAIGNS."""
    rig = make_rig(max_campaigns=3)
    made = await schedule(rig, 10)
    rig.clock.advance(timedelta(minutes=2))
    answers = await asyncio.gather(*(rig.get(CHECK) for _ in range(20)))
    started = [each["campaignId"] for answer in answers for each in answer.json()["started"]]
    assert sorted(started) == sorted(made)
    assert max(len(answer.json()["started"]) for answer in answers) <= 3
    for id_ in made:
        assert (await audit(rig, id_, 2))["action"] == "start"
        await rig.run(id_)
    assert len(rig.carrier.ledger.placed) == 10


async def test_a_cancelled_campaign_is_not_started(rig: Rig) -> None:
    """A cancel between two checks is not overwritten by the start."""
    (id_,) = await schedule(rig, 1)
    await rig.post("/cancel-campaign", {"campaignId": id_})
    rig.clock.advance(timedelta(minutes=1))
    assert (await rig.get(CHECK)).json()["started"] == []
    assert (await rig.progress(id_))["status"] == "cancelled"


async def test_cancel_racing_with_the_start_has_one_winner(rig: Rig) -> None:
    """Cancel and check at the same moment end cancelled, with a call only if it was started."""
    made = await schedule(rig, 5)
    rig.clock.advance(timedelta(minutes=1))
    wishes = (rig.post("/cancel-campaign", {"campaignId": id_}) for id_ in made)
    answers = await asyncio.gather(rig.get(CHECK), *wishes)
    assert [answer.status_code for answer in answers] == [200] * 6
    await rig.settle()
    for id_ in made:
        assert (await rig.progress(id_))["status"] == "cancelled"
    assert rig.carrier.ledger.placed == []


async def test_a_lost_task_is_found_by_the_check(rig: Rig) -> None:
    """The check enqueues again what should have been worked on by now."""
    id_ = await rig.campaign()
    rig.stack.engine.queue._jobs.clear()  # type: ignore[attr-defined] # the local queue's memory
    await rig.settle()
    assert rig.carrier.ledger.placed == []
    await rig.get(CHECK)
    assert (await rig.run(id_))["status"] == "completed"


async def test_one_campaign_that_cannot_start_does_not_stop_the_others(
    rig: Rig, mocker: MockerFixture
) -> None:
    """What fails to start is told in errors, without the error's text, and the rest starts."""
    made = await schedule(rig, 3)
    rig.clock.advance(timedelta(minutes=1))
    commit, victim = rig.store.commit, made[1]

    async def commit_others(*writes: Any) -> list[int]:
        if any(write.path.endswith(f"/campaigns/{victim}") for write in writes):
            raise RuntimeError("password=hunter2")
        return await commit(*writes)

    mocker.patch.object(rig.store, "commit", commit_others)
    answer = await rig.get(CHECK)
    body = answer.json()
    assert [each["campaignId"] for each in body["started"]] == [made[0], made[2]]
    assert body["errors"] == [
        {"campaignId": victim, "campaignName": "Campaign 1", "error": "RuntimeError"}
    ]
    assert (body["success"], body["skipped"]) == (True, 0)
    assert "hunter2" not in answer.text


async def test_a_check_serves_every_org(rig: Rig) -> None:
    """Due campaigns of all organisations are started by one check."""
    for org in ("one", "two"):
        list_id = await rig.make_list(numbers(1), x_org_id=org)
        body = order(list_id, scheduledTime=SOON)
        assert (await rig.post("/create-campaign", body, x_org_id=org)).status_code == 200
    rig.clock.advance(timedelta(minutes=1))
    assert len((await rig.get(CHECK)).json()["started"]) == 2


async def test_a_check_needs_the_invoker(make_rig: MakeRig) -> None:
    """Where INVOKER_AUTH is on, neither scheduler headers nor a user's token make a check."""
    rig = make_rig(
        invoker_auth="oidc",
        invoker_service_account="invoker@clarion.iam.gserviceaccount.com",
        invoker_audience="https://clarion.example",
    )
    headers: dict[str, str]
    for headers in (
        {},
        {"x_cloudscheduler": "true", "x_cloudscheduler_jobname": "check"},
        {"x_cloudtasks_taskname": "1", "x_cloudtasks_queuename": "default"},
        {"authorization": token("admin").replace("Bearer", "Basic")},
    ):
        for answer in (
            await rig.get(CHECK, **headers),
            await rig.post("/tasks/run", {"kind": "start"}, **headers),
        ):
            assert (answer.status_code, answer.json()["status"]) == (401, 401)
            assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("value", ["abc", "0", "-1", "1.5", "1001", "5; rm"])
def test_max_campaigns_must_be_a_number(value: str) -> None:
    """A MAX_CAMPAIGNS that is no number from 1 to 1000 stops the start with a sentence."""
    with pytest.raises(SettingsError) as caught:
        load_settings(_env_file=None, max_campaigns=value)
    (sentence,) = caught.value.sentences
    assert sentence.startswith("MAX_CAMPAIGNS: ")
    assert len(sentence) > len("MAX_CAMPAIGNS: ") + 10
