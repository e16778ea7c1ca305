"""What subscriptions are told is what the document's webhooks say."""

import pytest
from pydantic import ValidationError

from functions.api.reference.events import event_of
from functions.domain.notifications.events import EventType
from tests.api.campaigns.writing import SOON, customer, write
from tests.api.full_organisation import NOWHERE
from tests.api.rig import Rig


async def test_what_is_told_has_the_shape_that_is_described(rig: Rig) -> None:
    """Every event of a campaign, its message and an opt-out, member for member."""
    hook = {"url": NOWHERE, "events": list(EventType)}
    id_ = (await rig.post("/subscriptions", hook)).json()["id"]
    await rig.post(f"/subscriptions/{id_}/test")
    await rig.post("/suppressions", {"phone": "+12025550142", "reason": "asked"})
    made = await write(rig, scheduled_at=SOON)
    await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": [await customer(rig)]})
    await rig.run(made["id"])
    told = (await rig.get(f"/subscriptions/{id_}/notifications")).json()["data"]
    assert len({each["type"] for each in told}) >= 5
    for each in told:
        whole = {name: each[name] for name in ("id", "type", "data")}
        event_of(each["type"]).model_validate(
            {**whole, "timestamp": each["created_at"], "org": "default"}
        )


def test_a_member_that_nobody_described_is_noticed() -> None:
    """The schemas are closed: this test of them would not be one otherwise."""
    with pytest.raises(ValidationError):
        event_of(EventType.CAMPAIGN_STARTED).model_validate({"id": "x", "more": 1})
