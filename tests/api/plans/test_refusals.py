"""Plans that are none, and requests that mean something else: each is told by its place."""

from typing import Any, Final

import pytest

from functions.domain.plans.reading import MAX_BYTES
from tests.api.conftest import MakeRig
from tests.api.plans.plans import STEPS, plan, refusal, send, started, wish, written
from tests.api.rig import JWT, Rig, token

JOURNEY: Final = {"kind": "journey"}
SEQUENCE: Final = {"kind": "sequence"}

NONSENSE: Final[list[tuple[str, Any, str, str]]] = [
    ("no plan", JOURNEY, "plan", "plan: is missing; a journey has one"),
    ("no steps", SEQUENCE, "plan", "plan: is missing; a sequence has one"),
    ("an unknown kind", {"kind": "saga"}, "kind", "must be one of broadcast, journey, sequence"),
    ("a single message", {"kind": "single"}, "kind", "must be one of broadcast"),
    ("a kind that is no text", {"kind": ["journey"]}, "kind", "must be one of broadcast"),
    ("steps of a journey", {**JOURNEY, "steps": STEPS}, "steps", "a journey has a plan"),
    ("both", {**SEQUENCE, "steps": STEPS, "plan": {"steps": STEPS}}, "steps", "cannot go with"),
    ("a zone beside a plan", {**wish(), "zone": "Europe/Berlin"}, "zone", "cannot go with plan"),
    ("another kind's plan", {**SEQUENCE, "plan": plan()}, "plan", "a sequence has steps"),
    ("an unknown member", {**wish(), "plann": 1}, "plann", "Extra inputs are not permitted"),
    ("no such entry", wish(entry={"by": "luck"}), "entry.by", "should be"),
    ("no list", wish(entry={"by": "list"}), "entry.list_id", "is missing"),
    ("no event", wish(entry={"by": "event"}), "entry.event", "is missing"),
    ("another's list", wish(entry={"by": "api", "list_id": "x"}), "entry.list_id", "goes with"),
    (
        "an event of messages",
        wish(entry={"by": "event", "event": "opened"}),
        "entry.event",
        "comes of messages",
    ),
    ("an odd event", wish(entry={"by": "event", "event": "A b"}), "entry.event", "pattern"),
    ("odd conditions", wish(entry={"conditions": {"x": 1}}), "conditions", "conditions"),
    (
        "an odd re-entry",
        wish(reentry="sometimes"),
        "reentry",
        "never, after_exit, continue, parallel or a",
    ),
    ("a re-entry of 30", wish(reentry=30), "reentry", "string"),
    ("a plan of a broadcast", {"channel": "sms", "plan": plan()}, "plan", "journey or sequence"),
    ("an entry of a broadcast", {"channel": "sms", "entry": {}}, "entry", "journey or sequence"),
    *(
        (f"{name} of a journey", wish(**{name: value}), name, "goes with a broadcast")
        for name, value in (
            ("base_template", "Hi"),
            ("channel", "sms"),
            ("fallbacks", []),
            ("canary", {"first": 10, "failed_percent": 10}),
            ("guardrail", {"failed_percent": 10, "of_last": 10}),
            ("audience", {"everyone": True}),
            ("template_id", None),
            ("missing_fields", "refuse"),
        )
    ),
    *(
        (f"{name} of a journey", wish(**{name: 1}), name, " yet; ")
        for name in ("holdout_percent", "experiment", "variants")
    ),
    ("repeat of a journey", wish(repeat={"rrule": "FREQ=DAILY"}), "repeat", "by its repeat"),
]


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [each[1:] for each in NONSENSE],
    ids=[each[0] for each in NONSENSE],
)
async def test_nonsense_is_refused_by_name(rig: Rig, body: Any, field: str, words: str) -> None:
    """Nothing is written, and the sentence says what is wrong with which member."""
    answer = await rig.post("/campaigns", body)
    assert refusal(answer) == (400, "INVALID_FIELD", field)
    assert words in answer.json()["detail"]
    for kind in ("journey", "sequence", "broadcast"):
        assert (await rig.get(f"/campaigns?kind={kind}")).json()["data"] == []


WRONG: Final[list[tuple[Any, str, str]]] = [
    ([], "", "no_object"),
    ("plan", "", "no_object"),
    (7, "", "no_object"),
    ({}, "", "no_kind"),
    ({"nodes": [], "steps": []}, "", "no_kind"),
    ({"startNodeId": "a", "nodes": []}, "/nodes", "shape_too_short"),
    (plan(send(to="nowhere")), "/nodes/0/transitions/0/to", "unknown_target"),
    (plan(send(), send()), "/nodes/1/id", "duplicate_id"),
    (plan(send(body="")), "/nodes/0/body", "content_missing"),
    (plan(send(body="{{ a | b }}")), "/nodes/0/body", "template"),
    (plan(send(schedule={"delay": "2 days"})), "/nodes/0/schedule/delay", "shape_value_error"),
    (
        plan(send(schedule={"at": "2020-01-01T00:00:00Z"})),
        "/nodes/0/schedule/at",
        "at_in_the_past",
    ),
    (plan(timezone="PST"), "/timezone", "shape_value_error"),
    ({**plan(), "nonsense": 1}, "/nonsense", "shape_extra_forbidden"),
]


