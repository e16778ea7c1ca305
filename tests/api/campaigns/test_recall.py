"""Cancelling over REST: what was recalled, and what was beyond recall."""

from typing import Any

from functions.channels.simulator.ledger import read_ledger
from tests.api.conftest import MakeRig
from tests.api.rig import Rig

QUEUED = "latency_ms=0,ring_ms=60000,pickup_ms=0,duration_s=1,spread=0"


async def recalled(rig: Rig, campaign_id: str) -> Any:
    """Return what a campaign and the list of all campaigns, which must agree, say of it."""
    shown = (await rig.get(f"/campaigns/{campaign_id}")).json()["recall"]
    listed = (await rig.get("/campaigns")).json()["data"]
    assert [each["recall"] for each in listed if each["id"] == campaign_id] == [shown]
    return shown


async def test_a_cancel_takes_back_the_calls_that_do_not_ring(make_rig: MakeRig) -> None:
    """The campaign reports what was recalled; none of these people is called."""
    rig = make_rig(simulator_script=QUEUED)
    campaign_id = await rig.campaign(people=3)
    await rig.settle()
    assert await recalled(rig, campaign_id) is None
    answer = await rig.post(f"/campaigns/{campaign_id}/cancel")
    assert answer.json() == {"campaign_id": campaign_id, "status": "cancelled", "in_flight": 3}
    assert await recalled(rig, campaign_id) == {"recalled": 0, "beyond_recall": 0, "done": False}
    await rig.settle()
    assert await recalled(rig, campaign_id) == {"recalled": 3, "beyond_recall": 0, "done": True}
    await rig.clock.sleep(120)
    await rig.settle()
    ledger = read_ledger(rig.stack.context.settings.simulator_ledger)
    assert (len(ledger.recalled), ledger.ended, ledger.live) == (3, {}, [])
    assert {row["reason"] for row in await rig.report(campaign_id)} == {"recalled"}
    (message, *_) = (await rig.get(f"/campaigns/{campaign_id}/messages")).json()["data"]
    why = (await rig.get(f"/messages/{message['id']}/why")).json()
    assert "its provider gave it back unsent" in why["answer"]


async def test_calls_that_ring_are_beyond_recall(make_rig: MakeRig) -> None:
    """A call whose ringing was not reported yet is asked for, and goes on."""
    rig = make_rig(simulator_script=QUEUED)
    campaign_id = await rig.campaign(people=2)
    await rig.settle()
    await rig.clock.sleep(60)
    await rig.post(f"/campaigns/{campaign_id}/cancel")
    queue: Any = rig.stack.engine.queue
    while await queue.run_due():
        pass
    assert await recalled(rig, campaign_id) == {"recalled": 0, "beyond_recall": 2, "done": True}
    await rig.clock.sleep(10)
    await rig.settle()
    assert {row["status"] for row in await rig.report(campaign_id)} == {"completed"}
