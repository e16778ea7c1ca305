"""Whether and when somebody may be contacted: told as a message that is sent then fares."""

from typing import Any

import pytest

from tests.api.campaigns.writing import problem, write
from tests.api.conftest import MakeRig
from tests.api.rig import SENDER, Rig, numbers, token

ONCE_A_DAY = {"most": 1, "hours": 24}
(NUMBER,) = numbers(1)


async def person(rig: Rig, **fields: Any) -> str:
    """Make somebody in New York; return their id."""
    answer = await rig.post("/contacts", {"phone": NUMBER, "zone": "America/New_York", **fields})
    assert answer.status_code == 201, answer.text
    id_: str = answer.json()["id"]
    return id_


async def reach(rig: Rig, id_: str) -> dict[str, Any]:
    """Ask how somebody is reached; return what is told, by channel."""
    answer = await rig.get(f"/contacts/{id_}/reach")
    assert answer.status_code == 200, answer.text
    return {each["channel"]: each for each in answer.json()["channels"]}


async def sent(rig: Rig, id_: str) -> Any:
    """Send somebody a text; return what has become of it so far."""
    campaign = (await write(rig, base_template="Hi", sender=SENDER))["id"]
    sending = await rig.post(f"/campaigns/{campaign}/send", {"customer_ids": [id_]})
    assert sending.is_success, sending.text
    await rig.settle()
    (message,) = (await rig.get(f"/campaigns/{campaign}/messages")).json()["data"]
    return (await rig.get(f"/messages/{message['id']}")).json()


async def settings(rig: Rig, **decided: Any) -> None:
    """Decide something for the organisation."""
    answer = await rig.http.patch("/settings", json=decided)
    assert answer.status_code == 200, answer.text


async def test_whoever_may_be_contacted_now_is_sent_to_at_once(rig: Rig) -> None:
    """Each channel that is set up is told; mail has no address."""
    id_ = await person(rig)
    told = await reach(rig, id_)
    assert told["sms"] == {
        "channel": "sms",
        "may": "now",
        "allowed_from": "2026-03-02T12:00:00.000Z",
        "reason": None,
        "reason_words": "",
        "barred_kinds": [],
    }
    assert (told["email"]["may"], told["email"]["reason"]) == ("never", "no_address")
    assert told["email"]["allowed_from"] is None
    assert (await sent(rig, id_))["status"] in {"sent", "delivered"}


@pytest.mark.parametrize("scope", ["all", "sms"])
async def test_whoever_is_suppressed_is_never_sent_to(rig: Rig, scope: str) -> None:
    """By one channel or by all, in words."""
    id_ = await person(rig)
    await rig.post("/suppressions", {"phone": NUMBER, "reason": "asked", "scope": scope})
    told = await reach(rig, id_)
    assert (told["sms"]["may"], told["sms"]["reason"]) == ("never", "suppressed")
    assert told["sms"]["reason_words"] == "the address must not be contacted"
    assert told["voice"]["may"] == ("never" if scope == "all" else "now")
    message = await sent(rig, id_)
    assert (message["status"], message["reason"]) == ("skipped", told["sms"]["reason"])


async def test_a_kind_of_campaign_that_somebody_has_opted_out_of_is_told(rig: Rig) -> None:
    """The channel stays free for the other kinds."""
    id_ = await person(rig)
    await rig.post("/suppressions", {"phone": NUMBER, "reason": "asked", "scope": "broadcast"})
    told = (await reach(rig, id_))["sms"]
    assert (told["may"], told["barred_kinds"]) == ("now", ["broadcast"])
    assert (await sent(rig, id_))["reason"] == "suppressed"


async def test_in_quiet_hours_the_first_moment_after_them_is_told(rig: Rig) -> None:
    """A message waits for that very moment."""
    await settings(rig, quiet_hours={"start": "06:00", "end": "09:00"})
    id_ = await person(rig)
    told = (await reach(rig, id_))["sms"]
    assert (told["may"], told["reason"]) == ("later", "quiet_hours")
    assert told["allowed_from"] == "2026-03-02T14:00:00.000Z"
    message = await sent(rig, id_)
    assert (message["status"], message["due_at"]) == ("pending", told["allowed_from"])


async def test_the_hours_of_a_country_hold_for_calls_alone(make_rig: MakeRig) -> None:
    """At seven in New York nobody is called, and a text may be sent."""
    rig = make_rig(calling_windows="default")
    told = await reach(rig, await person(rig))
    assert (told["voice"]["may"], told["sms"]["may"]) == ("later", "now")
    assert told["voice"]["allowed_from"] == "2026-03-02T14:00:00.000Z"


async def test_whoever_was_reached_often_enough_is_free_after_the_quiet_hours(rig: Rig) -> None:
    """A cap's end in quiet hours is put off to the end of those, as a message is."""
    await settings(rig, frequency_caps=[ONCE_A_DAY], quiet_hours={"start": "06:30", "end": "06:40"})
    id_ = await person(rig)
    assert (await sent(rig, id_))["status"] in {"sent", "delivered"}
    await settings(rig, quiet_hours={"start": "23:00", "end": "09:00"})
    await rig.clock.sleep(3 * 3600)
    told = (await reach(rig, id_))["sms"]
    assert (told["may"], told["reason"]) == ("later", "frequency_cap")
    message = await sent(rig, id_)
    assert (message["status"], message["reason"]) == ("pending", "frequency_cap")
    assert message["next_at"] == told["allowed_from"] == "2026-03-03T14:00:00.000Z"


async def test_whoever_is_not_active_is_told_as_that(rig: Rig) -> None:
    """And a message says the same."""
    id_ = await person(rig, active=False)
    told = (await reach(rig, id_))["sms"]
    assert (told["may"], told["reason"]) == ("never", "inactive")
    assert (await sent(rig, id_))["reason"] == "inactive"


async def test_of_a_stranger_s_person_nothing_is_told(jwt_rig: Rig) -> None:
    """Whoever is of another organisation is not found; a viewer may ask."""
    admin, other = token("admin"), token("admin", org="other")
    made = await jwt_rig.post("/contacts", {"phone": NUMBER}, authorization=admin)
    for what in ("reach", "lists", "segments"):
        path = f"/contacts/{made.json()['id']}/{what}"
        problem(await jwt_rig.get(path, authorization=other), 404, "CUSTOMER_NOT_FOUND")
        assert (await jwt_rig.get(path, authorization=token("viewer"))).status_code == 200
