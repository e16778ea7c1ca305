"""The inbox: what people wrote back, what was done, and receipts that belong to nothing."""

from pathlib import Path
from typing import Final

from playwright.async_api import expect

from functions.domain.messages.delivery_events import DeliveryEvent, EventKind, Inbound, MessageRef
from functions.engine.receipts.inbound import receive_inbound
from functions.engine.receipts.orphans import receive_or_keep
from tests.api.campaigns.writing import customer, write
from tests.api.rig import SENDER, token
from tests.api.session.browser import SIGN_IN
from tests.console.conftest import ServeConsole
from tests.console.served import Served, Viewer

ALICE: Final = "+254712345678"


async def wrote(served: Served, words: str, *, id_: str, org: str = "default") -> None:
    """Let Alice write a text now."""
    text = Inbound(id_, ALICE, SENDER, words, served.clock.now())
    await receive_inbound(served.stack.engine, org, "simulator", text)
    await served.clock.sleep(1)


async def strayed(served: Served, campaign_id: str, message: str) -> None:
    """Let a provider tell of a message that there is not."""
    ref = MessageRef("default", campaign_id, message)
    event = DeliveryEvent(message, ref, 1, EventKind.DELIVERED, served.clock.now())
    await receive_or_keep(served.stack.engine, event)


async def texted(served: Served) -> str:
    """Send Alice a text; return the campaign's id."""
    made = await write(served, name="Spring")
    await served.post(f"/campaigns/{made['id']}/send", {"customer_ids": [await customer(served)]})
    await served.run(made["id"])
    return str(made["id"])


async def test_whoever_answers_is_read_with_what_they_answer_and_what_was_done(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """To the message, its campaign, the person, and the suppression of who wants no more."""
    page = viewer.page
    await viewer.open("/inbox", "Inbox")
    await viewer.sees("Nobody has written yet.")
    campaign_id = await texted(served)
    await wrote(served, "Thanks,\nwhen do you open?", id_="t1")
    await wrote(served, "STOP", id_="t2")
    await page.reload()
    await viewer.sees("2 texts")
    await viewer.photograph("inbox", pictures)
    await viewer.can_be_used_by_all()

    await page.get_by_role("button", name="Show what").first.click()
    await expect(page.get_by_role("dialog")).to_contain_text("What happened")
    await page.keyboard.press("Escape")
    await page.get_by_label("Taken for").select_option("opt_out")
    await viewer.sees("1 text")
    await expect(page.get_by_text("when do you open?")).to_have_count(0)
    await page.get_by_role("link", name="they are not contacted any more").click()
    await viewer.sees("Everything: opted_out")
    await viewer.open(f"/inbox?campaign_id={campaign_id}&from=2026-03-02", "Inbox")
    await expect(page.get_by_role("button", name="Answers to Spring")).to_be_visible()
    await viewer.sees("2 texts")
    await page.get_by_label("From", exact=True).fill("2026-03-09")
    await viewer.sees("Nobody has written this.")
    await viewer.press("Show all")
    await page.get_by_role("link", name=ALICE).first.click()
    await viewer.sees("They wrote")
    await viewer.sees("Opt-out: they are not contacted any more")


async def test_stray_receipts_are_applied_again_over_a_slow_line(
    viewer: Viewer, served: Served, pictures: Path | None
) -> None:
    """Those whose message is still unknown are kept, and it says how many."""
    page = viewer.page
    await viewer.open("/inbox", "Inbox")
    await page.get_by_role("link", name="Stray receipts").click()
    await viewer.sees("Every receipt has found its message.")
    await strayed(served, "a" * 32, "m1")
    await strayed(served, "a" * 32, "m2")
    await page.reload()
    await viewer.sees("2 receipts")
    await viewer.photograph("strays", pictures)
    await viewer.can_be_used_by_all()

    await viewer.slowly()
    await page.get_by_role("button", name="Apply all of them again").press("Enter")
    await viewer.sees("None of them has found its message: all are kept.")


async def test_whoever_may_only_look_reads_no_words_and_applies_nothing(
    serve: ServeConsole, look: ServeConsole
) -> None:
    """That somebody wrote, and what it was taken for, they see."""
    served = await serve(**SIGN_IN)
    operator = token("operator")
    await served.post("/contacts", {"phone": ALICE}, authorization=operator)
    await wrote(served, "my secret", id_="t1", org="acme")
    viewer = await look(served, role="viewer")
    await viewer.open("/inbox", "Inbox")
    await viewer.sees("operators alone read what people write")
    await expect(viewer.page.get_by_text("my secret")).to_have_count(0)
    await viewer.open("/inbox?of=strays", "Inbox")
    await viewer.sees("Every receipt has found its message.")
    await expect(viewer.page.get_by_role("button", name="Apply")).to_have_count(0)
