"""Campaigns are paused, resumed, cancelled, rescheduled and retried as their status allows."""

from typing import Any

import pytest

from tests.api.conftest import MakeRig
from tests.api.rig import (
    BAD_TIME,
    IN_THE_FUTURE,
    JWT,
    LATER,
    SENDER,
    Rig,
    audit,
    numbers,
    order,
    token,
)
from tests.clock import NOON

#: Three in London, where it is noon, and two in Los Angeles, where everybody sleeps.
FIVE = ["+442071838750", "+442071838751", "+442071838752", "+12135550100", "+12135550101"]


async def test_pause_keeps_the_exact_position(make_rig: MakeRig) -> None:
    """Pausing tells how many are with the carrier; resuming goes on behind them."""
    rig = make_rig(calling_windows="default")
    answer = await rig.create(await rig.make_list(FIVE))
    id_ = answer.json()["campaignId"]
    rig.catch_callbacks()
    await rig.settle()
    paused = await rig.post("/pause-campaign", {"campaignId": id_})
    assert paused.json() == {
        "success": True,
        "message": "Campaign paused successfully",
        "campaignId": id_,
        "inFlight": 3,
    }
    resumed = await rig.post("/resume-campaign", {"campaignId": id_})
    assert resumed.json() == {
        "success": True,
        "message": "Campaign resumed from position 3",
        "campaignId": id_,
        "remainingContacts": 2,
    }


async def test_pause_then_resume_at_once_calls_nobody_twice(rig: Rig) -> None:
    """Pausing and resuming again and again leaves one loop that calls each person once."""
    id_ = await rig.campaign(people=5)
    for _ in range(3):
        assert (await rig.post("/pause-campaign", {"campaignId": id_})).status_code == 200
        assert (await rig.post("/resume-campaign", {"campaignId": id_})).status_code == 200
    assert (await rig.run(id_))["status"] == "completed"
    called = [call.to for call in rig.carrier.ledger.placed]
    assert sorted(called) == numbers(5)


#: What brings a running campaign to a status.
ACTIONS = {"paused": "pause", "cancelled": "cancel"}
STATUSES = ("scheduled", "running", "paused", "completed", "cancelled")


async def bring_to(rig: Rig, status: str) -> str:
    """Return a campaign that stands so."""
    if status == "scheduled":
        return await rig.campaign(scheduledTime=LATER)
    id_ = await rig.campaign()
    if status == "completed":
        await rig.run(id_)
    if status in ACTIONS:
        await rig.post(f"/{ACTIONS[status]}-campaign", {"campaignId": id_})
    assert (await rig.progress(id_))["status"] == status
    return id_


REFUSED = {
    ("pause", "scheduled"): "Cannot pause campaign with status: scheduled",
    ("pause", "paused"): "Campaign is already paused",
    ("pause", "completed"): "Cannot pause completed campaign",
    ("pause", "cancelled"): "Cannot pause cancelled campaign",
    ("resume", "scheduled"): "Cannot resume campaign with status: scheduled",
    ("resume", "running"): "Campaign is already running",
    ("resume", "completed"): "Cannot resume completed campaign",
    ("resume", "cancelled"): "Cannot resume cancelled campaign",
    ("cancel", "completed"): "Cannot cancel completed campaign",
    ("cancel", "cancelled"): "Campaign is already cancelled",
    ("reschedule", "running"): "Cannot reschedule campaign with status: running",
    ("reschedule", "paused"): "Cannot reschedule campaign with status: paused",
    ("reschedule", "completed"): "Cannot reschedule completed campaign",
    ("reschedule", "cancelled"): "Cannot reschedule cancelled campaign",
    ("retry", "scheduled"): "Cannot retry scheduled campaign",
    ("retry", "running"): "Cannot retry running campaign",
    ("retry", "paused"): "Cannot retry paused campaign",
    ("retry", "completed"): "There is nobody to call again in this campaign",
    ("retry", "cancelled"): "There is nobody to call again in this campaign",
}


@pytest.mark.parametrize("status", STATUSES)
async def test_each_status_allows_what_it_should(make_rig: MakeRig, status: str) -> None:
    """What a campaign's status does not allow is refused with its sentence and changes nothing."""
    rig = make_rig()
    id_ = await bring_to(rig, status)
    for (action, found), message in REFUSED.items():
        if found != status:
            continue
        body = {"campaignId": id_}
        if action == "reschedule":
            body["scheduledTime"] = "2026-03-09T12:00:00Z"
        answer = await rig.post(f"/{action}-campaign", body)
        assert answer.status_code == 400
        assert answer.json()["message"] == message
        assert (await rig.progress(id_))["status"] == status


@pytest.mark.parametrize("status", ["scheduled", "running", "paused"])
async def test_cancel_ends_what_has_not_ended(rig: Rig, status: str) -> None:
    """A scheduled, running or paused campaign can be cancelled and never calls anybody after."""
    id_ = await bring_to(rig, status)
    answer = await rig.post("/cancel-campaign", {"campaignId": id_})
    assert answer.json() == {
        "success": True,
        "status": 200,
        "message": "Campaign cancelled successfully",
        "campaignId": id_,
        "inFlight": 0,
    }
    await rig.clock.sleep(3600)
    assert (await rig.get("/check-scheduled-campaigns")).json()["started"] == []
    await rig.settle()
    assert (await rig.progress(id_))["status"] == "cancelled"
    assert rig.carrier.ledger.placed == []


