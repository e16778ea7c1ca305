"""What can be done with a campaign as it stands: moved, tried, copied, deleted, sent again."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, expect

from tests.api.rig import SMOOTH, numbers
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

HELLO: Final = {"name": "Spring offer", "channel": "sms", "base_template": "Hello {first_name}!"}
EVERYONE: Final = {"audience": {"everyone": True}}
DAILY: Final = {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "zone": "America/New_York"}
LOST: Final = f"{SMOOTH},lost_request=0.4,failed=0.4"


async def write(served: Served, **fields: Any) -> str:
    """Write a campaign; return its id."""
    answer = await served.post("/campaigns", {**HELLO, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def shown(served: Served, id_: str) -> Any:
    """Return what the API shows of a campaign."""
    return (await served.get(f"/campaigns/{id_}")).json()


def question(viewer: Viewer) -> Locator:
    """Return what lies above the page."""
    return viewer.page.get_by_role("dialog")


async def test_a_draft_is_tried_copied_and_deleted_unless_somebody_says_undo(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """A test that is refused says why at its field; what is deleted is so once its note is gone."""
    viewer.may_be_refused()
    page = viewer.page
    await served.make_list(numbers(3))
    id_ = await write(served, **EVERYONE)
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await viewer.press("Count")
    await viewer.sees("of 3 people would be sent a message")
    await viewer.press("Send a test")
    await question(viewer).get_by_label("Phone numbers").fill("12, +12125552999")
    await viewer.press("Send the test")
    await expect(question(viewer).get_by_label("Phone numbers")).to_have_attribute(
        "aria-invalid", "true"
    )
    await viewer.photograph("campaign-test-refused", pictures)
    await question(viewer).get_by_label("Phone numbers").fill("+12125552999")
    await question(viewer).get_by_label("Filled in as for").fill("+1 212 555 2001")
    await viewer.press("Send the test")
    await viewer.sees("A test is on its way to +12125552999.")
    await viewer.photograph("campaign-draft", pictures)
    await viewer.can_be_used_by_all()

    await viewer.press("Duplicate")
    await expect(viewer.heading("Spring offer (copy)")).to_be_visible()
    await viewer.press("Delete")
    await expect(viewer.heading("Campaigns")).to_be_visible()
    rows = page.get_by_role("table", name="Campaigns").locator("tbody tr")
    await expect(rows).to_have_count(1)
    await viewer.press("Undo")
    await expect(rows).to_have_count(2)
    assert (await served.get("/campaigns/counts")).json()["total"] == 2


async def test_a_scheduled_campaign_is_moved_with_its_zone_and_cancelled(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """The new time is said as it is elsewhere; what lies behind is refused at its field."""
    viewer.may_be_refused()
    await served.make_list(numbers(3))
    id_ = await write(served, **EVERYONE, scheduled_at="2026-03-02T15:30:00Z")
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await viewer.sees("in 3 h 30 min")
    await viewer.press("Reschedule")
    time = question(viewer).get_by_label("New start: date and time")
    await expect(time).to_have_value("2026-03-02T16:30")
    await time.fill("2026-03-01T09:00")
    await viewer.press("Move")
    await expect(time).to_have_attribute("aria-invalid", "true")
    await time.fill("2026-03-03T09:00")
    await question(viewer).get_by_label("New start: time zone").select_option("America/New_York")
    await expect(question(viewer)).to_contain_text("14:00")
    await viewer.photograph("campaign-move", pictures)
    await viewer.press("Move")
    await viewer.sees("Spring offer starts 3 Mar, 15:00 CET.")
    assert (await shown(served, id_))["scheduled_at"] == "2026-03-03T14:00:00.000Z"
    await viewer.press("Cancel")
    await expect(question(viewer)).to_contain_text("3 people will get nothing")
    await viewer.press("Cancel for good")
    await expect(viewer.page.get_by_text("cancelled", exact=True).first).to_be_visible()


async def test_a_run_of_a_series_is_skipped_and_leads_to_the_next(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Its runs are listed with their counts; cancelling says that it ends the series."""
    id_ = await write(served, **EVERYONE, repeat=DAILY)
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    series = viewer.page.get_by_role("region", name="Series")
    await expect(series).to_contain_text("every day at 09:00, by the clocks of America/New York")
    await viewer.press("Skip this run")
    await question(viewer).get_by_label("Why?").fill("holiday")
    await viewer.press("Skip")
    await viewer.sees("The next one starts 3 Mar, 15:00 CET.")
    await expect(series).to_contain_text("Run 2, this one")
    await expect(series.get_by_role("link", name="Run 1")).to_be_visible()
    await viewer.press("End the series")
    await expect(question(viewer)).to_contain_text("no further run comes")
    await viewer.photograph("campaign-series", pictures)


async def test_whom_it_did_not_reach_is_called_again_and_whom_nobody_knows_only_when_ticked(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """The new campaign's page opens."""
    served = await serve(simulator_script=LOST, unknown_wait_s=1, max_attempts=1)
    viewer = await look(served)
    id_ = await served.campaign(people=20, campaignName="Spring offer")
    seen = await served.run(id_)
    stats = (await shown(served, id_))["stats"]
    assert min(stats["unknown"], stats["failed"]) > 0, seen
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await viewer.press("Call again")
    tick = question(viewer).get_by_label("of whom nobody knows")
    await expect(tick).not_to_be_checked()
    await tick.check()
    await question(viewer).get_by_role("button", name="Start now").dblclick()
    await expect(viewer.heading("Spring offer (retry 1)")).to_be_visible()
    people = viewer.page.locator(".figures > div").filter(has_text="People")
    await expect(people).to_contain_text(str(stats["unknown"] + stats["failed"]))
    assert (await served.get("/campaigns/counts")).json()["total"] == 2
