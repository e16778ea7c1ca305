"""Campaigns with a plan are written, read back, changed and copied."""

import asyncio
from typing import Any

import pytest

from functions.engine import paths
from functions.engine.ports.store import Query
from tests.api.conftest import MakeRig
from tests.api.plans.plans import STEPS, plan, refusal, send, started, wish, written
from tests.api.rig import Rig

TOMORROW = "2026-03-03T12:00:00Z"
YESTERDAY = "2026-03-01T12:00:00Z"


async def test_a_journey_is_a_draft_with_its_plan_and_entry(rig: Rig) -> None:
    """What was written is shown, and nobody has entered yet."""
    made = await written(rig, entry={"by": "event", "event": "signup"}, reentry="P30D")
    assert (made["kind"], made["status"], made["plan_version"]) == ("journey", "draft", 1)
    assert (made["entry"]["by"], made["entry"]["event"]) == ("event", "signup")
    assert (made["reentry"], made["entry_open"], made["warnings"]) == ("P30D", True, [])
    assert (made["walks"]["active"], made["nodes"]) == (0, [])
    shown = (await rig.get(f"/campaigns/{made['id']}/plan")).json()
    assert (shown["version"], shown["plan"]) == (1, plan())


async def test_a_sequence_may_be_its_steps_alone(rig: Rig) -> None:
    """With the zone of whoever has none beside them."""
    body = {"kind": "sequence", "steps": STEPS, "zone": "Europe/Berlin"}
    made = (await rig.post("/campaigns", body)).json()
    assert made["kind"] == "sequence"
    shown = (await rig.get(f"/campaigns/{made['id']}/plan")).json()
    assert shown["plan"] == {"steps": STEPS, "timezone": "Europe/Berlin"}
    whole = await rig.post("/campaigns", {"kind": "sequence", "plan": shown["plan"]})
    assert whole.status_code == 201


async def test_a_broadcast_is_what_it_was(rig: Rig) -> None:
    """Its kind may be said or not, and there is no plan."""
    for kind in ({}, {"kind": "broadcast"}, {"kind": None}):
        answer = await rig.post("/campaigns", {"channel": "sms", "base_template": "Hi", **kind})
        told = answer.json()
        assert (answer.status_code, told["kind"]) == (201, "broadcast")
        without = ("plan_version", "entry", "reentry", "entry_open", "walks", "nodes")
        assert [told[name] for name in without] == [None] * len(without)


async def test_lists_are_by_kind(rig: Rig) -> None:
    """Journeys, sequences and broadcasts stand in lists of their own."""
    journey = (await written(rig))["id"]
    sequence = (await rig.post("/campaigns", {"kind": "sequence", "steps": STEPS})).json()["id"]
    for kind, ids in (("journey", [journey]), ("sequence", [sequence]), ("broadcast", [])):
        rows = (await rig.get(f"/campaigns?kind={kind}")).json()["data"]
        assert [row["id"] for row in rows] == ids
        assert [row["plan_version"] for row in rows] == [1] * len(ids)


async def test_a_list_enters_at_the_start(rig: Rig) -> None:
    """Its people are counted, and walk once the campaign is started."""
    people = await rig.make_list(["+12125552001", "+12125552002"])
    id_ = await started(rig, entry={"by": "list", "list_id": people})
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert (told["entry"]["list_id"], told["entry_open"]) == (people, False)
    assert told["walks"]["active"] == 2
    assert told["nodes"] == [{"id": "hello", "here": 2, "entered": 2, "left": {}}]
    assert told["message_lateness"]["count"] == told["stats"]["sent"]


async def test_an_entry_filter_keeps_people_out(rig: Rig) -> None:
    """Only those for whom its conditions hold enter; the others are told with the reason."""
    people = await rig.make_list(["+12125552001", "+442071838750"])
    conditions = {"field": "phone", "op": "eq", "value": "+12125552001"}
    entry = {"by": "list", "list_id": people, "conditions": conditions}
    id_ = await started(rig, entry=entry)
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert told["entry"]["conditions"] == conditions
    assert (told["walks"]["active"], told["walks"]["exits"]) == (1, {"entry_filter": 1})


