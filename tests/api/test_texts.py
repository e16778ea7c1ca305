"""Texts through the whole application: who sends them, and where their receipts come in."""

import httpx
import pytest

from functions.channels.simulator.ledger import read_ledger
from functions.channels.simulator.texts import PROVIDER
from functions.domain.campaigns.audience import Audience, AudienceKind
from functions.domain.campaigns.campaign import Campaign
from functions.domain.errors import InvalidFieldError
from functions.domain.kinds import ChannelKind
from functions.engine.campaigns import drafts
from functions.engine.campaigns.drafts import Draft
from functions.engine.messages import statistics
from functions.engine.ports.channel import WebhookRequest
from tests.api.conftest import MakeRig
from tests.api.rig import BOT, JWT, LATER, SENDER, Rig, numbers, order

SCRIPT = "text_latency_ms=0,delivery_ms=1000,spread=0,rejected=0"
ORG = "default"


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """Give a Clarion whose texts arrive after a second."""
    return make_rig(simulator_script=SCRIPT)


async def text(rig: Rig, kind: ChannelKind = ChannelKind.SMS, people: int = 1) -> Campaign:
    """Text a few people, and let the carrier take it."""
    audience = Audience(AudienceKind.LIST, await rig.make_list(numbers(people)))
    wish = Draft(channel=kind, template="Hello!", audience=audience)
    engine = rig.stack.engine
    draft = await drafts.create(engine, ORG, wish, scheduled_at=None, by="ann")
    sent = await drafts.send(engine, ORG, draft.id, None, by="ann")
    await rig.settle()
    return sent


async def statuses(rig: Rig, campaign: Campaign) -> dict[str, int]:
    """Count a campaign's messages by status."""
    counts = await statistics.read_one(rig.stack.engine, campaign)
    return {str(status): count for status, count in counts.by_status.items() if count}


@pytest.mark.parametrize("kind", [ChannelKind.SMS, ChannelKind.WHATSAPP])
async def test_texts_are_sent_and_their_receipts_come_in_as_webhooks(
    rig: Rig, kind: ChannelKind
) -> None:
    """Beside the simulated calls both kinds of texts are simulated, in the same book."""
    campaign = await text(rig, kind, people=3)
    assert await statuses(rig, campaign) == {"sent": 3}
    await rig.clock.sleep(1)
    await rig.settle()
    assert await statuses(rig, campaign) == {"delivered": 3}
    ledger = read_ledger(rig.stack.context.settings.simulator_ledger)
    assert sorted(taken.to for taken in ledger.texts) == numbers(3)
    assert ledger.placed == []


async def caught_receipt(rig: Rig) -> tuple[Campaign, WebhookRequest]:
    """Text one person; return the campaign and the receipt, which was not delivered."""
    caught = rig.catch_callbacks()
    campaign = await text(rig)
    await rig.clock.sleep(1)
    await rig.settle()
    (receipt,) = caught
    return campaign, receipt


async def test_a_receipt_is_known_by_its_path_and_signature(rig: Rig) -> None:
    """A receipt reaches the texts' channel; unsigned, or sent to the calls', it is refused."""
    campaign, receipt = await caught_receipt(rig)
    assert httpx.URL(receipt.url).path.startswith(f"/webhooks/{PROVIDER}/receipt/{ORG}/")
    to_calls = receipt.url.replace(PROVIDER, "simulator")
    assert (await rig.call_back(receipt, url=to_calls)).status_code == 403
    assert (await rig.call_back(receipt, headers={})).status_code == 403
    assert await statuses(rig, campaign) == {"sent": 1}
    for _ in range(2):
        assert (await rig.call_back(receipt)).status_code == 200
    assert await statuses(rig, campaign) == {"delivered": 1}


async def test_who_really_calls_people_does_not_pretend_to_text_them(make_rig: MakeRig) -> None:
    """Beside a real carrier nothing is simulated: a text campaign is refused, naming its field."""
    plivo = {"plivo_auth_id": "MA0", "plivo_auth_token": "token"}
    public = {"public_base_url": "https://app.example.com"}
    rig = make_rig(voice_provider="plivo", **plivo, **public, **JWT)
    engine = rig.stack.engine
    assert engine.providers == {ChannelKind.VOICE: "plivo"}
    wish = Draft(channel=ChannelKind.SMS, template="Hello!", sender=SENDER)
    with pytest.raises(InvalidFieldError, match="no provider is set up for sms"):
        await drafts.create(engine, ORG, wish, scheduled_at=None, by="ann")
    assert not rig.stack.context.settings.simulator_ledger.exists()


async def test_calls_are_refused_by_name_where_nobody_makes_them(make_rig: MakeRig) -> None:
    """A team without a voice provider writes texts; whoever orders a call is told what is none."""
    rig = make_rig(voice_provider="none", sms_provider="simulator", simulator_script=SCRIPT)
    list_id = await rig.make_list(numbers(1))
    told = "no provider is set up for voice: VOICE_PROVIDER of the deployment is none"
    call = {"from": SENDER, "to": numbers(1)[0], "wssUrl": BOT}
    draft = {"name": "Calls", "channel": "voice", "sender": SENDER, "bot_url": BOT}
    for path, body, field in (
        ("/create-campaign", order(list_id), "provider"),
        ("/create-campaign", order(list_id, scheduledTime=LATER), "provider"),
        ("/single-call", call, "provider"),
        ("/campaigns", draft, "channel"),
    ):
        answer = await rig.post(path, body)
        assert answer.status_code == 400, answer.text
        assert f"{field}: {told}" in answer.text
    fallback = {"channel": "voice", "after": ["failed"], "sender": SENDER, "bot_url": BOT}
    sms = {"name": "Text", "channel": "sms", "base_template": "Hello", "sender": SENDER}
    refused = await rig.post("/campaigns", {**sms, "fallbacks": [fallback]})
    assert refused.json()["field"] == "fallbacks.0.channel"
    assert (await rig.post("/campaigns", sms)).status_code == 201
