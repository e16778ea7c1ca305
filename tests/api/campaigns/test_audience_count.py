"""Who would be reached is counted before the start, and is who is reached after it."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from functions.domain.times import iso
from functions.engine.reporting.ahead import audience_count
from tests.api.campaigns.writing import customer, problem, write
from tests.api.conftest import MakeRig
from tests.api.plans.plans import written
from tests.api.rig import Rig, numbers
from tests.engine.counting_store import CountingStore

MAIL = {"channel": "email", "subject": "Hi", "sender": "Shop <shop@example.com>"}
STRICT = {**MAIL, "base_template": "Hi {first_name}", "missing_fields": "refuse"}
NAIROBI = {"field": "location", "op": "eq", "value": "Nairobi"}


async def people(rig: Rig) -> list[str]:
    """Store people of whom some cannot be reached by mail, each for a reason; return their ids."""
    given: list[dict[str, Any]] = [
        {"email": "ann@example.com", "firstname": "Ann"},
        {"email": "ann@example.com", "firstname": "Ann's twin"},
        {"email": "barred@example.com", "firstname": "Ben"},
        {"email": "", "firstname": "Cleo"},
        {"email": "nameless@example.com", "firstname": ""},
    ]
    ids = [await customer(rig, phone=f"+1212555{2000 + n}", **who) for n, who in enumerate(given)]
    barred = {"email": "barred@example.com", "scope": "email", "reason": "asked"}
    assert (await rig.post("/suppressions", barred)).status_code in {200, 201}
    return ids


async def in_list(rig: Rig, ids: list[str]) -> str:
    """Make a list of people; return its id."""
    made = (await rig.post("/lists", {"name": "People"})).json()["id"]
    added = await rig.post(f"/lists/{made}/contacts", {"contact_ids": ids})
    assert added.status_code == 200, added.text
    return str(made)


async def audience(rig: Rig, kind: str, ids: list[str]) -> Any:
    """Return an audience of this kind that has these people, as a campaign names it."""
    if kind == "list":
        return {"list_id": await in_list(rig, ids)}
    if kind == "segment":
        made = await rig.post("/segments", {"name": "N", "conditions": NAIROBI})
        return {"segment_id": made.json()["id"]}
    return {"everyone": True}


async def counted(rig: Rig, id_: str, query: str = "") -> Any:
    """Ask whom a campaign would reach."""
    answer = await rig.get(f"/campaigns/{id_}/audience{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def reasons(count: Any) -> dict[str, int]:
    """Return why people are not reached."""
    return {each["reason"]: each["count"] for each in count["reasons"]}


async def made_of(rig: Rig, id_: str) -> Counter[str]:
    """Return a campaign's own messages: "" for those to be sent, else why there are none."""
    rows = (await rig.get(f"/campaigns/{id_}/messages")).json()["data"]
    own = [each for each in rows if not each["step"]]
    return Counter(each["reason"] if each["status"] == "skipped" else "" for each in own)


def after(rig: Rig, hours: float) -> str:
    """Return the instant so many hours from now, as a query holds it."""
    return str(iso(rig.clock.now() + timedelta(hours=hours))).replace("+00:00", "Z")


@pytest.mark.parametrize("kind", ["list", "segment", "everyone"])
async def test_the_count_is_what_the_launch_makes(rig: Rig, kind: str) -> None:
    """For each kind of audience, reason by reason."""
    named = await audience(rig, kind, await people(rig))
    id_ = (await write(rig, **STRICT, audience=named))["id"]
    count = await counted(rig, id_)
    assert (count["total"], count["exact"], count["looked_at"]) == (5, True, 5)
    assert reasons(count) == {
        "duplicate_address": 1,
        "suppressed": 1,
        "no_address": 1,
        "missing_field": 1,
    }
    assert (await rig.post(f"/campaigns/{id_}/send", {})).status_code == 200
    await rig.settle()
    assert {"": count["reached"], **reasons(count)} == await made_of(rig, id_)


async def test_people_that_a_campaign_names_are_counted(rig: Rig) -> None:
    """While it waits for its time; who became inactive meanwhile is told as such."""
    ids = await people(rig)
    id_ = (await write(rig, **STRICT, scheduled_at=after(rig, 1)))["id"]
    await rig.post(f"/campaigns/{id_}/send", {"customer_ids": ids})
    await rig.http.patch(f"/contacts/{ids[0]}", json={"active": False})
    count = await counted(rig, id_)
    assert (count["total"], count["reached"], reasons(count)["inactive"]) == (5, 1, 1)
    assert count["at"] == iso(rig.clock.now() + timedelta(hours=1))
    assert "the contact is not active" in {each["reason_words"] for each in count["reasons"]}


