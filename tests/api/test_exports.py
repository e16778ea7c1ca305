"""Contacts, suppressions and messages can be taken out, whole and safely, and put back in."""

import csv
import io
from typing import Any

import orjson
import pytest

from functions.web.auth import Area
from tests.api.contacts.test_imports import send
from tests.api.rig import Rig, numbers

A, B, C = numbers(3)
PEOPLE = [
    {"phone": A, "first_name": '=HYPERLINK("x")', "attributes": {"plan": "gold"}},
    {"email": "ben@example.com", "first_name": "José, Zoë", "active": False},
    {"phone": C, "email": "cem@example.com", "attributes": {"seat": "-1"}},
]


async def rows(rig: Rig, path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    answer = await rig.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def lines(rig: Rig, path: str) -> list[dict[str, Any]]:
    """Return the rows of lines of JSON."""
    answer = await rig.get(f"{path}?format=jsonl")
    assert answer.headers["content-disposition"].endswith('.jsonl"')
    return [orjson.loads(line) for line in answer.content.splitlines()]


async def test_contacts_are_taken_out_and_put_back(rig: Rig) -> None:
    """Each attribute is a column, nothing is a formula, and an import of it changes nobody."""
    await rig.post("/contacts/bulk", {"contacts": PEOPLE})
    found = {row["phone"] or row["email"]: row for row in await rows(rig, "/exports/contacts")}
    assert found.keys() == {A, "ben@example.com", C}
    assert found[A]["first_name"] == '\'=HYPERLINK("x")'
    assert (found[A]["attributes.plan"], found[C]["attributes.seat"]) == ("gold", "'-1")
    assert (found["ben@example.com"]["active"], found[A]["active"]) == ("false", "true")
    told = {row["phone"] or row["email"]: row for row in await lines(rig, "/exports/contacts")}
    assert told[A]["first_name"] == '=HYPERLINK("x")'
    assert told[C]["attributes"] == {"seat": "-1"}
    for form in ("jsonl", "csv"):
        content = (await rig.get(f"/exports/contacts?format={form}")).content
        answer = await send(rig, content, format=form)
        await rig.settle()
        job = (await rig.get(f"/contacts/imports/{answer.json()['id']}")).json()
        assert (job["unchanged"], job["invalid"], job["updated"]) == (3, 0, 0)


async def test_suppressions_are_taken_out(rig: Rig) -> None:
    """A row for each scope of an address."""
    for scope in ("sms", "email"):
        await rig.post("/suppressions", {"phone": A, "scope": scope, "reason": "+1 asked"})
    found = await rows(rig, "/exports/suppressions")
    assert [(row["address"], row["scope"], row["reason"]) for row in found] == [
        (A, "email", "'+1 asked"),
        (A, "sms", "'+1 asked"),
    ]
    assert [row["active"] for row in await lines(rig, "/exports/suppressions")] == [True, True]


async def test_messages_are_taken_out(rig: Rig) -> None:
    """Those of all campaigns, or of one."""
    people = await rig.make_list([A, B])
    made = [(await rig.create(people, campaignName=name)).json() for name in ("x", "y")]
    await rig.settle()
    ids = {each["campaignId"] for each in made}
    found = await rows(rig, "/exports/messages")
    assert ({row["campaign_id"] for row in found}, len(found)) == (ids, 4)
    (first, _) = ids
    one = await rows(rig, f"/exports/messages?campaign_id={first}")
    assert {row["campaign_id"] for row in one} == {first}
    for row in one:
        assert (await rig.get(f"/messages/{row['message_id']}")).status_code == 200
    assert len(await lines(rig, "/exports/messages")) == 4
    assert (await rig.get("/exports/messages?campaign_id=nobody")).status_code == 404


@pytest.mark.parametrize("area", [Area.CONTACTS, Area.SUPPRESSIONS, Area.MESSAGES])
async def test_a_key_takes_out_what_it_may_see(rig: Rig, area: Area) -> None:
    """The areas of an API key hold for exports as for everything else."""
    new = {"name": "export", "role": "viewer", "areas": [area]}
    key = (await rig.post("/api-keys", new)).json()["token"]
    for each in (Area.CONTACTS, Area.SUPPRESSIONS, Area.MESSAGES):
        answer = await rig.get(f"/exports/{each}", authorization=f"Bearer {key}")
        assert answer.status_code == (200 if each == area else 403), answer.text
