"""What was accepted although a person probably did not mean it is told in the answer."""

from typing import Any

import pytest

from tests.api.campaigns.writing import SOON, customer, write
from tests.api.rig import Rig

PAST = "2026-03-02T11:00:00Z"


def codes(answer: Any) -> list[str]:
    """Return the codes of an answer's warnings."""
    return [each["code"] for each in answer["warnings"]]


async def test_a_start_that_has_passed_is_told(rig: Rig) -> None:
    """The campaign becomes a draft, and the answer says that it will not start."""
    made = await write(rig, scheduled_at=PAST)
    assert made["status"] == "draft"
    assert made["warnings"] == [
        {
            "code": "TIME_HAS_PASSED",
            "field": "scheduled_at",
            "message": "scheduled_at: 2026-03-02T11:00:00.000Z has passed; the campaign is a draft"
            " and does not start",
        }
    ]
    assert (await rig.get(f"/campaigns/{made['id']}")).json()["warnings"] == []
    assert (await write(rig, scheduled_at=None))["warnings"] == []


async def test_a_list_without_anybody_is_told(rig: Rig) -> None:
    """The doubt stands with the campaign until somebody is on the list."""
    list_id = (await rig.post("/lists", {"name": "Empty"})).json()["id"]
    made = await write(rig, audience={"list_id": list_id})
    assert codes(made) == ["AUDIENCE_IS_EMPTY"]
    people = {"contact_ids": [await customer(rig)]}
    assert (await rig.post(f"/lists/{list_id}/contacts", people)).is_success
    assert codes((await rig.get(f"/campaigns/{made['id']}")).json()) == []


@pytest.mark.parametrize("audience", [{"everyone": True}, {"segment_id": ""}])
async def test_an_audience_of_nobody_is_told(rig: Rig, audience: dict[str, Any]) -> None:
    """Everyone where there is no contact, and a segment that holds for none."""
    if "segment_id" in audience:
        condition = {"field": "location", "op": "eq", "value": "Nairobi"}
        made = await rig.post("/segments", {"name": "Nairobi", "conditions": condition})
        audience = {"segment_id": made.json()["id"]}
    assert codes(await write(rig, audience=audience)) == ["AUDIENCE_IS_EMPTY"]


async def test_people_whom_the_channel_cannot_reach_are_told(rig: Rig) -> None:
    """A mail to a list of numbers reaches nobody, and says why."""
    list_id = await rig.make_list(["+12025550123", "+12025550124"])
    mail = {"channel": "email", "subject": "Hi", "sender": "shop@example.com"}
    made = await write(rig, **mail, audience={"list_id": list_id})
    (warning,) = made["warnings"]
    assert warning["code"] == "AUDIENCE_IS_UNREACHABLE"
    assert "2: the contact has no address that the channel could reach" in warning["message"]


async def test_a_campaign_sent_to_suppressed_people_is_told(rig: Rig) -> None:
    """The answer to the sending has warnings only where there are some."""
    person = await customer(rig)
    await rig.post("/suppressions", {"phone": "+254712345678", "reason": "asked"})
    made = await write(rig)
    sent = await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": [person]})
    assert codes(sent.json()) == ["AUDIENCE_IS_UNREACHABLE"]


async def test_a_scheduled_campaign_without_people_is_told(rig: Rig) -> None:
    """It will fail at its time unless somebody is named before."""
    made = await write(rig, scheduled_at=SOON)
    assert codes(made) == ["AUDIENCE_IS_EMPTY"]


async def test_limits_that_cannot_act_are_told(rig: Rig) -> None:
    """A canary of everybody, a guardrail over more messages than there are, a rate too high."""
    list_id = await rig.make_list(["+12025550123", "+12025550124"])
    made = await write(
        rig,
        audience={"list_id": list_id},
        canary={"first": 50, "failed_percent": 10},
        guardrail={"failed_percent": 30, "of_last": 100},
        rate_per_s=100_000,
    )
    assert codes(made) == ["CANARY_IS_EVERYBODY", "GUARDRAIL_NEVER_ACTS", "RATE_IS_LOWER"]


async def test_a_calling_campaign_tells_its_doubts_too(make_rig: Any) -> None:
    """The calling functions add `warnings` only where there are some."""
    rig: Rig = make_rig()
    people = await rig.make_list(["+12025550123"])
    assert "warnings" not in (await rig.create(people)).json()
    await rig.post("/suppressions", {"phone": "+12025550123", "reason": "asked"})
    made = (await rig.create(people, campaignName="Again")).json()
    assert codes(made) == ["AUDIENCE_IS_UNREACHABLE"]
