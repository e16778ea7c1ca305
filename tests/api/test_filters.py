"""Lists are filtered by what their screens ask for; pages lead through what a filter holds for."""

from typing import Any

import pytest

from functions.domain.messages.delivery_events import Inbound
from functions.engine.receipts.inbound import receive_inbound
from tests.api.campaigns.writing import customer, problem, write
from tests.api.rig import SENDER, Rig


async def rows(rig: Rig, path: str, limit: int = 2) -> list[Any]:
    """Return all rows of a list, by pages of a few, each asked for with the same filter."""
    seen: list[Any] = []
    cursor = ""
    while True:
        sign = "&" if "?" in path else "?"
        answer = await rig.get(f"{path}{sign}limit={limit}&cursor={cursor}")
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["data"]) <= limit
        seen += page["data"]
        if (cursor := page["next_cursor"]) is None:
            return seen


async def people(rig: Rig, count: int, **fields: Any) -> list[str]:
    """Create contacts, one a second; return their ids."""
    ids = []
    for n in range(count):
        ids.append(await customer(rig, phone=f"+25471234567{n}", **fields))
        await rig.clock.sleep(1)
    return ids


async def test_contacts_are_listed_newest_first(rig: Rig) -> None:
    """By cursor and by offset, under both names; the limit is kept to what there may be."""
    ids = await people(rig, 5)
    for path in ("/contacts", "/customers"):
        assert [each["id"] for each in await rows(rig, path)] == ids[::-1]
    page = (await rig.get("/customers?limit=2&offset=1")).json()["data"]
    assert [each["id"] for each in page] == [ids[3], ids[2]]
    for limit, count in ((0, 5), (-5, 5), (5000, 5), (10**9, 5), (3, 3)):
        page = (await rig.get(f"/customers?limit={limit}")).json()["data"]
        assert len(page) == count


@pytest.mark.parametrize(
    "filter_",
    [
        "phone=%2B254712345671",
        "phone=%2B254+712+345+671",
        "phone=+254712345671",
        "email=Ben%40Example.com",
        "external_id=crm-1",
        "external_id=crm-1&active=true&location=Nairobi",
    ],
)
async def test_a_contact_is_found_by_what_a_caller_knows(rig: Rig, filter_: str) -> None:
    """By number in any spelling, by mail, by the caller's own id; filters hold together."""
    await people(rig, 1)
    details = {"email": "ben@example.com", "external_id": "crm-1"}
    ben = await customer(rig, phone="+254712345671", **details)
    assert [each["id"] for each in await rows(rig, f"/contacts?{filter_}")] == [ben]
    assert (await rig.get(f"/contacts/{ben}")).json()["external_id"] == "crm-1"


async def test_a_filter_that_is_no_address_is_refused(rig: Rig) -> None:
    """Not answered with everybody, and not with nobody."""
    for wanted, field in (("phone=12", "phone"), ("email=nobody", "email")):
        told = problem(await rig.get(f"/contacts?{wanted}"), 400, "INVALID_FIELD")
        assert told["field"] == field


async def sent(rig: Rig, ids: list[str], name: str) -> str:
    """Send a campaign to contacts; return its id."""
    made = await write(rig, name=name)
    await rig.post(f"/campaigns/{made['id']}/send", {"customer_ids": ids})
    await rig.run(made["id"])
    await rig.clock.sleep(60)
    return str(made["id"])


async def test_messages_are_found_across_campaigns(rig: Rig) -> None:
    """By contact, status and time; every one once, the newest campaign first."""
    ids = await people(rig, 3)
    await rig.post("/suppressions", {"phone": "+254712345670", "reason": "asked"})
    first = await sent(rig, ids, "First")
    middle = rig.clock.now().isoformat().replace("+00:00", "Z")
    second = await sent(rig, ids, "Second")

    async def found(query: str) -> list[str]:
        return [each["campaign_id"] for each in await rows(rig, f"/messages?{query}")]

    assert await found("") == [second] * 3 + [first] * 3
    assert await found(f"contact_id={ids[1]}") == [second, first]
    assert await found("status=skipped") == [second, first]
    assert await found(f"contact_id={ids[1]}&status=skipped") == []
    assert await found(f"contact_id={ids[0]}&status=skipped") == [second, first]
    assert await found(f"since={middle}") == [second] * 3
    assert await found(f"before={middle}&status=skipped") == [first]
    assert await found(f"contact_id={ids[1]}&before={middle}") == [first]
    all_ids = [each["id"] for each in await rows(rig, "/messages")]
    assert len(set(all_ids)) == 6