async def test_statistics_tell_each_way_out(rig: Rig) -> None:
    """Who came to a node, who stands there, and by which event people have left it."""
    people = await rig.make_list(["+12125552001"])
    node = send("node-1.x", to="then")
    id_ = await started(rig, plan(node, send("then")), entry={"by": "list", "list_id": people})
    await rig.clock.sleep(86_500)
    await rig.get("/check-scheduled-campaigns")
    await rig.settle()
    nodes = {node["id"]: node for node in (await rig.get(f"/campaigns/{id_}")).json()["nodes"]}
    assert nodes["node-1.x"] == {
        "id": "node-1.x",
        "here": 0,
        "entered": 1,
        "left": {"elapsed": 1},
    }
    assert (nodes["then"]["here"], nodes["then"]["entered"]) == (1, 1)


async def test_who_was_under_way_when_a_campaign_was_cancelled_is_told(rig: Rig) -> None:
    """They are under way no more, and nobody may enter."""
    people = await rig.make_list(["+12125552001"])
    id_ = await started(rig, entry={"by": "list", "list_id": people})
    await rig.post(f"/campaigns/{id_}/cancel")
    told = (await rig.get(f"/campaigns/{id_}")).json()
    assert (told["walks"]["active"], told["walks"]["cut_off"]) == (0, 1)
    assert told["entry_open"] is False


async def test_a_plan_is_replaced_by_its_next_version(rig: Rig) -> None:
    """Older ones stay; the same plan once more is no new version."""
    id_ = (await written(rig))["id"]
    second = plan(send(body="Hello"))
    for document, version in ((second, 2), (second, 2), (plan(), 3)):
        answer = await rig.http.put(f"/campaigns/{id_}/plan", json=document)
        assert (answer.status_code, answer.json()["version"]) == (200, version), answer.text
        assert answer.json()["plan"] == document
    pages, cursor = [], ""
    while cursor is not None:
        page = (await rig.get(f"/campaigns/{id_}/plans?limit=2&cursor={cursor}")).json()
        pages.append([each["version"] for each in page["data"]])
        cursor = page["next_cursor"]
    assert pages == [[3, 2], [1]]
    older = (await rig.get(f"/campaigns/{id_}/plans/2")).json()
    assert (older["version"], older["plan"]) == (2, second)
    assert (await rig.get(f"/campaigns/{id_}/plans/4")).status_code == 404
    trail = (await rig.get(f"/campaigns/{id_}/audit")).json()["data"]
    assert [each["action"] for each in trail] == ["create", "change_plan", "change_plan"]


async def test_a_plan_is_replaced_at_the_version_that_was_seen(rig: Rig) -> None:
    """The ETag of the plan or of the campaign will do; an older one is refused."""
    id_ = (await written(rig))["id"]
    seen = (await rig.get(f"/campaigns/{id_}/plan")).headers["etag"]
    path, headers = f"/campaigns/{id_}/plan", {"if-match": seen}
    assert (await rig.http.put(path, json=plan(send(body="A")), headers=headers)).is_success
    late = await rig.http.put(path, json=plan(send(body="B")), headers=headers)
    assert refusal(late)[:2] == (412, "STALE")
    assert (await rig.get(path)).json()["plan"] == plan(send(body="A"))


async def test_a_plan_is_replaced_by_one_of_its_kind(rig: Rig) -> None:
    """A journey does not become a sequence."""
    id_ = (await written(rig))["id"]
    answer = await rig.http.put(f"/campaigns/{id_}/plan", json={"steps": STEPS})
    assert refusal(answer) == (400, "INVALID_FIELD", "plan")
    assert answer.json()["detail"] == "plan: has steps: it is a sequence; a journey has nodes"


async def test_a_plan_with_a_mistake_changes_nothing(rig: Rig) -> None:
    """It is refused with its place, and the campaign keeps the plan that it has."""
    id_ = (await written(rig))["id"]
    answer = await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send(to="nowhere")))
    assert refusal(answer) == (400, "INVALID_PLAN", "nodes/0/transitions/0/to")
    found = [(each["level"], each["pointer"]) for each in answer.json()["errors"]]
    assert found == [("error", "/nodes/0/transitions/0/to"), ("warning", "/nodes/1")]
    assert (await rig.get(f"/campaigns/{id_}/plan")).json()["version"] == 1


