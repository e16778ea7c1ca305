"""What all REST routes share: bodies, entity tags, cursors, the documentation, the `api` face."""

import base64
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Response
from fastapi.params import Path
from fastapi.routing import APIRoute
from hypothesis import given
from hypothesis import strategies as st

from functions.bootstrap.app import create_app
from functions.bootstrap.parts import REST_PATHS, every_part
from functions.domain.errors import InvalidFieldError, NotFoundError, StaleError
from functions.web.auth import Area
from functions.web.caller_route import CallerRoute, Operator, RestRoute
from functions.web.cursors import Cursor, Limit, decode_cursor, encode_cursor, page
from functions.web.etags import IfMatch, tag
from functions.web.face import Face
from functions.web.fields import RestBody
from functions.web.problems import first_segment
from tests.api.rig import BASE, Rig

router = APIRouter(route_class=RestRoute, tags=[Area.CONTACTS])


class Thing(RestBody):
    """Something with a name."""

    name: str


@router.put("/things/{id_}")
async def change_thing(
    id_: Annotated[str, Path()],
    new: Thing,
    response: Response,
    if_match: IfMatch,
    _: Operator,
) -> dict[str, Any]:
    """Change a thing whose version is 7."""
    if if_match not in {None, 7}:
        raise StaleError("Thing")
    tag(response, 8)
    return {"id": id_, "name": new.name}


@router.get("/things")
async def list_things(_: Operator, cursor: Cursor = "", limit: Limit = 100) -> dict[str, Any]:
    """Show what a page was asked for."""
    return page([limit, *decode_cursor(cursor, datetime, str)], None)


@pytest.fixture
async def http(rig: Rig) -> Any:
    """Give a client of an application with things in it."""
    app = create_app(rig.stack.context)
    app.include_router(router)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(Face(app)), base_url=BASE) as client:
        yield client


# --- Entity tags -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "tags", [{}, {"if-match": "*"}, {"if-match": '"7"'}, {"if-match": ' "7" '}]
)
async def test_the_version_that_was_seen_may_be_changed(
    http: httpx.AsyncClient, tags: dict[str, str]
) -> None:
    """Without If-Match, with * and with the newest tag a change is made, and its tag told."""
    answer = await http.put("/things/a", json={"name": " x "}, headers=tags)
    assert answer.status_code == 200
    assert re.fullmatch(r'"8-[0-9a-f]{16}"', answer.headers["etag"])
    assert answer.json() == {"id": "a", "name": "x"}


async def test_another_version_is_stale(http: httpx.AsyncClient) -> None:
    """A change over a version that is no longer the newest is refused with 412."""
    answer = await http.put("/things/a", json={"name": "x"}, headers={"if-match": '"6"'})
    assert (answer.status_code, answer.json()["code"]) == (412, "STALE")


@pytest.mark.parametrize(
    "malformed",
    ["7", '"a"', 'W/"7"', '"7", "8"', '"', '""', '"-7"', '"07"', f'"{10**17}"', "²"],
)
async def test_a_tag_that_we_never_gave_is_refused(http: httpx.AsyncClient, malformed: str) -> None:
    """An If-Match that is no tag of ours is a 400 that names the header."""
    headers = {b"if-match": malformed.encode()}
    answer = await http.put("/things/a", json={"name": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (400, "If-Match")


async def test_unknown_members_are_refused(http: httpx.AsyncClient) -> None:
    """A member that the body does not have is most likely a misspelt one."""
    answer = await http.put("/things/a", json={"name": "x", "nmae": "y"})
    assert (answer.status_code, answer.json()["field"]) == (400, "nmae")


# --- Pages -----------------------------------------------------------------------------------

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(days=-700_000), timedelta(days=2_900_000)).map(EPOCH.__add__)
VALUES = st.one_of(
    st.text(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    INSTANTS,
)
IDS = st.from_regex(r"[A-Za-z0-9+@.-][A-Za-z0-9+@._-]{2,39}", fullmatch=True)


@given(values=st.lists(VALUES), id_=IDS)
def test_a_cursor_gives_back_what_it_holds(values: list[Any], id_: str) -> None:
    """Whatever field values a cursor is made of come back, with their types."""
    cursor = encode_cursor((*values, id_))
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert decode_cursor(cursor) == (*values, id_)
    assert decode_cursor(cursor, *map(type, values), str) == (*values, id_)


def test_an_instant_comes_back_in_utc() -> None:
    """An instant of another zone is the same instant."""
    at = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=3)))
    (back, _) = decode_cursor(encode_cursor((at, "a")))
    assert (back, back.tzinfo) == (at, UTC)


