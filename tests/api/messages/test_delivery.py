"""What became of messages by day, channel, provider and sender, over REST."""

from typing import Any

import pytest

from functions.engine.campaigns.lifecycle import load
from functions.engine.pacing.slowdown import slow_down
from tests.api.rig import SENDER, Rig, token

DAY = "2026-03-02"


async def report(rig: Rig, query: str = "", **headers: str) -> Any:
    """Ask for a report."""
    answer = await rig.get(f"/delivery{query}", **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_report_counts_by_day_and_sender(rig: Rig) -> None:
    """Calls of campaigns and single calls count with their day, channel, provider and sender."""
    await rig.run(await rig.campaign(people=2))
    await rig.post("/single-call", {"to": "+12025550199", "from": SENDER})
    cancelled = await rig.campaign(campaignName="Not now", people=3)
    await rig.post(f"/campaigns/{cancelled}/cancel")
    await rig.run(cancelled)
    seen = await report(rig)
    assert (seen["from"], seen["to"], seen["zone"]) == ("2026-02-24", DAY, "UTC")
    assert (seen["total"]["sent"], seen["total"]["delivered"], seen["left_out"]) == (2, 2, 0)
    assert seen["total"]["cancelled"] == 3
    assert seen["total"]["lateness"]["count"] == 2
    reason = {"status": "cancelled", "reason": "campaign_cancelled", "count": 3}
    assert seen["total"]["reasons"] == [reason]
    assert seen["reason_words"] == {"campaign_cancelled": "its campaign was cancelled first"}
    named = {"channel": "voice", "provider": "simulator", "sender": SENDER}
    assert len(seen["senders"]) == 1
    assert named.items() <= seen["senders"][0].items()
    assert [day["day"] for day in seen["days"]] == [DAY]
    assert (named | {"sent": 2, "cancelled": 3}).items() <= seen["days"][0].items()


async def test_figures_lead_to_the_people_behind_them(rig: Rig) -> None:
    """The same words that a figure stands under find its messages."""
    await rig.run(await rig.campaign(people=2))
    by = f"channel=voice&provider=simulator&sender=%2B{SENDER[1:]}"
    for outcome, on, found in (
        ("sent", DAY, 2),
        ("delivered", DAY, 2),
        ("sent", "2026-03-01", 0),
        ("failed", DAY, 0),
        ("bounced", DAY, 0),
    ):
        days = f"outcome_from={on}&outcome_to={on}"
        page = (await rig.get(f"/messages?outcome={outcome}&{days}&{by}")).json()
        assert (len(page["data"]), page["next_cursor"]) == (found, None)
    other = (await rig.get("/messages?outcome=sent&channel=sms")).json()
    assert other["data"] == []


async def test_a_slowed_sender_is_told_with_its_recovery(rig: Rig) -> None:
    """The share of its rate that a sender has, and when it has all of it again."""
    id_ = await rig.campaign()
    await rig.run(id_)
    engine = rig.stack.engine
    campaign = await load(engine, "default", id_)
    await slow_down(engine, campaign, campaign.own_send)
    told = (await report(rig))["senders"][0]["throttle"]
    assert told["share"] == 0.5
    assert told["allowed_per_s"] == told["rate_per_s"] / 2
    assert told["whole_again_at"] > told["slowed_at"]
    assert (told["held_until"], told["left_today"]) == (None, None)
    rate = (await rig.get(f"/campaigns/{id_}/progress")).json()["rate"]
    assert (rate["share"], rate["whole_again_at"]) == (0.5, told["whole_again_at"])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-03-03&to=2026-03-02", "to"),
        ("from=2025-01-01&to=2026-03-02", "from"),
        ("from=yesterday", "from"),
        ("to=0001-01-01", "to"),
        ("to=9999-12-31", "to"),
        ("channel=pigeon", "channel"),
        ("zone=Europe/London", "zone"),
    ],
)
async def test_days_that_make_no_report_are_refused(rig: Rig, query: str, field: str) -> None:
    """The refusal names the field."""
    answer = await rig.get(f"/delivery?{query}")
    assert answer.status_code == 400
    told = answer.json()
    assert field in [each["field"] for each in told.get("errors", [])] or told["detail"].startswith(
        f"{field}: "
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome_from=2026-03-02", "outcome_from"),
        ("outcome=sent&outcome_from=2026-03-03&outcome_to=2026-03-02", "outcome_to"),
        ("outcome=lost", "outcome"),
        ("outcome=sent&outcome_to=9999-12-31", "outcome_to"),
    ],
)
async def test_outcomes_that_there_are_not_are_refused(rig: Rig, query: str, field: str) -> None:
    """The refusal names the field."""
    answer = await rig.get(f"/messages?{query}")
    assert answer.status_code == 400
    told = answer.json()
    assert field in [each["field"] for each in told.get("errors", [])] or told["detail"].startswith(
        f"{field}: "
    )


async def test_a_report_is_the_caller_s_own(rig: Rig) -> None:
    """Another organisation has nothing of it."""
    await rig.run(await rig.campaign())
    seen = await report(rig, x_org_id="other")
    assert (seen["total"]["sent"], seen["senders"], seen["days"]) == (0, [], [])


async def test_a_viewer_may_see_the_report(jwt_rig: Rig) -> None:
    """Reading needs a token, and the least role is enough."""
    assert (await jwt_rig.get("/delivery")).status_code == 401
    assert (await jwt_rig.get("/delivery", authorization=token("viewer"))).status_code == 200
