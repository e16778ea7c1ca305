"""A misspelt query parameter is told, and never overlooked."""

import pytest
from fastapi.routing import APIRoute

from functions.bootstrap.parts import every_part
from functions.web.routing.strict_route import StrictRoute
from tests.api.rig import Rig

#: Where others add parameters of their own to the URLs that we gave.
FOREIGN = ("/webhooks/", "/links/", "/session/callback")


def routes() -> list[APIRoute]:
    """Return every route of the application."""
    found = [route for part in every_part() for route in part.router.routes]
    return [route for route in found if isinstance(route, APIRoute)]


def test_every_route_is_strict_but_callbacks_and_links() -> None:
    """Only callbacks and the links of mails take parameters that nobody declared."""
    for route in routes():
        assert isinstance(route, StrictRoute) is not route.path.startswith(FOREIGN), route.path


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.path}-{route.methods}")
async def test_no_route_overlooks_a_parameter(rig: Rig, route: APIRoute) -> None:
    """Whatever else is wrong with a request, a parameter that no route has is told first."""
    if not isinstance(route, StrictRoute):
        return
    path = route.path.replace("{", "").replace("}", "")
    for method in route.methods or ():
        answer = await rig.http.request(method, f"{path}?zzz=1")
        assert answer.status_code == 400, answer.text
        assert "zzz: is no parameter of this request" in answer.text


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/contacts?offsett=1", "offsett: is no parameter of this request; did you mean offset?"),
        ("/campaigns?pageSize=2", "did you mean page_size?"),
        ("/campaigns?page-size=2", "did you mean page_size?"),
        ("/campaigns?Status=draft", "did you mean status?"),
        ("/campaigns?status[]=draft", "status[]: is no parameter of this request; did you mean"),
        ("/get-list-contact?list_id=a", "did you mean listId?"),
        ("/settings?verbose=1", "this takes none"),
        ("/lists?q=x", "q: is no parameter of this request; this takes cursor, limit"),
        ("/lists?=x", "query: is no parameter of this request"),
        ("/lists?wrong", "wrong: is no parameter of this request"),
        ("/lists?wrong=", "wrong: is no parameter of this request"),
        ("/lists?limit=1&limit=2", "limit: is given several times and takes one value"),
        ("/get-list-contact?listId=a&listId=b", "listId: is given several times"),
    ],
)
async def test_a_slip_is_told_with_what_was_meant(rig: Rig, path: str, sentence: str) -> None:
    """An unknown or repeated parameter is a 400 that names it and the nearest there is."""
    answer = await rig.get(path)
    body = answer.json()
    assert answer.status_code == 400
    assert sentence in body.get("detail", body.get("message"))


async def test_every_slip_is_told_at_once(rig: Rig) -> None:
    """Each wrong parameter is an error with its field and the rule that it breaks."""
    errors = (await rig.get("/lists?limitt=1&q=2&cursor=&cursor=x")).json()["errors"]
    assert [(error["field"], error["rule"]) for error in errors] == [
        ("limitt", "unknown_parameter"),
        ("q", "unknown_parameter"),
        ("cursor", "repeated_parameter"),
    ]


async def test_a_long_name_is_not_repeated_whole(rig: Rig) -> None:
    """Of a name that is no name only the beginning is shown."""
    answer = await rig.get(f"/lists?{'x' * 10_000}=1")
    assert answer.status_code == 400
    assert len(answer.content) < 1000


@pytest.mark.parametrize(
    "path", ["/campaigns?channel=&status=", "/campaigns?page=&page_size=", "/lists?limit=&cursor="]
)
async def test_an_empty_filter_is_none(rig: Rig, path: str) -> None:
    """A parameter without a value is as good as not given."""
    answer = await rig.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.json() == (await rig.get(path.partition("?")[0])).json()


async def test_an_empty_parameter_that_is_needed_is_missing(rig: Rig) -> None:
    """An empty value does not stand in for one that a request needs."""
    answer = await rig.get("/get-list-contact?listId=")
    assert (answer.status_code, answer.json()["message"]) == (400, "listId: Field required")


async def test_a_parameter_with_many_values_may_be_repeated(rig: Rig) -> None:
    """Where a list is meant a parameter comes once for each of its values."""
    answer = await rig.http.delete("/campaigns?ids=a&ids=b&ids=")
    assert "several times" not in answer.text


async def test_a_stranger_is_not_told_the_parameters(jwt_rig: Rig) -> None:
    """Who calls is asked before anything that the request says."""
    assert (await jwt_rig.get("/lists?q=x")).status_code == 401


async def test_links_and_callbacks_take_what_others_add(rig: Rig) -> None:
    """Mail programs and carriers add parameters of their own, which refuse nothing."""
    for path in ("/links/u/x?utm_source=mail", "/webhooks/simulator/inbound/o?hub.mode=x"):
        assert "is no parameter" not in (await rig.get(path)).text


async def test_head_is_wherever_get_is(rig: Rig) -> None:
    """HEAD has the status of GET, but where a provider's GET reports something."""
    document = (await rig.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        if "get" not in methods or path.endswith("{attempt}"):
            continue
        there = path.replace("{provider}", "simulator").replace("{", "").replace("}", "")
        head, get = await rig.http.head(there), await rig.get(there)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        await rig.clock.sleep(1)  # else there are more paths than requests a second


async def test_head_is_answered_as_get(rig: Rig) -> None:
    """HEAD tells what GET would, without the body; where there is no GET there is no HEAD."""
    for path in ("/health", "/lists", "/campaigns", "/campaigns/none", "/campaign-progress/a"):
        head, get = await rig.http.head(path), await rig.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-length"] == get.headers["content-length"]
    assert (await rig.http.head("/create-campaign")).status_code == 405
