"""A plan is edited while people walk through it, and those under way go over when asked to."""

import asyncio

import pytest

from tests.api.plans.plans import STEPS, plan, refusal, send, started, written
from tests.api.rig import Rig

PEOPLE = [{"phone": "+12025550142"}, {"phone": "+12025550143"}]


async def walking(rig: Rig) -> str:
    """Start a journey that two people walk through; return its id."""
    id_ = await started(rig)
    await rig.post(f"/campaigns/{id_}/enrollments", {"subjects": PEOPLE})
    await rig.settle()
    return id_


async def test_a_dry_run_tells_what_changes_and_whom_it_concerns_and_stores_nothing(
    rig: Rig,
) -> None:
    """Nodes that come, go and change, in what, with how many stand there."""
    id_ = await walking(rig)
    other = plan(send("welcome"), send("more"), exits=[{"on": "replied"}])
    told = (await rig.http.put(f"/campaigns/{id_}/plan?dry_run=true", json=other)).json()
    here = {"id": "hello", "here": 2}
    assert (told["version"], told["added"]) == (2, ["welcome", "more"])
    assert (told["removed"], told["needs_answer"]) == ([here], [here])
    assert (told["changed"], told["plan"]) == ([], ["exits", "startNodeId"])
    edited = plan(send(body="Else", schedule={"delay": "P1D"}))
    told = (await rig.http.put(f"/campaigns/{id_}/plan?dry_run=true", json=edited)).json()
    assert told["changed"] == [{**here, "changes": ["timing", "content"]}]
    same = (await rig.http.put(f"/campaigns/{id_}/plan?dry_run=true", json=plan())).json()
    assert (same["version"], same["added"], same["changed"], same["plan"]) == (1, [], [], [])
    assert (await rig.get(f"/campaigns/{id_}")).json()["plan_version"] == 1


async def test_a_dry_run_refuses_what_the_change_would(rig: Rig) -> None:
    """With the place in the plan."""
    id_ = await walking(rig)
    answer = await rig.http.put(f"/campaigns/{id_}/plan?dry_run=true", json=plan(send(to="no")))
    assert refusal(answer)[:2] == (400, "INVALID_PLAN")
    sequence = await rig.http.put(f"/campaigns/{id_}/plan?dry_run=true", json={"steps": STEPS})
    assert refusal(sequence)[0] == 400


async def test_a_running_plan_is_edited_and_people_go_over_when_asked_to(rig: Rig) -> None:
    """How many walk by which version is shown, and how far they have come in going over."""
    id_ = await walking(rig)
    answer = await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send("welcome")))
    assert (answer.status_code, answer.json()["version"]) == (200, 2)
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert (told["walks"]["versions"], told["migration"]) == ({"1": 2}, None)
    refused = await rig.post(f"/campaigns/{id_}/migrate", {})
    assert refusal(refused) == (400, "INVALID_FIELD", "map.hello")
    assert "2 people stand there" in refused.json()["detail"]
    asked = await rig.post(f"/campaigns/{id_}/migrate", {"map": {"hello": "welcome"}})
    assert (asked.status_code, asked.json()["running"], asked.json()["to"]) == (202, True, 2)
    await rig.settle()
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert told["walks"]["versions"] == {"2": 2}
    migration = told["migration"]
    assert (migration["running"], migration["migrated"], migration["stuck"]) == (False, 2, {})
    assert migration["map"] == {"hello": "welcome"}
    assert [node["id"] for node in told["nodes"] if node["here"]] == ["welcome"]
    whole = (await rig.get(f"/campaigns/{id_}/enrollments?node=welcome")).json()
    assert len(whole["data"]) == 2


async def test_those_at_a_node_that_is_no_more_are_listed_by_it(rig: Rig) -> None:
    """Its id was somebody's; one that no version has is refused."""
    id_ = await walking(rig)
    await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send("welcome")))
    listed = (await rig.get(f"/campaigns/{id_}/enrollments?node=hello")).json()
    assert len(listed["data"]) == 2
    unknown = await rig.get(f"/campaigns/{id_}/enrollments?node=never")
    assert refusal(unknown) == (400, "INVALID_FIELD", "node")


