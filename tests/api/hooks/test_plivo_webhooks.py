"""Plivo tells us what becomes of a call, and the call that is answered has its bot."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.engine.ports.channel import WebhookRequest
from tests.api.conftest import MakeRig
from tests.api.hooks.watched_calls import ringing_heard, status
from tests.api.rig import BASE, Rig, numbers, order
from tests.channels.loopback import Loopback, response
from tests.channels.plivo.voice_server import (
    AUTH_ID,
    AUTH_TOKEN,
    Call,
    PlivoServer,
    hangup_form,
    machine_form,
    sign,
)


class Impatient(PlivoServer):
    """A Plivo whose callbacks overtake its answer to the request for the call."""

    def __init__(self) -> None:
        super().__init__()
        self.early: list[str] = []  #: the callbacks that come first
        self.rig: Rig | None = None
        self.answers: list[int] = []

    async def _take_order(self, order: dict[str, Any]) -> Any:
        answer = await super()._take_order(order)
        placed = self.calls[-1]
        for field in self.early:
            self.answers.append((await self.tell(placed, field)).status_code)
        return answer

    async def tell(self, placed: Call, field: str, **form: str) -> httpx.Response:
        """Deliver a callback of a call; a hangup ends it."""
        if field == "hangup_url":
            self.end(placed, talked_s=42)
            form = hangup_form(placed) | form
        return await deliver(self.rig, self.callback(placed, field, form))


async def deliver(rig: Rig | None, signed: WebhookRequest, **changes: str) -> httpx.Response:
    """Deliver a signed callback, its headers changed."""
    assert rig is not None
    changed = {name.replace("_", "-"): text for name, text in changes.items()}
    headers = {**signed.headers, **changed}
    return await rig.http.post(signed.url, content=signed.body, headers=headers)


@pytest.fixture
async def plivo() -> AsyncIterator[Impatient]:
    """Play Plivo."""
    server = Impatient()
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def bot() -> AsyncIterator[str]:
    """Play a voice bot that is awake; give its URL."""
    async with Loopback(lambda _: response("204 No Content")) as server:
        yield f"ws://127.0.0.1:{server.port}/talk?id=1&lang=en"


@pytest.fixture
def plivo_rig(make_rig: MakeRig, plivo: Impatient, tmp_path: Path) -> Rig:
    """Give a Clarion that calls over Plivo."""
    plivo.rig = make_rig(
        store_url=f"sqlite:///{tmp_path}/clarion.db",
        voice_provider="plivo",
        plivo_auth_id=AUTH_ID,
        plivo_auth_token=AUTH_TOKEN,
        plivo_api_url=plivo.url,
    )
    return plivo.rig


async def ring_up(rig: Rig, plivo: Impatient, bot: str, **changes: Any) -> tuple[str, Call]:
    """Let a campaign call its only person; return it and the call."""
    body = order(await rig.make_list(numbers(1)), wssUrl=bot, **changes)
    async with ringing_heard(rig):
        answer = await rig.post("/create-campaign", body)
        assert answer.status_code == 200, answer.text
        await rig.stack.engine.queue.run_due()  # type: ignore[attr-defined] # the local queue
    return answer.json()["campaignId"], plivo.calls[-1]


async def test_a_call_over_plivo(plivo_rig: Rig, plivo: Impatient, bot: str) -> None:
    """Signed callbacks take a call to its end; an answered one is connected with the bot."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    assert placed.order["answer_url"].startswith(f"{BASE}/webhooks/plivo/answer/default/")
    assert (await plivo.tell(placed, "ring_url")).status_code == 200
    answered = await plivo.tell(placed, "answer_url")
    assert answered.headers["content-type"].startswith("application/xml")
    assert bot.replace("&", "&amp;") in answered.text
    assert await status(plivo_rig, campaign) == "answered"
    assert (await plivo.tell(placed, "hangup_url")).status_code == 200
    (row,) = await plivo_rig.report(campaign)
    assert (row["status"], row["duration_s"], row["attempts"]) == ("completed", 42, 1)


async def test_a_machine_is_heard(plivo_rig: Rig, plivo: Impatient, bot: str) -> None:
    """With machine detection a campaign's report says which calls a machine took."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot, machineDetection=True)
    await plivo.tell(placed, "answer_url")
    form = machine_form(machine=True)
    assert (await plivo.tell(placed, "machine_detection_url", **form)).status_code == 200
    (row,) = await plivo_rig.report(campaign)
    assert row["machine"] is True


@pytest.mark.parametrize(
    "early", [["ring_url"], ["ring_url", "answer_url"], ["ring_url", "answer_url", "hangup_url"]]
)
async def test_a_callback_before_the_call_s_own_answer_counts(
    plivo_rig: Rig, plivo: Impatient, bot: str, early: list[str]
) -> None:
    """Callbacks that overtake the answer to our own request are not lost, nor undone by it."""
    plivo.early = early
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    assert plivo.answers == [200] * len(early)
    steps = {"ring_url": "delivered", "answer_url": "answered", "hangup_url": "completed"}
    assert await status(plivo_rig, campaign) == steps[early[-1]]
    for field in list(steps)[len(early) :]:
        assert (await plivo.tell(placed, field)).status_code == 200
    (row,) = await plivo_rig.report(campaign)
    assert (row["status"], row["duration_s"], row["attempts"]) == ("completed", 42, 1)
    assert len(plivo.calls) == 1


async def test_a_replayed_hangup_changes_nothing(
    plivo_rig: Rig, plivo: Impatient, bot: str
) -> None:
    """The same hangup once more, and one with another duration, leave what was charged."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    for seconds in ("42", "42", "9000"):
        answer = await plivo.tell(placed, "hangup_url", Duration=seconds)
        assert answer.status_code == 200
        (row,) = await plivo_rig.report(campaign)
        assert row["duration_s"] == 42