def test_no_cursor_is_the_first_page() -> None:
    """An empty cursor holds nothing."""
    assert decode_cursor("", datetime, str) == ()


def refused_field(text: str) -> str | None:
    """Return the field that a cursor is refused by, None where it is taken."""
    try:
        decode_cursor(text)
    except InvalidFieldError as error:
        return error.field
    return None


@given(st.text())
def test_what_is_no_cursor_is_refused(text: str) -> None:
    """Whatever somebody makes up is a value or a refusal of the field, never a crash."""
    assert refused_field(text) in {None, "cursor"}


@pytest.mark.parametrize(
    "values",
    [
        ("a/b",),
        ("..",),
        (".",),
        ("__a__",),
        ("",),
        ("a\x00",),
        (7,),
        (),
        ("x" * 600,),
    ],
    ids=repr,
)
def test_a_cursor_s_id_is_one_segment_of_a_path(values: tuple[Any, ...]) -> None:
    """A cursor cannot lead to another collection, nor to another organisation."""
    with pytest.raises(InvalidFieldError):
        decode_cursor(encode_cursor(values))


@pytest.mark.parametrize(
    "packed",
    [
        "[[1],'a']",
        "[{'at':'x'},'a']",
        "[{'at':7},'a']",
        "[{},'a']",
        "{}",
        "7",
        "[1e400,'a']",
        "['0001-01-01T00:00:00+14:00', 7]",
        "[18446744073709551615,'a']",
        "['\\ud800','a']",
        "[{'at':'0001-01-01T00:00:00+14:00'},'a']",
        "null",
    ],
)
def test_a_cursor_holds_plain_values(packed: str) -> None:
    """A cursor that is well-formed JSON and none of ours is refused."""
    text = base64.urlsafe_b64encode(packed.replace("'", '"').encode()).decode()
    with pytest.raises(InvalidFieldError):
        decode_cursor(text, int, str)


async def test_another_route_s_cursor_is_refused(http: httpx.AsyncClient) -> None:
    """A cursor of other kinds of values is refused with a 400 that names it."""
    good = encode_cursor((datetime(2026, 3, 2, tzinfo=UTC), "a"))
    answer = await http.get("/things", params={"cursor": good, "limit": 5})
    assert answer.json() == {"data": [5, "2026-03-02T00:00:00Z", "a"], "next_cursor": None}
    for bad in (encode_cursor(("a",)), encode_cursor(("b", "a")), good[:-3], "%", "x" * 3000):
        answer = await http.get("/things", params={"cursor": bad})
        assert (answer.status_code, answer.json()["field"]) == (400, "cursor"), bad


# --- Documentation ---------------------------------------------------------------------------


def operations(schema: dict[str, Any]) -> dict[tuple[str, str], Any]:
    """Return a document's operations by method and path."""
    return {
        (method, path): operation
        for path, methods in schema["paths"].items()
        for method, operation in methods.items()
    }


def routes(kind: type[APIRoute]) -> list[APIRoute]:
    """Return the application's routes of a kind."""
    found = [route for part in every_part() for route in part.router.routes]
    return [route for route in found if isinstance(route, kind)]


