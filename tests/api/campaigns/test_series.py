"""Broadcasts that repeat themselves, over REST."""

from datetime import timedelta
from typing import Any

import pytest

from tests.api.campaigns.writing import customer, problem, write
from tests.api.rig import Rig

EVERYONE = {"everyone": True}
#: The clock stands at Monday, 2 March 2026, noon UTC.
DAILY = {"rrule": "FREQ=DAILY;BYHOUR=9;BYMINUTE=0", "zone": "America/New_York"}


async def begin(rig: Rig, **more: Any) -> Any:
    """Write a broadcast that repeats itself; return its first run."""
    return await write(rig, audience=EVERYONE, repeat={**DAILY, **more})


async def test_a_broadcast_is_written_that_repeats_itself(rig: Rig) -> None:
    """It is scheduled for its first time, and shows its rule in words."""
    made = await begin(rig, count=10)
    assert (made["status"], made["scheduled_at"]) == ("scheduled", "2026-03-02T14:00:00.000Z")
    assert made["repeat"] == {
        "series": made["id"],
        "number": 1,
        "occurrence": "2026-03-02T14:00:00.000Z",
        "rrule": DAILY["rrule"],
        "zone": DAILY["zone"],
        "count": 10,
        "until": None,
        "words": "every day at 09:00, 10 times",
        "following": None,
    }
    assert (await write(rig))["repeat"] is None


async def test_a_draft_is_scheduled_to_repeat_itself(rig: Rig) -> None:
    """By a rule alone, or from a time on that gives it its time of day."""
    made = await write(rig, audience=EVERYONE)
    path = f"/campaigns/{made['id']}/schedule"
    assert problem(await rig.post(path, {}), 400, "INVALID_FIELD")["field"] == "scheduled_at"
    until = {"rrule": "FREQ=DAILY", "zone": "Africa/Nairobi", "until": "2026-03-05T00:00:00Z"}
    wanted = {"scheduled_at": "2026-03-02T18:30:00+03:00", "repeat": until}
    told = (await rig.post(path, wanted)).json()
    assert told["scheduled_at"] == "2026-03-02T15:30:00.000Z"
    assert told["repeat"]["words"] == "every day at 18:30, until 5 March 2026, 00:00 UTC"
    problem(await rig.post(path, wanted), 400, "INVALID_CAMPAIGN_STATUS")


async def test_runs_are_shown_counted_and_listed(rig: Rig) -> None:
    """By any run of the series, and by the filter of the list; others are not among them."""
    await customer(rig)
    await write(rig, audience=EVERYONE)
    first = await begin(rig)
    await rig.clock.sleep(2 * 3600)
    await rig.run(first["id"])
    shown = (await rig.get(f"/campaigns/{first['id']}")).json()
    second = shown["repeat"]["following"]
    for id_ in (first["id"], second):
        told = (await rig.get(f"/campaigns/{id_}/series")).json()
        assert told["run"]["series"] == first["id"]
        assert [each["number"] for each in told["runs"]] == [2, 1]
        assert [each["status"] for each in told["runs"]] == ["scheduled", "completed"]
        assert (told["counted"], sum(told["messages"].values())) == (2, 1)
    for sort, order in (
        ("-created_at", [second, first["id"]]),
        ("created_at", [first["id"], second]),
    ):
        page = (await rig.get(f"/campaigns?series={first['id']}&sort={sort}")).json()
        assert [each["id"] for each in page["data"]] == order
    ahead = await rig.get(f"/campaigns?series={first['id']}&status=scheduled&channel=sms")
    assert [each["id"] for each in ahead.json()["data"]] == [second]
    by_name = await rig.get(f"/campaigns?series={first['id']}&sort=name")
    assert problem(by_name, 400, "INVALID_FIELD")["field"] == "sort"