async def test_messages_of_others_are_not_found(rig: Rig) -> None:
    """Neither by another organisation's contact nor by a cursor that somebody made up."""
    ids = await people(rig, 1)
    await sent(rig, ids, "First")
    other = await rig.get(f"/messages?contact_id={ids[0]}", x_org_id="acme")
    assert other.json()["data"] == []
    assert (await rig.get("/messages", x_org_id="acme")).json()["data"] == []
    for cursor in ("x", "WyJhIl0"):
        problem(await rig.get(f"/messages?cursor={cursor}"), 400, "INVALID_FIELD")


async def test_texts_are_filtered(rig: Rig) -> None:
    """By person, by what they were taken for, by time, and by the campaign that they answer."""
    ids = await people(rig, 2)
    campaign = await sent(rig, ids[:1], "First")
    for n, body in enumerate(("Thanks", "STOP", "Hello")):
        text = Inbound(f"t{n}", f"+25471234567{n % 2}", SENDER, body, rig.clock.now())
        await receive_inbound(rig.stack.engine, "default", "simulator", text)
        await rig.clock.sleep(1)

    async def found(query: str) -> list[str]:
        return [each["body"] for each in await rows(rig, f"/inbound?{query}")]

    assert await found("") == ["Hello", "STOP", "Thanks"]
    assert await found(f"contact_id={ids[0]}") == ["Hello", "Thanks"]
    assert await found("taken_for=opt_out") == ["STOP"]
    assert await found(f"campaign_id={campaign}") == ["Hello", "Thanks"]
    at = (await rig.get("/inbound")).json()["data"][1]["at"]
    assert await found(f"since={at}") == ["Hello", "STOP"]
    assert await found(f"before={at}&contact_id={ids[0]}") == ["Thanks"]


async def test_the_audit_trail_is_filtered(rig: Rig) -> None:
    """By what was done, by whom and when."""
    id_ = await rig.campaign()
    for action in ("pause", "resume", "pause"):
        await rig.clock.sleep(1)
        await rig.post(f"/campaigns/{id_}/{action}")
    assert len(await rows(rig, "/audit?action=pause")) == 2
    assert await rows(rig, "/audit?by=nobody") == []
    whole = await rows(rig, "/audit?by=local")
    at = next(each["at"] for each in whole if each["action"] == "resume")
    assert len(await rows(rig, f"/audit?since={at}")) == 2


async def test_named_things_are_found_by_the_beginning_of_their_names(rig: Rig) -> None:
    """Lists, templates and segments, in small or capital letters; templates by channel too."""
    condition = {"field": "location", "op": "eq", "value": "Nairobi"}
    for name in ("Spring one", "Summer", "spring two", "SPRING three"):
        await rig.post("/lists", {"name": name})
        await rig.post("/segments", {"name": name, "conditions": condition})
        channel = "email" if name == "spring two" else None
        await rig.post("/templates", {"name": name, "text": "Hi", "channel": channel})
    for path in ("/lists", "/templates", "/segments"):
        found = {each["name"] for each in await rows(rig, f"{path}?name_prefix=spring")}
        assert found == {"Spring one", "spring two", "SPRING three"}
        assert len(await rows(rig, path)) == 4
    assert len(await rows(rig, "/templates?name_prefix=s&channel=sms")) == 3


@pytest.mark.parametrize(
    "path",
    ["/contacts", "/messages", "/inbound", "/audit", "/lists", "/templates", "/segments"],
)
async def test_an_empty_filter_is_none(rig: Rig, path: str) -> None:
    """And a misspelt one is refused."""
    assert (await rig.get(f"{path}?cursor=&limit=")).status_code == 200
    problem(await rig.get(f"{path}?nonsense=1"), 400, "INVALID_FIELD")