async def test_name_hours_and_entry_change_beside_the_plan(rig: Rig) -> None:
    """What is left out stays as it was."""
    id_ = (await written(rig, plan(timezone="Europe/Berlin"), reentry="after_exit"))["id"]
    window = {"start": "09:00", "end": "18:00", "days": ["mon"]}
    changes: dict[str, Any] = {"name": "Hello", "send_window": window, "rate_per_s": 2}
    answer = await rig.http.patch(f"/campaigns/{id_}", json=changes)
    told = answer.json()
    assert answer.status_code == 200, answer.text
    assert {name: told[name] for name in changes} == changes
    assert (told["reentry"], told["plan_version"]) == ("after_exit", 1)
    people = await rig.make_list(["+12125552001"])
    entry = {"entry": {"by": "list", "list_id": people}}
    refused = await rig.http.patch(f"/campaigns/{id_}", json=entry)
    assert refusal(refused) == (400, "INVALID_FIELD", "reentry")
    both = {**entry, "reentry": "never"}
    told = (await rig.http.patch(f"/campaigns/{id_}", json=both)).json()
    assert (told["entry"]["list_id"], told["entry_open"]) == (people, False)
    told = (await rig.http.patch(f"/campaigns/{id_}", json={"entry": None})).json()
    assert (told["entry"]["by"], told["audience"]["kind"]) == ("api", "entrants")


@pytest.mark.parametrize("method", ["patch", "put"])
async def test_what_a_draft_is_told_of_elsewhere_says_where(rig: Rig, method: str) -> None:
    """A change of a draft names the request that does it, or says that there is none yet."""
    id_ = (await written(rig))["id"]
    said: dict[str, tuple[Any, str]] = {
        "plan": (plan(), "PUT /campaigns/{id}/plan"),
        "steps": (STEPS, "PUT /campaigns/{id}/plan"),
        "zone": ("Europe/Berlin", "PUT /campaigns/{id}/plan"),
        "scheduled_at": ("2030-01-01T00:00:00Z", "POST /campaigns/{id}/schedule"),
        "kind": ("broadcast", "another campaign"),
        "status": ("running", "POST /campaigns/{id}/start"),
        "holdout_percent": (5, "entry.conditions"),
        "experiment": ({}, "split"),
        "variants": ([], "split"),
        "repeat": ("P1D", "POST /campaigns/{id}/schedule"),
    }
    changes = {"channel": "sms", **{name: value for name, (value, _) in said.items()}}
    answer = await rig.http.request(method, f"/campaigns/{id_}", json=changes)
    assert refusal(answer)[:2] == (400, "INVALID_FIELD")
    told = {each["field"]: each["message"] for each in answer.json()["errors"]}
    assert told.keys() == said.keys()
    assert [name for name, (_, remedy) in said.items() if remedy not in told[name]] == []


async def test_a_copy_has_the_plan_and_the_entry(rig: Rig) -> None:
    """So has the copy of one that has started."""
    people = await rig.make_list(["+12125552001"])
    document = plan(send(body="Hello"))
    id_ = await started(rig, document, entry={"by": "list", "list_id": people})
    answer = await rig.post(f"/campaigns/{id_}/duplicate")
    copy = answer.json()
    assert (answer.status_code, copy["kind"], copy["status"]) == (201, "journey", "draft")
    assert copy["entry"]["list_id"] == people
    assert (await rig.get(f"/campaigns/{copy['id']}/plan")).json()["plan"] == document


async def test_a_removed_draft_leaves_no_plan_behind(rig: Rig) -> None:
    """Its versions go with it."""
    id_ = (await written(rig))["id"]
    await rig.http.put(f"/campaigns/{id_}/plan", json=plan(send(body="A")))
    assert (await rig.http.delete(f"/campaigns/{id_}")).status_code == 204
    home = paths.plan("default", id_, 1).rpartition("/")[0]
    assert await rig.store.query(Query(home, limit=10)) == []
    assert (await rig.get(f"/campaigns/{id_}/plan")).status_code == 404