async def test_a_webhook_after_the_end_is_taken_quietly(
    plivo_rig: Rig, plivo: Impatient, bot: str
) -> None:
    """After the campaign was cancelled its last call still ends as it did, and nothing reopens."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    cancelled = await plivo_rig.post("/cancel-campaign", {"campaignId": campaign})
    assert cancelled.json()["inFlight"] == 1
    for field in ("ring_url", "answer_url", "hangup_url", "ring_url"):
        assert (await plivo.tell(placed, field)).status_code == 200
    seen = await plivo_rig.progress(campaign)
    assert (seen["status"], seen["statistics"]["connectedCalls"]) == ("cancelled", 1)


async def test_what_plivo_did_not_sign_is_refused(
    plivo_rig: Rig, plivo: Impatient, bot: str
) -> None:
    """Unsigned, forged, moved and oversized callbacks are 403s and change nothing."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    good = plivo.callback(placed, "ring_url", {"Event": "Ring"})
    other_org = replace(good, url=good.url.replace("/default/", "/other/"))
    huge = sign(good.url, {"RequestUUID": placed.uuid, "x": "y" * 100_000})
    unsigned = replace(good, headers={"content-type": good.headers["content-type"]})
    for answer in (
        await deliver(plivo_rig, good, x_plivo_signature_v3="AAAA"),
        await deliver(plivo_rig, good, x_plivo_signature_v3_nonce="1"),
        await deliver(plivo_rig, replace(good, body=good.body + b"&Duration=9")),
        await deliver(plivo_rig, unsigned),
        await deliver(plivo_rig, other_org),
        await deliver(plivo_rig, huge),
    ):
        assert (answer.status_code, answer.json()["status"]) == (403, 403)
        assert AUTH_TOKEN not in answer.text
    assert await status(plivo_rig, campaign) == "sent"


async def test_a_signed_callback_of_nobody_s_call(
    plivo_rig: Rig, plivo: Impatient, bot: str
) -> None:
    """Well signed callbacks for what does not exist are kept; those that name no call refused."""
    _, placed = await ring_up(plivo_rig, plivo, bot)
    url = placed.order["ring_url"].partition("#")[0]
    form = {"RequestUUID": placed.uuid}
    for path, sent, code in (
        ("/default/", {"Event": "Ring"}, 400),
        ("/other/", form, 200),
        ("/default/", form, 200),
    ):
        signed = sign(url.replace("/default/", path), sent)
        assert (await deliver(plivo_rig, signed)).status_code == code
    (stray,) = (await plivo_rig.get("/receipts/strays", x_org_id="other")).json()["data"]
    assert (stray["kind"], stray["provider_id"]) == ("ringing", placed.uuid)
    assert (await plivo_rig.get("/receipts/strays")).json()["data"] == []


async def test_an_answer_for_a_call_that_is_unknown_connects_nobody(
    plivo_rig: Rig, plivo: Impatient, bot: str
) -> None:
    """An answer webhook of a message that we do not have is told 404, and no bot."""
    _, placed = await ring_up(plivo_rig, plivo, bot)
    url = placed.order["answer_url"].partition("#")[0].replace("/default/", "/other/")
    answer = await deliver(plivo_rig, sign(url, {"RequestUUID": placed.uuid}))
    assert (answer.status_code, "Stream" in answer.text) == (404, False)


async def test_the_bot_is_told_whom_it_talks_to(plivo_rig: Rig, plivo: Impatient, bot: str) -> None:
    """By the answer; and a connection that breaks off is among what happened to the call."""
    campaign, placed = await ring_up(plivo_rig, plivo, bot)
    url, form = placed.order["answer_url"].partition("#")[0], {"RequestUUID": placed.uuid}
    answer = await deliver(plivo_rig, sign(url, form))
    assert f"to={placed.order['to']},campaignId={campaign}," in answer.text
    lost = sign(url.replace("/answer/", "/stream/"), {**form, "Event": "DroppedStream"})
    assert (await deliver(plivo_rig, lost)).status_code == 200
    message = url.split("/")[-2]
    why = await plivo_rig.get(f"/messages/{campaign}.{message}/why")
    assert "connection with the bot failed or broke off" in why.text
