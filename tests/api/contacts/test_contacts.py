"""Contacts over REST, under /contacts and under /customers."""

import asyncio
from typing import Any

import pytest

from functions.engine import paths
from functions.engine.ports.store import Query
from tests.api.rig import Rig, numbers, token

ANA, BEN, CEM = numbers(3)
BODY = {
    "phone": "+1 212 555 2000",
    "firstname": "Ana",
    "lastname": "Sol",
    "location": None,
    "prefered_product": "tea",
}


async def call(rig: Rig, method: str, path: str, body: Any = None, **headers: str) -> Any:
    """Send JSON; `if_match='"1"'` is a header."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await rig.http.request(method, path, json=body, headers=sent)


async def create(rig: Rig, **fields: Any) -> Any:
    """Create a contact; return it."""
    answer = await rig.post("/contacts", fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


# --- One at a time ----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/contacts", "/customers"])
async def test_a_customer_is_created(rig: Rig, path: str) -> None:
    """The seller's spellings are accepted, and answered beside ours."""
    answer = await rig.post(path, BODY)
    assert answer.status_code == 201
    made = answer.json()
    noon = "2026-03-02T12:00:00.000Z"
    assert made == {
        "id": made["id"],
        "phone": ANA,
        "email": None,
        "first_name": "Ana",
        "last_name": "Sol",
        "location": None,
        "preferred_product": "tea",
        "external_id": None,
        "firstname": "Ana",
        "lastname": "Sol",
        "prefered_product": "tea",
        "zone": None,
        "zones": ["America/New_York"],
        "region": "US",
        "active": True,
        "attributes": {},
        "created_at": noon,
        "updated_at": noon,
    }
    for prefix in ("/contacts", "/customers"):
        seen = await rig.get(f"{prefix}/{made['id']}")
        assert (seen.json(), seen.headers["etag"]) == (made, answer.headers["etag"])


async def test_a_number_with_and_without_blanks_is_one_person(rig: Rig) -> None:
    """The second creation is refused with the code that says why."""
    await create(rig, phone=ANA)
    answer = await rig.post("/customers", {"phone": "+1 (212) 555 20-00"})
    assert answer.status_code == 409
    problem = answer.json()
    assert (problem["code"], problem["field"]) == ("CUSTOMER_EXISTS", "phone")