@pytest.mark.parametrize(("document", "pointer", "code"), WRONG)
async def test_a_mistake_is_told_at_its_place_wherever_a_plan_is_taken(
    rig: Rig, document: Any, pointer: str, code: str
) -> None:
    """By POST /campaigns, PUT .../plan and POST /plans/lint alike: level, place, words and hint."""
    id_ = (await written(rig))["id"]
    refused = [
        await rig.post("/campaigns", {**wish(), "plan": document}),
        await rig.http.put(f"/campaigns/{id_}/plan", json=document),
    ]
    linted = await rig.post("/plans/lint", {"plan": document})
    assert (linted.status_code, linted.json()["valid"]) == (200, False)
    found = [linted.json()["findings"], *(each.json()["errors"] for each in refused)]
    assert found[0] == found[1] == found[2]
    assert (code, pointer) in [(each["code"], each["pointer"]) for each in found[0]]
    assert found[0][0].keys() == {"level", "code", "pointer", "sentence", "hint"}
    for answer, base in zip(refused, ("plan", ""), strict=True):
        first = found[0][0]["pointer"]
        assert refusal(answer) == (400, "INVALID_PLAN", f"{base}{first}".removeprefix("/"))
    assert (await rig.get(f"/campaigns/{id_}/plan")).json()["version"] == 1


async def test_steps_beside_other_members_are_told_at_their_place_in_the_request(rig: Rig) -> None:
    """A zone is called zone there, and a step stands in steps."""
    body = {**SEQUENCE, "steps": [{**STEPS[0], "offset": "2 days"}], "zone": "PST"}
    answer = await rig.post("/campaigns", body)
    assert refusal(answer)[:2] == (400, "INVALID_PLAN")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/zone", "/steps/0/offset"]
    assert "timezone" not in answer.text


async def test_what_a_plan_cannot_be_sent_by_is_told_of_each_node(make_rig: MakeRig) -> None:
    """A sender of somebody else's, a text of a shared account, a channel that nobody sends by."""
    granted = '{"default": ["+12025550111", "template:ours"]}'
    rig = make_rig(org_senders=granted, whatsapp_provider="none")
    document = plan(
        send(sender="+12025550111"),
        send("b", sender="+12025550999"),
        send("c", fallbacks=[{"channel": "sms", "body": "Hi", "sender": "+12025550998"}]),
        send("d", body=None, providerTemplate="theirs"),
        send("e", channel="whatsapp"),
    )
    answer = await rig.post("/campaigns", wish(document))
    assert refusal(answer)[:2] == (400, "INVALID_PLAN")
    errors = [each for each in answer.json()["errors"] if each["level"] == "error"]
    assert {each["pointer"]: each["code"] for each in errors} == {
        "/nodes/1/sender": "sender_not_allowed",
        "/nodes/2/fallbacks/0/sender": "sender_not_allowed",
        "/nodes/3/providerTemplate": "sender_not_allowed",
        "/nodes/4": "invalid_field",
    }


async def test_a_sender_that_was_taken_away_keeps_a_plan_from_starting(rig: Rig) -> None:
    """And from being resumed; the draft tells it before."""
    document = plan(send(body=None, providerTemplate="ours"))
    draft, running = (await written(rig, document))["id"], await started(rig, document)
    await rig.post(f"/campaigns/{running}/pause")
    narrowed = await rig.http.patch("/settings", json={"allowed_senders": ["template:other"]})
    assert narrowed.is_success, narrowed.text
    for path in (f"/campaigns/{draft}/start", f"/campaigns/{running}/resume"):
        answer = await rig.post(path)
        assert refusal(answer) == (400, "INVALID_PLAN", "plan/nodes/0/providerTemplate")
    told = (await rig.get(f"/campaigns/{draft}")).json()["warnings"]
    assert [each["code"] for each in told] == ["SENDER_NOT_ALLOWED"]


async def test_a_window_in_which_nothing_could_be_sent_is_refused(rig: Rig) -> None:
    """The plan's quiet hours, the organisation's and the campaign's window hold at once."""
    document = plan(quietHours={"start": "12:00", "end": "00:00"})
    window = {"start": "13:00", "end": "14:00"}
    answer = await rig.post("/campaigns", wish(document, send_window=window))
    assert refusal(answer) == (400, "INVALID_PLAN", "plan/quietHours")
    lint = await rig.post("/plans/lint", {"plan": document, "send_window": window})
    assert lint.json()["findings"][0]["code"] == "never_opens"
    id_ = (await written(rig, document))["id"]
    changed = await rig.http.patch(f"/campaigns/{id_}", json={"send_window": window})
    assert refusal(changed) == (400, "INVALID_PLAN", "plan/quietHours")
    quiet = {"quiet_hours": {"start": "00:00", "end": "12:00"}}
    assert (await rig.http.patch("/settings", json=quiet)).is_success
    assert refusal(await rig.post("/campaigns", wish(document)))[1] == "INVALID_PLAN"


