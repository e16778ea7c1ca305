"""The calendar shows what days bring: starts, coming runs, waiting steps, and holidays."""

from typing import Any

import pytest

from functions.engine.reporting.ahead import calendar, steps
from tests.api.campaigns.writing import customer, problem, write
from tests.api.plans.plans import STEPS
from tests.api.rig import Rig, numbers

DAILY = {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "zone": "America/New_York", "count": 4}


async def shown(rig: Rig, query: str = "", **headers: str) -> Any:
    """Return the calendar; its clock stands at noon of 2 March 2026, UTC."""
    answer = await rig.get(f"/calendar?{query}", **headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def days(calendar: Any, type_: str) -> list[tuple[str, Any]]:
    """Return the days of the entries of a type, each with how many people it is for."""
    return [(each["date"], each["people"]) for each in calendar["entries"] if each["type"] == type_]


async def scheduled(rig: Rig, name: str, at: str, **fields: Any) -> str:
    """Write a campaign to everyone that starts at an instant; return its id."""
    made = await write(rig, name=name, scheduled_at=at, audience={"everyone": True}, **fields)
    return str(made["id"])


async def sequence(rig: Rig, people: int, *offsets: str) -> str:
    """Start a sequence that people enter by a list; return its id."""
    wanted = [{**STEPS[0], "id": f"s{each}", "offset": each} for each in offsets]
    entry = {"by": "list", "list_id": await rig.make_list(numbers(people))}
    body = {"kind": "sequence", "name": "Welcome", "steps": wanted, "entry": entry}
    made = await rig.post("/campaigns", body)
    assert made.status_code == 201, made.text
    assert (await rig.post(f"/campaigns/{made.json()['id']}/start")).status_code == 200
    await rig.settle()
    return str(made.json()["id"])


async def test_a_start_stands_on_its_day_in_the_zone(rig: Rig) -> None:
    """An hour before midnight in London is the next day in Berlin; it leads to its campaign."""
    await customer(rig)
    id_ = await scheduled(rig, "Spring", "2026-03-03T23:00:00Z")
    await scheduled(rig, "Later", "2026-03-05T23:00:00Z")
    here = await shown(rig, "from=2026-03-04&to=2026-03-05&zone=Europe/Berlin")
    (entry,) = here["entries"]
    assert (entry["date"], entry["campaign_id"], entry["name"]) == ("2026-03-04", id_, "Spring")
    assert (entry["people"], entry["audience"]["kind"], entry["run"]) == (1, "everyone", None)
    assert (await shown(rig, "from=2026-03-03&to=2026-03-03"))["entries"][0]["date"] == "2026-03-03"
    assert (await shown(rig, "", x_org_id="acme"))["entries"] == []


async def test_what_has_started_stands_where_it_did(rig: Rig) -> None:
    """Sent at once, or late; what was cancelled before its start is gone, tests never come in."""
    await customer(rig)
    gone = await scheduled(rig, "Gone", "2026-03-03T12:00:00Z")
    await rig.post(f"/campaigns/{gone}/cancel")
    now = (await write(rig, name="Now", audience={"everyone": True}))["id"]
    await rig.post(f"/campaigns/{now}/send", {})
    await rig.post(f"/campaigns/{now}/send-test", {"phones": ["+12125552000"]})
    late = await scheduled(rig, "Late", "2026-03-03T12:00:00Z")
    await rig.clock.sleep(2 * 86_400)
    await rig.get("/check-scheduled-campaigns")
    found = await shown(rig, "from=2026-03-01")
    where = {each["campaign_id"]: each["date"] for each in found["entries"]}
    assert where == {now: "2026-03-02", late: "2026-03-04"}


async def test_coming_runs_follow_the_one_that_waits(rig: Rig) -> None:
    """Each by its number, up to the last; they are the very ones that come."""
    await customer(rig)
    first = await write(rig, audience={"everyone": True}, repeat=DAILY)
    coming = await shown(rig, "from=2026-03-02&to=2026-03-31")
    runs = [(each["type"], each["run"], each["at"]) for each in coming["entries"]]
    assert [each[:2] for each in runs] == [("campaign", 1), ("run", 2), ("run", 3), ("run", 4)]
    assert {each["campaign_id"] for each in coming["entries"]} == {first["id"]}
    inside = await shown(rig, "from=2026-03-04&to=2026-03-04")
    assert [each["run"] for each in inside["entries"]] == [3]
    id_ = first["id"]
    for _, _, at in runs[1:]:
        skipped = (await rig.post(f"/campaigns/{id_}/skip")).json()
        id_ = skipped["following"]
        assert skipped["scheduled_at"] == at
    assert (await rig.post(f"/campaigns/{id_}/skip")).json()["following"] is None


async def test_runs_behind_the_hundredth_are_said_to_be_missing(rig: Rig) -> None:
    """A daily series has runs next year, and nobody has counted up to them."""
    await customer(rig)
    endless = {name: value for name, value in DAILY.items() if name != "count"}
    await write(rig, audience={"everyone": True}, repeat=endless)
    assert (await shown(rig, "from=2026-03-02&to=2026-05-01"))["complete"]
    far = await shown(rig, "from=2027-03-02")
    assert (far["entries"], far["complete"]) == ([], False)


async def test_waiting_steps_are_counted_by_day(rig: Rig) -> None:
    """People stand on the day of their next step; what is overdue stands on today."""
    id_ = await sequence(rig, 5, "P2D", "P9D")
    found = await shown(rig, "from=2026-03-01&to=2026-03-31")
    assert days(found, "steps") == [("2026-03-04", 5)]
    (entry,) = [each for each in found["entries"] if each["type"] == "steps"]
    assert (entry["campaign_id"], entry["kind"], entry["audience"]) == (id_, "sequence", None)
    assert found["complete"]
    await rig.clock.sleep(3 * 86_400)
    assert days(await shown(rig), "steps") == [("2026-03-05", 5)]
    await rig.get("/check-scheduled-campaigns")
    await rig.settle()
    assert days(await shown(rig), "steps") == [("2026-03-11", 5)]
    await rig.post(f"/campaigns/{id_}/pause")
    assert days(await shown(rig), "steps") == []


async def test_days_that_are_over_have_no_steps(rig: Rig) -> None:
    """Nor has a range of days that all are."""
    await sequence(rig, 1, "P2D")
    assert days(await shown(rig, "from=2026-02-01&to=2026-03-01"), "steps") == []


async def test_what_is_too_much_is_said_to_be(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """More starts, or more steps to count, than one answer holds."""
    await customer(rig)
    monkeypatch.setattr(calendar, "MOST", 1)
    await scheduled(rig, "A", "2026-03-03T12:00:00Z")
    assert not (await shown(rig))["complete"]
    monkeypatch.setattr(calendar, "MOST", 500)
    assert (await shown(rig))["complete"]
    await sequence(rig, 2, "P2D")
    monkeypatch.setattr(steps, "_MOST", 1)
    assert not (await shown(rig))["complete"]


async def test_holidays_are_those_of_the_rules_in_force(make_rig: Any) -> None:
    """By country and channel; where no country's hours are kept there are none."""
    rig = make_rig(calling_windows="default")
    asked = "from=2026-07-13&to=2026-07-15"
    (bastille,) = (await shown(rig, asked))["holidays"]
    assert bastille == {
        "date": "2026-07-14",
        "region": "FR",
        "name": "National Day",
        "channels": ["voice", "sms"],
    }
    rule = {"opens": "09:00", "closes": "20:00", "holidays": True}
    said = {"country_rules": {"DE": {"sms": rule}}, "default_zone": "Europe/Berlin"}
    said |= {"quiet_hours": {"start": "21:00", "end": "09:00"}}
    assert (await rig.http.patch("/settings", json=said)).status_code == 200
    october = await shown(rig, "from=2026-10-03&to=2026-10-03")
    assert [(each["region"], each["channels"]) for each in october["holidays"]] == [("DE", ["sms"])]
    assert (october["zone"], october["quiet_hours"]["start"]) == ("Europe/Berlin", "21:00")


async def test_hours_that_are_not_kept_close_nothing(rig: Rig) -> None:
    """The deployment has switched the countries' rules off."""
    assert (await shown(rig, "from=2026-07-14&to=2026-07-14"))["holidays"] == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=tomorrow", "from"),
        ("from=2026-02-30", "from"),
        ("from=1772409600", "from"),
        ("to=0", "to"),
        ("from=0001-01-01", "from"),
        ("from=9999-12-31", "from"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2026-03-02&to=2026-06-30", "to"),
        ("zone=Mars/Olympus", "zone"),
        ("before=2026-03-01", "before"),
    ],
)
async def test_days_that_nobody_can_show_are_refused(rig: Rig, query: str, field: str) -> None:
    """The parameter is named, and what is wrong with it."""
    told = problem(await rig.get(f"/calendar?{query}"), 400, "INVALID_FIELD")
    assert told["detail"].startswith(f"{field}: ")
