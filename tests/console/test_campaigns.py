"""The list of campaigns: what needs somebody, what runs, what comes, and the rest."""

from pathlib import Path
from typing import Any

from playwright.async_api import Locator, expect

from functions.engine import paths
from functions.engine.ports.store import Create
from tests.api.rig import numbers
from tests.console.at_work import AtWork
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

HELLO = {"channel": "sms", "base_template": "Hello {first_name}!"}
FAILING = "latency_ms=0,ring_ms=0,pickup_ms=0,duration_s=1,spread=0,failed=1"


async def draft(served: Served, name: str, **fields: Any) -> str:
    """Write a draft; return its id."""
    answer = await served.post("/campaigns", {**HELLO, "name": name, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


def strip(viewer: Viewer, title: str) -> Locator:
    """Return one of the strips above the list."""
    heading = viewer.page.get_by_role("heading", name=title, exact=True)
    return viewer.page.locator("section.sheet").filter(has=heading)


def rows(viewer: Viewer) -> Locator:
    """Return the rows of the table."""
    return viewer.page.get_by_role("table", name="Campaigns").locator("tbody tr")


async def test_what_needs_somebody_runs_or_comes_stands_above_the_list(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """A campaign that Clarion has stopped says why; bars move; a start is counted down to."""
    served = await serve(simulator_script=FAILING)
    viewer = await look(served)
    async with AtWork(viewer) as work:
        stopped = await draft(
            served,
            "Guarded",
            audience={"everyone": True},
            channel="voice",
            sender="+12025550111",
            bot_url="wss://bot.example.com/talk",
            guardrail={"failed_percent": 10, "of_last": 10},
        )
        await served.make_list(numbers(40))
        await served.post(f"/campaigns/{stopped}/send", {"everyone": True})
        await work.passes(30)
        await served.campaign(people=40, campaignName="Runs")
        await work.passes(5)
        await draft(
            served, "Later", audience={"everyone": True}, scheduled_at="2026-03-02T15:30:00Z"
        )
        await viewer.open("/campaigns", "Campaigns")
        await expect(strip(viewer, "Needs somebody")).to_contain_text(
            "too many of its last messages"
        )
        await expect(strip(viewer, "Running")).to_contain_text("Runs")
        await expect(strip(viewer, "Within 24 hours")).to_contain_text("in 3 h 29 min")
        await viewer.photograph("campaigns", pictures)
        await viewer.can_be_used_by_all()


async def test_the_list_is_filtered_by_links_with_counts_a_name_and_days(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """What is filtered by stands in the address; many drafts go at once, unless somebody undoes."""
    page = viewer.page
    for number in range(4):
        await draft(served, f"Draft {number}")
    await draft(served, "Later", audience={"everyone": True}, scheduled_at="2026-03-04T15:30:00Z")
    await viewer.open("/campaigns", "Campaigns")
    await page.get_by_role("link", name="draft 4").click()
    await expect(rows(viewer)).to_have_count(4)
    for number in (1, 2):
        await page.get_by_label(f"Choose Draft {number}").check()
    await viewer.photograph("campaigns-chosen", pictures)
    await viewer.can_be_used_by_all()
    await viewer.press("Delete 2 drafts")
    await expect(rows(viewer)).to_have_count(2)
    await viewer.press("Undo")
    await expect(rows(viewer)).to_have_count(4)
    await page.get_by_label("Choose Draft 3").check()
    await viewer.press("Delete the draft")
    async with page.expect_request(lambda request: request.method == "DELETE"):
        await page.goto(f"{served.url}/console/#/sign-in-is-another-page")
        await page.evaluate("dispatchEvent(new Event('pagehide'))")
    await viewer.open("/campaigns?status=draft", "Campaigns")
    await expect(rows(viewer)).to_have_count(3)

    await page.get_by_label("Name begins with").fill("draft 2")
    await expect(rows(viewer)).to_have_count(1)
    await expect(page.get_by_label("Order")).to_have_value("name")
    await page.get_by_role("link", name="All 4").click()
    await page.get_by_label("Name begins with").fill("")
    await expect(rows(viewer)).to_have_count(4)
    await page.get_by_label("Dates of").select_option("start")
    await page.get_by_label("From").fill("2026-03-05")
    await viewer.sees("No campaign is like this.")
    await page.get_by_label("To", exact=True).fill("2026-03-04")
    await page.get_by_label("From").fill("2026-03-04")
    await expect(rows(viewer)).to_have_count(1)
    await page.go_back()
    await viewer.sees("No campaign is like this.")


async def test_a_row_is_walked_to_by_keys_and_has_a_menu(viewer: Viewer, served: Served) -> None:
    """J and Enter open it; its menu pauses it once and copies it."""
    page = viewer.page
    id_ = await served.campaign(people=3, campaignName="Spring offer")
    await viewer.open("/campaigns", "Campaigns")
    await page.get_by_role("button", name="More for Spring offer").click()
    await page.get_by_role("dialog").get_by_role("button", name="Duplicate").dblclick()
    await expect(rows(viewer)).to_have_count(2)
    await page.get_by_role("button", name="More for Spring offer", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause").dblclick()
    await viewer.sees("Spring offer is paused.")
    trail = (await served.get(f"/campaigns/{id_}/audit")).json()["data"]
    assert [entry["action"] for entry in trail] == ["create", "pause"]
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await expect(viewer.heading("Spring offer")).to_be_visible()


async def test_where_there_are_none_the_way_to_the_first_is_shown(
    viewer: Viewer, pictures: Path | None
) -> None:
    """Import, text, campaign; `n` begins one."""
    await viewer.open("/campaigns", "Campaigns")
    main = viewer.page.get_by_role("main")
    for name in ("Import people", "Write a text", "Make the first campaign"):
        await expect(main.get_by_role("link", name=name)).to_be_visible()
    await viewer.photograph("campaigns-empty", pictures)
    await viewer.can_be_used_by_all()
    await viewer.page.keyboard.press("n")
    await expect(viewer.page).to_have_url(f"{viewer.served.url}/console/#/campaigns/new")


async def test_ten_thousand_campaigns_are_read_page_by_page(viewer: Viewer, served: Served) -> None:
    """The count is that of all; each page reads fifty, and keeps those before."""
    id_ = await draft(served, "Template")
    home = await served.store.get(paths.campaign("default", id_))
    assert home is not None
    for first in range(0, 10_000, 500):
        copies = (f"{number:05}" for number in range(first, first + 500))
        await served.store.commit(
            *(
                Create(
                    paths.campaign("default", f"copy{number}"),
                    home.data | {"name": number, "name_key": number},
                )
                for number in copies
            )
        )
    read: list[str] = []
    viewer.page.on("request", lambda request: read.append(request.url))
    await viewer.open("/campaigns?sort=name", "Campaigns")
    await expect(viewer.page.get_by_role("link", name="All 10,001")).to_be_visible()
    for pages in (1, 2, 3):
        await expect(rows(viewer)).to_have_count(50 * pages)
        await viewer.press("Show more")
    await expect(rows(viewer)).to_have_count(200)
    await expect(rows(viewer).last).to_contain_text("00199")
    assert sum("page_size=50" in url for url in read) == 4
