"""The audit trail over REST."""

from typing import Any

from tests.api.rig import Rig, token


async def steered(rig: Rig) -> str:
    """Create a campaign, pause and resume it a minute later; return its id."""
    id_ = await rig.campaign()
    for function in ("pause", "resume"):
        await rig.clock.sleep(60)
        answer = await rig.post(f"/{function}-campaign", {"campaignId": id_})
        assert answer.status_code == 200
    return id_


async def pages(rig: Rig, path: str) -> list[Any]:
    """Follow the cursor, one entry at a time."""
    found, cursor = [], ""
    while cursor is not None:
        answer = (await rig.get(f"{path}?limit=1&cursor={cursor}")).json()
        found += answer["data"]
        cursor = answer["next_cursor"]
    return found


async def test_a_campaign_s_trail_is_told_from_its_beginning(rig: Rig) -> None:
    """Who did what, when: oldest first, each once, whatever the size of the pages."""
    id_ = await steered(rig)
    told = (await rig.get(f"/campaigns/{id_}/audit")).json()
    assert [entry["action"] for entry in told["data"]] == ["create", "pause", "resume"]
    assert told["next_cursor"] is None
    paused = told["data"][1]
    assert (paused["at"], paused["by"], paused["reason"]) == (
        "2026-03-02T12:01:00.000Z",
        "local",
        None,
    )
    assert paused["about"] == {"campaign": id_, "status": "paused"}
    assert await pages(rig, f"/campaigns/{id_}/audit") == told["data"]


async def test_the_organisation_s_trail_is_told_from_its_end(rig: Rig) -> None:
    """Settings and campaigns, newest first; a change of settings names its fields."""
    id_ = await steered(rig)
    await rig.clock.sleep(60)
    await rig.http.patch("/settings", json={"default_zone": "Asia/Kolkata"})
    told = (await rig.get("/audit")).json()["data"]
    actions = [entry["action"] for entry in told if entry["action"] != "upload"]
    assert actions[:4] == ["change_settings", "resume", "pause", "create"]
    changes = {"default_zone": {"from": "", "to": "Asia/Kolkata"}}
    assert told[0]["about"] == {"fields": ["default_zone"], "changes": changes}
    assert told[1]["about"]["campaign"] == id_
    assert await pages(rig, "/audit") == told


async def test_an_organisation_s_trail_is_its_own(rig: Rig) -> None:
    """Others see nothing of it; an unknown campaign has none."""
    id_ = await steered(rig)
    assert (await rig.get("/audit", x_org_id="other")).json()["data"] == []
    assert (await rig.get(f"/campaigns/{id_}/audit", x_org_id="other")).status_code == 404
    answer = await rig.get("/campaigns/nobody/audit")
    assert (answer.status_code, answer.json()["code"]) == (404, "CAMPAIGN_NOT_FOUND")


async def test_a_deleted_draft_leaves_its_trail(rig: Rig) -> None:
    """Who deleted it can still be seen."""
    draft = {"name": "Spring", "channel": "sms", "base_template": "Hello"}
    id_ = (await rig.post("/campaigns", draft)).json()["id"]
    assert (await rig.http.delete(f"/campaigns/{id_}")).status_code == 204
    told = (await rig.get(f"/campaigns/{id_}/audit")).json()["data"]
    assert sorted(entry["action"] for entry in told) == ["create", "delete"]


async def test_a_trail_s_cursor_is_not_made_up(rig: Rig) -> None:
    """Another page's cursor, or a forged one, is refused."""
    for cursor in ("x", "WyJhIl0", "W3siYXQiOiAiMjAyNiJ9LCAiLi4vLi4vIl0"):
        answer = await rig.get(f"/audit?cursor={cursor}")
        assert (answer.status_code, answer.json()["field"]) == (400, "cursor")


async def test_a_viewer_may_see_the_trail(jwt_rig: Rig) -> None:
    """Reading needs a token, and the least role is enough."""
    assert (await jwt_rig.get("/audit")).status_code == 401
    assert (await jwt_rig.get("/audit", authorization=token("viewer"))).status_code == 200
