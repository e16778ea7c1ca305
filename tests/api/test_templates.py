"""Templates over REST."""

from typing import Any

import pytest

from functions.domain.contacts.contact import Contact, contact_fields
from functions.engine import paths
from functions.engine.ports.store import Create
from tests.api.rig import Rig, numbers, token
from tests.clock import NOON
from tests.salted import contact_id

HELLO = "Hello {first_name}!"
BODY = {"name": "Welcome", "channel": "sms", "text": HELLO}


async def create(rig: Rig, **changes: Any) -> Any:
    """Save a template."""
    answer = await rig.post("/templates", {**BODY, **changes})
    assert answer.status_code == 201, answer.text
    return answer


async def person(rig: Rig, first_name: str = "Ann", *, org: str = "default") -> str:
    """Store a contact; return their id."""
    phone = numbers(1)[0]
    made = Contact(
        id=contact_id(phone),
        phone=phone,
        first_name=first_name,
        created_at=NOON,
        updated_at=NOON,
    )
    await rig.store.commit(Create(paths.contact(org, made.id), contact_fields(made)))
    return made.id


async def test_a_template_tells_which_campaigns_speak_its_words(rig: Rig) -> None:
    """Those that have not ended; one that says something of its own is none of them."""
    made = (await create(rig)).json()
    body = {"name": "Spring", "channel": "sms", "template_id": made["id"]}
    campaign = (await rig.post("/campaigns", body)).json()
    own = {"name": "Own", "channel": "sms", "base_template": HELLO}
    await rig.post("/campaigns", own)
    answer = await rig.get(f"/templates/{made['id']}/campaigns")
    using = {"id": campaign["id"], "name": "Spring", "kind": "broadcast", "status": "draft"}
    assert answer.json() == {"data": [using], "complete": True}
    assert (await rig.get("/templates/none/campaigns")).status_code == 404


async def test_a_template_is_made_shown_changed_and_deleted(rig: Rig) -> None:
    """The whole life of a template, with its versions and entity tags."""
    made = await create(rig)
    path = f"/templates/{made.json()['id']}"
    assert made.json() == {
        "id": made.json()["id"],
        "name": "Welcome",
        "version": 1,
        "channel": "sms",
        "text": HELLO,
        "subject": "",
        "html": "",
        "missing": "blank",
        "defaults": {},
        "created_at": "2026-03-02T12:00:00.000Z",
        "created_by": "local",
        "updated_at": "2026-03-02T12:00:00.000Z",
        "updated_by": "local",
        "warnings": [],
    }
    changed = await rig.http.put(path, json={**BODY, "text": "Hi"})
    assert (changed.json()["version"], changed.json()["text"]) == (2, "Hi")
    assert (await rig.get(path)).headers["etag"] == changed.headers["etag"]
    stale = {"if-match": made.headers["etag"]}
    assert (await rig.http.put(path, json=BODY, headers=stale)).status_code == 412
    assert (await rig.http.delete(path, headers=stale)).status_code == 412
    assert (await rig.http.delete(path)).status_code == 204
    assert (await rig.get(path)).status_code == 404
    assert (await rig.get(f"{path}/versions/2")).json()["text"] == "Hi"


async def test_versions_are_listed_page_by_page(rig: Rig) -> None:
    """Every text that a template has had is shown once, the oldest first."""
    path = f"/templates/{(await create(rig)).json()['id']}"
    for number in range(2, 6):
        await rig.http.put(path, json={**BODY, "text": f"Text {number}"})
    first = (await rig.get(f"{path}/versions?limit=3")).json()
    rest = (await rig.get(f"{path}/versions?limit=3&cursor={first['next_cursor']}")).json()
    assert [each["version"] for each in first["data"] + rest["data"]] == [1, 2, 3, 4, 5]
    assert rest["next_cursor"] is None
    one = (await rig.get(f"{path}/versions/1")).json()
    assert (one["text"], first["data"][0]) == (HELLO, one)
    assert (await rig.get(f"{path}/versions/6")).status_code == 404


async def test_templates_are_listed_page_by_page(rig: Rig) -> None:
    """Following the cursor shows every template once."""
    made = {(await create(rig, name=f"Text {n}")).json()["id"] for n in range(5)}
    first = (await rig.get("/templates?limit=3")).json()
    rest = (await rig.get(f"/templates?limit=3&cursor={first['next_cursor']}")).json()
    assert {each["id"] for each in first["data"] + rest["data"]} == made
    assert rest["next_cursor"] is None


async def test_a_name_that_is_taken_is_a_conflict(rig: Rig) -> None:
    """Two templates of one organisation have two names; another organisation has its own."""
    await create(rig)
    answer = await rig.post("/templates", BODY)
    assert (answer.status_code, answer.json()["code"]) == (409, "NAME_TAKEN")
    assert (await rig.post("/templates", BODY, x_org_id="others")).status_code == 201


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/templates", {"name": "Welcome"}),
        ("/templates/preview", {"values": {}}),
        ("/templates/check", {"everyone": True}),
    ],
)
async def test_a_mistake_in_a_text_is_told_by_line_and_column(
    rig: Rig, path: str, more: Any
) -> None:
    """Blanks before a text count: the column is that of the text as it was sent."""
    answer = await rig.post(path, {"text": "  Hello\n  {{ first_name | shout }}", **more})
    told = answer.json()
    assert (answer.status_code, told["code"], told["field"]) == (400, "INVALID_TEMPLATE", "text")
    (mistake,) = told["errors"]
    assert (mistake["field"], mistake["line"]) == ("text", 2)
    assert mistake["column"] > 2
    assert mistake["message"]