async def test_a_plan_that_is_too_large_is_refused(rig: Rig) -> None:
    """Half a million bytes are a plan; more are none, and a body of megabytes is not read."""
    texts = ["x" * 9_000] * 50
    fits = plan(*(send(f"n{at}", f"n{at + 1}", body=text) for at, text in enumerate(texts)))
    fits["nodes"][-2]["transitions"][0]["to"] = "bye"
    assert (await rig.post("/campaigns", wish(fits))).status_code == 201
    too_many = {**fits, "exits": [{"on": "x" * MAX_BYTES}]}
    refused = await rig.post("/campaigns", wish(too_many))
    assert refusal(refused) == (400, "INVALID_PLAN", "plan")
    assert refused.json()["detail"] == f"plan: a plan has {MAX_BYTES:,} bytes at most"
    huge = await rig.post("/campaigns", wish({**fits, "exits": [{"on": "x" * 2 * MAX_BYTES}]}))
    assert refusal(huge)[:2] == (413, "TOO_LARGE")


@pytest.mark.parametrize("path", ["/campaigns", "/plans/lint"])
@pytest.mark.parametrize("depth", [20, 900, 100_000])
async def test_deep_nesting_is_refused(rig: Rig, path: str, depth: int) -> None:
    """However deep: as a plan, or as JSON that nobody can read."""
    text = '{"kind": "journey", "plan": ' if path == "/campaigns" else '{"plan": '
    body = text + '{"nodes": ' + "[" * depth + "]" * depth + "}}"
    answer = await rig.http.post(path, content=body, headers={"content-type": "application/json"})
    if path == "/campaigns" or depth > 1000:
        assert answer.status_code == 400
    else:
        assert answer.json()["findings"][0]["code"] == "too_deep"


async def test_a_viewer_lints_and_writes_nothing(make_rig: MakeRig) -> None:
    """So does a key without the area: it is told which one it lacks."""
    rig = make_rig(**JWT)
    viewer = {"authorization": token("viewer")}
    assert (await rig.post("/plans/lint", {"plan": plan()}, **viewer)).json()["valid"] is True
    assert (await rig.post("/campaigns", wish(), **viewer)).status_code == 403
    admin = {"authorization": token("admin")}
    made = await rig.post("/api-keys", {"name": "K", "role": "admin", "areas": ["lists"]}, **admin)
    key = {"authorization": f"Bearer {made.json()['token']}"}
    for path, body in (("/plans/lint", {"plan": plan()}), ("/campaigns", wish())):
        answer = await rig.post(path, body, **key)
        assert answer.status_code == 403
        assert "campaigns" in answer.json()["detail"]


async def test_a_key_that_may_not_see_people_cannot_ask_who_they_are(make_rig: MakeRig) -> None:
    """Counts of who enters would tell whether somebody is there."""
    rig = make_rig()
    made = await rig.post("/api-keys", {"name": "K", "role": "admin", "areas": ["campaigns"]})
    key = {"authorization": f"Bearer {made.json()['token']}"}
    who = {"field": "phone", "op": "eq", "value": "+12125552001"}
    assert (await rig.post("/campaigns", wish(entry={"conditions": who}), **key)).status_code == 403
    where = {"field": "location", "op": "eq", "value": "Nairobi"}
    made = await rig.post("/campaigns", wish(entry={"conditions": where}), **key)
    assert made.status_code == 201
    path = f"/campaigns/{made.json()['id']}"
    changes = {"entry": {"conditions": who}}
    changed = await rig.http.patch(path, json=changes, headers=key)
    assert changed.status_code == 403


async def test_what_is_another_organisation_s_is_not_found(make_rig: MakeRig) -> None:
    """A list, a segment, a campaign of theirs, named by an entry, and a journey of theirs."""
    rig = make_rig(**JWT)
    theirs = {"authorization": token("admin", org="theirs")}
    ours = {"authorization": token("admin", org="ours")}
    people = await rig.make_list(["+12125552001"], **theirs)
    where = {"field": "location", "op": "exists"}
    segment = await rig.post("/segments", {"name": "S", "conditions": where}, **theirs)
    journey = (await rig.post("/campaigns", wish(), **theirs)).json()["id"]
    entries: list[dict[str, Any]] = [
        {"by": "list", "list_id": people},
        {"by": "segment", "segment_id": segment.json()["id"]},
        {"conditions": {"campaign": journey, "status": "sent"}},
    ]
    for entry in entries:
        assert (await rig.post("/campaigns", wish(entry=entry), **ours)).status_code == 404
        assert (await rig.post("/campaigns", wish(entry=entry), **theirs)).status_code == 201
    for path in ("/plan", "/plans", "/plans/1"):
        assert (await rig.get(f"/campaigns/{journey}{path}", **ours)).status_code == 404
    for path in ("/start", "/close", "/duplicate"):
        assert (await rig.post(f"/campaigns/{journey}{path}", **ours)).status_code == 404