async def test_a_start_in_the_future_is_kept_and_one_that_has_passed_is_doubted(rig: Rig) -> None:
    """As for broadcasts: the campaign is a draft then, and its author is told."""
    ahead = await written(rig, scheduled_at=TOMORROW)
    assert (ahead["status"], ahead["scheduled_at"]) == ("scheduled", "2026-03-03T12:00:00.000Z")
    passed = await written(rig, scheduled_at=YESTERDAY)
    assert (passed["status"], passed["warnings"][0]["code"]) == ("draft", "TIME_HAS_PASSED")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Hi {{ first_nme }}", "UNKNOWN_FIELD"),
        ("Hi {first name}", "WORD_IN_BRACES"),
        ("Stop: {{ unsubscribe_url }}", "LINK_NOT_HERE"),
    ],
)
async def test_doubtful_words_are_told_at_their_node(rig: Rig, text: str, code: str) -> None:
    """In the answer, and whenever the draft is read."""
    fallback = {"channel": "sms", "body": text}
    mail = send(channel="email", subject="Hi", fallbacks=[fallback])
    made = await written(rig, plan(mail))
    found = [(each["code"], each["field"]) for each in made["warnings"]]
    assert found == [(code, "plan/nodes/0/fallbacks/0/body")]
    assert (await rig.get(f"/campaigns/{made['id']}")).json()["warnings"] == made["warnings"]


async def test_a_field_that_entries_may_bring_is_not_doubted(rig: Rig) -> None:
    """Whoever enters by a list brings nothing but what is known of them."""
    await rig.post("/contacts", {"phone": "+12125552001", "attributes": {"shoe": "44"}})
    people = await rig.make_list(["+12125552001"])
    document = plan(send(body="{{ item }} {{ shoe }}"))
    assert (await written(rig, document))["warnings"] == []
    closed = await written(rig, document, entry={"by": "list", "list_id": people})
    assert [each["message"] for each in closed["warnings"]] == [
        "plan/nodes/0/body: nobody has the field 'item'"
    ]


async def test_a_column_of_the_list_and_a_field_that_the_plan_writes_are_known(rig: Rig) -> None:
    """Both can be said of people."""
    uploaded = (await rig.upload("number,item\n+12125552001,kettle\n")).json()["listId"]
    write = {"id": "write", "action": "update_contact", "fields": {"stage": "new"}, "to": "hello"}
    document = plan(write, send(body="{{ item }} {{ stage }}"))
    made = await written(rig, document, entry={"by": "list", "list_id": uploaded})
    assert made["warnings"] == []


async def test_an_idempotent_request_writes_one_journey(rig: Rig) -> None:
    """Its repetition is answered alike."""
    headers = {"idempotency_key": "once"}
    first, second = [await rig.post("/campaigns", wish(), **headers) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert len((await rig.get("/campaigns?kind=journey")).json()["data"]) == 1


async def test_urls_of_our_own_network_are_for_development(make_rig: MakeRig) -> None:
    """As for broadcasts."""
    node = {**send(), "channel": "webhook", "webhookUrl": "https://127.0.0.1/hook"}
    for allowed, status in ((True, 201), (False, 400)):
        rig = make_rig(allow_private_hosts=allowed)
        answer = await rig.post("/campaigns", wish(plan(node)))
        assert answer.status_code == status, answer.text


async def test_two_who_replace_a_plan_at_once_write_two_versions(rig: Rig) -> None:
    """Neither is lost, and the later one is followed."""
    id_ = (await written(rig))["id"]
    path, others = f"/campaigns/{id_}/plan", [plan(send(body=text)) for text in ("A", "B")]
    answers = await asyncio.gather(*(rig.http.put(path, json=each) for each in others))
    assert [each.status_code for each in answers] == [200, 200]
    stored = [(await rig.get(f"{path}s/{number}")).json()["plan"] for number in (2, 3)]
    assert sorted(each["nodes"][0]["body"] for each in stored) == ["A", "B"]
    assert (await rig.get(path)).json()["plan"] == stored[1]
