"""What an operator sees, and what is counted after the end."""

from datetime import timedelta

import pytest

from functions.domain.campaigns.status import Action, CampaignStatus
from functions.domain.errors import InvalidFieldError
from functions.domain.messages.message import MessageStatus
from functions.domain.messages.send_outcomes import Unknown
from functions.engine import paths
from functions.engine.campaigns import lifecycle
from functions.engine.kernel import lanes
from functions.engine.ports.queue import Task
from functions.engine.privacy import erasure
from functions.engine.reporting import progress, reports
from functions.engine.reporting.reports import MessageFilter
from functions.engine.worker import give_up, run
from tests.engine.recording_channel import BUSY, INVALID, LOST_REQUEST
from tests.engine.stored_contacts import add_numbers, list_of
from tests.engine.world import ORG, World, number, with_limits

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
LOST = Unknown("provider_timeout")


# --- The count after the end ------------------------------------------------------------------


async def test_a_campaign_in_which_every_message_failed_has_failed(world: World) -> None:
    """Thirty seconds after its end, to the second, receipts are counted: all failed, it failed."""
    await world.add_list(3)
    world.carrier.otherwise = INVALID
    campaign = await world.create()
    await world.finish(campaign)
    ended_at = (await world.load(campaign)).ended_at
    assert ended_at is not None
    await world.pass_time(ended_at + 29 * SECOND - world.clock.now())
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    await world.pass_time(SECOND)
    failed = await world.load(campaign)
    assert (failed.status, failed.reason) == ("failed", "every_message_failed")


async def test_the_erased_do_not_save_a_campaign(world: World) -> None:
    """All who were called failed: somebody who was forgotten before their turn does not count."""
    ids = await add_numbers(world.engine, 0, 1, 2)
    world.carrier.otherwise = INVALID
    campaign = await world.create(await list_of(world.engine, ids))
    await world.launch_only(campaign)
    await erasure.erase(world.engine, ORG, ids[0], by="ann")
    await world.finish(campaign)
    await world.pass_time(MINUTE)
    assert await world.statuses(campaign) == {"failed": 2, "cancelled": 1}
    assert (await world.load(campaign)).status is CampaignStatus.FAILED


async def test_the_skipped_do_not_save_a_campaign(world: World) -> None:
    """Of those who were to be called all failed: the suppressed ones do not count."""
    await world.add_list(2)
    await world.suppress(number(0))
    world.carrier.otherwise = INVALID
    campaign = await world.create()
    await world.pass_time(2 * MINUTE)
    assert (await world.load(campaign)).status is CampaignStatus.FAILED


@pytest.mark.parametrize("other", [None, LOST_REQUEST])
async def test_one_who_was_or_may_have_been_reached_saves_a_campaign(
    world: World, other: object
) -> None:
    """A single person reached, or of unknown outcome, and the campaign stays completed."""
    await world.add_list(2)
    world.carrier.script = {number(0): [INVALID]}
    if other is not None:
        world.carrier.otherwise = LOST_REQUEST
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(HOUR)
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED


async def test_a_late_failure_is_found_by_a_later_count(world: World) -> None:
    """Counts are repeated at 5, 10 ... 30 minutes: an outcome that comes late still counts."""
    await world.add_list(1)
    world.carrier.script = {number(0): [BUSY.lost(*BUSY_KINDS).answered(LOST)]}
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(7 * MINUTE)
    call = world.carrier.calls[0]
    assert call.end is not None
    await world.receive(call.event(call.end))
    assert (await world.load(campaign)).status is CampaignStatus.COMPLETED
    await world.pass_time(3 * MINUTE + SECOND)
    assert (await world.load(campaign)).status is CampaignStatus.FAILED


BUSY_KINDS = tuple(receipt.kind for receipt in BUSY.receipts)


async def test_counting_ends(world: World) -> None:
    """After the last count of the schedule nobody looks at the campaign any more."""
    await world.add_list(1)
    campaign = await world.create()
    await world.finish(campaign)
    await world.pass_time(2 * HOUR)
    found = await world.documents(f"{paths.campaign(ORG, campaign.id)}/lanes")
    assert [lane.id for lane in found if lane.data["wake_at"] is not None] == []


# --- Progress and health ----------------------------------------------------------------------


async def test_progress_counts_everybody_where_they_stand() -> None:
    """Total, processed, in flight and answered add up while a campaign runs."""
    async with World(with_limits(rate_per_s=1)) as world:
        await world.add_list(10)
        await world.suppress(number(9))
        world.carrier.script = {number(n): [INVALID] for n in range(2)}
        campaign = await world.create()
        await world.run_until(lambda: len(world.carrier.requests) == 6)
        shown = await progress.progress_of(world.engine, ORG, campaign.id)
        counts = {str(status): count for status, count in shown.counts.items() if count}
        assert sum(counts.values()) == shown.total == 10
        assert counts["skipped"] == 1
        assert shown.processed == 10 - counts["pending"]
        assert shown.in_flight == sum(
            counts.get(s, 0) for s in ("sending", "sent", "delivered", "answered")
        )
        assert shown.connected == counts.get("answered", 0) + counts.get("completed", 0)
        assert shown.health.status == "active"
        assert shown.health.holder == "test"
        assert shown.estimated_end_at is not None
        assert shown.estimated_end_at > world.clock.now()


