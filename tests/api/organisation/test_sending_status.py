"""How an organisation's sending is doing, over REST."""

from tests.api.rig import LATER, Rig, token


async def test_status_counts_what_is_there(rig: Rig) -> None:
    """Campaigns by status, messages of those at work or just ended, and how late they were."""
    await rig.run(await rig.campaign(people=2))
    await rig.campaign(campaignName="Later", scheduledTime=LATER.replace("T12", "T20"))
    answer = await rig.get("/status")
    assert answer.status_code == 200
    seen = answer.json()
    counts = {status: count for status, count in seen["campaigns"].items() if count}
    assert counts == {"completed": 1, "scheduled": 1}
    assert seen["counted"] == {"campaigns": 1, "at_most": 100, "ended_within_h": 24.0}
    assert (seen["messages"]["completed"], seen["messages"]["pending"]) == (2, 0)
    assert seen["message_lateness"]["count"] == 2
    assert seen["message_lateness"]["p50_s"] >= 0
    assert seen["start_lateness"] == {"count": 0, "p50_s": None, "p95_s": None, "p99_s": None}


async def test_status_is_the_caller_s_own(rig: Rig) -> None:
    """Another organisation's campaigns are not counted."""
    await rig.campaign()
    seen = (await rig.get("/status", x_org_id="other")).json()
    assert sum(seen["campaigns"].values()) + sum(seen["messages"].values()) == 0


async def test_a_viewer_may_see_the_status(jwt_rig: Rig) -> None:
    """Reading needs a token, and the least role is enough."""
    assert (await jwt_rig.get("/status")).status_code == 401
    assert (await jwt_rig.get("/status", authorization=token("viewer"))).status_code == 200
