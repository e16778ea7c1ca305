"""The settings and the rules in force, in front of somebody's eyes."""

import re
from pathlib import Path
from typing import Any

from playwright.async_api import expect

from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Viewer


async def change(viewer: Viewer, body: Any, **headers: str) -> Any:
    """Let another admin change the settings."""
    answer = await viewer.served.http.patch("/settings", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def settings(viewer: Viewer) -> Any:
    """Return what is decided."""
    return (await viewer.served.get("/settings")).json()


async def test_an_admin_decides_and_only_what_was_changed_is_sent(
    viewer: Viewer, pictures: Path | None
) -> None:
    """Senders, quiet hours, a cap, a country's rule and words, saved at once."""
    page = viewer.page
    await change(viewer, {"senders": {"sms": "+12025550111"}, "rates": {"sms": 5}})
    await viewer.open("/settings", "Settings")
    await page.get_by_role("textbox", name="Name").fill("Shop of Alice")
    await page.get_by_label("E-mail", exact=True).first.fill("alice@shop.example")
    await page.get_by_label("Quiet hours").check()
    await viewer.press("Add a cap")
    await page.get_by_label("Kind of message").select_option("sms")
    await viewer.press("Add a rule")
    rule = page.get_by_role("group", name="United States, SMS")
    await rule.get_by_label("Sunday").check()
    await viewer.press("Add French: ARRET, FIN")
    await viewer.sees("Not saved yet: Name; Sender: E-mail; Quiet hours; Frequency caps")
    await viewer.photograph("settings", pictures)
    await viewer.can_be_used_by_all()

    async with page.expect_request(lambda asked: asked.method == "PATCH") as sent:
        await page.get_by_role("textbox", name="Name").press("Enter")

    body: Any = (await sent.value).post_data_json
    assert body["senders"] == {"email": "alice@shop.example"}
    assert body["quiet_hours"] == {"start": "21:00", "end": "09:00"}
    assert body["country_rules"]["US"]["sms"]["closed_on"] == ["sun"]
    assert "rates" not in body
    await expect(page.get_by_text("Not saved yet")).to_be_hidden()
    await viewer.sees("Yours")  # the rule is in force
    assert (await settings(viewer))["opt_out_words"] == {"fr": ["ARRET", "FIN"]}


async def test_what_breaks_a_rule_is_said_at_its_field_and_nothing_is_saved(
    viewer: Viewer,
) -> None:
    """Slowly, too: what was written stays."""
    page = viewer.page
    viewer.may_be_refused()
    await viewer.open("/settings", "Settings")
    await viewer.slowly()
    await page.get_by_label("SMS", exact=True).first.fill("nobody's")
    await page.get_by_label("Time zone").fill("Europe/Pariss")
    await viewer.press("Save")

    sms = page.get_by_label("SMS", exact=True).first
    await expect(sms).to_have_accessible_description(re.compile("senders.sms: must be"))
    await sms.fill("+12025550111")
    await viewer.press("Save")
    zone = page.get_by_label("Time zone")
    await expect(zone).to_have_accessible_description(re.compile("Pariss"))
    await expect(sms).not_to_have_attribute("aria-invalid", "true")
    assert (await settings(viewer))["default_zone"] == ""

    await zone.fill("Europe/Paris")
    await viewer.press("Save")
    await viewer.sees("Saved: Time zone; Sender: SMS.")


async def test_two_who_change_them_at_once_see_both(viewer: Viewer) -> None:
    """The second is told what the first wrote, and chooses."""
    page = viewer.page
    viewer.may_be_refused()
    await viewer.open("/settings", "Settings")
    await page.get_by_role("textbox", name="Name").fill("Mine")
    await page.get_by_label("Address for unsubscribing").fill("out@shop.example")
    await change(viewer, {"name": "Theirs", "rates": {"sms": 2}})
    await viewer.press("Save")

    both = page.get_by_role("alert").filter(has_text="has changed the settings")
    await expect(both.get_by_role("row", name="Name Theirs Mine")).to_be_visible()
    await expect(both.get_by_role("row", name="Rate: SMS 2 a second")).to_be_visible()
    assert (await settings(viewer))["name"] == "Theirs"
    await viewer.press("Take theirs where both wrote")
    await expect(page.get_by_role("textbox", name="Name")).to_have_value("Theirs")
    await viewer.press("Save")

    await viewer.sees("Saved: Address for unsubscribing.")
    held = await settings(viewer)
    assert (held["name"], held["unsubscribe_email"]) == ("Theirs", "out@shop.example")
    assert held["rates"] == {"sms": 2}


async def test_the_webhook_secret_is_shown_to_admins_on_request(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """Where there is none, it says what to set."""
    viewer = await look(await serve())
    viewer.may_be_refused()
    await viewer.open("/settings", "Settings")
    await viewer.press("Show the secret")
    await viewer.sees("whoever runs Clarion sets SIGNING_SECRET")

    signing = await look(await serve(signing_secret="s" * 40))
    await signing.open("/settings", "Settings")
    await signing.press("Show the secret")
    await expect(signing.page.get_by_label("Secret", exact=True)).to_have_value(
        re.compile("^whsec_")
    )
    await signing.can_be_used_by_all()


async def test_a_viewer_reads_and_changes_nothing(
    serve: ServeConsole, look: ServeConsole, pictures: Path | None
) -> None:
    """What is decided, and the rules with their sources."""
    served = await serve(**SIGN_IN)
    viewer = await look(served, role="viewer")
    await change(viewer, {"senders": {"sms": "+12025550111"}}, authorization=token("admin"))
    await viewer.open("/settings", "Settings")

    await viewer.sees("+12025550111")
    main = viewer.page.get_by_role("main")
    await expect(main.get_by_role("button")).to_have_count(0)
    await expect(main.get_by_role("textbox")).to_have_count(0)
    france = main.get_by_role("row", name="France Calls")
    await france.get_by_text("The country's").click()
    await expect(france).to_contain_text("Code de la consommation")
    await viewer.photograph("settings-viewer", pictures)
    await viewer.can_be_used_by_all()
