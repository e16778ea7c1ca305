"""Every change is held to the version that its caller has seen, and every body to what it needs."""

from typing import Any

import pytest

from tests.api.full_organisation import make_everything
from tests.api.openapi_requests import OPERATIONS, Operation, request
from tests.api.rig import Rig

VERSIONED = [
    each
    for each in OPERATIONS
    if any(one["name"] == "If-Match" for one in each.about.get("parameters", ()))
]
REQUIRING = [
    each
    for each in OPERATIONS
    if each.is_public
    and "application/json" in each.about.get("requestBody", {}).get("content", {})
    and each.about["requestBody"].get("required")
]


@pytest.mark.parametrize("operation", VERSIONED, ids=str)
async def test_a_stale_version_is_refused(rig: Rig, operation: Operation) -> None:
    """412, whatever is changed, and a tag that is none is refused as such."""
    things = await make_everything(rig, "default", area=305)
    path, sent = request(operation, things, {})
    for tag, status, code in (('"0"', 412, "STALE"), ("nonsense", 400, "INVALID_FIELD")):
        headers = {"if-match": tag}
        answer = await rig.http.request(operation.method, path, headers=headers, **sent)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize("operation", REQUIRING, ids=str)
async def test_a_body_of_another_kind_is_refused(rig: Rig, operation: Operation) -> None:
    """A list, a text, null and an unknown member: 400, in words, and never a 5xx."""
    things = await make_everything(rig, "default", area=305)
    path, _ = request(operation, things, {})
    bodies: list[Any] = [[], "text", None, {"nonsense_member": 1}]
    for body in bodies:
        answer = await rig.http.request(operation.method, path, json=body)
        assert answer.status_code == 400, (body, answer.text)
        told = answer.json()
        assert told.get("detail") or told.get("message")