async def test_reschedule_moves_the_start(rig: Rig) -> None:
    """A rescheduled campaign starts at its new time and not at the old one."""
    id_ = await rig.campaign(scheduledTime=LATER)
    body = {"campaignId": id_, "scheduledTime": "2026-03-02T14:00:00+01:00"}
    answer = await rig.post("/reschedule-campaign", body)
    assert answer.json() == {
        "status": 200,
        "message": "Campaign rescheduled successfully for 2026-03-02T13:00:00.000Z",
        "campaignId": id_,
        "scheduledTime": "2026-03-02T13:00:00.000Z",
    }
    await rig.clock.sleep(60)
    await rig.settle()
    assert (await rig.progress(id_))["status"] == "scheduled"
    await rig.clock.sleep(3540)
    await rig.settle()
    assert (await rig.progress(id_))["status"] == "running"


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("soon", BAD_TIME),
        (None, BAD_TIME),
        (NOON.isoformat(), IN_THE_FUTURE),
        ("2001-01-01T00:00:00Z", IN_THE_FUTURE),
    ],
)
async def test_reschedule_refuses_bad_times(rig: Rig, time: Any, message: str) -> None:
    """A new time follows the rules of the first one; the campaign keeps its old one."""
    id_ = await rig.campaign(scheduledTime=LATER)
    answer = await rig.post("/reschedule-campaign", {"campaignId": id_, "scheduledTime": time})
    assert (answer.status_code, answer.json()["message"]) == (400, message)
    seen = await rig.progress(id_)
    assert seen["timing"]["scheduledTime"] == "2026-03-02T12:00:05.000Z"


async def test_the_audit_trail_tells_who_and_why(make_rig: MakeRig) -> None:
    """Every change of status is entered with who asked for it, when, and the reason given."""
    rig = make_rig(**JWT)
    ana, ben = token(), token("admin", subject="ben")
    list_id = await rig.make_list(numbers(1), authorization=ana)
    created = await rig.post("/create-campaign", order(list_id), authorization=ana)
    id_ = created.json()["campaignId"]
    why = {"campaignId": id_, "reason": "Wrong list"}
    await rig.post("/pause-campaign", {"campaignId": id_}, authorization=ana)
    await rig.post("/resume-campaign", {"campaignId": id_}, authorization=ben)
    await rig.post("/cancel-campaign", why, authorization=ben)
    entries = [await audit(rig, id_, epoch, "acme") for epoch in (1, 2, 3, 4)]
    told = [(e["action"], e["status"], e["by"], e["reason"]) for e in entries]
    assert told == [
        ("create", "running", "ana", None),
        ("pause", "paused", "ana", None),
        ("resume", "running", "ben", None),
        ("cancel", "cancelled", "ben", "Wrong list"),
    ]
    assert all(entry["at"] == NOON for entry in entries)
    seen = await rig.get(f"/campaign-progress/{id_}", authorization=ana)
    assert seen.json()["reason"] == "Wrong list"


# --- retry and single call -------------------------------------------------------------------


async def test_retry_calls_those_that_did_not_connect(make_rig: MakeRig) -> None:
    """A retry is a new run that calls again exactly those whom the first did not reach."""
    script = "latency_ms=0,ring_ms=0,pickup_ms=0,duration_s=1,spread=0,failed=0.5"
    rig = make_rig(simulator_script=script)
    id_ = await rig.campaign(people=40)
    first = await rig.run(id_)
    failed = {row["number"] for row in await rig.report(id_) if row["status"] == "failed"}
    assert 0 < len(failed) < 40
    assert first["statistics"]["failedCalls"] == len(failed)
    answer = await rig.post("/retry-campaign", {"campaignId": id_})
    again = answer.json()["campaignId"]
    assert answer.json() == {
        "status": 200,
        "message": f"Retrying {len(failed)} contact(s)",
        "campaignId": again,
        "campaignName": "Morning outreach (retry 1)",
        "retryOf": id_,
        "totalContacts": len(failed),
    }
    await rig.run(again)
    assert {row["number"] for row in await rig.report(again)} == failed
    twice = await rig.post("/retry-campaign", {"campaignId": id_})
    assert twice.json()["campaignName"] == "Morning outreach (retry 2)"


async def test_a_single_call_is_made_at_once(rig: Rig) -> None:
    """One call outside a campaign is answered with the ids under which it can be followed."""
    body = {"from": SENDER, "to": "+1 (212) 555-2000", "wssUrl": "wss://bot.example.com/x"}
    answer = await rig.post("/single-call", body)
    assert answer.status_code == 200
    assert set(answer.json()) == {"status", "message", "campaignId", "callId"}
    assert answer.json()["message"] == "Call accepted"
    await rig.run(answer.json()["campaignId"])
    assert [call.to for call in rig.carrier.ledger.placed] == ["+12125552000"]
    rows = await rig.report(answer.json()["campaignId"])
    assert [row["message_id"] for row in rows] == [answer.json()["callId"]]


@pytest.mark.parametrize("field", ["from", "to", "wssUrl"])
async def test_a_single_call_needs_its_members(rig: Rig, field: str) -> None:
    """A single call names from, to and wssUrl, each valid."""
    body = {"from": SENDER, "to": numbers(1)[0], "wssUrl": "wss://bot.example.com/x"}
    for changed in ({**body, field: "nonsense"}, {k: v for k, v in body.items() if k != field}):
        answer = await rig.post("/single-call", changed)
        assert (answer.status_code, answer.json()["field"]) == (400, field)
