"""create-campaign keeps its wire contract, and stores nothing of what it refuses."""

import json
from datetime import timedelta
from typing import Any

import pytest

from functions.engine import paths
from functions.engine.ports.store import Query
from tests.api.conftest import MakeRig
from tests.api.rig import BAD_TIME, IN_THE_FUTURE, LATER, SENDER, Rig, audit, numbers, order, token
from tests.clock import NOON


async def nothing_is_stored(rig: Rig, org: str = "default") -> bool:
    """Tell whether an org has no campaign."""
    return await rig.store.count(Query(paths.campaigns(org))) == 0


async def test_a_campaign_without_a_time_starts_at_once(rig: Rig) -> None:
    """Without scheduledTime the answer has exactly status, message and campaignId."""
    answer = await rig.create(await rig.make_list(numbers(1)))
    body = answer.json()
    assert (answer.status_code, set(body)) == (200, {"status", "message", "campaignId"})
    assert (body["status"], body["message"]) == (200, "Campaign started successfully")
    assert (await rig.progress(body["campaignId"]))["status"] == "running"


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("2026-03-02T12:00:05Z", "2026-03-02T12:00:05.000Z"),
        ("2026-03-02T18:30:00+05:30", "2026-03-02T13:00:00.000Z"),
        ("2026-03-02 13:00:00.123456Z", "2026-03-02T13:00:00.123Z"),
        ("2026-03-02T12:00:00.000001Z", "2026-03-02T12:00:00.000Z"),
        ("20260303T090000-0500", "2026-03-03T14:00:00.000Z"),
        (" 2026-03-02T13:00Z ", "2026-03-02T13:00:00.000Z"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z"),
    ],
)
async def test_a_campaign_is_scheduled(rig: Rig, asked: str, answered: str) -> None:
    """A time ahead, in whatever zone and ISO spelling, is answered in UTC."""
    answer = await rig.create(await rig.make_list(numbers(1)), scheduledTime=asked)
    id_ = answer.json()["campaignId"]
    assert answer.json() == {
        "status": 200,
        "message": f"Campaign scheduled successfully for {answered}",
        "campaignId": id_,
        "scheduledTime": answered,
    }
    seen = await rig.progress(id_)
    assert (seen["status"], seen["timing"]["scheduledTime"]) == ("scheduled", answered)


@pytest.mark.parametrize(
    "time",
    [
        "tomorrow",
        "",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "99999-01-01T00:00:00Z",
        "+12026-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "2026-03-03T10:00:00+99:99",
        1_800_000_000,
        1e300,
        True,
        [],
        {"at": LATER},
    ],
)
async def test_nonsense_is_no_time(rig: Rig, time: Any) -> None:
    """What is no ISO 8601 instant is refused with the documented sentence, and nothing stored."""
    answer = await rig.create(await rig.make_list(numbers(1)), scheduledTime=time)
    assert (answer.status_code, answer.json()["message"]) == (400, BAD_TIME)
    assert answer.json()["status"] == 400
    assert await nothing_is_stored(rig)


@pytest.mark.parametrize("time", ["2026-03-02T13:00:00", "2026-03-03", "20260303T100000"])
async def test_a_time_without_a_zone_is_refused(rig: Rig, time: str) -> None:
    """A time that each reader would read differently is refused, and the sentence says why."""
    answer = await rig.create(await rig.make_list(numbers(1)), scheduledTime=time)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(BAD_TIME)
    assert "zone" in answer.json()["message"]
    assert await nothing_is_stored(rig)


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(microseconds=1), timedelta(days=3650)])
async def test_a_time_that_is_not_ahead_is_refused(rig: Rig, ago: timedelta) -> None:
    """A scheduledTime in the past is refused, and so is now itself."""
    time = (NOON - ago).isoformat()
    answer = await rig.create(await rig.make_list(numbers(1)), scheduledTime=time)
    assert answer.status_code == 400
    assert answer.json()["status"] == 400
    assert answer.json()["message"] == IN_THE_FUTURE
    assert await nothing_is_stored(rig)


