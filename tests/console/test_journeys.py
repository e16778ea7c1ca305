"""Journeys and sequences: looked at with the people on them, drawn, and changed."""

from pathlib import Path
from typing import Any, Final

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

PLAN: Final[dict[str, Any]] = {
    "timezone": "America/New_York",
    "goal": {"on": "purchase"},
    "startNodeId": "hello",
    "nodes": [
        {
            "id": "hello",
            "action": "send",
            "channel": "sms",
            "sender": "+12025550100",
            "body": "Welcome, {{ first_name | default: 'friend' }}",
            "transitions": [
                {"on": "replied", "to": "tips"},
                {"on": "no_reply", "to": "nudge", "after": "P3D"},
            ],
        },
        {
            "id": "nudge",
            "action": "send",
            "channel": "sms",
            "sender": "+12025550100",
            "body": "Two minutes are enough.",
            "transitions": [{"on": "elapsed", "to": "bye", "after": "P2D"}],
        },
        {
            "id": "tips",
            "action": "send",
            "channel": "sms",
            "sender": "+12025550100",
            "body": "Three things to try.",
            "transitions": [{"on": "elapsed", "to": "bye", "after": "P3D"}],
        },
        {"id": "bye", "action": "stop"},
    ],
}


async def welcome(served: Served, *people: str) -> str:
    """Start the welcome journey with these people in it; return its id."""
    made = await served.post("/campaigns", {"kind": "journey", "name": "Welcome", "plan": PLAN})
    assert made.status_code == 201, made.text
    id_: str = made.json()["id"]
    await served.post(f"/campaigns/{id_}/start")
    if people:
        subjects = [{"phone": number} for number in people]
        await served.post(f"/campaigns/{id_}/enrollments", {"subjects": subjects})
        await served.settle()
    return id_


def box(viewer: Viewer, name: str) -> Any:
    """Return a box of the picture by what it says first."""
    return viewer.page.get_by_role("button", name=name)