async def test_two_creations_at_once_make_one(rig: Rig) -> None:
    """One is answered 201, the others 409."""
    answers = await asyncio.gather(*(rig.post("/contacts", BODY) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]


@pytest.mark.parametrize(
    ("body", "field", "message"),
    [
        ({"phone": "+((((((("}, "phone", "phone: is not a phone number"),
        ({"phone": "0123"}, "phone", "phone: must be in E.164 format, starting with + and the"),
        ({"phone": 1}, "phone", "phone: Input should be a valid string"),
        ({}, "phone", "phone: is required where there is no email"),
        ({"email": "ana"}, "email", "email: must look like name@example.com"),
        ({"phone": ANA, "zone": "Mars"}, "zone", "zone: there is no time zone 'Mars'"),
        ({"phone": ANA, "zone": "localtime"}, "zone", "zone: there is no time zone 'localtime'"),
        ({"phone": ANA, "zone": "Factory"}, "zone", "zone: there is no time zone 'Factory'"),
        ({"phone": ANA, "firstName": "A"}, "firstName", "firstName: Extra inputs"),
        ({"phone": ANA, "attributes": {"a/b": "c"}}, "attributes.a/b", "attributes.a/b: a name"),
        ({"phone": ANA, "attributes": {"a": 1}}, "attributes.a", "attributes.a: Input should be"),
    ],
)
async def test_a_bad_field_is_named(rig: Rig, body: Any, field: str, message: str) -> None:
    """A request that breaks a rule is answered 400 with field and rule, and nothing is stored."""
    answer = await rig.post("/contacts", body)
    assert answer.status_code == 400, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["field"] == field
    assert problem["detail"].startswith(message)
    assert await rig.store.count(Query(paths.contacts("default"))) == 0


async def test_a_person_may_have_an_address_alone(rig: Rig) -> None:
    """An e-mail address is enough; null says nothing."""
    made = await create(rig, email="Ana@Example.com", phone=None, active=None, attributes=None)
    assert (made["email"], made["phone"], made["active"]) == ("ana@example.com", None, True)
    answer = await rig.post("/contacts", {"email": "ana@example.COM"})
    assert (answer.status_code, answer.json()["field"]) == (409, "email")


async def test_a_change_touches_what_it_names(rig: Rig) -> None:
    """PATCH merges, and null clears; PUT replaces; neither changes who it is."""
    made = await create(rig, **BODY, attributes={"tier": "gold", "age": "42"})
    path = f"/contacts/{made['id']}"
    changes = {"first_name": "Bea", "prefered_product": None, "attributes": {"age": None}}
    seen = (await call(rig, "PATCH", path, changes)).json()
    assert (seen["firstname"], seen["last_name"], seen["preferred_product"]) == ("Bea", "Sol", None)
    assert seen["attributes"] == {"tier": "gold"}
    seen = (await call(rig, "PUT", path, {"location": "Rome"})).json()
    assert (seen["phone"], seen["location"], seen["first_name"]) == (ANA, "Rome", None)
    assert seen["attributes"] == {}
    for method in ("PATCH", "PUT"):
        answer = await call(rig, method, path, {"phone": BEN})
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith("phone: cannot be changed")


async def test_what_is_shown_can_be_sent_back(rig: Rig) -> None:
    """The fields of an answer, put back as they are, change nothing."""
    made = await create(rig, **BODY, zone="Europe/Madrid", attributes={"tier": "gold"})
    ours = {"id", "zones", "region", "created_at", "updated_at"}
    body = {name: value for name, value in made.items() if name not in ours}
    path = f"/contacts/{made['id']}"
    tag = (await rig.get(path)).headers["etag"]
    answer = await call(rig, "PUT", path, body, if_match=tag)
    assert (answer.json(), answer.headers["etag"]) == (made, tag)


async def test_if_match_keeps_others_changes(rig: Rig) -> None:
    """A change, a replacement or an erasure of an old version is answered 412."""
    made = await create(rig, **BODY)
    path = f"/contacts/{made['id']}"
    old = (await rig.get(path)).headers["etag"]
    new = (await call(rig, "PATCH", path, {"location": "Rome"}, if_match=old)).headers["etag"]
    assert new != old
    for method in ("PATCH", "PUT", "DELETE"):
        body = None if method == "DELETE" else {"location": "Bern"}
        answer = await call(rig, method, path, body, if_match=old)
        assert (answer.status_code, answer.json()["code"]) == (412, "STALE")
    assert (await rig.get(path)).json()["location"] == "Rome"
    assert (await call(rig, "DELETE", path, if_match=new)).status_code == 204


async def test_a_repeated_creation_with_a_key_is_answered_alike(rig: Rig) -> None:
    """With an Idempotency-Key a client may repeat what it got no answer to."""
    answers = [await rig.post("/contacts", BODY, idempotency_key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()


# --- Lists of them ----------------------------------------------------------------------------


async def test_people_are_listed_page_by_page(rig: Rig) -> None:
    """By cursor, or by offset and limit, everybody is shown once."""
    people = numbers(7)
    await rig.post("/contacts/bulk", {"contacts": [{"phone": phone} for phone in people]})
    seen, cursor = [], ""
    while cursor is not None:
        page = (await rig.get(f"/customers?limit=3&cursor={cursor}")).json()
        seen += [each["phone"] for each in page["data"]]
        cursor = page["next_cursor"]
    assert sorted(seen) == people
    page = (await rig.get("/customers?limit=3&offset=5")).json()
    assert [each["phone"] for each in page["data"]] == seen[5:]


async def test_people_are_filtered(rig: Rig) -> None:
    """Filters hold together."""
    await create(rig, phone=ANA, location="Rome", active=False)
    await create(rig, phone=BEN, location="Rome")
    await create(rig, phone=CEM, preferred_product="tea")

    async def found(query: str) -> set[str]:
        return {each["phone"] for each in (await rig.get(f"/contacts?{query}")).json()["data"]}

    assert await found("location=Rome") == {ANA, BEN}
    assert await found("location=Rome&active=true") == {BEN}
    assert await found("preferred_product=tea") == {CEM}
    assert await found("preferred_product=tea&location=Rome") == set()


async def test_somebody_is_found_by_any_spelling_of_their_number(rig: Rig) -> None:
    """A filter by phone knows that a number has several spellings, and holds with the others."""
    id_ = (await create(rig, phone="+541123456789", location="Rosario"))["id"]

    async def found(query: str) -> list[str]:
        return [each["id"] for each in (await rig.get(f"/contacts?{query}")).json()["data"]]

    for written in ("%2B541123456789", "%2B5491123456789", "%2B54%2011%2015%202345-6789"):
        assert await found(f"phone={written}") == [id_]
    assert await found("phone=%2B5491123456789&location=Rosario") == [id_]
    assert await found("phone=%2B5491123456789&location=Rome") == []
    assert await found("phone=%2B5491123456780") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("offset=-1", "offset"),
        ("offset=10001", "offset"),
        ("offset=200000000000000000000", "offset"),
        ("offset=1&cursor=WyJhIl0", "offset"),
        ("cursor=nonsense", "cursor"),
        ("cursor=WyJhL2IiXQ", "cursor"),
        ("active=perhaps", "active"),
    ],
)
async def test_a_page_that_cannot_be_is_refused(rig: Rig, query: str, field: str) -> None:
    """Too far, too many, or a cursor that nobody gave: 400 by name of the parameter."""
    answer = await rig.get(f"/contacts?{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, field)


# --- Many at once -----------------------------------------------------------------------------


async def test_each_row_is_answered(rig: Rig) -> None:
    """Good rows are kept; bad ones say field and reason, by their index."""
    ana = await create(rig, phone=ANA, first_name="Ana")
    rows = [
        {"phone": "+1 212 555 2000", "firstname": "Ana"},
        {"phone": "+((((((("},
        {"phone": BEN, "lastname": "Ek"},
        {"phone": CEM, "zone": "Mars"},
        {"phone": BEN, "location": "Rome"},
        {"phone": CEM, "colour": "red"},
        {"phone": CEM, "first_name": 1},
        {},
    ]
    answer = await rig.post("/contacts/bulk", {"contacts": rows})
    assert answer.status_code == 200
    body = answer.json()
    counts = {name: body[name] for name in ("created", "updated", "unchanged", "invalid")}
    assert counts == {"created": 1, "updated": 1, "unchanged": 1, "invalid": 5}
    told = [(each["index"], each["result"], each["field"]) for each in body["results"]]
    assert told == [
        (0, "unchanged", None),
        (1, "invalid", "phone"),
        (2, "created", None),
        (3, "invalid", "zone"),
        (4, "updated", None),
        (5, "invalid", "colour"),
        (6, "invalid", "first_name"),
        (7, "invalid", "phone"),
    ]
    assert body["results"][0]["id"] == ana["id"]
    assert body["results"][1]["reason"] == "phone: is not a phone number"
    ben = (await rig.get(f"/contacts/{body['results'][2]['id']}")).json()
    assert (ben["last_name"], ben["location"]) == ("Ek", "Rome")


@pytest.mark.parametrize("count", [0, 1001])
async def test_so_many_rows_and_no_more(rig: Rig, count: int) -> None:
    """One to a thousand rows are taken at once."""
    rows = [{"phone": phone} for phone in numbers(count)]
    answer = await rig.post("/contacts/bulk", {"contacts": rows})
    assert (answer.status_code, answer.json()["field"]) == (400, "contacts")


async def test_a_thousand_rows_at_once(rig: Rig) -> None:
    """A full request is stored, and repeated changes nothing."""
    rows = [{"phone": phone, "firstname": f"P{n}"} for n, phone in enumerate(numbers(1000))]
    for expected in ("created", "unchanged"):
        answer = await rig.post("/customers/bulk", {"contacts": rows})
        assert answer.json()[expected] == 1000


# --- Erasure and history ----------------------------------------------------------------------


async def test_an_erased_person_is_gone(rig: Rig) -> None:
    """After a DELETE nobody is found, and the person can be stored anew."""
    made = await create(rig, **BODY)
    path = f"/customers/{made['id']}"
    assert (await call(rig, "DELETE", path)).status_code == 204
    answer = await rig.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert (await call(rig, "DELETE", path)).status_code == 404
    assert (await rig.get("/contacts")).json()["data"] == []
    assert (await create(rig, **BODY))["id"] == made["id"]


async def test_a_history_tells_what_was_sent(rig: Rig) -> None:
    """Each message stands there with its campaign, status and times; and pages."""
    made = await create(rig, phone=ANA)
    list_id = (await rig.post("/lists", {"name": "People"})).json()["id"]
    await rig.post(f"/lists/{list_id}/contacts", {"contact_ids": [made["id"]]})
    campaigns = []
    for name in ("One", "Two"):
        answer = await rig.create(list_id, campaignName=name)
        campaigns.append(answer.json()["campaignId"])
        await rig.run(campaigns[-1])
    first = (await rig.get(f"/contacts/{made['id']}/history?limit=1")).json()
    (entry,) = first["data"]
    assert entry["id"].startswith(f"{campaigns[1]}.")
    assert (entry["campaign_id"], entry["campaign_name"]) == (campaigns[1], "Two")
    assert (entry["channel"], entry["status"], entry["reason"]) == ("voice", "completed", None)
    assert entry["reason_words"] == ""
    assert entry["created_at"] <= entry["sent_at"] <= entry["ended_at"]
    path = f"/contacts/{made['id']}/history?limit=1&cursor={first['next_cursor']}"
    second = (await rig.get(path)).json()
    assert [each["campaign_id"] for each in second["data"]] == campaigns[:1]
    wrong = await rig.get(f"/contacts/{made['id']}/history?cursor=WyJhIl0")
    assert (wrong.status_code, wrong.json()["field"]) == (400, "cursor")


# --- Who may ----------------------------------------------------------------------------------


async def test_another_org_s_person_is_not_found(rig: Rig) -> None:
    """Whatever is asked, it is as if they did not exist; and they are not changed."""
    theirs = (await rig.post("/contacts", BODY, x_org_id="theirs")).json()
    for prefix in ("/contacts", "/customers"):
        path = f"{prefix}/{theirs['id']}"
        for method, asked, body in (
            ("GET", path, None),
            ("PATCH", path, {"location": "Rome"}),
            ("PUT", path, {"location": "Rome"}),
            ("DELETE", path, None),
            ("GET", f"{path}/history", None),
        ):
            answer = await call(rig, method, asked, body, x_org_id="ours")
            assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert (await rig.get("/contacts", x_org_id="ours")).json()["data"] == []
    seen = await rig.get(f"/contacts/{theirs['id']}", x_org_id="theirs")
    assert seen.json() == theirs


async def test_a_viewer_reads_and_changes_nothing(jwt_rig: Rig) -> None:
    """Reading needs the role viewer, whatever else the role operator."""
    viewer = token("viewer")
    made = (await jwt_rig.post("/contacts", BODY, authorization=token())).json()
    path = f"/contacts/{made['id']}"
    for asked in ("/contacts", path, f"{path}/history"):
        assert (await jwt_rig.get(asked, authorization=viewer)).status_code == 200
    for method, asked, body in (
        ("POST", "/contacts", BODY),
        ("POST", "/contacts/bulk", {"contacts": [BODY]}),
        ("PATCH", path, {}),
        ("PUT", path, {}),
        ("DELETE", path, None),
    ):
        answer = await call(jwt_rig, method, asked, body, authorization=viewer)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_the_document_describes_contacts_once(rig: Rig) -> None:
    """/customers answers, and is not in the OpenAPI document; examples are."""
    document = rig.stack.app._app.openapi()
    ours = {"/contacts", "/contacts/bulk", "/contacts/{contact_id}/history"}
    assert ours < document["paths"].keys()
    assert not any(path.startswith("/customers") for path in document["paths"])
    assert document["components"]["schemas"]["ContactBody"]["examples"]