async def test_a_worker_that_is_not_heard_of_is_stale(world: World) -> None:
    """A lane whose holder has been silent for more than two minutes is told as stale."""
    await world.add_list(1)
    campaign = await world.create()
    assert await lanes.acquire(world.engine, ORG, campaign.id, "launch") is not None
    assert (await progress.progress_of(world.engine, ORG, campaign.id)).health.status == "active"
    world.clock.advance(2 * MINUTE + SECOND)
    assert (await progress.progress_of(world.engine, ORG, campaign.id)).health.status == "stale"


async def test_nobody_works_on_what_does_not_run(world: World) -> None:
    """A scheduled, a paused and a completed campaign are idle and have no estimated end."""
    await world.add_list(1)
    scheduled = await world.create(name="later", scheduled_at=world.clock.now() + 24 * HOUR)
    completed = await world.create(name="done")
    await world.finish(completed)
    paused = await world.create(name="paused")
    await lifecycle.change(world.engine, ORG, paused.id, Action.PAUSE, by="ann")
    for campaign in (scheduled, completed, paused):
        shown = await progress.progress_of(world.engine, ORG, campaign.id)
        assert (shown.health.status, shown.estimated_end_at) == ("idle", None)


async def test_a_report_pages_through_everybody(world: World) -> None:
    """Following the cursor shows every message once; a status shows its own only."""
    await world.add_list(7)
    world.carrier.script = {number(0): [INVALID]}
    campaign = await world.create()
    await world.finish(campaign)
    seen, cursor = [], ""
    while True:
        page = await reports.messages(
            world.engine, campaign, MessageFilter(), cursor=cursor, limit=3
        )
        seen += [message.address for message in page.rows]
        if page.cursor is None:
            break
        cursor = page.cursor
    assert sorted(seen) == [number(n) for n in range(7)]
    failed = await reports.messages(
        world.engine,
        campaign,
        MessageFilter(status=MessageStatus.FAILED),
        cursor="",
        limit=100,
    )
    assert [message.address for message in failed.rows] == [number(0)]
    with pytest.raises(InvalidFieldError, match="nextCursor"):
        await reports.messages(world.engine, campaign, MessageFilter(), cursor="../x", limit=1)


async def test_those_of_a_reason_are_found_among_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages may be short or empty, and following the cursor still finds every one, once."""
    monkeypatch.setattr(reports, "_SCANNED", 4)
    await world.add_list(30)
    barred = [number(n) for n in (3, 4, 5, 6, 7, 29)]
    for address in barred:
        await world.suppress(address)
    campaign = await world.create()
    await world.finish(campaign)
    for limit in (1, 2, 100):
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await reports.messages(
                world.engine,
                campaign,
                MessageFilter(reason="suppressed"),
                cursor=cursor,
                limit=limit,
            )
            assert len(page.rows) <= limit
            seen += [message.address for message in page.rows]
            cursor = page.cursor
        assert sorted(seen) == barred


# --- Tasks ------------------------------------------------------------------------------------


async def test_a_task_that_is_given_up_is_written_where_the_operator_looks(world: World) -> None:
    """What failed for the last time stands in the campaign and in its trail, once."""
    await world.add_list(1)
    campaign = await world.create()
    task = Task("lane", {"org": ORG, "campaign": campaign.id, "lane": "launch"})
    for _ in range(2):
        await give_up(world.engine, task, "StoreError", "task-1")
    assert (await world.load(campaign)).trouble == "lane launch: StoreError"
    trail = await world.documents(f"orgs/{ORG}/audit")
    assert [e.data["reason"] for e in trail if e.data["action"] == "give_up"] == [
        "lane launch: StoreError"
    ]


@pytest.mark.parametrize(
    ("task", "named"),
    [
        (Task("dance", {}), "no task of kind 'dance'"),
        (Task("start", {"org": ORG}), "campaign: is missing"),
        (Task("lane", {"org": ORG, "campaign": "c"}), "lane: is missing"),
    ],
)
async def test_a_task_that_makes_no_sense_is_refused(world: World, task: Task, named: str) -> None:
    """A malformed task is refused, and the error names what is wrong with it."""
    with pytest.raises(InvalidFieldError, match=named):
        await run(world.engine, task)


@pytest.mark.parametrize("lane", ["launch", "poll", "0", "nonsense"])
async def test_a_task_of_a_campaign_that_does_not_exist_does_nothing(
    world: World, lane: str
) -> None:
    """A task that has outlived its campaign finds nothing to do."""
    await run(world.engine, Task("lane", {"org": ORG, "campaign": "gone", "lane": lane}))