async def test_a_running_journey_shows_who_is_where_and_why(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """From the picture to the people at a step, to one person's moves, by keys."""
    id_ = await welcome(served, "+12125552000", "+12125552001")
    await viewer.open(f"/journeys/{id_}", "Welcome")
    hello = box(viewer, "hello: SMS, 2 here, 2 came by")
    await expect(hello).to_be_visible()
    await viewer.photograph("journey", pictures)
    await viewer.can_be_used_by_all()

    await hello.focus()
    await viewer.page.keyboard.press("Enter")
    people = viewer.page.get_by_role("region", name="People")
    await expect(people.get_by_role("heading")).to_have_text("People at hello")
    await people.get_by_role("button", name="+12125552000").click()
    drawer = viewer.page.get_by_role("dialog")
    await expect(drawer).to_contain_text("the message of 'hello' was sent")
    await viewer.photograph("journey-person", pictures)
    await drawer.get_by_role("button", name="Pause them").click()
    await expect(drawer.get_by_role("button", name="Let them go on")).to_be_visible()
    await viewer.page.keyboard.press("Escape")
    await expect(people.get_by_text("paused")).to_be_visible()

    await viewer.press("Outline")
    await viewer.sees("no reply, after 3 days → nudge")
    await viewer.page.get_by_label("Number or e-mail address").fill("+12125552002")
    await viewer.press("Let them in")
    await viewer.sees("+12125552002 has entered.")


async def test_a_journey_is_drawn_by_buttons_and_keys_alone(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Problems are told at their step while it is drawn; what was done can be taken back."""
    page = viewer.page
    await viewer.slowly()
    await viewer.open("/journeys", "Journeys")
    await viewer.sees("There are no journeys yet")
    await viewer.can_be_used_by_all()
    await page.get_by_role("link", name="New journey").click()
    await expect(viewer.heading("New journey")).to_be_visible()
    await page.get_by_label("Name", exact=True).fill("Spring")

    await expect(box(viewer, "send: E-mail, 1 problem")).to_be_visible()
    await box(viewer, "send: E-mail").press("Enter")
    await page.get_by_label("Channel", exact=True).select_option("sms")
    await page.get_by_label("Sender").fill("+12025550100")
    await page.get_by_label("Text").fill("Hello")
    await page.get_by_label("Name of the step").fill("hello")
    await page.get_by_label("Name of the step").press("Enter")
    await viewer.sees("None: this plan can be stored")

    await page.get_by_role("button", name="Put a step between hello and end").press(" ")
    await page.get_by_role("dialog").get_by_role("button", name="Wait").press("Enter")
    await expect(box(viewer, "wait: Wait")).to_have_attribute("aria-pressed", "true")
    await page.get_by_label("No sooner than").fill("P3D")
    await viewer.sees("after 3 days")
    await viewer.photograph("journey-editor", pictures)
    await viewer.can_be_used_by_all()
    await viewer.press("Take it out")
    await expect(box(viewer, "wait: Wait")).to_have_count(0)
    await viewer.press("Undo")
    await expect(box(viewer, "wait: Wait")).to_be_visible()

    await viewer.press("Store it as a draft")
    await expect(viewer.heading("Spring")).to_be_visible()
    await viewer.press("Start")
    await page.get_by_role("dialog").get_by_role("button", name="Start").click()
    await viewer.sees("Spring runs.")
    journeys = (await served.http.get("/campaigns", params={"kind": "journey"})).json()["data"]
    assert [each["status"] for each in journeys] == ["running"]


async def test_a_changed_plan_says_whom_it_concerns_before_it_is_stored(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Those under way are taken over on request, and go on where somebody says."""
    page = viewer.page
    id_ = await welcome(served, "+12125552000")
    await viewer.open(f"/journeys/{id_}", "Welcome")
    await viewer.press("Edit the plan")
    await box(viewer, "hello: SMS").click()
    await page.get_by_label("Name of the step").fill("welcome")
    await page.get_by_label("Name of the step").press("Enter")
    await viewer.press("Store it as the next version")
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text("Gone: hello; 1 person stands there")
    await viewer.photograph("journey-change", pictures)
    await question.get_by_role("button", name="Store it").click()
    await viewer.sees("version 2")

    await viewer.press("Take those under way over to the newest")
    over = question.get_by_role("button", name="Take them over")
    await expect(over).to_be_disabled()
    await question.get_by_label("go on at").select_option("welcome")
    await over.click()
    await viewer.sees("They are being taken over.")
    await served.settle()
    await page.reload()
    await viewer.sees("Went over to version 2: 1 people")
    await expect(box(viewer, "welcome: SMS, 1 here")).to_be_visible()


async def test_two_who_change_one_plan_do_not_write_over_each_other(
    look: ServeConsole, viewer: Viewer, served: Served
) -> None:
    """The second is told, sees the first one's plan, and keeps their own."""
    made = await served.post("/campaigns", {"kind": "journey", "name": "Welcome", "plan": PLAN})
    id_ = made.json()["id"]
    other = await look(served)
    other.may_be_refused()
    for each, text in ((viewer, "From one"), (other, "From the other")):
        await each.open(f"/journeys/{id_}", "Welcome")
        await each.press("Edit the plan")
        await box(each, "hello: SMS").click()
        await each.page.get_by_label("Text").fill(text)
    await viewer.press("Store it")
    await viewer.sees("The plan is stored.")

    await other.press("Store it")
    await other.sees("Somebody else has changed the plan")
    await other.press("See theirs")
    await other.sees("From one")
    await other.press("Edit the plan")
    await other.press("Store it")
    await other.sees("The plan is stored.")
    plan = (await served.get(f"/campaigns/{id_}/plan")).json()["plan"]
    assert plan["nodes"][0]["body"] == "From the other"


async def test_whoever_may_only_look_sees_a_sequence_and_changes_nothing(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """No button is there that would be refused."""
    served = await serve(**SIGN_IN)
    steps = [
        {"id": "offer", "channel": "sms", "sender": "+12025550100", "body": "One", "offset": "P1D"},
        {
            "id": "reminder",
            "channel": "sms",
            "sender": "+12025550100",
            "body": "Two",
            "after": "offer",
        },
    ]
    made = await served.post(
        "/campaigns",
        {"kind": "sequence", "name": "Follow up", "steps": steps},
        authorization=token("operator"),
    )
    viewer = await look(served, role="viewer")
    await viewer.open("/journeys?kind=sequence", "Journeys")
    await viewer.page.get_by_role("link", name="Follow up").click()
    await expect(viewer.heading("Follow up")).to_be_visible()
    await expect(box(viewer, "offer: SMS")).to_be_visible()
    await viewer.photograph("sequence", pictures)
    for button in ("Edit the plan", "Start", "Let them in"):
        await expect(viewer.page.get_by_role("button", name=button)).to_have_count(0)
    await viewer.can_be_used_by_all()
    assert made.status_code == 201
