"""A whole first campaign by clicks and keys alone: from a file of people to one person's why."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from playwright.async_api import FilePayload, Locator, expect

from tests.console.at_work import AtWork
from tests.console.conftest import ServeConsole
from tests.console.served import Viewer

#: Texts take up to two seconds to be taken, so that some are with the carrier at a pause.
CARRIER: Final = "seed=3,text_latency_ms=2000,rejected=0"
PEOPLE: Final = 200


def rows() -> Iterator[str]:
    """Yield the rows of a file, two of which are bad."""
    yield "Phone;First name;City"
    for number in range(PEOPLE):
        yield f"+1212555{2000 + number};Ann {number};Boston"
    yield "12;Ben;Bonn"
    yield "no number;Cem;Kiel"


class Story:
    """Somebody who has never seen Clarion before, and what they do, one thing after another."""

    def __init__(self, viewer: Viewer, work: AtWork, pictures: Path | None) -> None:
        self.viewer = viewer
        self.page = viewer.page
        self.work = work
        self.pictures = pictures

    @property
    def question(self) -> Locator:
        """What lies above the page."""
        return self.page.get_by_role("dialog")

    def figure(self, name: str) -> Locator:
        """Return a figure of the campaign by its name."""
        of_name = self.page.get_by_role("term").filter(has_text=name)
        return self.page.locator(".figures > div").filter(has=of_name).get_by_role("definition")

    async def photograph(self, name: str) -> None:
        """Keep a picture, where somebody wants one."""
        await self.viewer.photograph(f"first-{name}", self.pictures)

    async def opens_the_console(self) -> None:
        """See how to begin."""
        await self.viewer.open("/", "Campaigns")
        await self.page.get_by_role("main").get_by_role("link", name="Import people").click()

    async def imports_people(self) -> None:
        """See which rows of the file are bad, and have all the others on a list."""
        content = "\r\n".join(rows()).encode()
        file = FilePayload(name="people.csv", mimeType="text/csv", buffer=content)
        await self.page.get_by_label("File of people").set_input_files(file)
        await self.page.get_by_label("Put everybody on a list").fill("Spring customers")
        await self.viewer.press("Import people.csv")
        await expect(self.viewer.heading("people.csv")).to_be_visible()
        await self.work.passes(2)
        await self.viewer.sees("completed")
        await self.viewer.sees("2 rows were left out")
        await expect(self.page.get_by_role("row", name="202 Phone")).to_contain_text("12must be")
        await self.photograph("import")

    async def begins_a_campaign_with_the_list(self) -> None:
        """Go from the import to its list, and from there to a campaign with it."""
        await self.page.get_by_role("link", name="The people on it").click()
        await expect(self.viewer.heading("Spring customers")).to_be_visible()
        await self.page.get_by_role("link", name="New campaign with it").click()
        await expect(self.viewer.heading("New campaign")).to_be_visible()
        await expect(self.page.get_by_label("List", exact=True)).to_contain_text("Spring customers")

    async def writes_the_text(self) -> None:
        """Read it, as it is typed, as one of the people will."""
        await self.page.get_by_label("Name", exact=True).fill("Spring offer")
        await self.page.get_by_role("radio", name="SMS").check()
        await self.page.get_by_label("Text", exact=True).focus()
        await self.page.keyboard.type("Hello ")
        await self.viewer.press("first_name")
        await self.page.keyboard.type(", spring is here!")
        await self.viewer.sees("Hello Ann")
        await self.viewer.sees("1 SMS")

    async def reviews_and_schedules(self) -> None:
        """Choose a time and a pace, and press a button on which stands how many get it."""
        await self.page.get_by_label("Messages a second, at most").fill("10")
        await self.page.get_by_role("radio", name="At a time").check()
        await self.page.get_by_label("Time: date and time").fill("2026-03-02T14:00")
        await self.viewer.sees("Mon, 2 Mar 2026, 13:00 UTC")
        await self.viewer.sees(f"Reaches {PEOPLE} people of {PEOPLE}")
        await self.photograph("review")
        await self.viewer.press(f"Schedule for {PEOPLE} people")
        await self.viewer.sees(f"It is scheduled for {PEOPLE} people, 2 Mar, 14:00 CET.")
        await expect(self.viewer.heading("Spring offer")).to_be_visible()
        await self.viewer.sees("scheduled")

    async def finds_it_in_the_calendar(self) -> None:
        """Go by keys to the calendar, to its entry, and back to its page."""
        await self.page.keyboard.press("g")
        await self.page.keyboard.press("d")
        await expect(self.viewer.heading("Calendar")).to_be_visible()
        entry = self.page.get_by_role("link", name="14:00 Spring offer")
        await expect(entry).to_be_visible()
        await entry.press("Enter")
        await expect(self.viewer.heading("Spring offer")).to_be_visible()

    async def watches_it_start(self) -> None:
        """Come back to the page when it is time, and see its figures move."""
        await self.viewer.sees("in 59 min")
        self.viewer.served.clock.advance(timedelta(minutes=59, seconds=50))
        await self.work.passes(1)
        await self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        await self.work.passes(10)
        await self.viewer.sees("running")
        await self.work.passes(5)
        await expect(self.figure("Sent")).not_to_have_text("0")
        await self.photograph("running")

    async def pauses_and_resumes(self) -> None:
        """See, while it pauses, how many the carrier has already; then let it go on."""
        await self.page.keyboard.press("p")
        await expect(self.question).to_contain_text("New ones stop within 2 s")
        await self.question.get_by_label("Why?").fill("a typo?")
        await self.page.keyboard.press("Enter")
        await self.viewer.sees("Paused: a typo?")
        await expect(self.page.get_by_text("with the carrier")).to_be_visible()
        assert int(await self.figure("In flight").inner_text()) > 0
        await self.photograph("pausing")
        await self.work.passes(10)
        await expect(self.figure("In flight")).to_have_text("0")
        await self.viewer.press("Resume")
        await self.question.get_by_role("button", name="Resume").click()
        await expect(self.page.get_by_role("button", name="Pause")).to_be_visible()
        await self.work.passes(3)

    async def cancels(self) -> None:
        """Read how many will get nothing, and see it happen."""
        await self.viewer.press("Cancel")
        await expect(self.question).to_contain_text("people will get nothing")
        await self.photograph("cancel")
        await self.question.get_by_role("button", name="Cancel for good").click()
        await self.viewer.sees("cancelled")
        await self.work.passes(15)
        for name in ("In flight", "To go"):
            await expect(self.figure(name)).to_have_text("0")
        people = self.page.get_by_role("region", name="People")
        await expect(people.get_by_role("cell", name="pending")).to_have_count(0)
        await self.photograph("cancelled")

    async def reads_why(self) -> None:
        """Find somebody who got nothing by number, and read the sentence that says why."""
        people = self.page.get_by_role("region", name="People")
        await people.get_by_label("Status").select_option("cancelled")
        number = await people.get_by_role("link", name="+1212555").first.inner_text()
        await self.page.keyboard.press("Escape")
        await self.page.keyboard.press("Control+k")
        await expect(self.question.get_by_role("combobox")).to_be_focused()
        await self.page.keyboard.insert_text(f"+1 (212) 555-{number[-4:]}")
        found = self.question.get_by_role("option", name="Person")
        await expect(found).to_have_attribute("aria-selected", "true")
        await self.photograph("found")
        await self.page.keyboard.press("Enter")
        await expect(self.viewer.heading("Ann ")).to_be_visible()
        history = self.page.get_by_role("region", name="History")
        await expect(history.get_by_role("listitem")).to_contain_text("Spring offer")
        await self.photograph("person")
        await history.get_by_role("button", name="Why?").press("Enter")
        await expect(self.question.get_by_role("strong")).to_contain_text("cancelled")
        await self.photograph("why")


async def test_a_first_campaign_by_clicks_and_keys_alone(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """Import, write, review, schedule, watch, pause, resume, cancel, and one person's why."""
    served = await serve(simulator_script=CARRIER, sms_provider="simulator")
    viewer = await look(served)
    async with AtWork(viewer) as work:
        somebody = Story(viewer, work, pictures)
        await somebody.opens_the_console()
        await somebody.imports_people()
        await somebody.begins_a_campaign_with_the_list()
        await somebody.writes_the_text()
        await somebody.reviews_and_schedules()
        await somebody.finds_it_in_the_calendar()
        await somebody.watches_it_start()
        await somebody.pauses_and_resumes()
        await somebody.cancels()
        await somebody.reads_why()
