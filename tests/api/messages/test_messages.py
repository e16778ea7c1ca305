"""Messages over REST: what became of each, why, and all of them as CSV."""

import csv
import io
from typing import Any

import pytest

from functions.engine.contacts import suppressions
from tests.api.rig import Rig, numbers, token

#: The first of three people is suppressed, the second's line is busy, the third talks.
BARRED, BUSY, TALKS = numbers(3)


@pytest.fixture
async def ended(rig: Rig) -> str:
    """Give a campaign that has ended; its id."""
    await suppressions.suppress(rig.stack.engine, "default", BARRED, reason="asked", by="ann")
    id_ = await rig.campaign(people=3)
    await rig.run(id_)
    return id_


async def listed(rig: Rig, id_: str, query: str = "") -> Any:
    """Show messages of a campaign."""
    answer = await rig.get(f"/campaigns/{id_}/messages{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_messages_are_listed_page_by_page(rig: Rig, ended: str) -> None:
    """Following the cursor shows everybody once; ids lead to the messages themselves."""
    seen, query = [], "?limit=2"
    while query:
        page = await listed(rig, ended, query)
        assert len(page["data"]) <= 2
        seen += page["data"]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert sorted(row["to"] for row in seen) == [BARRED, BUSY, TALKS]
    for row in seen:
        one = (await rig.get(f"/messages/{row['id']}")).json()
        assert one.items() >= row.items()
        assert one["id"].startswith(f"{ended}.")
        assert one["body"] == ""


async def test_messages_are_filtered_by_status_and_reason(rig: Rig, ended: str) -> None:
    """A status and a reason each leave only their own; the reason is told in words."""
    (skipped,) = (await listed(rig, ended, "?status=skipped"))["data"]
    assert (skipped["to"], skipped["reason"]) == (BARRED, "suppressed")
    assert skipped["reason_words"] == "the address must not be contacted"
    assert (await listed(rig, ended, "?reason=suppressed"))["data"] == [skipped]
    assert (await listed(rig, ended, "?reason=suppressed&status=failed"))["data"] == []
    assert len((await listed(rig, ended, "?status=completed"))["data"]) == 2


@pytest.mark.parametrize("wish", ["query", "header"])
async def test_all_messages_come_as_csv(rig: Rig, ended: str, wish: str) -> None:
    """As a download, asked for by the query or by Accept, filtered alike."""
    path = f"/campaigns/{ended}/messages"
    if wish == "query":
        answer = await rig.get(f"{path}?format=csv")
    else:
        answer = await rig.get(path, accept="text/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert f'filename="{ended}.csv"' in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert sorted(row["number"] for row in rows) == [BARRED, BUSY, TALKS]
    barred = await rig.get(f"{path}?format=csv&reason=suppressed")
    assert [row["number"] for row in csv.DictReader(io.StringIO(barred.text))] == [BARRED]


async def test_json_is_what_comes_without_asking(rig: Rig, ended: str) -> None:
    """A browser's Accept, and format=json whatever it accepts, give JSON."""
    path = f"/campaigns/{ended}/messages"
    for answer in (
        await rig.get(path, accept="text/html,*/*;q=0.8"),
        await rig.get(f"{path}?format=json", accept="text/csv"),
    ):
        assert answer.headers["content-type"] == "application/json"


async def test_why_always_has_an_answer(rig: Rig, ended: str) -> None:
    """For each person: a sentence, and the steps that led there, in order of time."""
    for row in (await listed(rig, ended))["data"]:
        found = (await rig.get(f"/messages/{row['id']}/why")).json()
        assert (found["id"], found["status"]) == (row["id"], row["status"])
        assert found["answer"].startswith("It ")
        assert found["trail"][0]["what"] == "planned"
        times = [step["at"] for step in found["trail"] if step["at"]]
        assert times == sorted(times)


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/messages/a.b", 404, "MESSAGE_NOT_FOUND"),
        ("/messages/a.b/why", 404, "MESSAGE_NOT_FOUND"),
        ("/campaigns/a/messages", 404, "CAMPAIGN_NOT_FOUND"),
        ("/campaigns/a/messages?format=csv", 404, "CAMPAIGN_NOT_FOUND"),
        ("/messages/ab", 400, "INVALID_MESSAGE_ID"),
        ("/messages/__a__.b", 400, "INVALID_MESSAGE_ID"),
        ("/messages/a.__b__", 400, "INVALID_MESSAGE_ID"),
        ("/campaigns/__a__/messages", 400, "INVALID_CAMPAIGN_ID"),
        ("/messages/a.b.c", 400, "INVALID_MESSAGE_ID"),
        ("/messages/a%2F.b", 404, "NOT_FOUND"),
    ],
)
async def test_what_is_not_there_is_told(rig: Rig, path: str, status: int, code: str) -> None:
    """Unknown ids are not found, and what can be no id is refused."""
    answer = await rig.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=1001", "?status=lost", "?cursor=../x", "?format=xml"]
)
async def test_a_wish_that_makes_no_sense_is_refused(rig: Rig, ended: str, query: str) -> None:
    """The problem names the parameter."""
    answer = await rig.get(f"/campaigns/{ended}/messages{query}")
    assert (answer.status_code, answer.json()["field"]) == (400, query[1:].partition("=")[0])


async def test_nobody_sees_another_organisation_s_messages(rig: Rig, ended: str) -> None:
    """By whatever path, the messages of others are not there."""
    (row, *_) = (await listed(rig, ended))["data"]
    for path in (
        f"/messages/{row['id']}",
        f"/messages/{row['id']}/why",
        f"/campaigns/{ended}/messages",
        f"/campaigns/{ended}/messages?format=csv",
        f"/campaigns/{ended}/audit",
    ):
        assert (await rig.get(path, x_org_id="other")).status_code == 404, path


async def test_a_viewer_may_ask_why(jwt_rig: Rig) -> None:
    """Reading needs a token, and the least role is enough."""
    path = "/messages/a.b/why"
    assert (await jwt_rig.get(path)).status_code == 401
    assert (await jwt_rig.get(path, authorization=token("viewer"))).status_code == 404