def test_no_route_promises_what_is_never_answered(rig: Rig) -> None:
    """FastAPI's own 422 is in no operation: requests that break a rule are a 400."""
    text = str(rig.stack.app._app.openapi())
    assert "HTTPValidationError" not in text


def test_rest_routes_declare_their_problems(rig: Rig) -> None:
    """Every REST operation declares what it is refused with, and that it needs a token."""
    found = operations(rig.stack.app._app.openapi())
    for route in routes(RestRoute):
        # An alias under a path of old is not documented twice.
        for method in route.methods or () if route.include_in_schema else ():
            operation = found[method.lower(), route.path]
            assert {"400", "401", "403", "404", "429", "default"} <= set(operation["responses"])
            assert operation["security"] == [{"bearer": []}]
            for status in ("400", "default"):
                assert list(operation["responses"][status]["content"]) == [
                    "application/problem+json"
                ]
            keyed = "Idempotency-Key" in [each["name"] for each in operation.get("parameters", [])]
            assert keyed == (method == "POST")
            assert ("422" in operation["responses"]) == (method == "POST")


def test_every_route_of_the_public_is_in_an_area() -> None:
    """Each public route has one tag, which API keys can be kept to."""
    for route in routes(CallerRoute):
        assert len(route.tags) == 1, route.path
        assert route.tags[0] in list(Area), route.path


def test_references_lead_somewhere(rig: Rig) -> None:
    """Every reference of the document is to a schema that it has, and every tag is described."""
    schema = rig.stack.app._app.openapi()
    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert set(references(schema)) <= known
    described = {each["name"] for each in schema["tags"]}
    used = {tag for each in operations(schema).values() for tag in each["tags"]}
    assert used <= described


def references(part: Any) -> list[str]:
    """Return every reference below a part of a document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for value in part.values() for ref in references(value)]
    return [ref for value in part for ref in references(value)] if isinstance(part, list) else []


# --- The face of the REST API ----------------------------------------------------------------


@pytest.fixture
async def api(rig: Rig) -> Any:
    """Give a client of the REST API's own face."""
    transport = httpx.ASGITransport(rig.stack.app.part(*REST_PATHS))
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        yield client


async def test_the_api_face_serves_rest_and_its_pages(api: httpx.AsyncClient) -> None:
    """The target `api` answers the REST API, health and the documentation."""
    for path in ("/api-keys", "/plivo/api-keys", "/health", "/docs", "/openapi.json", "/session"):
        assert (await api.get(path)).status_code == 200, path
    assert "openapi.json" in (await api.get("/docs")).text


async def test_the_api_face_serves_no_function(api: httpx.AsyncClient) -> None:
    """Tasks, webhooks, the scheduler's and the calling functions are not there."""
    for route in routes(APIRoute):
        top = "/" + route.path.split("/")[1]
        if isinstance(route, RestRoute) or top in {
            "/",
            "/health",
            "/problems",
            "/docs",
            "/schemas",
            "/session",
            "/console",
        }:
            continue
        for method in (route.methods or set()) - {"HEAD"}:
            answer = await api.request(method, route.path.replace("{", "").replace("}", ""))
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND"), route.path


def test_every_rest_path_is_the_face_s() -> None:
    """A route that is added to the REST API is served by its face without a word more."""
    for route in routes(RestRoute):
        assert first_segment(route.path) in REST_PATHS, route.path


def test_a_contact_that_is_not_found_is_called_a_customer() -> None:
    """Codes are stable words; a contact's is the one that clients of old know."""
    assert NotFoundError("Contact", "a").code == "CUSTOMER_NOT_FOUND"
    assert NotFoundError("Campaign", "a").code == "CAMPAIGN_NOT_FOUND"
    assert NotFoundError("API key", "a").code == "API_KEY_NOT_FOUND"
    assert InvalidFieldError("a", "a", code="EMPTY").code == "EMPTY"
