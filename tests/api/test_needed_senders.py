"""A text that names nobody it is from is refused here, by name, before a provider is asked."""

from typing import Any, Final

import pytest

from tests.api.conftest import MakeRig
from tests.api.rig import JWT, LATER, Rig, token

OURS: Final = "+12025550111"
POOL: Final = f"MG{'0' * 32}"
URL: Final = {"public_base_url": "https://calls.example.com", **JWT}
TWILIO: Final = {
    **URL,
    "twilio_account_sid": f"AC{'1' * 32}",
    "twilio_auth_token": "a token of Twilio's",
}
PLIVO: Final = {
    **URL,
    "plivo_auth_id": "MAXXXXXXXXXXXXXXXXXX",
    "plivo_auth_token": "a token of Plivo's",
}
BY: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "twilio sms": ("sms", {"sms_provider": "twilio", **TWILIO}),
    "twilio whatsapp": ("whatsapp", {"whatsapp_provider": "twilio", **TWILIO}),
    "plivo sms": ("sms", {"sms_provider": "plivo", **PLIVO}),
}


def signed_in(rig: Rig) -> Rig:
    """Return a Clarion that an admin speaks to."""
    rig.http.headers["authorization"] = token("admin")
    return rig


async def draft(rig: Rig, channel: str, **more: Any) -> str:
    """Write a draft; return its path."""
    body = {"name": "Sale", "channel": channel, "base_template": "Hello", **more}
    made = await rig.post("/campaigns", body)
    assert made.status_code == 201, made.text
    return f"/campaigns/{made.json()['id']}"


@pytest.mark.parametrize("provider", BY)
async def test_a_text_without_a_sender_is_refused_before_it_is_due(
    make_rig: MakeRig, provider: str
) -> None:
    """When it is scheduled, sent or tested; as a draft it may lack one yet."""
    channel, settings = BY[provider]
    rig = signed_in(make_rig(**settings))
    ann = (await rig.post("/contacts", {"phone": "+12025550142"})).json()["id"]
    path = await draft(rig, channel)
    for action, body in (
        ("schedule", {"scheduled_at": LATER}),
        ("send", {"everyone": True}),
        ("send", {"customer_ids": [ann]}),
        ("send-test", {"phones": ["+12025550143"]}),
    ):
        answer = await rig.post(f"{path}/{action}", body)
        assert answer.status_code == 400, (action, answer.text)
        assert answer.json()["field"] == "sender"
        assert f"senders.{channel}" in answer.json()["detail"]
    at_once = {"name": "Now", "channel": channel, "base_template": "Hi", "scheduled_at": LATER}
    assert (await rig.post("/campaigns", at_once)).json()["field"] == "sender"
    assert (await rig.get(path)).json()["status"] == "draft"


async def test_a_fallback_without_a_sender_is_refused_by_name(make_rig: MakeRig) -> None:
    """The field says which of the sends lacks it."""
    rig = signed_in(make_rig(**BY["twilio sms"][1]))
    fallback = {"channel": "sms", "base_template": "Hi", "after": ["busy"]}
    call = {"sender": OURS, "bot_url": "wss://bot.example.com/talk", "base_template": None}
    path = await draft(rig, "voice", **call, fallbacks=[fallback])
    answer = await rig.post(f"{path}/schedule", {"scheduled_at": LATER})
    assert (answer.status_code, answer.json()["field"]) == (400, "fallbacks.0.sender")


async def test_a_sender_that_the_organisation_names_later_is_taken(make_rig: MakeRig) -> None:
    """A draft that was written before that can be scheduled then."""
    rig = signed_in(make_rig(**BY["twilio sms"][1]))
    path = await draft(rig, "sms")
    changed = await rig.http.patch("/settings", json={"senders": {"sms": OURS}})
    assert changed.status_code == 200, changed.text
    answer = await rig.post(f"{path}/schedule", {"scheduled_at": LATER})
    assert (answer.status_code, answer.json()["sender"]) == (200, OURS)


@pytest.mark.parametrize("provider", ["twilio sms", "twilio whatsapp"])
async def test_a_messaging_service_is_a_sender(make_rig: MakeRig, provider: str) -> None:
    """Of a campaign and of an organisation."""
    channel, settings = BY[provider]
    rig = signed_in(make_rig(**settings))
    path = await draft(rig, channel, sender=POOL)
    answer = await rig.post(f"{path}/schedule", {"scheduled_at": LATER})
    assert (answer.status_code, answer.json()["sender"]) == (200, POOL)
    changed = await rig.http.patch("/settings", json={"senders": {channel: POOL}})
    assert changed.status_code == 200, changed.text
    path = await draft(rig, channel)
    assert (await rig.post(f"{path}/schedule", {"scheduled_at": LATER})).status_code == 200
