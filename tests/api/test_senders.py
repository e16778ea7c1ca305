"""On a shared account no organisation sends from what is another's, by whichever door."""

from typing import Any, Final

import httpx
import pytest

from functions.domain.contacts.sender_lists import read_grants
from tests.api.conftest import MakeRig
from tests.api.rig import BOT, LATER, Rig, numbers, order

OURS: Final = "+12025550111"
THEIRS: Final = "+12025550222"
GRANTS: Final = {
    "acme": [OURS, "@acme.example", "ACME", "template:acme_*", "106540352242922"],
    "globex": [THEIRS, "@globex.example", "MG" + "0" * 32, "template:globex_*"],
}
ACME: Final = {"x_org_id": "acme"}
GLOBEX: Final = {"x_org_id": "globex"}
#: What each channel says, without its sender.
SAYS: Final[dict[str, dict[str, Any]]] = {
    "voice": {"bot_url": BOT},
    "sms": {"base_template": "Hello"},
    "whatsapp": {"base_template": "Hello"},
    "email": {"subject": "Hello", "base_template": "Hello"},
}


@pytest.fixture
def rig(make_rig: MakeRig) -> Rig:
    """Give a Clarion that two organisations share."""
    return make_rig(org_senders=GRANTS, simulator_script="text_latency_ms=0,spread=0,rejected=0")


def draft(channel: str, sender: str, **more: Any) -> dict[str, Any]:
    """Return the body of a draft."""
    return {"name": "Sale", "channel": channel, "sender": sender, **SAYS[channel], **more}


def refused(answer: httpx.Response, field: str) -> None:
    """Expect a refusal of this field, which tells what one may use."""
    assert answer.status_code == 400, answer.text
    told = answer.json()  # the calling functions answer with a message alone
    assert (told.get("code", "SENDER_NOT_ALLOWED"), told.get("field", field)) == (
        "SENDER_NOT_ALLOWED",
        field,
    )
    assert f"{field}: this organisation may not use" in answer.text


@pytest.mark.parametrize(
    ("channel", "ours", "theirs"),
    [
        ("voice", OURS, THEIRS),
        ("sms", OURS, THEIRS),
        ("sms", "ACME", "MG" + "0" * 32),
        ("whatsapp", OURS, THEIRS),
        ("email", "Acme <a@acme.example>", "Acme <a@globex.example>"),
        ("email", "b@acme.example", '"b@acme.example" <b@globex.example>'),
    ],
)
async def test_a_draft_names_only_what_is_its_organisations(
    rig: Rig, channel: str, ours: str, theirs: str
) -> None:
    """It is refused when it is saved and when it is changed, as the sender and in a fallback."""
    refused(await rig.post("/campaigns", draft(channel, theirs), **ACME), "sender")
    made = await rig.post("/campaigns", draft(channel, ours), **ACME)
    assert made.status_code == 201, made.text
    path = f"/campaigns/{made.json()['id']}"
    changed = await rig.http.patch(path, json={"sender": theirs}, headers={"x-org-id": "acme"})
    refused(changed, "sender")
    other = "sms" if channel != "sms" else "voice"
    fallback = {**draft(channel, theirs), "after": ["failed"]}
    del fallback["name"]
    body = draft(other, OURS, fallbacks=[fallback])
    refused(await rig.post("/campaigns", body, **ACME), "fallbacks.0.sender")


async def test_a_providers_text_is_its_organisations(rig: Rig) -> None:
    """A template that the provider keeps is refused like a number."""
    said = {"base_template": "", "language": "en_US"}
    theirs = draft("whatsapp", OURS, provider_template="globex_sale", **said)
    refused(await rig.post("/campaigns", theirs, **ACME), "provider_template")
    ours = draft("whatsapp", OURS, provider_template="acme_sale", **said)
    assert (await rig.post("/campaigns", ours, **ACME)).status_code == 201


async def test_calls_are_made_from_ones_own_number_only(rig: Rig) -> None:
    """The calling functions refuse another's number by the name that they have for it."""
    list_id = await rig.make_list(numbers(1), **ACME)
    answer = await rig.post("/create-campaign", order(list_id, fromNumber=THEIRS), **ACME)
    refused(answer, "fromNumber")
    call = {"from": THEIRS, "to": numbers(1)[0], "wssUrl": BOT}
    refused(await rig.post("/single-call", call, **ACME), "from")
    assert (await rig.post("/single-call", {**call, "from": OURS}, **ACME)).status_code == 200


