"""What a caller has already is not sent again."""

import pytest
from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from functions.bootstrap.parts import every_part
from functions.web.middleware.conditional import tagged
from tests.api.rig import Rig

PATHS = ["/lists", "/campaigns", "/settings", "/suppressions", "/status", "/get-list-contact"]


NEW = {"senders": {"sms": "+12025550111"}}


async def made(rig: Rig, path: str) -> str:
    """Return the path of something that is there."""
    if path != "/get-list-contact":
        return path
    return f"{path}?listId={await rig.make_list(['+12025550142'])}"


@pytest.mark.parametrize("path", PATHS)
async def test_an_answer_that_is_known_is_not_sent_again(rig: Rig, path: str) -> None:
    """With the tag of the first answer the second is 304, without a body, with the same tag."""
    path = await made(rig, path)
    first = await rig.get(path)
    for method in ("GET", "HEAD"):
        tag = first.headers["etag"]
        again = await rig.http.request(method, path, headers={"if-none-match": tag})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == first.headers["cache-control"]
        assert "no-store" not in again.headers["cache-control"]
        assert "content-type" not in again.headers


@pytest.mark.parametrize("shape", ["*", " * ", "{}", "W/{}", '"x", {}', 'W/"a",W/{} , "b"', "{},"])
async def test_any_tag_of_a_list_may_be_the_one(rig: Rig, shape: str) -> None:
    """Tags come alone or in lists, strong or weak, or as *."""
    tag = (await rig.get("/settings")).headers["etag"]
    answer = await rig.get("/settings", if_none_match=shape.replace("{}", tag))
    assert answer.status_code == 304


@pytest.mark.parametrize("tags", ['"other"', "nonsense", "", '"a,b"', "W/", '"0"', "**", '"0-'])
async def test_other_tags_are_no_match(rig: Rig, tags: str) -> None:
    """Another tag, or what is none, gets the whole answer."""
    answer = await rig.get("/settings", if_none_match=tags)
    assert (answer.status_code, bool(answer.json())) == (200, True)


async def test_what_has_changed_is_sent_whole(rig: Rig) -> None:
    """A new member of a list is a new answer, and so is a thing's new version."""
    lists, settings = [(await rig.get(path)).headers["etag"] for path in ("/lists", "/settings")]
    await rig.make_list(["+12025550142"])
    assert (await rig.get("/lists", if_none_match=lists)).status_code == 200
    await rig.http.patch("/settings", json={"senders": {"sms": "+12025550111"}})
    assert (await rig.get("/settings", if_none_match=settings)).status_code == 200


async def test_counts_that_move_are_seen_though_the_thing_stays(rig: Rig) -> None:
    """A tag is of all that is shown: a campaign whose statistics have moved is sent again."""
    campaign = await rig.campaign()
    path = f"/campaigns/{campaign}"
    before = (await rig.get(path)).headers["etag"]
    await rig.run(campaign)
    assert (await rig.get(path, if_none_match=before)).status_code == 200


async def test_the_tag_of_an_answer_guards_a_change(rig: Rig) -> None:
    """The tag that came with a thing, or the one of its version alone, is one for If-Match."""
    seen = (await rig.get("/settings")).headers["etag"]
    changed = await rig.http.patch("/settings", json=NEW, headers={"if-match": seen})
    assert changed.status_code == 200
    assert changed.headers["etag"] == (await rig.get("/settings")).headers["etag"]
    stale = await rig.http.patch("/settings", json={}, headers={"if-match": seen})
    assert stale.status_code == 412


async def test_refusals_have_no_tag(rig: Rig) -> None:
    """What is not there is looked for each time."""
    answer = await rig.get("/campaigns/none", if_none_match="*")
    assert (answer.status_code, "etag" in answer.headers) == (404, False)
    assert answer.headers["cache-control"] == "no-store"


async def test_if_none_match_guards_no_change(rig: Rig) -> None:
    """A change cannot be made only where nothing is: the header is refused, not overlooked."""
    for method in ("PATCH", "PUT", "POST", "DELETE"):
        path = "/settings" if method in {"PATCH", "PUT"} else "/lists"
        path = "/lists/a" if method == "DELETE" else path
        answer = await rig.http.request(method, path, json={}, headers={"if-none-match": "*"})
        assert (answer.status_code, answer.json()["field"]) == (400, "If-None-Match")


async def test_secrets_have_no_tag(rig: Rig) -> None:
    """What nobody may keep is not named either."""
    key = await rig.post("/api-keys", {"name": "a", "role": "viewer"})
    assert ("etag" in key.headers, key.headers["cache-control"]) == (False, "no-store")


def tag_of(body: str) -> str:
    """Return the tag of an answer to somebody who reads."""
    request = Request({"type": "http", "method": "GET", "headers": []})
    return str(tagged(request, Response(body)).headers["etag"])


def test_doubts_do_not_change_the_tag() -> None:
    """What was told once, with a change, leaves the tag as it is for whoever reads later."""
    doubts = '[{"code":"A","message":"\u00fc ] } é"}]'
    without, with_them = (f'{{"warnings":{each},"name":"a é"}}' for each in ("[]", doubts))
    assert tag_of(without) == tag_of(with_them) != tag_of(without.replace("a", "b"))


def test_doubts_are_the_first_that_is_told() -> None:
    """The tags look for them there, in the answers of all routes."""
    routes = [route for part in every_part() for route in part.router.routes]
    models = [getattr(route, "response_model", None) for route in routes]
    shown = [m for m in models if isinstance(m, type) and issubclass(m, BaseModel)]
    told = [list(each.model_fields) for each in shown if "warnings" in each.model_fields]
    assert told
    assert {names[0] for names in told} == {"warnings"}
