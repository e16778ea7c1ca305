"""What a campaign's page asks for while it runs, over REST."""

from dataclasses import replace

from functions.engine.reporting.live import live
from tests.api.rig import LATER, Rig
from tests.engine.counting_store import CountingStore

_BUSY = "latency_ms=0,ring_ms=0,pickup_ms=0,duration_s=1,spread=0,rejected=0,busy=1"


async def test_a_page_that_polls_sees_how_fast_it_goes(rig: Rig) -> None:
    """Counts, what is in flight, the rate now beside the allowed one, and the newest minutes."""
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    await rig.clock.sleep(10)
    answer = await rig.get(f"/campaigns/{id_}/progress")
    seen = answer.json()
    assert answer.status_code == 200
    assert (seen["campaign_id"], seen["status"]) == (id_, "completed")
    assert (seen["stats"]["sent"], seen["people"], seen["processed"]) == (3, 3, 3)
    assert (seen["in_flight"], seen["health"]["status"]) == (0, "idle")
    assert seen["rate"]["per_s"] == round(3 / seen["rate"]["over_s"], 2)
    assert seen["rate"]["allowed_per_s"] > 0
    assert (seen["rate"]["share"], seen["rate"]["whole_again_at"]) == (1.0, None)
    assert [(each["sent"], each["width_s"]) for each in seen["timeline"]] == [(3, 60)]
    assert (seen["reasons"], seen["more_reasons"], seen["recall"]) == ([], 0, None)


async def test_a_poll_is_small_and_costs_two_reads_beside_the_statistics(rig: Rig) -> None:
    """At most 1.5 kB; the campaign, and its lanes with its rates, are all that is read."""
    id_ = await rig.campaign(people=2)
    await rig.settle()
    assert len((await rig.get(f"/campaigns/{id_}/progress")).content) <= 1500
    calls = CountingCalls(rig.stack.engine.store)
    await live(replace(rig.stack.engine, store=calls), "default", id_)
    assert calls.made - 1 <= 2


class CountingCalls(CountingStore):
    """Counts the calls of a store."""

    made = 0

    async def _note(self, operation, do):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        self.made += 1
        return await super()._note(operation, do)


async def test_a_campaign_that_waits_has_no_rate_and_no_timeline(rig: Rig) -> None:
    """Before its start nothing was sent."""
    id_ = await rig.campaign(scheduledTime=LATER.replace("T12", "T20"))
    seen = (await rig.get(f"/campaigns/{id_}/progress")).json()
    assert (seen["rate"]["per_s"], seen["rate"]["over_s"], seen["timeline"]) == (None, 0, [])
    line = (await rig.get(f"/campaigns/{id_}/timeline")).json()
    assert (line["started_at"], line["buckets"]) == (None, [])


async def test_the_timeline_goes_on_from_where_a_page_has_it(rig: Rig) -> None:
    """`since` leaves out what had ended by then."""
    id_ = await rig.campaign(people=2)
    await rig.run(id_)
    whole = (await rig.get(f"/campaigns/{id_}/timeline")).json()
    assert [(each["sent"], each["delivered"]) for each in whole["buckets"]] == [(2, 2)]
    assert whole["buckets"][0]["at"] == whole["started_at"]
    later = await rig.get(f"/campaigns/{id_}/timeline?since=2026-03-02T13:00:00Z")
    assert later.json()["buckets"] == []
    bad = await rig.get(f"/campaigns/{id_}/timeline?since=noon")
    assert bad.status_code == 400


async def test_reasons_are_counted_with_their_words(rig: Rig) -> None:
    """Each status and reason with how many there are, the most first; they lead to the people."""
    id_ = await rig.campaign(people=2)
    await rig.post(f"/campaigns/{id_}/cancel")
    await rig.run(id_)
    await rig.settle()
    told = (await rig.get(f"/campaigns/{id_}/reasons")).json()
    words = "its campaign was cancelled first"
    reason = {"status": "cancelled", "reason": "campaign_cancelled", "count": 2}
    assert told == {"campaign_id": id_, "reasons": [reason | {"reason_words": words}]}
    people = await rig.get(f"/campaigns/{id_}/messages?status=cancelled&reason=campaign_cancelled")
    assert len(people.json()["data"]) == 2
    assert (await rig.get(f"/campaigns/{id_}/progress")).json()["reasons"] == [reason]


async def test_nobody_sees_another_organisation_s_progress(rig: Rig) -> None:
    """A campaign of another organisation is not there, whatever is asked of it."""
    id_ = await rig.campaign()
    for what in ("progress", "timeline", "reasons"):
        answer = await rig.get(f"/campaigns/{id_}/{what}", x_org_id="other")
        assert answer.status_code == 404
