"""Subscriptions, and what they were told, in front of somebody's eyes."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest_asyncio
from playwright.async_api import expect

from tests.api.organisation.test_subscriptions import Receiver
from tests.api.rig import token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer


@pytest_asyncio.fixture(loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    """Give a receiver on loopback."""
    made = Receiver()
    async with made.server:
        yield made


async def subscribe(served: Served, receiver: Receiver, **headers: str) -> Any:
    """Subscribe the receiver to campaigns that start."""
    body = {"url": receiver.url, "events": ["campaign.started"], "description": "The CRM"}
    answer = await served.post("/subscriptions", body, **headers)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_system_is_subscribed_tried_and_told_again(
    viewer: Viewer, receiver: Receiver, pictures: Path | None
) -> None:
    """Its secret is shown once; what it was told stands there with body and answer."""
    page = viewer.page
    await viewer.open("/subscriptions", "Subscriptions")
    await viewer.sees("Nobody is told yet.")
    await page.keyboard.press("n")
    await page.get_by_label("URL").fill(receiver.url)
    await page.get_by_label("campaign.started").check()
    await viewer.photograph("subscription-new", pictures)
    await page.get_by_label("Description").fill("The CRM")
    await page.get_by_label("Description").press("Enter")
    secret = await page.get_by_label("Secret", exact=True).input_value()
    assert secret.startswith("whsec_")
    await viewer.press("I have kept it")
    assert secret not in await page.content()
    await viewer.photograph("subscriptions", pictures)

    await page.get_by_role("link", name=receiver.url).click()
    await expect(viewer.heading("The CRM")).to_be_visible()
    await viewer.press("Send a test")
    await viewer.sees("The test was taken: HTTP 200.")
    receiver.answers += ["500 No"]
    await viewer.served.campaign()
    await viewer.served.settle()
    await viewer.press("To be sent")
    row = page.get_by_role("row", name="campaign.started")
    await expect(row).to_contain_text("HTTP 500")
    await row.get_by_role("button").click()
    await expect(page.get_by_role("dialog")).to_contain_text('"name": "Morning outreach"')
    await viewer.photograph("subscription-body", pictures)
    await viewer.press("Replay")
    await viewer.served.settle()
    await viewer.press("Close")
    await viewer.press("Delivered")
    await expect(row).to_contain_text("HTTP 200")
    await viewer.photograph("subscription", pictures)
    assert receiver.types == ["subscription.test", "campaign.started", "campaign.started"]

    await viewer.press("Rotate the secret")
    await viewer.press("Make a new secret")
    assert await page.get_by_label("Secret", exact=True).input_value() != secret
    await viewer.press("I have kept it")
    await viewer.sees("signs as well until")
    await viewer.can_be_used_by_all()


async def test_what_is_refused_overtaken_or_failed_is_said(
    viewer: Viewer, receiver: Receiver
) -> None:
    """At its field, beside what somebody else wrote; what failed is replayed at once."""
    page = viewer.page
    viewer.may_be_refused()
    made = await subscribe(viewer.served, receiver)
    await viewer.open(f"/subscriptions/{made['id']}", "The CRM")
    await viewer.slowly()
    receiver.answers += ["500 No"]
    await viewer.press("Send a test")
    await viewer.sees("The test was not taken: HTTP 500.")
    await viewer.press("Replay what failed")
    await viewer.press("Send them again")
    await viewer.sees("1 are sent again.")

    await viewer.press("Change")
    await page.get_by_label("URL").fill("nowhere")
    await viewer.press("Save")
    await expect(page.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("URL").fill(f"{receiver.url}/new")
    path = f"/subscriptions/{made['id']}"
    await viewer.served.http.patch(path, json={"description": "Theirs"})
    await viewer.press("Save")
    await expect(page.get_by_role("alert")).to_contain_text("Theirs")
    await viewer.press("Save mine")
    await viewer.sees("The subscription is changed.")
    assert (await viewer.served.get(path)).json()["url"].endswith("/new")

    await viewer.press("Switch off")
    await viewer.sees("switched off")
    await viewer.press("Delete")
    await viewer.press("Delete it")
    await expect(viewer.heading("Subscriptions")).to_be_visible()
    await viewer.sees("Nobody is told yet.")


async def test_a_viewer_sees_what_was_told_and_no_button(
    serve: ServeConsole, look: ServeConsole, receiver: Receiver
) -> None:
    """Reading changes nothing."""
    served = await serve(**SIGN_IN, allow_private_hosts=True)
    made = await subscribe(served, receiver, authorization=token("admin"))
    viewer = await look(served, role="viewer")
    await viewer.open("/subscriptions", "Subscriptions")
    await expect(viewer.page.get_by_role("main").get_by_role("button")).to_have_count(0)
    await viewer.open(f"/subscriptions/{made['id']}", "The CRM")
    await viewer.sees("It was told nothing yet.")
    for name in ("Send a test", "Change", "Delete", "Replay what failed"):
        await expect(viewer.page.get_by_role("button", name=name)).to_have_count(0)
    await viewer.can_be_used_by_all()
