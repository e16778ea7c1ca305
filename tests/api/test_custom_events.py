"""Events over REST: what is told of people, what comes of it, and what is refused."""

from typing import Any

import pytest

from tests.api.rig import Rig

PHONE = "+12025550142"
EVENT = {"id": "shop-1", "phone": PHONE, "name": "order_paid", "data": {"total": 30}}


async def test_an_event_is_noted_once(rig: Rig) -> None:
    """Told again it is answered alike; another one of its id is refused."""
    first, again = await rig.post("/events", EVENT), await rig.post("/events", EVENT)
    nothing = {"id": "shop-1", "entered": [], "heard_by": []}
    assert first.json() == {**nothing, "repeated": False}
    assert again.json() == {**nothing, "repeated": True}
    other = await rig.post("/events", {**EVENT, "name": "order_sent"})
    assert (other.status_code, other.json()["code"]) == (409, "EVENT_EXISTS")
    assert "name" in other.json()["detail"]


async def test_an_event_without_an_id_gets_one(rig: Rig) -> None:
    """It cannot be told twice."""
    body = {"email": "Ana@Example.com", "name": "order_paid"}
    first, second = await rig.post("/events", body), await rig.post("/events", body)
    assert first.json()["id"] != second.json()["id"]
    assert not second.json()["repeated"]


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"name": "opened"}, "name", "happens to messages"),
        ({"name": "no_purchase"}, "name", "time that passes"),
        ({"name": "elapsed"}, "name", "time that passes"),
        ({"name": "erased"}, "name", "ends every walk"),
        ({"name": "busy"}, "name", "happens to messages"),
        ({"name": "mailbox_full"}, "name", "is the reason"),
        ({"name": "provider_503"}, "name", "is the reason"),
        ({"name": "Order Paid"}, "name", "small letters"),
        ({"name": ""}, "name", "small letters"),
        ({"id": "x" * 129}, "id", "128"),
        ({"id": "a\nb"}, "id", "control characters"),
        ({"subject": "cart 1"}, "", "one of contact_id, phone, email and subject"),
        ({"phone": None}, "", "one of contact_id, phone, email and subject"),
        ({"phone": "12"}, "phone", ""),
        ({"at": "2026-03-02T12:00:00"}, "at", "zone"),
        ({"data": {"items": ["a"]}}, "data", "items must be a text"),
        ({"data": {"n": 2**60}}, "data", "n must be"),
        ({"data": {"text": "x" * 4090}}, "data", "4096 bytes"),
        ({"data": {"": "x"}}, "data", ""),
        ({"nonsense": 1}, "nonsense", ""),
    ],
)
async def test_a_bad_event_is_refused_by_field(
    rig: Rig, changes: dict[str, Any], field: str, says: str
) -> None:
    """Nothing of it is noted."""
    answer = await rig.post("/events", {**EVENT, **changes})
    told = answer.json()
    assert answer.status_code == 400, told
    assert (told["field"] or "").startswith(field), told
    assert says in told["detail"], told
    assert not (await rig.post("/events", EVENT)).json()["repeated"]


@pytest.mark.parametrize(
    "id_", ["a/b", "#1", "__x__", "..", "über-🙂", "x" * 128, "campaigns/c/enrollments/e"]
)
async def test_any_text_may_be_an_event_s_id(rig: Rig, id_: str) -> None:
    """It is answered as it was told, and known again."""
    assert (await rig.post("/events", {**EVENT, "id": id_})).json()["id"] == id_
    assert (await rig.post("/events", {**EVENT, "id": id_})).json()["repeated"]


async def test_an_event_of_another_organisation_s_contact_is_not_found(rig: Rig) -> None:
    """404, and nothing is noted."""
    made = await rig.post("/contacts", {"phone": PHONE}, x_org_id="theirs")
    event = {"id": "mine", "contact_id": made.json()["id"], "name": "order_paid"}
    answer = await rig.post("/events", event)
    assert (answer.status_code, answer.json()["code"]) == (404, "CUSTOMER_NOT_FOUND")
    assert not (await rig.post("/events", {**EVENT, "id": "mine"})).json()["repeated"]


async def test_of_a_hundred_events_the_good_ones_are_kept(rig: Rig) -> None:
    """The bad ones are told by index and field; the same id twice is one event."""
    bad: list[Any] = [{}, {**EVENT, "name": "opened"}, {"contact_id": "nobody", "name": "paid"}]
    good = [EVENT, EVENT, {**EVENT, "name": "order_sent"}]
    answer = (await rig.post("/events/batch", {"events": [*bad, *good]})).json()
    assert (answer["told"], answer["refused"]) == (2, 4)
    rows = answer["results"]
    assert [row["result"] for row in rows] == [*["refused"] * 3, "told", "told", "refused"]
    assert [row["field"] for row in rows] == ["name", "name", "contact_id", None, None, "id"]
    assert [row["repeated"] for row in rows[3:5]] == [False, True]
    assert rows[1]["reason"].startswith("name: opened happens to messages")
    assert (await rig.post("/events/batch", {"events": [EVENT] * 101})).status_code == 400


async def test_an_event_lets_people_enter_and_moves_them(rig: Rig) -> None:
    """From the request to the message, by the campaign's own event and one that it waits for."""
    send = {"action": "send", "channel": "sms", "sender": "+12025550111"}
    to_bye = [{"on": "order_sent", "to": "bye"}, {"on": "elapsed", "to": "bye", "after": "P9D"}]
    nodes = [
        {"id": "hello", **send, "body": "{{ total }} paid", "transitions": to_bye},
        {"id": "bye", **send, "body": "It is on its way"},
    ]
    made = await rig.post(
        "/campaigns",
        {
            "kind": "journey",
            "name": "Orders",
            "plan": {"startNodeId": "hello", "nodes": nodes},
            "entry": {"by": "event", "event": "order_paid"},
        },
    )
    assert made.status_code == 201, made.text
    started = await rig.post(f"/campaigns/{made.json()['id']}/start", {})
    assert started.is_success, started.text
    entered = (await rig.post("/events", EVENT)).json()["entered"]
    assert entered[0].startswith(made.json()["id"])
    await rig.settle()
    sent = await rig.post("/events", {"phone": PHONE, "name": "order_sent"})
    assert sent.json()["heard_by"] == entered