async def test_whom_a_fallback_would_try_is_told(rig: Rig) -> None:
    """Whoever has no mail address gets a text, where the fallback says so."""
    await people(rig)
    text = {"channel": "sms", "base_template": "Hi", "after": ["no_address"]}
    id_ = (await write(rig, **MAIL, audience={"everyone": True}, fallbacks=[text]))["id"]
    count = await counted(rig, id_)
    assert (count["reached"], count["by_fallback"], count["not_reached"]) == (2, 1, 2)


async def test_hours_are_those_of_the_start(rig: Rig) -> None:
    """Who would have to wait, and what would expire, is told for the instant that is asked for."""
    await customer(rig, phone="+12125552000")  # New York, at seven in the morning
    window = {"start": "09:00", "end": "18:00"}
    fields = {"audience": {"everyone": True}, "send_window": window, "not_after": after(rig, 8)}
    id_ = (await write(rig, **fields))["id"]
    assert (await counted(rig, id_))["waiting"] == 1
    inside = await counted(rig, id_, f"?at={after(rig, 3)}")
    assert (inside["reached"], inside["waiting"]) == (1, 0)
    assert reasons(await counted(rig, id_, f"?at={after(rig, 9)}")) == {"expired": 1}
    assert (await counted(rig, id_, f"?at={after(rig, -3)}"))["at"] == iso(rig.clock.now())


async def test_of_a_large_audience_a_part_is_looked_at(
    make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are concluded from it; where nobody knows how many there are, nothing is."""
    monkeypatch.setattr(audience_count, "LOOKED_AT", 1)
    rig = make_rig(launch_page=4)
    list_id = await rig.make_list(numbers(10))
    unknown = {"not": {"field": "location", "op": "eq", "value": "Boston"}}
    segment = (await rig.post("/segments", {"name": "N", "conditions": unknown})).json()["id"]
    for named in ({"everyone": True}, {"list_id": list_id}):
        count = await counted(rig, (await write(rig, audience=named))["id"])
        assert (count["exact"], count["total"], count["reached"]) == (False, 10, 10)
        assert 0 < count["looked_at"] < 10
    count = await counted(rig, (await write(rig, audience={"segment_id": segment}))["id"])
    assert (count["exact"], count["total"]) == (False, None)
    assert count["reached"] == count["looked_at"]


async def test_whoever_hangs_up_ends_the_count(make_rig: MakeRig) -> None:
    """No page of the audience is read for an answer that nobody waits for."""
    rig = make_rig(launch_page=1)
    await rig.make_list(numbers(10))
    id_ = (await write(rig, audience={"everyone": True}))["id"]
    watched = CountingStore(rig.store)
    rig.break_store(watched)
    assert (await counted(rig, id_))["looked_at"] == 10
    whole = len(watched.found)
    watched.found.clear()
    await ask_and_leave(rig, f"/campaigns/{id_}/audience")
    assert len(watched.found) < whole / 2


async def ask_and_leave(rig: Rig, path: str) -> None:
    """Ask as an ASGI server does whose client has gone once the request was read."""
    received = iter([{"type": "http.request", "body": b""}])

    async def receive() -> Any:
        return next(received, {"type": "http.disconnect"})

    async def send(_: Any) -> None:
        """Nobody hears it."""

    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}
    await rig.stack.app(scope, receive, send)


async def test_whoever_would_enter_a_plan_is_counted(rig: Rig) -> None:
    """By a list as it starts; where people enter one by one, nobody enters at the start."""
    ids = await people(rig)
    barred = {"phone": "+12125552001", "scope": "all", "reason": "asked"}
    await rig.post("/suppressions", barred)
    entry = {"by": "list", "list_id": await in_list(rig, ids)}
    id_ = (await written(rig, entry=entry))["id"]
    count = await counted(rig, id_)
    assert (count["reached"], reasons(count)) == (4, {"suppressed": 1})
    assert (await rig.post(f"/campaigns/{id_}/start")).status_code == 200
    await rig.settle()
    walks = (await rig.get(f"/campaigns/{id_}")).json()["walks"]
    assert (walks["active"], walks["exits"]) == (count["reached"], reasons(count))
    by_one = (await written(rig, entry={"by": "api"}))["id"]
    assert (await counted(rig, by_one))["total"] == 0


async def test_what_has_started_is_not_counted(rig: Rig) -> None:
    """Its messages tell; and a campaign of others is not there."""
    await customer(rig)
    id_ = (await write(rig, audience={"everyone": True}))["id"]
    problem(await rig.get(f"/campaigns/{id_}/audience", x_org_id="acme"), 404, "CAMPAIGN_NOT_FOUND")
    problem(await rig.get(f"/campaigns/{id_}/audience?at=noon"), 400, "INVALID_FIELD")
    await rig.post(f"/campaigns/{id_}/send", {})
    told = problem(await rig.get(f"/campaigns/{id_}/audience"), 400, "INVALID_CAMPAIGN_STATUS")
    assert told["detail"] == "Cannot count campaign with status: running"
    assert (await rig.get("/campaigns/none/audience")).status_code == 404
