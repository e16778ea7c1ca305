"""campaign-progress and get-report-by-campaign show what happened, in the documented shape."""

from typing import Any

import pytest

from tests.api.rig import LATER, Rig, numbers


async def test_progress_has_the_documented_shape(rig: Rig) -> None:
    """Progress tells position, times, statistics and health, before and after the run."""
    id_ = await rig.campaign(people=4, scheduledTime=LATER)
    seen = await rig.progress(id_)
    assert seen["success"] is True
    assert (seen["campaignId"], seen["campaignName"]) == (id_, "Morning outreach")
    assert seen["progress"] == {
        "currentIndex": 0,
        "totalContacts": 4,
        "processedContacts": 0,
        "remainingContacts": 4,
        "progressPercentage": 0.0,
    }
    times = {"createdAt", "lastActivity", "pausedAt", "resumedAt", "estimatedCompletion"}
    assert times <= set(seen["timing"])
    assert {"heartbeat", "heartbeatStatus", "containerId"} <= set(seen["health"])
    assert seen["health"]["heartbeatStatus"] == "idle"
    await rig.clock.sleep(5)
    seen = await rig.run(id_)
    assert seen["progress"]["progressPercentage"] == 100.0
    assert seen["progress"]["remainingContacts"] == 0
    assert seen["statistics"]["connectedCalls"] == 4
    assert seen["statistics"]["failedCalls"] == 0
    assert seen["health"]["containerId"]
    assert seen["timing"]["startedAt"] == seen["timing"]["scheduledTime"]
    assert seen["timing"]["startLatenessSeconds"] == 0.0


async def test_a_report_pages_through_everybody(rig: Rig) -> None:
    """Following nextCursor shows each person once, with totals, and ends with null."""
    id_ = await rig.campaign(people=5)
    await rig.run(id_)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        body = {"campaignId": id_, "limit": 2, "cursor": cursor}
        page = (await rig.post("/get-report-by-campaign", body)).json()
        assert (page["status"], page["totals"]["completed"]) == (200, 5)
        assert len(page["rows"]) <= 2
        seen += [row["number"] for row in page["rows"]]
        cursor = page["nextCursor"]
    assert sorted(seen) == numbers(5)


async def test_a_report_is_filtered_by_status(rig: Rig) -> None:
    """A filter shows the messages of one status only; an unknown one is refused."""
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    for status, count in (("completed", 3), ("failed", 0)):
        body = {"campaignId": id_, "filters": {"status": status}}
        assert len((await rig.post("/get-report-by-campaign", body)).json()["rows"]) == count
    body = {"campaignId": id_, "filters": {"status": "splendid"}}
    answer = await rig.post("/get-report-by-campaign", body)
    assert (answer.status_code, answer.json()["field"]) == (400, "filters.status")


async def test_a_report_downloads_as_csv(rig: Rig) -> None:
    """With isDownload the whole report comes as a CSV file."""
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    body = {"campaignId": id_, "isDownload": True}
    answer = await rig.post("/get-report-by-campaign", body)
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{id_}.csv"'
    head, *lines = answer.text.splitlines()
    assert head.startswith("number,status,reason,attempts,")
    assert sorted(line.split(",")[0] for line in lines) == numbers(3)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": -1}, "limit"),
        ({"limit": 2001}, "limit"),
        ({"limit": 1.5}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"limit": 10**30}, "limit"),
        ({"cursor": "../../x"}, "cursor"),
        ({"cursor": "a b"}, "cursor"),
        ({"cursor": "a" * 65}, "cursor"),
        ({"cursor": 7}, "cursor"),
        ({"cursor": None}, "cursor"),
        ({"isDownload": "perhaps"}, "isDownload"),
        ({"filters": []}, "filters"),
        ({"filters": {"state": "failed"}}, "filters.state"),
    ],
)
async def test_a_report_refuses_nonsense(rig: Rig, changes: dict[str, Any], field: str) -> None:
    """A page that cannot be is refused by the name of what is wrong with it."""
    id_ = await rig.campaign()
    answer = await rig.post("/get-report-by-campaign", {"campaignId": id_, **changes})
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_a_cursor_of_nobody_is_harmless(rig: Rig) -> None:
    """A cursor that no page gave shows what lies behind it, never another campaign's rows."""
    id_ = await rig.campaign(people=2)
    await rig.run(id_)
    body = {"campaignId": id_, "cursor": "zzzz"}
    assert (await rig.post("/get-report-by-campaign", body)).json()["rows"] == []
