"""The calendar: what the days bring, what meets, and a start that is moved."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, expect

from tests.api.plans.plans import STEPS
from tests.api.rig import numbers, token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import PHONE, Served, Viewer

HELLO: Final = {"channel": "sms", "base_template": "Hello {first_name}!"}
OFFICE: Final = {"start": "09:00", "end": "18:00", "days": ["mon", "tue", "wed", "thu", "fri"]}
IRISH: Final = {"opens": "09:00", "closes": "20:00", "holidays": True}
WEEKLY: Final = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=10;BYMINUTE=0", "zone": "Europe/Berlin"}


async def write(served: Served, name: str, **fields: Any) -> str:
    """Write a campaign; return its id."""
    answer = await served.post("/campaigns", {**HELLO, "name": name, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def plan(served: Served) -> dict[str, str]:
    """Plan what a month may hold; return the ids of campaigns by their names."""
    list_id = await served.make_list(numbers(12))
    audience = {"list_id": list_id}
    decided = {
        "quiet_hours": {"start": "21:00", "end": "09:00"},
        "country_rules": {"IE": {"sms": IRISH}},
    }
    assert (await served.http.patch("/settings", json=decided)).status_code == 200
    made = {
        "Spring offer": await write(
            served,
            "Spring offer",
            audience=audience,
            scheduled_at="2026-03-04T09:00:00Z",
            send_window=OFFICE,
        ),
        "Survey": await write(
            served, "Survey", audience=audience, scheduled_at="2026-03-04T15:30:00Z"
        ),
        "Newsletter": await write(
            served, "Newsletter", audience={"everyone": True}, repeat=WEEKLY, send_window=OFFICE
        ),
    }
    steps = [{**STEPS[0], "id": "s1", "offset": "P10D"}]
    entry = {"by": "list", "list_id": list_id}
    body = {"kind": "sequence", "name": "Welcome", "steps": steps, "entry": entry}
    sequence = (await served.post("/campaigns", body)).json()["id"]
    assert (await served.post(f"/campaigns/{sequence}/start")).status_code == 200
    await served.settle()
    return {**made, "Welcome": sequence}


def day(viewer: Viewer, date: str) -> Locator:
    """Return a day of the month that is shown."""
    return viewer.page.locator("td").filter(has=viewer.page.locator(f'time[datetime="{date}"]'))


async def test_a_month_shows_starts_runs_and_steps_what_meets_and_holidays(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """Each leads to what it is about; days and views are gone through by keys and links."""
    served = await serve(calling_windows="default")
    viewer = await look(served)
    page = viewer.page
    ids = await plan(served)
    await viewer.open("/calendar", "Calendar")
    await expect(day(viewer, "2026-03-04")).to_contain_text("10:00 Spring offer")
    await expect(day(viewer, "2026-03-04")).to_contain_text("meets Survey: the same list")
    await expect(day(viewer, "2026-03-12")).to_contain_text("Welcome: next step")
    await expect(day(viewer, "2026-03-12")).to_contain_text("12 people")
    await expect(day(viewer, "2026-03-16")).to_contain_text("10:00 Newsletter, run 2")
    await expect(day(viewer, "2026-03-17")).to_contain_text("Patrick's Day: no sms in IE")
    await viewer.sees("from 21:00 to 09:00, in each person's own time")
    await expect(page.locator("td[aria-current=date]")).to_contain_text("today")
    await viewer.photograph("calendar-month", pictures)
    await viewer.can_be_used_by_all()

    await expect(page.get_by_role("table")).to_be_visible()
    await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="Week 9", exact=True)).to_be_focused()
    for _ in range(3):
        await page.keyboard.press("j")
    await expect(page.get_by_role("link", name="10:00 Spring offer")).to_be_focused()
    for _ in range(2):
        await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("columnheader", name="Wed")).to_be_visible()
    await viewer.sees("sends 09:00 to 18:00, Mon, Tue, Wed, Thu, Fri")
    hours = page.get_by_role("row", name="10 10:00 Spring offer")
    await expect(hours.get_by_role("cell").nth(2)).to_have_class("open")
    await expect(page.get_by_role("row", name="23").get_by_role("cell").first).to_have_class(
        "quiet"
    )
    await viewer.photograph("calendar-week", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_label("By the clocks of").select_option("America/New_York")
    await expect(page.get_by_role("link", name="04:00 Spring offer")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_role("heading", level=1).click()
    await page.keyboard.press("ArrowRight")
    await viewer.sees("9 March to 15 March 2026")
    await page.keyboard.press("l")
    await viewer.sees("Monday 9 March 2026")
    await page.keyboard.press("t")
    await viewer.sees("2 March to 29 March 2026")
    await viewer.photograph("calendar-list", pictures)
    await viewer.can_be_used_by_all()
    await page.get_by_role("link", name="05:00 Newsletter, run 2").click()
    await expect(viewer.heading("Newsletter")).to_be_visible()
    assert page.url.endswith(ids["Newsletter"])


async def test_a_start_is_moved_from_its_entry_and_what_lies_behind_is_refused(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """At the field of the time, which is in the calendar's zone; slow answers move it once."""
    viewer.may_be_refused()
    page = viewer.page
    ids = await plan(served)
    await viewer.open("/calendar?zone=UTC", "Calendar")
    await viewer.press("Move Spring offer")
    form = page.get_by_role("dialog")
    time = form.get_by_label("New start: date and time")
    await expect(time).to_have_value("2026-03-04T09:00")
    await time.fill("2026-03-01T09:00")
    await viewer.press("Move")
    await expect(time).to_have_attribute("aria-invalid", "true")
    await viewer.photograph("calendar-move", pictures)
    await viewer.slowly()
    await time.fill("2026-03-06T07:00")
    await form.get_by_role("button", name="Move", exact=True).dblclick()
    await expect(day(viewer, "2026-03-06")).to_contain_text("07:00 Spring offer")
    await expect(page.get_by_role("button", name="Move Spring offer")).to_be_visible()
    trail = (await served.get(f"/campaigns/{ids['Spring offer']}/audit")).json()["data"]
    assert [entry["action"] for entry in trail].count("reschedule") == 1