async def test_why_tells_of_a_walk_that_has_gone_over(rig: Rig) -> None:
    """Its message was made by a node that is no more."""
    id_ = await walking(rig)
    await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send("welcome")))
    await rig.post(f"/campaigns/{id_}/migrate", {"map": {"hello": "welcome"}})
    await rig.settle()
    page = (await rig.get(f"/campaigns/{id_}/enrollments")).json()
    whole = (await rig.get(f"/enrollments/{page['data'][0]['id']}")).json()
    assert "has 'welcome' in place of 'hello'" in whole["moves"][-1]["why"]
    message = whole["messages"][0]["id"]
    why = await rig.get(f"/messages/{message}/why")
    assert why.status_code == 200, why.text


async def test_a_migration_is_told_in_the_audit_trail_with_its_map(rig: Rig) -> None:
    """And who has asked for it."""
    id_ = await walking(rig)
    await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send("welcome")))
    await rig.post(f"/campaigns/{id_}/migrate", {"map": {"hello": "exit"}})
    entries = (await rig.get("/audit?action=migrate")).json()["data"]
    assert len(entries) == 1
    assert entries[0]["action"] == "migrate"


async def test_two_migrations_at_once_are_refused(rig: Rig) -> None:
    """The second is told to wait."""
    id_ = await walking(rig)
    await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send("welcome")))
    first = await rig.post(f"/campaigns/{id_}/migrate", {"map": {"hello": "welcome"}})
    second = await rig.post(f"/campaigns/{id_}/migrate", {"map": {"hello": "exit"}})
    assert (first.status_code, refusal(second)[:2]) == (202, (409, "MIGRATION_RUNNING"))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"map": {"hello": 1}}, "map.hello"),
        ({"map": []}, "map"),
        ({"to": 0}, "to"),
        ({"to": "2"}, "to"),
        ({"to": 9}, "to"),
        ({"nodes": {}}, "nodes"),
    ],
)
async def test_nonsense_is_refused_by_member(rig: Rig, body: object, field: str) -> None:
    """Nothing is done of it."""
    id_ = await walking(rig)
    assert refusal(await rig.post(f"/campaigns/{id_}/migrate", body))[::2] == (400, field)


async def test_a_draft_and_a_broadcast_have_nobody_to_go_over(rig: Rig) -> None:
    """And an ended campaign keeps its plan."""
    draft = (await written(rig))["id"]
    answer = await rig.post(f"/campaigns/{draft}/migrate")
    assert refusal(answer)[:2] == (400, "INVALID_CAMPAIGN_STATUS")
    text = {"channel": "sms", "base_template": "Hi"}
    broadcast = (await rig.post("/campaigns", text)).json()["id"]
    assert refusal(await rig.post(f"/campaigns/{broadcast}/migrate"))[0] == 400
    id_ = await walking(rig)
    await rig.post(f"/campaigns/{id_}/cancel")
    ended = await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send(body="Else")))
    assert ended.json()["detail"] == "Cannot change the plan of cancelled campaign"


async def test_of_edits_at_once_each_is_a_version(rig: Rig) -> None:
    """Whoever names the campaign's version that they have seen is told of the others."""
    id_ = await walking(rig)
    seen = (await rig.get(f"/campaigns/{id_}")).headers["etag"]
    bodies = [plan(send(body=f"Text {number}")) for number in range(4)]
    answers = await asyncio.gather(
        *(rig.http.put(f"/campaigns/{id_}/plan", json=body) for body in bodies)
    )
    assert {each.status_code for each in answers} == {200}
    assert (await rig.get(f"/campaigns/{id_}")).json()["plan_version"] == 5
    late = await rig.http.put(f"/campaigns/{id_}/plan", json=plan(), headers={"If-Match": seen})
    assert late.status_code == 412