async def test_a_run_is_passed_over(rig: Rig) -> None:
    """The answer names the next one; the last one has none behind it."""
    first = await begin(rig, count=2)
    told = (await rig.post(f"/campaigns/{first['id']}/skip", {"reason": "holiday"})).json()
    assert (told["status"], told["scheduled_at"]) == ("cancelled", "2026-03-03T14:00:00.000Z")
    passed = (await rig.get(f"/campaigns/{first['id']}")).json()
    assert (passed["reason"], passed["repeat"]["following"]) == ("holiday", told["following"])
    problem(await rig.post(f"/campaigns/{first['id']}/skip"), 400, "INVALID_CAMPAIGN_STATUS")
    last = (await rig.post(f"/campaigns/{told['following']}/skip")).json()
    assert (last["following"], last["scheduled_at"]) == (None, None)
    shown = (await rig.get(f"/campaigns/{told['following']}")).json()
    assert shown["reason_words"] == "this run of its series was passed over"


async def test_what_comes_once_has_no_series_and_is_not_passed_over(rig: Rig) -> None:
    """A sentence says so, and what to do instead."""
    made = await write(rig, audience=EVERYONE, scheduled_at="2026-03-02T13:00:00Z")
    skipped = problem(await rig.post(f"/campaigns/{made['id']}/skip"), 400, "INVALID_FIELD")
    assert skipped["detail"] == "repeat: this campaign comes once: cancel it, or reschedule it"
    told = problem(await rig.get(f"/campaigns/{made['id']}/series"), 400, "INVALID_FIELD")
    assert told["field"] == "repeat"


async def test_the_run_ahead_is_changed_and_a_campaign_that_comes_once_is_not(rig: Rig) -> None:
    """What is named of it, with the checks of scheduling, and over the version that was seen."""
    first = await begin(rig)
    path = f"/campaigns/{first['id']}"
    changed = (await rig.http.patch(path, json={"base_template": "Bye", "grace_s": 60})).json()
    assert (changed["base_template"], changed["status"]) == ("Bye", "scheduled")
    stale = await rig.http.patch(path, json={"name": "x"}, headers={"if-match": '"1"'})
    problem(stale, 412, "STALE")
    told = problem(await rig.http.patch(path, json={"audience": None}), 400, "INVALID_FIELD")
    assert told["field"] == "audience"
    told = problem(await rig.http.patch(path, json={"repeat": DAILY}), 400, "INVALID_FIELD")
    assert "POST /campaigns/{id}/schedule" in told["errors"][0]["message"]
    problem(await rig.http.delete(path), 400, "INVALID_CAMPAIGN_STATUS")


