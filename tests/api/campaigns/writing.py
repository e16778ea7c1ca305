"""Campaigns written over REST that several tests share."""

from typing import Any

import httpx

from tests.api.rig import Rig

ALICE = {
    "phone": "+254712345678",
    "firstname": "Alice",
    "lastname": "Johnson",
    "location": "Nairobi",
    "prefered_product": "Premium Package",
}
SOON = "2026-03-02T12:00:05Z"
HELLO = {"name": "Hello", "channel": "sms", "base_template": "Hello {first_name}!"}


async def customer(rig: Rig, **fields: Any) -> str:
    """Create a contact; return its id."""
    answer = await rig.post("/customers", {**ALICE, **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def write(rig: Rig, **fields: Any) -> Any:
    """Create a campaign; return it."""
    answer = await rig.post("/campaigns", {**HELLO, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def problem(answer: httpx.Response, status: int, code: str) -> Any:
    """Check that a request was refused as a problem document says; return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert (told["status"], told["code"]) == (status, code)
    return told
