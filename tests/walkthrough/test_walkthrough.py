"""A tour of Clarion in whole campaigns, one idea a test. Read it from top to bottom."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from functions.engine.contacts.suppressions import suppress
from tests.walkthrough.laptop import CALM, Laptop, people

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)

ANN, BOB, CAT = "+12125550001", "+12125550002", "+12125550003"


async def test_people_come_from_a_csv_and_bad_rows_spoil_nothing_else(tmp_path: Path) -> None:
    """The good rows of a file become a list; each bad one is told by its line."""
    rows = ["number,name", f"{ANN},Ann", "12345,Nobody", f"{ANN},Ann again", f"{BOB},Bob"]
    async with Laptop(tmp_path) as laptop:
        uploaded = await laptop.upload("\n".join(rows))
        assert (uploaded["imported"], uploaded["duplicates"], uploaded["invalid"]) == (2, 1, 1)
        assert [bad["line"] for bad in uploaded["errors"]] == [3, 4]


async def test_a_campaign_calls_everybody_once_and_completes(tmp_path: Path) -> None:
    """Without a time it starts at once; in the end everybody was called, by the carrier's book."""
    async with Laptop(tmp_path) as laptop:
        campaign = await laptop.create(people(10))
        await laptop.pass_time(MINUTE)
        shown = await laptop.progress(campaign)
        assert shown["status"] == "completed"
        assert shown["progress"]["progressPercentage"] == 100
        assert shown["statistics"]["connectedCalls"] == 10
        assert set(laptop.called.values()) == {1}


async def test_a_scheduled_campaign_starts_on_its_second(tmp_path: Path) -> None:
    """Nobody is called before the time, and the first call leaves at it, without any check."""
    async with Laptop(tmp_path) as laptop:
        starts_at = laptop.clock.now() + HOUR
        campaign = await laptop.create(people(1), starts_at=starts_at)
        await laptop.pass_time(HOUR - timedelta(seconds=1))
        assert (await laptop.progress(campaign))["status"] == "scheduled"
        assert not laptop.called
        await laptop.pass_time(timedelta(seconds=1))
        shown = await laptop.progress(campaign)
        assert (shown["status"], shown["timing"]["startLatenessSeconds"]) == ("running", 0)
        assert len(laptop.called) == 1


async def test_the_check_is_the_safety_net(tmp_path: Path) -> None:
    """Where a start was missed, the check starts the campaign and says how late it is."""
    async with Laptop(tmp_path) as laptop:
        campaign = await laptop.create(people(1), starts_at=laptop.clock.now() + HOUR)
        laptop.clock.advance(HOUR + timedelta(seconds=20))
        checked = await laptop.post("/check-scheduled-campaigns")
        assert [each["campaignId"] for each in checked["started"]] == [campaign]
        lateness = (await laptop.progress(campaign))["timing"]["startLatenessSeconds"]
        assert lateness == 20


async def test_a_pause_holds_a_campaign_where_it_is(tmp_path: Path) -> None:
    """Paused, nobody new is called; resumed, it goes on from there and calls nobody twice."""
    async with Laptop(tmp_path) as laptop:
        campaign = await laptop.create(people(40))
        await laptop.run_for(timedelta(seconds=5))
        await laptop.post("/pause-campaign", campaignId=campaign)
        await laptop.pass_time(MINUTE)
        before = len(laptop.called)
        assert 5 <= before < 40
        await laptop.pass_time(MINUTE)
        assert len(laptop.called) == before
        assert await laptop.refused("/pause-campaign", campaignId=campaign) == (
            400,
            "Campaign is already paused",
        )
        resumed = await laptop.post("/resume-campaign", campaignId=campaign)
        assert resumed["remainingContacts"] == 40 - before
        await laptop.pass_time(MINUTE)
        assert (await laptop.progress(campaign))["status"] == "completed"
        assert len(laptop.called) == 40
        assert set(laptop.called.values()) == {1}


async def test_a_cancel_ends_a_campaign_and_tells_why_the_rest_got_nothing(tmp_path: Path) -> None:
    """Who was not called yet is cancelled; so is who was, and whose phone did not ring yet."""
    async with Laptop(tmp_path) as laptop:
        campaign = await laptop.create(people(40))
        await laptop.run_for(timedelta(seconds=5))
        await laptop.post("/cancel-campaign", campaignId=campaign)
        await laptop.pass_time(MINUTE)
        outcomes = (await laptop.report(campaign)).values()
        ends = Counter((status, reason) for status, reason, _ in outcomes)
        placed = ends["completed", ""] + ends["cancelled", "recalled"]
        assert placed == len(laptop.called)
        assert ends["cancelled", "campaign_cancelled"] == 40 - placed