async def test_days_without_anything_say_what_to_do_and_nonsense_shows_today(
    viewer: Viewer, pictures: Path | None
) -> None:
    """On a phone the list is shown, whatever the address says."""
    page = viewer.page
    await viewer.open("/calendar?day=2026-02-30&view=year&zone=Mars/Olympus", "Calendar")
    await viewer.sees("March 2026")
    await viewer.sees("Nothing starts in these days.")
    await viewer.photograph("calendar-empty", pictures)
    await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    await viewer.sees("2 March to 29 March 2026")
    await expect(page.get_by_role("table")).to_have_count(0)
    await page.get_by_role("link", name="After").click()
    await viewer.sees("30 March to 26 April 2026")
    await page.get_by_role("link", name="write one").click()
    await expect(viewer.heading("New campaign")).to_be_visible()


async def test_somebody_who_may_only_look_moves_nothing(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """They see what is to come, and the way to it."""
    served = await serve(**SIGN_IN)
    who = {"authorization": token("admin")}
    await served.post("/contacts", {"phone": "+12125552000"}, **who)
    at = {"scheduled_at": "2026-03-04T09:00:00Z", "audience": {"everyone": True}}
    made = await served.post("/campaigns", {**HELLO, **at, "name": "Spring offer"}, **who)
    assert made.status_code == 201, made.text
    viewer = await look(served, role="viewer")
    await viewer.open("/calendar?view=list", "Calendar")
    await expect(viewer.page.get_by_role("link", name="10:00 Spring offer")).to_be_visible()
    main = viewer.page.get_by_role("main")
    await expect(main.get_by_role("button")).to_have_count(0)
    await expect(main.get_by_role("link", name="New campaign")).to_have_count(0)
    await viewer.can_be_used_by_all()