@pytest.mark.parametrize(
    ("repeat", "field", "words"),
    [
        ({"rrule": "FREQ=DAILY;INTERVAL=0"}, "repeat.rrule", "INTERVAL: must be whole numbers"),
        ({"rrule": "FREQ=HOURLY"}, "repeat.rrule", "FREQ: must be one of DAILY"),
        (
            {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=9;BYMINUTE=0"},
            "repeat.rrule",
            "ten",
        ),
        ({"rrule": "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6;BYHOUR=9;BYMINUTE=0"}, "repeat.rrule", "ten"),
        ({"rrule": "FREQ=DAILY"}, "repeat.rrule", "BYHOUR and BYMINUTE: are missing"),
        ({"rrule": "every Monday"}, "repeat.rrule", "one line without blanks"),
        ({"rrule": ""}, "repeat.rrule", ""),
        ({"rrule": "X" * 501}, "repeat.rrule", "500"),
        ({"rrule": 7}, "repeat.rrule", "string"),
        ({"rrule": f"{DAILY['rrule']};COUNT=2", "count": 3}, "repeat.count", "the rule's COUNT"),
        (
            {"rrule": f"{DAILY['rrule']};UNTIL=20270101", "until": "2027-01-01T00:00:00Z"},
            "repeat.until",
            "the rule's UNTIL",
        ),
        ({"until": "2026-03-01T00:00:00Z"}, "repeat.until", "before the first run"),
        ({"until": "2027-01-01T00:00:00"}, "repeat.until", "zone"),
        ({"until": "soon"}, "repeat.until", ""),
        ({"zone": "EST"}, "repeat.zone", "write America/New_York, not EST"),
        ({"zone": "Mars/Olympus"}, "repeat.zone", "there is no time zone"),
        ({"zone": None}, "repeat.zone", ""),
        ({"count": 0}, "repeat.count", "1"),
        ({"count": 2.5}, "repeat.count", "integer"),
        ({"count": "3"}, "repeat.count", "integer"),
        ({"times": 3}, "repeat.times", ""),
    ],
)
async def test_nonsense_is_refused_by_field_and_part(
    rig: Rig, repeat: dict[str, Any], field: str, words: str
) -> None:
    """When it is written and when a draft is scheduled: 400, and nothing is half-done."""
    draft = await write(rig, audience=EVERYONE)
    wanted = {"repeat": {**DAILY, **repeat}}
    new = {"channel": "sms", "base_template": "Hi", "audience": EVERYONE, **wanted}
    for path, body in (("/campaigns", new), (f"/campaigns/{draft['id']}/schedule", wanted)):
        told = problem(await rig.post(path, body), 400, "INVALID_FIELD")
        found = told.get("errors") or [{"field": told["field"], "message": told["detail"]}]
        assert [each["field"] for each in found] == [field]
        assert words in found[0]["message"]
    listed = (await rig.get("/campaigns")).json()["data"]
    assert [(each["id"], each["status"]) for each in listed] == [(draft["id"], "draft")]


@pytest.mark.parametrize("repeat", [[], "daily", 7, {}, {"rrule": "FREQ=DAILY"}])
async def test_half_a_repetition_is_refused(rig: Rig, repeat: Any) -> None:
    """A rule needs its zone, and both are an object."""
    wish = {"channel": "sms", "base_template": "Hi", "audience": EVERYONE, "repeat": repeat}
    problem(await rig.post("/campaigns", wish), 400, "INVALID_FIELD")


async def test_a_journey_is_not_scheduled_to_repeat_itself(rig: Rig) -> None:
    """Its steps may."""
    nodes = [
        {"id": "hello", "action": "send", "channel": "sms", "body": "Hello"},
        {"id": "bye", "action": "stop"},
    ]
    nodes[0]["transitions"] = [{"on": "elapsed", "to": "bye", "after": "P1D"}]  # type: ignore[assignment]
    plan = {"startNodeId": "hello", "nodes": nodes}
    made = (await rig.post("/campaigns", {"kind": "journey", "plan": plan})).json()
    refused = await rig.post(f"/campaigns/{made['id']}/schedule", {"repeat": DAILY})
    told = problem(refused, 400, "INVALID_FIELD")
    assert told["detail"].startswith("repeat: goes with a broadcast")


async def test_subscribers_hear_of_the_next_run(rig: Rig) -> None:
    """That it is scheduled, in the change that starts or passes over the one before."""
    hook = {"url": "http://127.0.0.1:9/x", "events": ["campaign.scheduled", "campaign.cancelled"]}
    subscription = (await rig.post("/subscriptions", hook)).json()["id"]
    first = await begin(rig)
    told = (await rig.post(f"/campaigns/{first['id']}/skip")).json()
    page = (await rig.get(f"/subscriptions/{subscription}/notifications")).json()
    heard = {(each["type"], each["data"]["campaign_id"]) for each in page["data"]}
    assert heard == {
        ("campaign.scheduled", first["id"]),
        ("campaign.cancelled", first["id"]),
        ("campaign.scheduled", told["following"]),
    }


async def test_the_runs_of_others_are_nobody_elses(rig: Rig) -> None:
    """Not shown, not passed over, and not found by their series."""
    first = await begin(rig)
    path = f"/campaigns/{first['id']}"
    problem(await rig.get(f"{path}/series", x_org_id="acme"), 404, "CAMPAIGN_NOT_FOUND")
    problem(await rig.post(f"{path}/skip", x_org_id="acme"), 404, "CAMPAIGN_NOT_FOUND")
    other = await rig.get(f"/campaigns?series={first['id']}", x_org_id="acme")
    assert other.json()["data"] == []


async def test_a_calling_function_reads_a_run_like_any_campaign(rig: Rig) -> None:
    """Its progress has the members that it always had."""
    await customer(rig)
    first = await begin(rig)
    once = await rig.campaign()
    assert (await rig.progress(first["id"])).keys() == (await rig.progress(once)).keys()
    rig.clock.advance(timedelta(hours=2))
    assert (await rig.run(first["id"]))["status"] == "completed"