async def test_an_unknown_list_is_not_found(rig: Rig) -> None:
    """A campaign needs a list that exists."""
    answer = await rig.create("67f00d")
    assert answer.status_code == 404
    assert answer.json() == {"status": 404, "message": "List not found"}
    assert await nothing_is_stored(rig)


async def test_a_name_is_taken_once_in_an_org(rig: Rig) -> None:
    """A second campaign of one name is refused with 409, in another org the name is free."""
    list_id = await rig.make_list(numbers(1))
    assert (await rig.create(list_id, scheduledTime=LATER)).status_code == 200
    for again in (await rig.create(list_id), await rig.create(list_id, scheduledTime=LATER)):
        assert again.status_code == 409
        message = "Campaign named 'Morning outreach' already exists"
        assert again.json() == {"status": 409, "message": message}
    other = await rig.make_list(numbers(1), x_org_id="other")
    assert (await rig.post("/create-campaign", order(other), x_org_id="other")).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"campaignName": ""}, "campaignName"),
        ({"campaignName": "   "}, "campaignName"),
        ({"campaignName": "a" * 101}, "campaignName"),
        ({"campaignName": None}, "campaignName"),
        ({"campaignName": 7}, "campaignName"),
        ({"campaignName": ["a"]}, "campaignName"),
        ({"listId": ""}, "listId"),
        ({"listId": "a/b"}, "listId"),
        ({"listId": ".."}, "listId"),
        ({"listId": "a" * 65}, "listId"),
        ({"listId": {"$ne": None}}, "listId"),
        ({"fromNumber": "12025550111"}, "fromNumber"),
        ({"fromNumber": "+(((((((("}, "fromNumber"),
        ({"fromNumber": "+1"}, "fromNumber"),
        ({"fromNumber": "+1202555" + "0" * 50}, "fromNumber"),
        ({"fromNumber": 12025550111}, "fromNumber"),
        ({"wssUrl": "https://bot.example.com"}, "wssUrl"),
        ({"wssUrl": "bot.example.com"}, "wssUrl"),
        ({"wssUrl": "wss://"}, "wssUrl"),
        ({"wssUrl": "wss://me:secret@bot.example.com"}, "wssUrl"),
        ({"wssUrl": "wss://bot.example.com/" + "a" * 2048}, "wssUrl"),
        ({"wssUrl": "wss://bot.example.com/\r\nX: 1"}, "wssUrl"),
        ({"wssUrl": ""}, "wssUrl"),
        ({"provider": "carrier-pigeon"}, "provider"),
        ({"provider": "plivo"}, "provider"),
        ({"machineDetection": "maybe"}, "machineDetection"),
        ({"clientId": "a b"}, "clientId"),
        ({"scheduledBy": "a" * 101}, "scheduledBy"),
        ({"schedluedTime": LATER}, "schedluedTime"),
        ({"campaign_name": "x"}, "campaign_name"),
    ],
)
async def test_a_bad_member_is_named(rig: Rig, changes: dict[str, Any], field: str) -> None:
    """What breaks a rule, or is no member at all, is refused by name, and nothing is stored."""
    answer = await rig.create(await rig.make_list(numbers(1)), **changes)
    body = answer.json()
    assert (answer.status_code, body["status"], body["field"]) == (400, 400, field)
    assert field in body["message"]
    assert "secret" not in answer.text
    assert await nothing_is_stored(rig)