async def test_a_template_is_tried_on_a_contact_and_on_somebody_made_up(rig: Rig) -> None:
    """A preview tells the text, what is missing, and what it comes to as SMS."""
    contact = await person(rig)
    path = f"/templates/{(await create(rig)).json()['id']}/preview"
    known = await rig.post(path, {"contact_id": contact})
    assert known.json() == {
        "rendered_message": "Hello Ann!",
        "used_template": HELLO,
        "subject": "",
        "html": "",
        "missing": [],
        "sms": {"encoding": "GSM-7", "characters": 10, "segments": 1},
        "warnings": [],
    }
    made_up = await rig.post(path, {"values": {"first_name": "Ñandú 😀"}})
    assert made_up.json()["rendered_message"] == "Hello Ñandú 😀!"
    assert made_up.json()["sms"]["encoding"] == "UCS-2"
    nobody = (await rig.post(path, {"values": {}})).json()
    assert (nobody["rendered_message"], nobody["missing"]) == ("Hello !", ["first_name"])


async def test_a_text_is_tried_before_it_is_saved(rig: Rig) -> None:
    """Under the policy `refuse` a person who lacks a field would get nothing."""
    body = {"text": HELLO, "missing": "refuse", "values": {}}
    answer = (await rig.post("/templates/preview", body)).json()
    assert (answer["rendered_message"], answer["missing"]) == (None, ["first_name"])
    assert (await rig.get("/templates")).json()["data"] == []


async def test_an_audience_is_checked(rig: Rig) -> None:
    """How many lack which field, for a saved template and for a text."""
    await person(rig, "")
    saved = (await create(rig)).json()["id"]
    expected = {"checked": 1, "complete": True, "missing": {"first_name": 1}, "warnings": []}
    for which in ({"text": HELLO}, {"template_id": saved}):
        answer = await rig.post("/templates/check", {**which, "everyone": True})
        assert answer.json() == expected


async def test_the_people_of_an_uploaded_list_are_checked(rig: Rig) -> None:
    """The columns of a list are what a template may say of its people."""
    rows = zip(numbers(3), ("Ann", "", "Ben"), strict=True)
    content = "number,first_name\n" + "\n".join(",".join(row) for row in rows)
    list_id = (await rig.upload(content)).json()["listId"]
    answer = await rig.post("/templates/check", {"text": HELLO, "list_id": list_id})
    expected = {"checked": 3, "complete": True, "missing": {"first_name": 1}, "warnings": []}
    assert answer.json() == expected


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/templates", {**BODY, "text": ""}, "text"),
        ("/templates", {**BODY, "text": "x" * 10_001}, "text"),
        ("/templates", {**BODY, "text": "\0"}, "text"),
        ("/templates", {**BODY, "channel": "pigeon"}, "channel"),
        ("/templates", {**BODY, "missing": "guess"}, "missing"),
        ("/templates", {**BODY, "defaults": {"": "x"}}, "defaults"),
        ("/templates/preview", {"text": HELLO}, "body"),
        ("/templates/preview", {"text": HELLO, "values": {}, "contact_id": "a"}, "body"),
        ("/templates/check", {"text": HELLO}, "body"),
        ("/templates/check", {"everyone": True}, "body"),
        ("/templates/check", {"text": HELLO, "everyone": True, "list_id": "a"}, "body"),
    ],
)
async def test_nonsense_is_refused_by_field(rig: Rig, path: str, body: Any, field: str) -> None:
    """Whatever is wrong is a 400 that names its field."""
    answer = await rig.post(path, body)
    assert answer.status_code == 400
    assert answer.json()["field"].startswith(field)


async def test_another_organisation_s_templates_do_not_exist(rig: Rig) -> None:
    """Neither a template nor a contact, a list or a segment of others is found."""
    made, contact = (await create(rig)).json()["id"], await person(rig)
    path, list_id = f"/templates/{made}", await rig.make_list(numbers(1))
    segment = {"name": "All", "conditions": {"field": "phone", "op": "exists"}}
    segment_id = (await rig.post("/segments", segment)).json()["id"]
    asked: list[tuple[str, str, Any, str]] = [
        ("GET", path, None, "TEMPLATE"),
        ("PUT", path, BODY, "TEMPLATE"),
        ("DELETE", path, None, "TEMPLATE"),
        ("GET", f"{path}/versions", None, "TEMPLATE"),
        ("GET", f"{path}/versions/1", None, "TEMPLATE_VERSION"),
        ("POST", f"{path}/preview", {"values": {}}, "TEMPLATE"),
        ("POST", "/templates/check", {"template_id": made, "everyone": True}, "TEMPLATE"),
        ("POST", "/templates/preview", {"text": "x", "contact_id": contact}, "CUSTOMER"),
        ("POST", "/templates/check", {"text": "x", "list_id": list_id}, "LIST"),
        ("POST", "/templates/check", {"text": "x", "segment_id": segment_id}, "SEGMENT"),
    ]
    for method, where, body, what in asked:
        answer = await rig.http.request(method, where, json=body, headers={"x-org-id": "ours"})
        assert (answer.status_code, answer.json()["code"]) == (404, f"{what}_NOT_FOUND"), where


async def test_a_viewer_tries_and_changes_nothing(jwt_rig: Rig) -> None:
    """Trying a text needs no more than the role viewer; saving one does."""
    viewer = {"authorization": token("viewer")}
    tried = await jwt_rig.post("/templates/preview", {"text": HELLO, "values": {}}, **viewer)
    assert tried.status_code == 200
    assert (await jwt_rig.post("/templates", BODY, **viewer)).status_code == 403
