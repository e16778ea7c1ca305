"""Carriers tell us what happened, once, in any order; nobody else tells us anything."""

from typing import Any

import httpx
import pytest

from functions.domain.campaigns.send import Content, Send, send_fields
from functions.domain.kinds import ChannelKind
from functions.engine import paths
from functions.engine.ports.channel import WebhookRequest
from functions.engine.ports.store import Delete, Query, Update
from tests.api.hooks.watched_calls import ringing_heard, status
from tests.api.rig import BOT, Rig


@pytest.fixture
async def call(rig: Rig) -> tuple[str, list[WebhookRequest]]:
    """Make a call whose ringing somebody wants to hear of.

    Give its campaign and its callbacks, ring, answer and hangup, undelivered.
    """
    caught = rig.catch_callbacks()
    async with ringing_heard(rig):
        campaign = await rig.campaign()
        await rig.settle()
    await rig.clock.sleep(2)
    await rig.settle()
    assert [_event(request) for request in caught] == ["ring", "answer", "hangup"]
    return campaign, caught


def _event(request: WebhookRequest) -> str:
    return httpx.URL(request.url).path.split("/")[3]


async def test_callbacks_move_a_message_to_its_end(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """Ring, answer and hangup are answered 200 and take the message with them."""
    campaign, caught = call
    for request, expected in zip(caught, ("delivered", "answered", "completed"), strict=True):
        answer = await rig.call_back(request)
        assert answer.status_code == 200
        assert await status(rig, campaign) == expected


async def test_a_call_that_follows_a_text_is_connected_with_its_own_bot(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """Where a call is a campaign's fallback, whoever picks up talks to the bot of that fallback."""
    campaign, (_, answered, _) = call
    bot = "wss://second.example/talk"
    send = Send("fallback-1", ChannelKind.VOICE, "plivo", "", Content(bot_url=bot))
    fallback = {"send": send_fields(send), "after": ["failed"], "wait_s": 0}
    (message,) = await rig.store.query(Query(paths.messages("default", campaign)))
    await rig.store.commit(
        Update(paths.campaign("default", campaign), {"fallbacks": [fallback]}),
        Update(message.path, {"send": "fallback-1"}),
    )
    assert (await rig.call_back(answered)).json() == {"stream": bot}


async def test_somebody_who_picks_up_a_call_that_is_not_known_here_has_its_campaigns_bot(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """As after a store was restored; a campaign that is not known either is a 404."""
    campaign, (_, answered, _) = call
    (message,) = await rig.store.query(Query(paths.messages("default", campaign)))
    await rig.store.commit(Delete(message.path))
    assert (await rig.call_back(answered)).json() == {"stream": BOT}

    await rig.store.commit(Delete(paths.campaign("default", campaign)))
    assert (await rig.call_back(answered)).status_code == 404


async def test_the_old_prefix_is_served_too(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """A callback that comes in under /plivo counts as the one that was signed."""
    campaign, caught = call
    url = caught[-1].url.replace("/webhooks/", "/plivo/webhooks/")
    assert (await rig.call_back(caught[-1], url=url)).status_code == 200
    assert await status(rig, campaign) == "completed"


async def test_a_repeated_hangup_charges_once(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """A replayed callback is answered 200 and changes nothing."""
    campaign, caught = call
    await rig.call_back(caught[-1])
    before = await rig.report(campaign)
    for _ in range(3):
        assert (await rig.call_back(caught[-1])).status_code == 200
    assert await rig.report(campaign) == before
    assert before[0]["duration_s"] == 1


async def test_a_late_callback_does_not_reopen_a_call(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """Callbacks in reverse order leave the call ended, and its campaign completed."""
    campaign, caught = call
    for request in reversed(caught):
        assert (await rig.call_back(request)).status_code == 200
        await rig.settle()
        assert await status(rig, campaign) == "completed"
    assert (await rig.progress(campaign))["status"] == "completed"
    assert (await rig.call_back(caught[0])).status_code == 200
    assert (await rig.progress(campaign))["status"] == "completed"


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {}},
        {"headers": {"x-simulator-signature": ""}},
        {"headers": {"x-simulator-signature": "0" * 64}},
        {"headers": {"x-simulator-signature": "é"}},
        {"body": b"{}"},
        {"body": b"x" * 500_000},
        {"method": "GET", "headers": {}, "body": b""},
    ],
    ids=["unsigned", "empty", "forged", "not ASCII", "other body", "huge", "GET"],
)
async def test_what_the_carrier_did_not_sign_is_refused(
    rig: Rig, call: tuple[str, list[WebhookRequest]], changes: dict[str, Any]
) -> None:
    """Without the carrier's signature over just this request it is a 403 that changes nothing."""
    campaign, caught = call
    headers = changes.get("headers", {})
    encoded = {name: value.encode("latin-1") for name, value in headers.items()}
    sent = changes | ({"headers": encoded} if headers else {})
    answer = await rig.call_back(caught[-1], **sent)
    assert (answer.status_code, answer.json()["status"]) == (403, 403)
    assert await status(rig, campaign) == "sent"


async def test_a_signature_counts_for_one_path(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """A signed callback cannot be used for another org, campaign, message, attempt or event."""
    campaign, caught = call
    url = caught[-1].url
    path = url.split("/")
    for position, value in ((5, "answer"), (6, "other"), (7, "c2"), (8, "m2"), (9, "2")):
        moved = "/".join((*path[:position], value, *path[position + 1 :]))
        assert moved != url
        assert (await rig.call_back(caught[-1], url=moved)).status_code == 403
    assert (await rig.call_back(caught[-1], url=f"{url}?x=1")).status_code == 403
    assert await status(rig, campaign) == "sent"


async def test_a_webhook_over_a_megabyte_is_cut_off(
    rig: Rig, call: tuple[str, list[WebhookRequest]]
) -> None:
    """A body of more than 1,000,000 bytes is refused with 413 before it is looked at."""
    _, caught = call
    answer = await rig.call_back(caught[-1], body=b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["status"]) == (413, 413)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/webhooks/nobody/ring/default/c/m/1", 404),
        ("/webhooks/plivo/ring/default/c/m/1", 404),
        ("/webhooks/simulator/ring/default/c/m", 404),
        ("/webhooks", 404),
        ("/webhooks/simulator/ring/default/c/m/one", 400),
        ("/webhooks/simulator/ring/a%20b/c/m/1", 400),
        ("/webhooks/simulator/ring/default/..%2f..%2fother/m/1", 404),
        ("/webhooks/simulator/ring/default/%252e%252e/m/1", 400),
        ("/webhooks/simulator/ring/default/c/m/99999999999999999999999", 403),
        ("/webhooks/simulator/polka/default/c/m/1", 403),
    ],
)
async def test_a_path_that_is_no_callback(rig: Rig, path: str, code: int) -> None:
    """A path that names nothing we asked to be called under is refused, in JSON."""
    answer = await rig.http.post(path, content=b"{}")
    assert (answer.status_code, answer.json()["status"]) == (code, code)
