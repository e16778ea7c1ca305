"""Drafts while they are written: on slow lines, by two at once, refused, with all manners."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer
from tests.console.test_new_campaign import ANN, BEN, campaigns, know, list_of, part, saved

HELLO: Final = {"name": "Spring offer", "channel": "sms", "base_template": "Hello!"}


async def written(served: Served, **changes: Any) -> str:
    """Write a draft; return its id."""
    answer = await served.post("/campaigns", {**HELLO, **changes})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def shown(served: Served, id_: str) -> Any:
    """Return what the API shows of a campaign."""
    return (await served.get(f"/campaigns/{id_}")).json()


async def test_no_keystroke_is_lost_on_a_slow_line_and_one_draft_is_made(
    viewer: Viewer, served: Served
) -> None:
    """What is typed while a request is under way is saved after it."""
    page = viewer.page
    await viewer.open("/campaigns/new", "New campaign")
    await viewer.slowly()
    text = "A long text, typed by somebody who does not wait for the line"
    await page.get_by_label("Text", exact=True).press_sequentially(text, delay=25)
    await page.get_by_label("Name").press_sequentially("Spring offer", delay=60)
    await saved(viewer)
    await expect(page.get_by_label("Text", exact=True)).to_have_value(text)
    [draft] = await campaigns(served)
    assert (draft["base_template"], draft["name"]) == (text, "Spring offer")
    await page.get_by_role("link", name="Campaigns").first.click()
    await expect(viewer.heading("Campaigns")).to_be_visible()
    await page.evaluate("location.hash = '#/campaigns/new'")
    await expect(page.get_by_label("Text", exact=True)).to_have_value("")


async def test_what_is_typed_while_the_server_is_away_is_saved_when_it_is_back(
    viewer: Viewer, served: Served
) -> None:
    """It says so meanwhile, and the time that was chosen is still there after a reload."""
    viewer.may_be_refused()
    page = viewer.page
    id_ = await written(served, audience={"everyone": True})
    await viewer.open(f"/campaigns/{id_}/edit", "Edit campaign")
    await page.get_by_role("radio", name="At a time").check()
    await page.get_by_label("Time: date and time").fill("2026-03-04T02:30")
    await page.reload()
    time = page.get_by_label("Time: date and time")
    await expect(time).to_have_value("2026-03-04T02:30")
    await served.die()
    await page.get_by_label("Name").fill("While it was away")
    await viewer.sees("Clarion does not answer. It is tried again")
    await served.revive()
    await saved(viewer)
    assert (await shown(served, id_))["name"] == "While it was away"


async def test_what_can_be_changed_no_more_says_so(viewer: Viewer, served: Served) -> None:
    """A campaign that somebody has started is not sent again; a run of a series is changed."""
    viewer.may_be_refused()
    page = viewer.page
    await know(served, ANN)
    id_ = await written(served, audience={"everyone": True})
    await viewer.open(f"/campaigns/{id_}/edit", "Edit campaign")
    await expect(page.get_by_role("button", name="Send to 1 person")).to_be_enabled()
    await served.post(f"/campaigns/{id_}/send", {})
    await viewer.press("Send to 1 person")
    await page.get_by_label("Name").fill("Too late")
    await viewer.sees("Cannot update campaign with status: running")
    await page.get_by_role("link", name="See how it goes").click()
    await expect(viewer.heading("Spring offer")).to_be_visible()
    await viewer.open(f"/campaigns/{id_}/edit", "Edit campaign")
    await viewer.sees("only a draft can be changed")
    weekly = {"rrule": "FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=0", "zone": "Europe/Berlin"}
    run = await written(served, audience={"everyone": True}, repeat=weekly)
    await viewer.open(f"/campaigns/{run}/edit", "Edit campaign")
    await viewer.sees("what is saved here holds for this run and later ones")
    await page.get_by_label("Text", exact=True).fill("Hello again")
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await saved(viewer)
    assert (await shown(served, run))["base_template"] == "Hello again"


async def test_two_browsers_that_edit_one_draft_both_see_it(
    viewer: Viewer, served: Served, look: ServeConsole, pictures: Path | None
) -> None:
    """Nothing of anybody's is overwritten before somebody has chosen."""
    viewer.may_be_refused()
    id_ = await written(served)
    other: Viewer = await look(served)
    other.may_be_refused()
    for each in (viewer, other):
        await each.open(f"/campaigns/{id_}/edit", "Edit campaign")
        await saved(each)
    await other.page.get_by_label("Text", exact=True).fill("Their text")
    await expect(other.page.get_by_text("Not saved yet")).to_be_visible()
    await saved(other)

    await viewer.page.get_by_label("Text", exact=True).fill("My text")
    conflict = part(viewer, "Two versions").or_(viewer.page.get_by_role("alert", name="Two"))
    await expect(conflict).to_contain_text("Somebody else changed it")
    await expect(conflict).to_contain_text("Their text")
    await expect(conflict).to_contain_text("My text")
    await viewer.can_be_used_by_all()
    await viewer.photograph("draft-conflict", pictures)
    assert (await shown(served, id_))["base_template"] == "Their text"
    await viewer.press("Keep mine")
    await saved(viewer)
    assert (await shown(served, id_))["base_template"] == "My text"

    await other.page.get_by_label("Name").fill("Their name")
    await other.press("Take theirs")
    await saved(other)
    await expect(other.page.get_by_label("Text", exact=True)).to_have_value("My text")
    await expect(other.page.get_by_label("Name")).to_have_value("Spring offer")