async def test_a_busy_line_is_called_three_times_and_then_given_up(tmp_path: Path) -> None:
    """Causes that may pass are tried again, 5 and 10 minutes later; then the person has failed."""
    async with Laptop(tmp_path, simulator_script=f"{CALM},busy=1") as laptop:
        campaign = await laptop.create(f"number\n{ANN}\n")
        await laptop.pass_time(6 * MINUTE)
        assert laptop.called == {ANN: 2}
        await laptop.pass_time(15 * MINUTE)
        assert await laptop.report(campaign) == {ANN: ("failed", "busy", 3)}
        assert (await laptop.progress(campaign))["status"] == "failed"  # like everybody else


async def test_whoever_asked_not_to_be_called_is_not(tmp_path: Path) -> None:
    """A suppressed number is skipped, and the report says so."""
    async with Laptop(tmp_path) as laptop:
        await suppress(laptop.engine, "default", BOB, reason="opt_out", by="ann")
        campaign = await laptop.create(f"number\n{ANN}\n{BOB}\n")
        await laptop.pass_time(MINUTE)
        assert await laptop.report(campaign) == {
            ANN: ("completed", "", 1),
            BOB: ("skipped", "suppressed", 0),
        }
        assert laptop.called == {ANN: 1}


async def test_nobody_is_called_at_night(tmp_path: Path) -> None:
    """Each person is called in the hours of where they are, whenever the campaign started."""
    async with Laptop(tmp_path, calling_windows="default") as laptop:
        los_angeles = "+12135550004"
        # Noon in UTC is seven in New York and four in Los Angeles.
        campaign = await laptop.create(f"number\n{ANN}\n{los_angeles}\n")
        await laptop.pass_time(HOUR)
        assert set((await laptop.report(campaign)).values()) == {("pending", "quiet_hours", 0)}
        laptop.clock.advance(datetime(2026, 3, 2, 14, 0, tzinfo=UTC) - laptop.clock.now())
        await laptop.pass_time(MINUTE)
        assert laptop.called == {ANN: 1}
        laptop.clock.advance(3 * HOUR - MINUTE)
        await laptop.pass_time(MINUTE)
        assert laptop.called == {ANN: 1, los_angeles: 1}


async def test_an_answer_that_was_lost_is_not_a_reason_to_call_twice(tmp_path: Path) -> None:
    """Where the carrier placed the call and its answer was lost, its receipts tell how it went."""
    async with Laptop(tmp_path, simulator_script=f"{CALM},lost_answer=1") as laptop:
        campaign = await laptop.create(f"number\n{ANN}\n")
        await laptop.settle()
        assert await laptop.report(campaign) == {ANN: ("unknown", "provider_timeout", 1)}
        await laptop.pass_time(MINUTE)
        assert (await laptop.report(campaign))[ANN][0] == "completed"
        assert laptop.called == {ANN: 1}


async def test_a_retry_calls_those_who_were_not_reached(tmp_path: Path) -> None:
    """A second campaign, made of the first one's failures, leaves the others in peace."""
    async with Laptop(tmp_path, simulator_script=f"{CALM},busy=0.5", max_attempts=1) as laptop:
        campaign = await laptop.create(people(20))
        await laptop.pass_time(MINUTE)
        failed = {
            n for n, (status, _, _) in (await laptop.report(campaign)).items() if status == "failed"
        }
        retry = await laptop.post("/retry-campaign", campaignId=campaign)
        assert (retry["campaignName"], retry["totalContacts"]) == ("Spring (retry 1)", len(failed))
        await laptop.pass_time(MINUTE)
        assert {number for number, calls in laptop.called.items() if calls == 2} == failed


async def test_the_report_says_of_everybody_what_became_of_them(tmp_path: Path) -> None:
    """The report as CSV has a row for each person, also for those who were not called."""
    async with Laptop(tmp_path) as laptop:
        await suppress(laptop.engine, "default", CAT, reason="opt_out", by="ann")
        campaign = await laptop.create(f"number\n{ANN}\n{CAT}\n")
        await laptop.pass_time(MINUTE)
        rows = list(csv.DictReader((await laptop.download(campaign)).splitlines()))
        told = {row["number"]: (row["status"], row["reason"], row["duration_s"]) for row in rows}
        assert told == {ANN: ("completed", "", "3"), CAT: ("skipped", "suppressed", "0")}


async def test_a_new_process_goes_on_where_the_old_one_stopped(tmp_path: Path) -> None:
    """All state is in the store: whoever opens it next finishes the campaign, each call once."""
    file = str(tmp_path / "clarion.db")
    async with Laptop(tmp_path, store=file) as laptop:
        campaign = await laptop.create(people(30))
        await laptop.run_for(timedelta(seconds=4))
        stopped_at = laptop.clock.now()
    async with Laptop(tmp_path, store=file) as laptop:
        laptop.clock.advance(stopped_at + 2 * MINUTE - laptop.clock.now())
        await laptop.post("/check-scheduled-campaigns")
        await laptop.pass_time(10 * MINUTE)
        assert (await laptop.progress(campaign))["status"] == "completed"
        assert set(laptop.called.values()) == {1}
        assert sum(laptop.called.values()) == 30