@pytest.mark.parametrize("field", ["campaignName", "listId", "fromNumber", "wssUrl"])
async def test_a_missing_member_is_named(rig: Rig, field: str) -> None:
    """Every member that is needed is asked for by name."""
    body = order("67f00d")
    del body[field]
    answer = await rig.post("/create-campaign", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


async def test_everything_wrong_is_told_at_once(rig: Rig) -> None:
    """One answer lists every member that is wrong."""
    answer = await rig.post("/create-campaign", {"wssUrl": 7, "x": 1})
    told = {error["field"] for error in answer.json()["errors"]}
    assert told == {"campaignName", "listId", "fromNumber", "wssUrl", "x"}


@pytest.mark.parametrize(
    "name", ["Frühling 春 🌸", "a" * 100, "🌸" * 100, "../x", "👩\u200d👩", "a\u200cb"]
)
async def test_a_name_may_be_anything_people_write(rig: Rig, name: str) -> None:
    """Up to a hundred characters of any script are a name, which comes back as it was."""
    id_ = await rig.campaign(campaignName=f"  {name} ", scheduledTime=LATER)
    assert (await rig.progress(id_))["campaignName"] == name


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe\x00",
        b'{"campaignName": "\\ud800"}',
        b'{"campaignName": "\xff"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"campaignName": ' + b"9" * 10_000 + b"}",
        b'{"campaignName": NaN}',
    ],
    ids=lambda content: str(content[:12]),
)
async def test_what_is_no_json_object_is_refused(rig: Rig, content: bytes) -> None:
    """Bytes that are not the body we ask for get a 400 in JSON, whatever they are."""
    headers = {"content-type": "application/json"}
    answer = await rig.http.post("/create-campaign", content=content, headers=headers)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert answer.json()["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_only_json_is_json(rig: Rig, kind: str) -> None:
    """A body that does not say it is JSON is not read as such: a page's form cannot send it."""
    body = json.dumps(order(await rig.make_list(numbers(1)))).encode()
    headers = {"content-type": kind} if kind else {}
    answer = await rig.http.post("/create-campaign", content=body, headers=headers)
    assert answer.status_code == 400
    assert await nothing_is_stored(rig)


async def test_a_body_over_a_megabyte_is_refused(rig: Rig) -> None:
    """A body larger than 1,000,000 bytes is refused with 413 while it arrives."""
    answer = await rig.post("/create-campaign", order("a", campaignName="a" * 1_000_000))
    assert (answer.status_code, answer.json()["status"]) == (413, 413)
    assert "1000000 bytes" in answer.json()["message"]


@pytest.mark.parametrize(
    "url",
    [
        "ws://localhost:9000/",
        "wss://127.0.0.1/",
        "wss://[::1]/",
        "wss://10.0.0.5/",
        "wss://169.254.169.254/computeMetadata/v1/",
        "wss://metadata.google.internal/",
        "wss://0x7f.1/",
        "wss://2130706433/",
        "wss://printer.local/",
        "wss://bot/",
    ],
)
async def test_a_bot_may_not_live_inside_our_network(make_rig: MakeRig, url: str) -> None:
    """Without ALLOW_PRIVATE_HOSTS a wssUrl that leads to private addresses is refused."""
    rig = make_rig(allow_private_hosts=False)
    list_id = await rig.make_list(numbers(1))
    call = {"from": SENDER, "to": numbers(1)[0], "wssUrl": url}
    for answer in (await rig.create(list_id, wssUrl=url), await rig.post("/single-call", call)):
        assert (answer.status_code, answer.json()["field"]) == (400, "wssUrl")
    assert await nothing_is_stored(rig)


async def test_on_a_laptop_a_bot_may_be_local(rig: Rig) -> None:
    """With ALLOW_PRIVATE_HOSTS, the default on loopback, a bot may listen on this machine."""
    await rig.campaign(wssUrl="ws://localhost:9000/talk")


async def test_who_scheduled_is_told_by_the_token(jwt_rig: Rig) -> None:
    """Without scheduledBy it is the token's subject, which the audit trail names in any case."""
    list_id = await jwt_rig.make_list(numbers(1), authorization=token())
    for name, given, stored in (("a", {}, "ana"), ("b", {"scheduledBy": "Berta"}, "Berta")):
        body = order(list_id, campaignName=name, scheduledTime=LATER, clientId="66a1", **given)
        answer = await jwt_rig.post("/create-campaign", body, authorization=token())
        id_ = answer.json()["campaignId"]
        document = await jwt_rig.store.get(paths.campaign("acme", id_))
        assert document is not None
        assert document.data["scheduled_by"] == stored
        assert (document.data["created_by"], document.data["client_id"]) == ("ana", "66a1")
        assert (await audit(jwt_rig, id_, 1, "acme"))["by"] == "ana"
