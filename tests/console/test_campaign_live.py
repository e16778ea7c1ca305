"""The page of a campaign that something befalls: silence, a stop, somebody who may only look."""

from pathlib import Path
from typing import Final

from playwright.async_api import expect

from tests.api.plans.plans import written
from tests.api.rig import SMOOTH, numbers, token
from tests.api.session.browser import SIGN_IN
from tests.console.at_work import AtWork
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

#: Nobody picks up for an hour.
RINGING: Final = "latency_ms=0,ring_ms=3600000,pickup_ms=0,duration_s=1,spread=0"
VOICE: Final = {
    "channel": "voice",
    "sender": "+12025550111",
    "bot_url": "wss://bot.example.com/talk",
    "audience": {"everyone": True},
}


async def test_a_page_says_since_when_its_figures_are_old_and_recovers_by_itself(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """It polls its progress alone; when the server dies, what was shown stays until it is back."""
    served = await serve(simulator_script=RINGING)
    viewer = await look(served)
    viewer.may_be_refused()
    async with AtWork(viewer) as work:
        id_ = await served.campaign(people=40, campaignName="Spring offer")
        await work.passes(3)
        await viewer.open(f"/campaigns/{id_}", "Spring offer")
        in_flight = viewer.page.locator(".figures > div").filter(has_text="In flight")
        await expect(in_flight).to_contain_text("3")
        await viewer.page.wait_for_load_state("networkidle")
        asked: list[str] = []
        viewer.page.on("request", lambda request: asked.append(request.url))
        async with viewer.page.expect_response("**/progress"):
            await work.passes(1)
        await expect(in_flight).to_contain_text("4")
        assert {url.rpartition("/")[2] for url in asked} == {"progress"}
        await served.die()
        await viewer.sees("Clarion does not answer. What is shown is as of")
        await expect(in_flight).to_contain_text("4")
        await viewer.photograph("campaign-silent", pictures)
        await work.passes(3)
        await served.revive()
        await expect(in_flight).to_contain_text("7")
        await expect(viewer.page.get_by_text("Clarion does not answer")).to_have_count(0)


async def test_a_stop_by_clarion_says_why_and_what_to_do(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """It stands above everything else, and resuming repeats it."""
    served = await serve(simulator_script=f"{SMOOTH},failed=1", max_attempts=1)
    viewer = await look(served)
    await served.make_list(numbers(30))
    fallback = {"channel": "sms", "base_template": "We called", "after": ["failed"], "wait_s": 60}
    made = await served.post(
        "/campaigns",
        VOICE
        | {
            "name": "Spring offer",
            "guardrail": {"failed_percent": 10, "of_last": 10},
            "fallbacks": [fallback],
        },
    )
    id_ = made.json()["id"]
    async with AtWork(viewer) as work:
        await served.post(f"/campaigns/{id_}/send", {"everyone": True})
        await work.passes(30)
        await viewer.open(f"/campaigns/{id_}", "Spring offer")
        await viewer.sees("Clarion has paused this")
        await viewer.sees("look at the reasons, mend the cause, resume: it is judged anew.")
        await viewer.sees("1 min after failed")
        await viewer.photograph("campaign-stopped", pictures)
        await viewer.can_be_used_by_all()
        await viewer.press("Resume")
        await expect(viewer.page.get_by_role("dialog")).to_contain_text(
            "It was stopped because too many of its last messages failed"
        )


async def test_a_cancel_of_many_is_typed_and_from_far_away_done_once(
    viewer: Viewer, served: Served
) -> None:
    """Above a thousand people a word is asked for; the answers take 400 ms longer."""
    page = viewer.page
    id_ = await served.campaign(people=1200, campaignName="Spring offer")
    await viewer.slowly()
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await viewer.press("Cancel")
    cancel = page.get_by_role("button", name="Cancel for good")
    await expect(page.get_by_role("dialog")).to_contain_text("1,200 people will get nothing")
    await expect(cancel).to_be_disabled()
    await page.get_by_label("Type cancel to go on").fill("cancel")
    await cancel.dblclick()
    await expect(page.get_by_role("button", name="Duplicate")).to_be_focused()
    trail = (await served.get(f"/campaigns/{id_}/audit")).json()["data"]
    assert [entry["action"] for entry in trail] == ["create", "cancel"]


async def test_what_somebody_else_has_done_is_seen_and_refused_in_the_api_s_words(
    viewer: Viewer, served: Served
) -> None:
    """A question that has no answer any more goes; one that came too late says so."""
    viewer.may_be_refused()
    id_ = await served.campaign(people=3, campaignName="Spring offer")
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await viewer.press("Pause")
    await served.post(f"/campaigns/{id_}/pause", {"reason": "lunch"})
    await viewer.page.get_by_role("dialog").get_by_role("button", name="Pause").click()
    await viewer.sees("Paused: lunch")
    await expect(viewer.page.get_by_role("dialog")).to_have_count(0)


async def test_somebody_who_may_only_look_sees_no_button_that_would_be_refused(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """Neither on the page nor in the list; the figures and the reasons are theirs."""
    served = await serve(**SIGN_IN, simulator_script=RINGING)
    operator = {"authorization": token("operator")}
    ids = await served.make_list(numbers(3), **operator)
    order = {"campaignName": "Spring offer", "listId": ids, "fromNumber": "+12025550111"}
    order["wssUrl"] = "wss://bot.example.com/talk"
    id_ = (await served.post("/create-campaign", order, **operator)).json()["campaignId"]
    viewer = await look(served, role="viewer")
    main = viewer.page.get_by_role("main")
    await viewer.open(f"/campaigns/{id_}", "Spring offer")
    await expect(main.get_by_role("region", name="People")).to_be_visible()
    for name in ("Pause", "Cancel", "Duplicate"):
        await expect(main.get_by_role("button", name=name)).to_have_count(0)
    await viewer.page.keyboard.press("p")
    await expect(viewer.page.get_by_role("dialog")).to_have_count(0)
    await viewer.open("/campaigns", "Campaigns")
    await expect(main.get_by_role("link", name="Spring offer").first).to_be_visible()
    await expect(main.get_by_role("link", name="New campaign")).to_have_count(0)
    await expect(main.get_by_role("button", name="More for Spring offer")).to_have_count(0)


async def test_a_campaign_with_a_plan_leads_to_its_steps(viewer: Viewer, served: Served) -> None:
    """What its people walk through is shown on a page of its own."""
    id_ = (await written(served))["id"]
    await viewer.open(f"/campaigns/{id_}", "Welcome")
    link = viewer.page.get_by_role("link", name="See its steps, and who is where")
    await expect(link).to_have_attribute("href", f"#/journeys/{id_}")


async def test_a_draft_that_somebody_else_deletes_is_gone(viewer: Viewer, served: Served) -> None:
    """Whoever comes back to its page is told, and sees nothing that is no more."""
    viewer.may_be_refused()
    id_ = (await written(served))["id"]
    await viewer.open(f"/campaigns/{id_}", "Welcome")
    await served.http.delete(f"/campaigns/{id_}")
    await viewer.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    await expect(viewer.heading("There is no such page")).to_be_visible()