async def test_the_organisations_own_default_is_held_to_the_same_rule(rig: Rig) -> None:
    """Settings do not lead around it, and may narrow what campaigns use."""
    for senders in ({"sms": THEIRS}, {"email": "a@globex.example"}):
        patch = await rig.http.patch(
            "/settings", json={"senders": senders}, headers={"x-org-id": "acme"}
        )
        refused(patch, f"senders.{next(iter(senders))}")
    narrowed = {"allowed_senders": ["ACME"]}
    patch = await rig.http.patch("/settings", json=narrowed, headers={"x-org-id": "acme"})
    assert patch.json()["allowed_senders"] == ["acme"]
    refused(await rig.post("/campaigns", draft("sms", OURS), **ACME), "sender")
    assert (await rig.post("/campaigns", draft("sms", "ACME"), **ACME)).status_code == 201
    assert (await rig.post("/campaigns", draft("sms", THEIRS), **GLOBEX)).status_code == 201


async def test_without_a_list_everybody_sends_from_anything(make_rig: MakeRig) -> None:
    """A laptop has no list."""
    rig = make_rig()
    assert (await rig.post("/campaigns", draft("sms", THEIRS), **ACME)).status_code == 201


# --- And again when it is sent ------------------------------------------------------------------


def regrant(rig: Rig, **by_org: list[str]) -> None:
    """Run on with another list, as after a new deployment."""
    object.__setattr__(rig.stack.engine, "senders", read_grants(by_org))


async def test_what_was_withdrawn_is_refused_at_every_later_step(rig: Rig) -> None:
    """A draft is not tested, sent or scheduled any more from a number that is no longer ours."""
    made = (await rig.post("/campaigns", draft("sms", OURS), **ACME)).json()
    regrant(rig, globex=[OURS])
    path = f"/campaigns/{made['id']}"
    steps: dict[str, dict[str, Any]] = {
        "send-test": {"phones": numbers(1)},
        "schedule": {"scheduled_at": LATER},
        "send": {"everyone": True},
        "duplicate": {},
    }
    for step, body in steps.items():
        refused(await rig.post(f"{path}/{step}", body or None, **ACME), "sender")


async def test_a_campaign_is_held_whose_sender_was_withdrawn_before_its_time(rig: Rig) -> None:
    """It does not start, says why, and cannot be resumed before the sender is granted again."""
    list_id = await rig.make_list(numbers(1), **ACME)
    body = order(list_id, fromNumber=OURS, scheduledTime=LATER)
    id_ = (await rig.post("/create-campaign", body, **ACME)).json()["campaignId"]
    regrant(rig, acme=[THEIRS])
    await rig.clock.sleep(10)
    await rig.settle()
    seen = (await rig.get(f"/campaign-progress/{id_}", **ACME)).json()
    assert (seen["status"], seen["reason"]) == ("paused", "sender_not_allowed")
    resumed = await rig.post("/resume-campaign", {"campaignId": id_}, **ACME)
    refused(resumed, "sender")
    assert rig.carrier.ledger.addresses == {}
    regrant(rig, acme=[OURS])
    assert (await rig.post("/resume-campaign", {"campaignId": id_}, **ACME)).status_code == 200
    await rig.settle()
    assert rig.carrier.ledger.addresses == {numbers(1)[0]: 1}


async def test_a_running_campaign_stops_when_its_sender_is_withdrawn(rig: Rig) -> None:
    """Messages that wait are not sent from a number that has become another's."""
    list_id = await rig.make_list(numbers(2), **ACME)
    answer = await rig.post("/create-campaign", order(list_id, fromNumber=OURS), **ACME)
    id_ = answer.json()["campaignId"]
    regrant(rig, globex=[OURS])
    await rig.settle()
    seen = (await rig.get(f"/campaign-progress/{id_}", **ACME)).json()
    assert (seen["status"], seen["reason"]) == ("paused", "sender_not_allowed")
    assert rig.carrier.ledger.addresses == {}
