"""The linter and the schema over HTTP."""

from typing import Any

import jsonschema_rs
import orjson
import pytest

from tests.api.plans.plans import STEPS, plan, send
from tests.api.rig import Rig


async def test_a_right_plan_is_valid(rig: Rig) -> None:
    """A journey and a sequence; what was hardly meant is told beside."""
    for document, kind in ((plan(), "journey"), ({"steps": STEPS}, "sequence")):
        told = (await rig.post("/plans/lint", {"plan": document})).json()
        assert told == {"valid": True, "kind": kind, "findings": []}
    doubted = plan(send(body="Hi {{ first_nme }}"))
    told = (await rig.post("/plans/lint", {"plan": doubted})).json()
    assert told["valid"] is True
    assert [(each["level"], each["pointer"]) for each in told["findings"]] == [
        ("warning", "/nodes/0/body")
    ]


async def test_nothing_is_stored_by_a_lint(rig: Rig) -> None:
    """Neither a campaign nor a plan."""
    await rig.post("/plans/lint", {"plan": plan()})
    assert (await rig.get("/campaigns?kind=journey")).json()["data"] == []


async def test_what_may_be_sent_from_here_is_looked_at(rig: Rig) -> None:
    """The organisation's own senders hold for a plan that is only tried."""
    await rig.http.patch("/settings", json={"allowed_senders": ["+12025550111"]})
    told = await rig.post("/plans/lint", {"plan": plan(send(sender="+12025550999"))})
    assert [each["code"] for each in told.json()["findings"]] == ["sender_not_allowed"]


@pytest.mark.parametrize("profile", ["", "?profile=strict"])
async def test_the_schema_takes_plans(rig: Rig, profile: str) -> None:
    """It is JSON Schema, kept by whoever asks, and not sent again to whoever has it."""
    answer = await rig.get(f"/schemas/plan.json{profile}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("application/schema+json")
    assert "max-age" in answer.headers["cache-control"]
    schema: dict[str, Any] = orjson.loads(answer.content)
    check = jsonschema_rs.Draft202012Validator(schema)
    assert check.is_valid(plan()) is not profile.endswith("strict")
    assert not check.is_valid({"nodes": 1})
    again = await rig.get(f"/schemas/plan.json{profile}", if_none_match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    head = await rig.http.head(f"/schemas/plan.json{profile}")
    assert head.headers["etag"] == answer.headers["etag"]


async def test_the_schema_has_two_profiles(rig: Rig) -> None:
    """Another one is refused, as is any parameter that it does not know."""
    for query in ("profile=loose", "strict=true"):
        assert (await rig.get(f"/schemas/plan.json?{query}")).status_code == 400