async def test_what_is_wrong_is_told_at_its_field_and_holds_up_no_other(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """The rest is saved; a campaign that lacks something names it when it is to be sent."""
    viewer.may_be_refused()
    page = viewer.page
    await know(served, ANN)
    await viewer.open("/campaigns/new", "New campaign")
    await viewer.sees("Write something first.")
    await page.get_by_label("Text", exact=True).fill("Hello {{ first_name")
    await viewer.sees("'{{' has no '}}' within the next 200 characters")
    await page.get_by_label("Name").fill("Spring offer")
    await page.get_by_label("Messages a second, at most").fill("-1")
    await viewer.sees("Saved, but for what is marked")
    rate = page.get_by_label("Messages a second, at most")
    await expect(rate).to_have_attribute("aria-invalid", "true")
    await viewer.photograph("draft-refused", pictures)
    [draft] = await campaigns(served)
    assert (draft["name"], draft["base_template"]) == ("Spring offer", "")
    await rate.fill("")
    await page.get_by_label("Text", exact=True).fill("")
    await page.get_by_role("radio", name="Everyone").check()
    await saved(viewer)
    await viewer.press("Send to 1 person")
    await viewer.sees("Text: a text needs words, or the name of a text that the provider keeps")
    await viewer.press("Delete this draft")
    await expect(viewer.heading("Campaigns")).to_be_visible()
    await viewer.press("Undo")


async def _add_fallbacks(viewer: Viewer) -> None:
    """Have those called who have no mail, and those sent an SMS who do not answer: by keys."""
    page = viewer.page
    for _ in range(2):
        await viewer.press("Add a fallback")
    second = page.locator(".fallback-list > li").nth(1)
    await second.get_by_label("Channel").select_option("voice")
    await second.get_by_label("Number to call from").fill("+12025550111")
    await second.get_by_label("Bot").fill("wss://bot.example.com/talk")
    await page.get_by_role("button", name="Move fallback 2 up").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Move fallback 1 down")).to_be_focused()
    last = page.locator(".fallback-list > li").nth(1)
    await last.get_by_label("Text", exact=True).fill("Hello by SMS")


async def test_a_mail_is_scheduled_with_all_its_manners(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """People are chosen, fallbacks put in order, the zone and the repetition said."""
    page = viewer.page
    await know(served, {**ANN, "email": "ann@example.com"}, BEN)
    await served.http.patch("/settings", json={"default_zone": "America/New_York"})
    await viewer.open("/campaigns/new", "New campaign")
    await page.get_by_label("Name").fill("News")
    await page.get_by_role("radio", name="E-mail").check()
    await page.get_by_role("textbox", name="Sender").fill("Shop <shop@example.com>")
    await page.get_by_role("textbox", name="Subject").first.fill("{first_name}, it is spring")
    await page.get_by_label("HTML", exact=True).fill("<p>Hello {first_name}</p>")
    mail = page.frame_locator("iframe").get_by_text("Hello")
    await expect(mail).to_be_visible()
    await page.get_by_role("radio", name="People").check()
    await page.get_by_label("Find people").fill("+1 212 555 2000")
    await viewer.press("Choose Ann")
    await page.get_by_label("Find people").fill("Boston")
    await viewer.press("Choose +12125552001")
    await viewer.press("Leave out +12125552001")
    await viewer.sees("Reaches 1 person of 1")

    await _add_fallbacks(viewer)
    await page.get_by_label("Only at certain hours").check()
    await page.get_by_label("Send to a few first").check()
    await page.get_by_label("Pause whenever too many").check()

    await page.get_by_role("radio", name="At a time").check()
    await page.get_by_label("Time: date and time").fill("2026-03-08T02:30")
    await page.get_by_label("Time: time zone").select_option("America/New_York")
    await viewer.sees("02:30 does not exist on that day. It is taken as 03:30.")
    await viewer.sees("Sun, 8 Mar 2026, 07:30 UTC")
    await page.get_by_label("Comes again and again").check()
    await page.get_by_label("Until", exact=True).first.select_option("count")
    await page.get_by_label("Times", exact=True).fill("3")
    await viewer.sees("3 times")
    await saved(viewer)
    await expect(mail).to_have_text("Hello Ann")
    await viewer.can_be_used_by_all()
    await expect(mail).to_have_text("Hello Ann")
    await viewer.photograph("draft-manners", pictures)
    await page.get_by_role("button", name="Schedule for 1 person").dblclick()
    await expect(viewer.heading("News")).to_be_visible()
    [campaign] = await campaigns(served)
    assert (campaign["status"], campaign["scheduled_at"]) == (
        "scheduled",
        "2026-03-08T07:30:00.000Z",
    )
    assert [each["channel"] for each in campaign["fallbacks"]] == ["voice", "sms"]
    assert campaign["repeat"]["count"] == 3
    assert campaign["canary"]["first"] == 50


async def test_a_template_or_the_providers_own_is_said_instead(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Its newest version is taken; going back, one's own words are there again."""
    page = viewer.page
    ids = await know(served, ANN)
    list_id = await list_of(served, "Spring", *ids)
    await served.post("/templates", {"name": "Welcome", "text": "Welcome {first_name}!"})
    await viewer.open(f"/campaigns/new?list={list_id}", "New campaign")
    await page.get_by_label("Text", exact=True).fill("My own words")
    await page.get_by_role("radio", name="A template").check()
    await page.get_by_label("Template", exact=True).select_option(label="Welcome")
    await viewer.sees("Welcome Ann!")
    await viewer.sees("Reaches 1 person of 1")
    await saved(viewer)
    [draft] = await campaigns(served)
    assert draft["base_template"] == "Welcome {first_name}!"
    await page.get_by_role("radio", name="Own words").check()
    await saved(viewer)
    assert (await shown(served, draft["id"]))["base_template"] == "My own words"
    await page.get_by_role("radio", name="WhatsApp").check()
    await page.get_by_role("radio", name="The provider's template a text").check()
    await page.get_by_label("Provider's template", exact=True).last.fill("spring_sale")
    await page.get_by_label("Language").fill("en")
    await viewer.press("Add a parameter")
    await page.get_by_role("textbox", name="Parameter 1").fill("{first_name}")
    await expect(page.get_by_text("Not saved yet")).to_be_visible()
    await saved(viewer)
    await expect(part(viewer, "Preview").get_by_role("definition")).to_have_text("Ann")
    await viewer.photograph("draft-provider", pictures)
    now = await shown(served, draft["id"])
    assert (now["provider_template"], now["parameters"]) == ("spring_sale", ["{first_name}"])
    assert (now["channel"], now["base_template"]) == ("whatsapp", "")
