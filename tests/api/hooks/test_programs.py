"""Programs that open mails and follow links: kept among a message's events, and never counted."""

from datetime import timedelta
from typing import Any

import pytest

from functions.domain.messages.delivery_events import MessageRef
from functions.domain.urls.tracking_links import Purpose
from functions.engine import paths
from functions.engine.ports.store import Query
from tests.api.conftest import MakeRig
from tests.api.hooks.test_mail_links import SECRET, Mailed

BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"
SCANNERS = (
    "",
    "Mozilla/5.0",
    "Mozilla/5.0 (compatible; Barracuda Sentinel)",
    "Mozilla/5.0 (compatible; Googlebot/2.1)",
    "Slackbot-LinkExpanding 1.0",
    "WhatsApp/2.23.20",
    "python-requests/2.32",
    "Mozilla/5.0 HeadlessChrome/120",
)


@pytest.fixture
async def mailed(make_rig: MakeRig) -> Mailed:
    """Give a mail that was sent to somebody just now."""
    rig = make_rig(signing_secret=SECRET)
    person = {"phone": "+12025550142", "email": "ann@example.com"}
    assert (await rig.post("/contacts", person)).status_code == 201
    body = {"name": "News", "channel": "email", "sender": "a@shop.example", "subject": "Hi"}
    made = await rig.post("/campaigns", {**body, "base_template": "Hi"})
    campaign = made.json()["id"]
    assert (await rig.post(f"/campaigns/{campaign}/send", {"everyone": True})).status_code == 200
    await rig.run(campaign)
    (message,) = await rig.store.query(Query(paths.messages("default", campaign)))
    return Mailed(rig, MessageRef("default", campaign, message.id))


async def visit(mailed: Mailed, purpose: Purpose, method: str = "GET", **more: Any) -> None:
    """Follow a link of the mail, as a browser or as `agent`."""
    agent, headers = more.pop("agent", BROWSER), more.pop("headers", {})
    sent = {"user-agent": agent, **headers}
    await mailed.rig.http.request(method, mailed.path(purpose, **more), headers=sent)


async def counted(mailed: Mailed) -> tuple[int, int]:
    """Return how many clicks and openings the campaign tells."""
    stats = (await mailed.rig.get(f"/campaigns/{mailed.ref.campaign}")).json()["stats"]
    return stats["clicked"], stats["read"]


async def machines(mailed: Mailed) -> list[str]:
    """Return what programs have done, as it is kept."""
    told = (await mailed.stored()).get("told", [])
    return [each["kind"] for each in told if each.get("machine")]


@pytest.mark.parametrize("agent", SCANNERS)
async def test_a_program_that_says_so_is_not_counted(mailed: Mailed, agent: str) -> None:
    """Scanners, previews, crawlers, libraries, and Apple's privacy protection."""
    mailed.rig.clock.advance(timedelta(hours=1))
    await visit(mailed, Purpose.CLICK, agent=agent)
    await visit(mailed, Purpose.OPEN, agent=agent)
    assert await counted(mailed) == (0, 0)
    assert sorted(await machines(mailed)) == ["clicked", "read"]
    why = await mailed.rig.get(f"/messages/{mailed.ref.campaign}.{mailed.ref.message}/why")
    assert "it was a program" in why.text
    await visit(mailed, Purpose.CLICK)
    assert await counted(mailed) == (1, 1)


async def test_what_is_loaded_ahead_is_not_counted(mailed: Mailed) -> None:
    """Nobody sees a page that a browser prefetches."""
    await visit(mailed, Purpose.CLICK, headers={"sec-purpose": "prefetch;prerender"})
    assert await counted(mailed) == (0, 0)


async def test_a_proxy_counts_but_for_the_seconds_after_the_mail_was_sent(mailed: Mailed) -> None:
    """Gmail's proxy loads a picture when a mail is opened, and some when it arrives."""
    proxy = "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    await visit(mailed, Purpose.OPEN, agent=proxy)
    assert await counted(mailed) == (0, 0)
    mailed.rig.clock.advance(timedelta(minutes=5))
    await visit(mailed, Purpose.OPEN, agent=proxy)
    assert await counted(mailed) == (0, 1)


async def test_a_burst_of_links_just_after_the_mail_was_sent_is_not_counted(
    mailed: Mailed,
) -> None:
    """Whatever the scanner calls itself: its first click is taken back; a person's counts later."""
    for number in range(4):
        await visit(mailed, Purpose.CLICK, target=f"https://shop.example/{number}")
    assert await counted(mailed) == (0, 0)
    stored = await mailed.stored()
    assert (stored["clicked_at"], stored["status"] in {"sent", "delivered"}) == (None, True)
    mailed.rig.clock.advance(timedelta(minutes=5))
    await visit(mailed, Purpose.CLICK, target="https://shop.example/1")
    assert await counted(mailed) == (1, 1)


async def test_a_head_before_the_get_is_a_scan(mailed: Mailed) -> None:
    """Within seconds of the mail; the same link an hour later is followed by a person."""
    await visit(mailed, Purpose.CLICK, "HEAD")
    await visit(mailed, Purpose.CLICK)
    assert await counted(mailed) == (0, 0)
    mailed.rig.clock.advance(timedelta(hours=1))
    await visit(mailed, Purpose.CLICK, "HEAD")
    await visit(mailed, Purpose.CLICK)
    assert await counted(mailed) == (1, 1)


async def test_who_follows_the_hidden_link_is_a_program(mailed: Mailed) -> None:
    """Before the other links or behind them; nobody sees it, and it leads nowhere."""
    await visit(mailed, Purpose.CLICK)
    await visit(mailed, Purpose.TRAP)
    assert await counted(mailed) == (0, 0)
    mailed.rig.clock.advance(timedelta(minutes=2))
    await visit(mailed, Purpose.CLICK)
    assert await counted(mailed) == (0, 0)
    mailed.rig.clock.advance(timedelta(minutes=30))
    await visit(mailed, Purpose.CLICK)
    assert await counted(mailed) == (1, 1)


async def test_a_person_who_opens_and_clicks_at_once_counts(mailed: Mailed) -> None:
    """One link, as often as they like, and the picture."""
    for purpose in (Purpose.OPEN, Purpose.CLICK, Purpose.CLICK):
        await visit(mailed, purpose)
    assert await counted(mailed) == (1, 1)
    assert await machines(mailed) == []
